"""``autopilot train``: trains a policy on stores of training seeds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, with_output
from autopilot.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from autopilot.train import TrainingResult


@click.command(name="train")
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--runs", type=click.Path(path_type=Path, file_okay=False), default=Path("runs"), show_default=True, help="Folder of runs.")
@with_output
def command(out: Output, *, config: Path, runs: Path) -> None:
    """Train a policy; a run that was interrupted goes on where it was. TensorBoard reads the run's folder."""
    try:
        from autopilot.train import train
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is not installed: learning needs the train extra; try: make setup-train") from error
    from autopilot.clock import SystemClock

    with out.progress("training", total=1.0) as progress:
        result = train(
            config, runs=runs, clock=SystemClock(), tell=lambda stage, figures: out.note(_line(stage, figures)), progress=progress
        )
    payload = {
        "policy": str(result.folder),
        "chosen": result.chosen.stage,
        "candidates": [asdict(each) | {"mean_lift": each.mean_lift} for each in result.candidates],
        "cpu_s": result.cpu_s,
    }
    out.result(payload, human=lambda console: _draw(console, result))


def _line(stage: str, figures: dict[str, Any]) -> str:
    shown = [f"{name} {figure:.4g}" for name, figure in figures.items() if isinstance(figure, int | float)]
    return f"{stage}: {', '.join(shown)}"


def _draw(console: Console, result: TrainingResult) -> None:
    from rich.table import Table

    table = Table(title="won over the laws on held-out training stores, %", title_justify="left")
    table.add_column("stage")
    families = list(result.chosen.lift)
    for name in (*families, "mean"):
        table.add_column(name.replace("_", " "), justify="right")
    for candidate in result.candidates:
        figures = [*candidate.lift.values(), candidate.mean_lift]
        table.add_row(candidate.stage, *(f"{100.0 * figure:+.1f}" for figure in figures))
    console.print(table)
    console.print(f"The policy of {result.chosen.stage} is in {result.folder}, after {result.cpu_s / 60.0:.0f} CPU minutes.")
    console.print(f"Next: autopilot promote {result.folder}")
