"""Draws findings for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from autopilot.findings import Finding, Level

if TYPE_CHECKING:
    from rich.table import Table

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


def table(findings: Iterable[Finding]) -> Table:
    """One row per finding."""
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for item in findings:
        drawn.add_row(f"[{STYLES[item.level]}]{item.level.value}[/]", escape(item.name), escape(item.detail))
    return drawn
