"""``autopilot tune``: searches the gains of the laws on training seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, answer_no, with_output

if TYPE_CHECKING:
    from rich.console import Console

RESULT = Path("runs") / "tune" / "laws.toml"


@click.command(name="tune")
@click.option("--config", default="laws", show_default=True, metavar="FILE", help="A file, or the name of one in configs/training.")
@click.option("--stores", type=click.IntRange(min=2), help="Training stores per family and round; the file's own when left out.")
@click.option("--rounds", type=click.IntRange(min=1), help="Rounds of the search; the file's own when left out.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the search; the file's own when left out.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=RESULT, show_default=True, help="The result.")
@with_output
def command(out: Output, config: str, stores: int | None, rounds: int | None, seed: int | None, output: Path) -> None:
    """Search the laws' gains on training seeds, and compare the winner with the defaults on stores that nothing was chosen on.

    A search that was interrupted goes on where it was: its state lies beside the result until that is written.
    """
    from autopilot.cli.typed import typed_command
    from autopilot.clock import SystemClock
    from autopilot.config_files import find
    from autopilot.provenance import provenance
    from autopilot.toml_model import read_model
    from autopilot.tune import tune
    from autopilot.tune_result import result_of, write_result
    from autopilot.tune_settings import TuneSettings

    clock = SystemClock()
    began_s = clock.monotonic_s()
    made = provenance(typed_command(click.get_current_context()), now=clock.now())
    path = find("training", config)
    settings, text = read_model(path, TuneSettings)
    given = {name: value for name, value in (("stores", stores), ("rounds", rounds), ("seed", seed)) if value is not None}
    settings = settings.model_copy(update={"search": settings.search.model_copy(update=given)})
    state = output.with_name(output.name + ".state.json")
    with out.progress(f"searching {len(settings.gains)} gains on {len(settings.families)} families", total=1.0) as progress:
        tuned = tune(settings, state=state, progress=progress)
    result = result_of(tuned, settings, config=(path, text), made=made, wall_s=clock.monotonic_s() - began_s)
    write_result(result, output)
    state.unlink(missing_ok=True)
    result |= {"result": str(output)}
    out.result(result, human=lambda console: _draw(console, result))
    if "gains" not in result and "sensitivity" not in result:
        answer_no()


def _draw(console: Console, result: dict[str, Any]) -> None:
    from autopilot.report.tune_table import found_table, sensitivity_table, summary

    console.print(sensitivity_table(result) if "sensitivity" in result else found_table(result))
    for line in summary(result):
        console.print(line, markup=False)
