"""``autopilot plan``: the plan that would be followed from now on, as a merchant reads it before signing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from autopilot.cli.output import Output, answer_no, with_output

if TYPE_CHECKING:
    from rich.console import Console

    from autopilot.plan_sheet import Sheet


@click.command(name="plan")
@click.argument("store")
@click.option("--planner", type=click.Choice(["rules", "milp"]), help="Who writes it; as the settings say when left out.")
@click.option("--why-not", "why_not", metavar="TEXT", help='What would happen otherwise, such as "20 % off on SKU-12".')
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of what is printed.")
@with_output
def command(out: Output, store: str, planner: str | None, why_not: str | None, language: str) -> None:
    """Print a plan for STORE that a merchant would sign; nothing is carried out. Exit code 1: the budget guard refuses it."""
    from autopilot.clock import SystemClock
    from autopilot.plan_sheet import answer_lines, sheet
    from autopilot.plan_store import payload, planned
    from autopilot.plan_words import Language
    from autopilot.settings_sources import load_store

    loaded = load_store(store)
    found = planned(loaded, planner=planner or loaded.settings.planning.planner, why_not=why_not, now=SystemClock().now())
    spoken: Language = "zh" if language == "zh" else "en"

    def human(console: Console) -> None:
        _draw(console, sheet(found.plan, found.request, found.profile, spoken))
        if found.answer is not None:
            console.print()
            for line in answer_lines(found.answer, found.plan.currency, spoken):
                console.print(line, markup=False)

    out.result(payload(found), human=human)
    if not found.verdict.accepted:
        answer_no()


def _draw(console: Console, page: Sheet) -> None:
    from rich.table import Table

    console.print(page.title, markup=False, style="bold")
    for line in page.lines:
        console.print(line, markup=False)
    table = Table()
    for name in page.columns:
        table.add_column(name)
    for row in page.rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    console.print(table)
    for line in (*page.reasons, *page.ending):
        console.print(line, markup=False)
