"""``autopilot bench``: how fast it is on this machine, every figure beside its own baseline in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from autopilot.cli.output import Output, with_output
from autopilot.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from autopilot.pool import Progress


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

    _measured(out, "stepping the market", lambda progress: simulation.bench_sim(progress, scenario=SCENARIO))


@command.command(name="ppo")
@with_output
def bench_ppo(out: Output) -> None:
    """Measure learning on the market against stable-baselines3's defaults on the same store; needs the train extra."""
    with _needing_the_train_extra():
        from autopilot.benchmarks import learning

    _measured(out, "learning", lambda progress: learning.bench_ppo(progress, scenario=SCENARIO))


@command.command(name="policy")
@with_output
def bench_policy(out: Output) -> None:
    """Measure a network's decisions in plain numpy against stable-baselines3's predict; needs the train extra."""
    with _needing_the_train_extra():
        from autopilot.benchmarks import policy

    _measured(out, "deciding", lambda progress: policy.bench_policy(progress, scenario=SCENARIO))


@command.command(name="tick")
@with_output
def bench_tick(out: Output) -> None:
    """Measure one tick of a store of 10,000 products, from what was seen to the durable journal, stage by stage."""
    from autopilot.benchmarks import tick

    _measured(out, "driving", tick.bench_tick)


@command.command(name="start")
@with_output
def bench_start(out: Output) -> None:
    """Measure the daemon of one store: CPU time to its first tick, and memory at rest."""
    from autopilot.benchmarks import start

    _measured(out, "starting", start.bench_start)


@command.command(name="replay")
@with_output
def bench_replay(out: Output) -> None:
    """Measure how many times faster than life a recorded drive is decided again."""
    from autopilot.benchmarks import replaying

    _measured(out, "driving and replaying", replaying.bench_replay)


@command.command(name="pacing")
@click.option("--stores", type=click.IntRange(1), default=32, show_default=True, help="Test stores of each proving ground.")
@with_output
def bench_pacing(out: Output, stores: int) -> None:
    """Measure how near the laws come to the best bids in hindsight, in a second-price market and under a limit of the cost per order."""
    from autopilot.benchmarks import pacing

    _measured(out, "driving the proving grounds", lambda progress: pacing.bench_pacing(progress, stores=stores))


@command.command(name="why")
@click.option("--cases", type=click.IntRange(1), default=40, show_default=True, help="Stores of each kind, factor and noise.")
@click.option("--rates", is_flag=True, help="Judge a rate, orders per click, instead of a count.")
@with_output
def bench_why(out: Output, cases: int, *, rates: bool) -> None:
    """Measure how often `autopilot why` names the cause that was injected, and how often it speaks where nothing happened."""
    from autopilot.benchmarks import why

    _measured(out, "explaining", lambda progress: why.bench_why(progress, cases=cases, rates=rates))


@command.command(name="metrics")
@with_output
def bench_metrics(out: Output) -> None:
    """Measure the metrics store with 10,000 products a tick and 30 days held, beside SQLite."""
    from autopilot.benchmarks import metrics

    _measured(out, "filling", metrics.bench_metrics)


@command.command(name="profile")
@click.option("--stores", type=click.IntRange(1), default=200, show_default=True, help="Made stores whose kind is known.")
@with_output
def bench_profile(out: Output, stores: int) -> None:
    """Measure how often products and merchants are told for what they are."""
    from autopilot.benchmarks import profiling

    _measured(out, "judging stores", lambda progress: profiling.bench_profile(progress, stores=stores))


@command.command(name="forecast")
@with_output
def bench_forecast(out: Output) -> None:
    """Measure forecasts from rolling origins over a real shop's year, against the same weekday of the week before."""
    from autopilot.benchmarks import forecasting

    _measured(out, "forecasting", forecasting.bench_forecast)


@contextmanager
def _needing_the_train_extra() -> Iterator[None]:
    """Say how to get what is not installed by default."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed: environments and learning need the train extra; try: make setup-train"
        ) from error


def _measured(out: Output, doing: str, bench: Callable[[Progress], dict[str, Any]]) -> None:
    """Run a benchmark under a bar that says what it is doing, and show what it found."""
    with out.progress(doing, total=1.0) as progress:
        result = bench(progress)
    out.result(result, human=lambda console: _draw(console, result))


def _draw(console: Console, result: dict[str, Any]) -> None:
    from rich.table import Table

    for title in ("ratios", "figures"):
        table = Table(title=title, title_justify="left", show_header=False)
        for name, value in result[title].items():
            table.add_row(name, f"{value:,.4g}" if isinstance(value, float) else str(value))
        console.print(table)
