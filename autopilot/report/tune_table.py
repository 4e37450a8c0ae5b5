"""A search of gains on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from autopilot.report.amounts import MINUS


def found_table(result: Mapping[str, Any]) -> Table:
    """Every gain that was searched: its default, what was found, and its range is in the file."""
    table = Table(title="Gains", title_justify="left", box=SIMPLE)
    table.add_column("gain", no_wrap=True)
    for heading in ("default", "found"):
        table.add_column(heading, justify="right")
    for name, default in result["defaults"].items():
        table.add_row(name, f"{default:g}", f"{result['gains'][name]:g}" if "gains" in result else "")
    return table


def sensitivity_table(result: Mapping[str, Any]) -> Table:
    """What moving one gain alone does to the score, in percent of what the defaults earn."""
    families = result["search"]["families"]
    table = Table(title="One gain at a time: change of the score, %", title_justify="left", box=SIMPLE)
    table.add_column("gain", no_wrap=True)
    for heading in ("default", "tried", "all", *(family.replace("_", "\n") for family in families)):
        table.add_column(heading, justify="right")
    for row in result["sensitivity"]:
        each = [_percent(row["by_family"][family]["difference"]) for family in families]
        table.add_row(row["gain"], f"{row['default']:g}", f"{row['value']:g}", with_interval(row), *each)
    return table


def summary(result: Mapping[str, Any]) -> list[str]:
    """What the search came to, and where it is written."""
    search, work = result["search"], result["work"]
    lines = []
    if "objective" in result:
        said = with_interval(result["objective"])
        lines.append(f"On {search['proof_stores']} fresh stores of each of {len(search['families'])} families: {said} % on the defaults.")
    elif "sensitivity" not in result:
        lines.append("Every candidate broke a hard limit somewhere: nothing was found.")
    cost = f"{work['candidates']} candidates, {work['cpu_s']:.0f} CPU seconds"
    return [*lines, f"Result: {result['result']} ({cost}, {work['wall_s']:.0f} s)"]


def with_interval(row: Mapping[str, Any]) -> str:
    """As in "+1.2 [+0.3, +2.1]", percent."""
    return f"{_percent(row['difference'])} [{_percent(row['ci_low'])}, {_percent(row['ci_high'])}]"


def _percent(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", MINUS)
