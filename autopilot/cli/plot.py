"""``autopilot plot``: pictures of results that were saved before, as PNG and as one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from autopilot.cli.eval import FOLDER
from autopilot.cli.output import Output, with_output


@click.group(name="plot")
def command() -> None:
    """Draw saved results."""


@command.command(name="eval")
@click.argument("result", type=click.Path(path_type=Path, dir_okay=False), default=FOLDER / "quick.json")
@click.option("--out", "folder", type=click.Path(path_type=Path), help="Folder for the pictures; beside the result when left out.")
@with_output
def plot_eval(out: Output, result: Path, folder: Path | None) -> None:
    """Draw RESULT, the JSON of an evaluation."""
    from autopilot.evaluate import saved
    from autopilot.report.eval_page import write_eval_page
    from autopilot.report.eval_picture import write_eval_png

    found = saved(result)
    target = (folder or result.parent) / result.name
    target.parent.mkdir(parents=True, exist_ok=True)
    picture, page = target.with_suffix(".png"), target.with_suffix(".html")
    write_eval_png(found, picture)
    write_eval_page(found, page)
    out.result({"picture": str(picture), "page": str(page)}, human=lambda console: console.print(f"{picture} and {page}", markup=False))
