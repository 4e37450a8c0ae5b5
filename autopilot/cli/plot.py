"""``autopilot plot``: pictures as PNG and as one self-contained HTML file, of saved results and of the laws themselves."""

from __future__ import annotations

from pathlib import Path

import click

from autopilot.cli.eval import FOLDER
from autopilot.cli.output import Output, with_output


@click.group(name="plot")
def command() -> None:
    """Draw saved results, and how the laws answer steps."""


@command.command(name="eval")
@click.argument("result", type=click.Path(path_type=Path, dir_okay=False), default=FOLDER / "quick.json")
@click.option("--out", "folder", type=click.Path(path_type=Path), help="Folder for the pictures; beside the result when left out.")
@with_output
def plot_eval(out: Output, result: Path, folder: Path | None) -> None:
    """Draw RESULT, the JSON of an evaluation."""
    from autopilot.evaluate_result import saved
    from autopilot.report.eval_page import write_eval_page
    from autopilot.report.eval_picture import write_eval_png

    found = saved(result)
    target = (folder or result.parent) / result.name
    target.parent.mkdir(parents=True, exist_ok=True)
    picture, page = target.with_suffix(".png"), target.with_suffix(".html")
    write_eval_png(found, picture)
    write_eval_page(found, page)
    out.result({"picture": str(picture), "page": str(page)}, human=lambda console: console.print(f"{picture} and {page}", markup=False))


@command.command(name="laws")
@click.option(
    "-o",
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("runs") / "laws",
    show_default=True,
    help="Folder for the pictures.",
)
@with_output
def plot_laws(out: Output, folder: Path) -> None:
    """Draw how each law answers a step, in closed loop with a store without luck, and work out the loops' margins."""
    from autopilot.report.laws_page import write_laws_page
    from autopilot.report.laws_picture import write_laws_png
    from autopilot.report.laws_steps import all_panels
    from autopilot.report.margin_sheets import margin_figures, margin_sheets
    from control.laws import LawsTuning

    tuning = LawsTuning()
    with out.progress("stepping the laws", total=1.0) as progress:
        panels = all_panels(tuning, progress=progress)
    folder.mkdir(parents=True, exist_ok=True)
    picture, page = folder / "laws.png", folder / "laws.html"
    write_laws_png(panels, picture)
    write_laws_page(panels, margin_sheets(tuning), page)
    result = {
        "picture": str(picture),
        "page": str(page),
        "steps": {panel.name: panel.figures for panel in panels},
        "margins": margin_figures(tuning),
    }
    out.result(result, human=lambda console: console.print(f"{picture} and {page}", markup=False))
