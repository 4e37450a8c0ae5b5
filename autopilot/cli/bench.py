"""``autopilot bench``: how fast it is on this machine, every figure beside its own baseline in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, with_output
from autopilot.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console


SCENARIO = "event"
"""The family in which every mechanic is at work."""


@click.group(name="bench")
def command() -> None:
    """Measure speed, each figure beside its own baseline."""


@command.command(name="sim")
@with_output
def bench_sim(out: Output) -> None:
    """Measure the market and its environments: 1,024 stores of 10 products, all mechanics on, one core."""
    with _needing_the_train_extra():
        from autopilot.benchmarks import simulation

    with out.progress("stepping the market", total=1.0) as progress:
        result = simulation.bench_sim(progress, scenario=SCENARIO)
    out.result(result, human=lambda console: _draw(console, result))


@command.command(name="ppo")
@with_output
def bench_ppo(out: Output) -> None:
    """Measure learning on the market against stable-baselines3's defaults on the same store; needs the train extra."""
    with _needing_the_train_extra():
        from autopilot.benchmarks import learning

    with out.progress("learning", total=1.0) as progress:
        result = learning.bench_ppo(progress, scenario=SCENARIO)
    out.result(result, human=lambda console: _draw(console, result))


@contextmanager
def _needing_the_train_extra() -> Iterator[None]:
    """Say how to get what is not installed by default."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed: environments and learning need the train extra; try: make setup-train"
        ) from error


def _draw(console: Console, result: dict[str, Any]) -> None:
    from rich.table import Table

    for title in ("ratios", "figures"):
        table = Table(title=title, title_justify="left", show_header=False)
        for name, value in result[title].items():
            table.add_row(name, f"{value:,.4g}" if isinstance(value, float) else str(value))
        console.print(table)
