"""``autopilot eval``: every controller on every scenario family, as shares of the clairvoyant bound with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, with_output

if TYPE_CHECKING:
    from rich.console import Console

FOLDER = Path("runs") / "eval"


@click.command(name="eval")
@click.argument("what", required=False, type=click.Choice(["plans"]))
@click.option("--suite", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="12 or 100 test seeds per family.")
@click.option("--controllers", metavar="A,B", help="Which controllers; all when left out. Doing nothing is always among them.")
@click.option("--families", metavar="A,B", help="Which scenario families, by name or file; all when left out.")
@click.option("--policy", metavar="NAME", help="Trained policy, by name or folder; the usual one, if there is one, when left out.")
@click.option("--stores", type=click.IntRange(1), default=1, show_default=True, help="Of plans: test stores of each family.")
@click.option("--out", "folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Folder for the result.")
@with_output
def command(
    out: Output, what: str | None, suite: str, controllers: str | None, families: str | None, policy: str | None, stores: int, folder: Path
) -> None:
    """Judge controllers, or PLANS, on test seeds, as shares of what a clairvoyant could have earned.

    What an earlier run with the same code and scenarios had worked out, to its end or not, is read back from the folder's `pieces`.
    """
    from autopilot.cli.typed import typed_command
    from autopilot.clock import SystemClock
    from autopilot.errors import ConfigError
    from autopilot.evaluate import evaluate, tasks_of
    from autopilot.evaluate_result import payload, save
    from autopilot.provenance import provenance
    from autopilot.report.eval_markdown import write_eval_markdown
    from autopilot.report.eval_page import write_eval_page
    from autopilot.report.eval_picture import write_eval_png
    from sim.scenarios import families as known

    if what == "plans":
        _plans(out, families, stores)
        return
    clock = SystemClock()
    began_s = clock.monotonic_s()
    made = provenance(typed_command(click.get_current_context()), now=clock.now())
    chosen = known() if families is None else tuple(_names(families))
    strangers = [name for name in chosen if name not in known() and not Path(name).is_file()]
    if strangers:
        raise ConfigError(f"--families: expected some of {', '.join(known())}, was {strangers[0]!r}")
    tasks = tasks_of(suite, chosen, None if controllers is None else _names(controllers), policy=policy)
    with out.progress(f"judging {len(tasks[0].controllers)} controllers on {len(tasks)} families", total=1.0) as progress:
        judged = evaluate(tasks, progress=progress, kept=folder / "pieces")
    result = payload(suite, judged, wall_s=clock.monotonic_s() - began_s, made=made)
    target = folder / f"{suite}.json"
    save(result, target)
    picture, page, table = (target.with_suffix(suffix) for suffix in (".png", ".html", ".md"))
    write_eval_png(result, picture)
    write_eval_page(result, page)
    write_eval_markdown(result, table)
    result |= {"result": str(target), "picture": str(picture), "page": str(page), "table": str(table)}
    out.result(result, human=lambda console: _draw(console, result))


def _plans(out: Output, families: str | None, stores: int) -> None:
    from autopilot.errors import ConfigError
    from autopilot.evaluate_plans import evaluate_plans
    from sim.scenarios import families as known

    chosen = known() if families is None else tuple(_names(families))
    strangers = [name for name in chosen if name not in known()]
    if strangers:
        raise ConfigError(f"--families: expected some of {', '.join(known())}, was {strangers[0]!r}")
    with out.progress(f"marking plans on {len(chosen)} families", total=1.0) as progress:
        result = evaluate_plans(chosen, stores=stores, progress=progress)
    out.result(result, human=lambda console: _draw_plans(console, result))


def _draw_plans(console: Console, result: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title=f"Plans of {result['stores']} test stores")
    columns = ("planner", "score", "gates", "effectiveness", "professionalism", "explainability")
    for name in columns:
        table.add_column(name, justify="left" if name in ("planner", "gates") else "right")
    for row in result["rows"]:
        table.add_row(*(f"{row[name]:.1f}" if isinstance(row[name], float) else str(row[name]) for name in columns))
    console.print(table)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _draw(console: Console, result: dict[str, Any]) -> None:
    from autopilot.report.eval_sheets import conduct_sheet, informed_lines, paired_sheet, shares_sheet
    from autopilot.report.eval_table import eval_table

    for sheet in (shares_sheet(result), conduct_sheet(result), paired_sheet(result)):
        if sheet.rows:
            console.print(eval_table(sheet))
    for sentence in informed_lines(result):
        console.print(sentence, markup=False)
    bound, work = result["oracle"], result["work"]
    console.print(
        f"The bound: {bound['stores']} stores, {bound['cpu_s_per_store']:.1f} s each, at most {bound['largest_gap_ratio']:.0e} under its "
        f"Lagrangian bound, beaten {bound['beaten']} times",
        markup=False,
    )
    files = ", ".join(result[name] for name in ("result", "picture", "page"))
    spared = f", {work['read']} of {work['pieces']} pieces from an earlier run" if work["read"] else ""
    console.print(f"Result: {files} and {result['table']} ({result['wall_s']:.0f} s{spared})", markup=False)
