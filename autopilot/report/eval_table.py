"""An evaluation as a table for the terminal: one line per controller, one column per family, and what the gate had to do."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from autopilot.report.amounts import controller_name


def ordered(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The overall rows, the best first."""
    return sorted(result["overall"], key=lambda row: -row["share_iqm"])


def families_of(result: dict[str, Any]) -> list[str]:
    """Families in the order they were judged."""
    return list(dict.fromkeys(row["family"] for row in result["rows"]))


def eval_table(result: dict[str, Any]) -> Table:
    """Shares of the clairvoyant bound in percent, overall with the 95 % interval."""
    title = f"Share of the clairvoyant profit, %, inter-quartile mean, {result['overall'][0]['n']} stores, suite {result['suite']}"
    table = Table(title=title, title_justify="left", box=SIMPLE)
    table.add_column("controller", no_wrap=True)
    table.add_column("overall", justify="right", no_wrap=True)
    for family in families_of(result):
        table.add_column(family.replace("_", "\n"), justify="right")
    cells = {(row["controller"], row["family"]): row for row in result["rows"]}
    for row in ordered(result):
        name = row["controller"]
        shares = [f"{100 * cells[name, family]['share_iqm']:.1f}" for family in families_of(result)]
        table.add_row(controller_name(name), interval_text(row), *shares)
    return table


def conduct_table(result: dict[str, Any]) -> Table:
    """How each controller behaved: limits broken, what the gate had to do, and how much it wrote."""
    table = Table(title="Conduct", title_justify="left", box=SIMPLE)
    table.add_column("controller", no_wrap=True)
    for heading in (
        "won of what there was to win, %",
        "hard limits broken",
        "ROAS target missed",
        "gate, per 1,000 wishes",
        "writes per store",
    ):
        table.add_column(heading, justify="right")
    for row in ordered(result):
        counts = (str(row["violations"]), str(row["roas_missed"]), f"{row['interventions_per_1000']:.1f}", f"{row['writes']:.0f}")
        table.add_row(controller_name(row["controller"]), f"{100 * row['lift']['value']:.1f}", *counts)
    return table


def interval_text(row: dict[str, Any]) -> str:
    """As in "79.9 [79.1, 80.7]", percent."""
    return f"{100 * row['share_iqm']:.1f} [{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
