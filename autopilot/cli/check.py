"""``autopilot check``: can this store be driven?"""

from __future__ import annotations

import click

from autopilot import store_check
from autopilot.cli.findings_table import table
from autopilot.cli.output import Output, answer_no, with_output
from autopilot.clock import SystemClock
from autopilot.findings import all_well, as_json
from autopilot.settings_sources import load_store


@click.command(name="check")
@click.argument("store")
@with_output
def command(out: Output, store: str) -> None:
    """Validate the config of STORE, reach its platform, say what is missing. Exit code 1: something is missing."""
    loaded = load_store(store)
    findings = store_check.examine(loaded, now=SystemClock().now())
    payload = {"store": loaded.settings.store.name, "ok": all_well(findings), "findings": as_json(findings)}
    out.result(payload, human=lambda console: console.print(table(findings)))
    if not all_well(findings):
        answer_no()
