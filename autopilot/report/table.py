"""Draws a drive for the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from autopilot.report.amounts import controller_name, money, written
from autopilot.report.figures import DriveFigures, grouped

SHOWN_CHANGES = 12


def totals_table(figures: DriveFigures) -> Table:
    """What the drive brought, beside the alternatives."""
    table = Table(title=f"{figures.store}: {figures.days} days, seed {figures.seed}", title_justify="left", title_style="bold")
    table.add_column("")
    for number, name in enumerate(figures.profit_cents):
        table.add_column(escape(controller_name(name)), justify="right", style="bold cyan" if number == 0 else None)
    for row in figures.totals:
        table.add_row(escape(row.label), *(written(value, row.unit, figures.currency) for value in row.values))
    return table


def changes_table(figures: DriveFigures, *, limit: int = SHOWN_CHANGES) -> Table:
    """What was changed and why: the ``limit`` set-points that were changed most often."""
    groups = grouped(figures.changes)
    table = Table(title="What was changed and why", title_justify="left", title_style="bold")
    for heading, justify in (
        ("set-point", "left"),
        ("from", "right"),
        ("to", "right"),
        ("steps", "right"),
        ("why, at the last step", "left"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for group in groups[:limit]:
        before, after = (money(cents, figures.currency, exact=True) for cents in (group.before, group.after))
        table.add_row(escape(group.what), before, after, str(group.steps), escape(group.why))
    if len(groups) > limit:
        table.caption = f"… and {len(groups) - limit} more set-points; all of them are in the report"
    return table


def drive_table(figures: DriveFigures) -> Group:
    """Both tables, one below the other."""
    changed = changes_table(figures) if figures.changes else Text("Nothing was changed.")
    return Group(totals_table(figures), Text(""), changed)
