"""``autopilot doctor``: the installation and the machine."""

from __future__ import annotations

from pathlib import Path

import click

from autopilot import doctor
from autopilot.cli.findings_table import table
from autopilot.cli.output import Output, answer_no, with_output
from autopilot.clock import SystemClock
from autopilot.findings import all_well, as_json


@click.command(name="doctor")
@with_output
def command(out: Output) -> None:
    """Examine the installation, the machine, and foreign packages that shadow ours. Exit code 1: something is wrong."""
    findings = doctor.examine(now=SystemClock().now(), state_root=Path("state"))
    out.result({"ok": all_well(findings), "findings": as_json(findings)}, human=lambda console: console.print(table(findings)))
    if not all_well(findings):
        answer_no()
