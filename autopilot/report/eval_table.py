"""An evaluation's tables on the terminal."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.table import Table

from autopilot.report.eval_sheets import Sheet


def eval_table(sheet: Sheet) -> Table:
    """One sheet of an evaluation."""
    table = Table(title=sheet.title, title_justify="left", box=SIMPLE)
    first, *others = sheet.headings
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right")
    for row in sheet.rows:
        table.add_row(*row)
    return table
