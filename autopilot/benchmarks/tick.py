"""``autopilot bench tick``: what one tick of a store of 10,000 products takes, from what was seen to the durable journal, stage by stage.

The daemon's own loop drives a store of that size on the simulated platform hour by hour, with a 64×64 network of random weights behind the
laws. A tick counts from the moment the platform has answered to the moment its decision is in the journal, so that writes may be sent; the
drafting of the plan, the platform itself, noting its answers, and the snapshot after the tick are told apart.

Times are of the wall clock, because a disk is waited for; CPU time stands beside them, since a busy neighbour stretches only the former.
``growth``: of the median tick, against a tenth of the products. ``over_disk``: the median tick ÷ writing as many bytes to a plain file and
waiting for the disk. ``columns_over_singly``: judging all wishes of the tick with most of them as columns ÷ one by one.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import control.decide
from autopilot import codec
from autopilot.benchmarks.networks import random_network
from autopilot.benchmarks.stages import Spent, Stages
from autopilot.benchmarks.timing import medians_in_turns
from autopilot.benchmarks.wide_store import wide_market, wide_platform, wide_settings
from autopilot.clock import SteppedClock, wall_s
from autopilot.drive import open_loop
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.loop import Loop
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.pool import Progress
from autopilot.ticking import slot_of
from autopilot.undisturbed import keep_for_good
from control import features, judging, ledger, policy
from control.batches import JudgedColumns
from control.controller import Controller
from control.judging import Wishes, judged_columns, judged_singly
from control.laws import Laws
from control.policy_network import Network
from control.residual import Stride
from control.trust import TrustRegion
from perception import estimator
from perception.observation import Observation
from perception.units import SECONDS_PER_HOUR

SKUS, FEWER_SKUS = 10_000, 1_000
TICKS = 240
WARM_TICKS = 6
"""The first plan is drafted and the first bids are set."""
HISTORY_DAYS = 27
"""As many days as the estimator remembers, beside today."""
SEED = 1
TURNS = 20

_PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "platform": ((SimulatedPlatform, "read"), (SimulatedPlatform, "readback")),
    "plan": ((Loop, "_plan"),),
    "estimate": ((estimator, "estimate"),),
    "situation": ((control.decide, "situation_of"),),
    "ledger": ((ledger, "reconcile"), (ledger, "settle"), (ledger, "see"), (ledger, "intend")),
    "laws": ((Laws, "propose"),),
    "features": ((features, "observe"),),
    "network": ((Network, "act"),),
    "policy": ((policy.Policy, "propose"),),
    "gate": ((control.decide, "present"),),
    "encode": ((codec, "to_bytes"),),
    "commit": ((Loop, "_commit"),),
    "answers": ((Loop, "_act"),),
}
"""Stages by the functions that make them up. Laws, features and network lie within ``policy``, encoding within commit and answers."""

_APART = ("platform", "plan", "answers")
"""What a tick of the loop does besides: ask the platform, draft a plan, send the writes and note the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Driven:
    """What driving one store gave, tick by tick after the warm ones.

    Attributes:
        spent: Per stage; ``tick`` is what the benchmark is about.
        plan_cpu_s: Of drafting the plan, once.
        commands, journal_bytes: Per tick: writes, and bytes of what was seen and decided.
        rows: Seen in the last tick.
        columns_over_singly: For the field and tick with most wishes.
    """

    spent: dict[str, list[Spent]]
    plan_cpu_s: float
    commands: list[int]
    journal_bytes: list[int]
    rows: int
    columns_over_singly: float


def bench_tick(
    progress: Progress, *, skus: int = SKUS, fewer: int = FEWER_SKUS, ticks: int = TICKS, history_days: int = HISTORY_DAYS
) -> dict[str, Any]:
    """The contract's JSON."""
    # beside the program and not in the folder for temporary files, which may be no disk at all
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as scratch:
        few = _driven(fewer, Path(scratch) / "few", ticks=ticks, history_days=history_days, progress=lambda done: progress(0.2 * done))
        many = _driven(
            skus, Path(scratch) / "many", ticks=ticks, history_days=history_days, progress=lambda done: progress(0.2 + 0.7 * done)
        )
        disk_s = _disk_s(Path(scratch) / "plain", int(np.median(many.journal_bytes)))
    progress(1.0)
    tick, smaller = _figures(many.spent["tick"]), _figures(few.spent["tick"])
    return {
        "name": "tick",
        "figures": {
            "skus": skus,
            "ticks": ticks,
            **tick,
            "fewer_skus": fewer,
            **{f"fewer_{name}": figure for name, figure in smaller.items()},
            **{f"{stage}_{name}": figure for stage in _PARTS for name, figure in _figures(many.spent[stage]).items()},
            **{f"snapshot_{name}": figure for name, figure in _figures(many.spent["snapshot"]).items() if name == "max_ms"},
            "plan_cpu_s": many.plan_cpu_s,
            "rows": many.rows,
            "commands_median": float(np.median(many.commands)),
            "commands_most": max(many.commands),
            "journal_kb_median": float(np.median(many.journal_bytes)) / 1e3,
            "disk_ms": 1e3 * disk_s,
        },
        "ratios": {
            "growth": tick["p50_ms"] / smaller["p50_ms"],
            "growth_p99": tick["p99_ms"] / smaller["p99_ms"],
            "growth_cpu": tick["p50_cpu_ms"] / smaller["p50_cpu_ms"],
            "over_disk": tick["p50_ms"] / (1e3 * disk_s),
            "columns_over_singly": many.columns_over_singly,
        },
    }


def _driven(skus: int, folder: Path, *, ticks: int, history_days: int, progress: Progress) -> _Driven:
    folder.mkdir()
    path = folder / "journal.sqlite"
    market = wide_market(skus)
    loaded = wide_settings(market, history_days=history_days)
    platform, clock = wide_platform(loaded, market), SteppedClock(opening_of(market))
    platform.truth(now=clock.now())
    progress(0.3)
    with closing(SqlJournal(sqlite_url(path), clock=clock)) as journal:
        loop = open_loop(loaded, market, platform, clock=clock, journal=journal)
        loop.config = replace(loop.config, controller=_with_network(loop.config.controller))
        keep_for_good()
        return _ticked(loop, clock, path, ticks=ticks, progress=lambda done: progress(0.3 + 0.7 * done))


def _with_network(base: Controller) -> Controller:
    """The controller with a network of random weights behind it, whose actions are worked out and then weigh nothing."""
    network = random_network(np.random.Generator(np.random.PCG64(SEED)))
    trained = policy.Trained(
        network=network, trust=TrustRegion(low=features.lows(), high=features.highs()), stride=Stride(log_bid=0.0, log_price=0.0)
    )
    return policy.Policy(base=base, trained=trained)


def _ticked(loop: Loop, clock: SteppedClock, path: Path, *, ticks: int, progress: Progress) -> _Driven:
    stages, widest = Stages(), _Widest()
    spent: dict[str, list[Spent]] = {name: [] for name in ("tick", *_PARTS, "snapshot")}
    plan_cpu_s, commands, numbers = 0.0, [], []
    with stages.watching(_PARTS), widest.noted():
        for done in range(WARM_TICKS + ticks):
            stages.begin()
            number = slot_of(clock.now(), SECONDS_PER_HOUR)
            ticked = stages.around("tick", loop.tick)(number)
            stages.around("snapshot", loop.keep)()
            clock.advance(SECONDS_PER_HOUR)
            plan_cpu_s = max(plan_cpu_s, stages.of("plan").cpu_s)
            if done < WARM_TICKS:
                continue
            stages.take_off("tick", _APART)
            for name, taken in spent.items():
                taken.append(stages.of(name))
            commands.append(len(ticked.decision.commands))
            numbers.append(number)
            progress((done + 1 - WARM_TICKS) / ticks)
    last = loop.ports.journal.last(Topic.OBSERVATION)
    seen = () if last is None else codec.from_jsonable(last.val, Observation).rows
    return _Driven(
        spent=spent,
        plan_cpu_s=plan_cpu_s,
        commands=commands,
        journal_bytes=_recorded_bytes(path, numbers),
        rows=sum(rows.sku.size for rows in seen),
        columns_over_singly=widest.columns_over_singly(),
    )


@dataclass(slots=True)
class _Widest:
    """Notes the wishes of the field and tick with most of them."""

    wishes: Wishes | None = None
    writes: int = 0

    @contextmanager
    def noted(self) -> Iterator[None]:
        def noting(wishes: Wishes, writes: int) -> JudgedColumns | None:
            if self.wishes is None or wishes.chosen.size > self.wishes.chosen.size:
                self.wishes, self.writes = wishes, writes
            return judged_columns(wishes, writes)

        judging.judged_columns = noting
        try:
            yield
        finally:
            judging.judged_columns = judged_columns

    def columns_over_singly(self) -> float:
        """CPU time of judging them as columns ÷ one by one; NaN where there never were many."""
        wishes, writes = self.wishes, self.writes
        if wishes is None:
            return float("nan")
        ours, singly = medians_in_turns(lambda: judged_columns(wishes, writes), lambda: judged_singly(wishes, writes), repeats=3)
        return ours / singly


def _recorded_bytes(path: Path, ticks: list[int]) -> list[int]:
    """Bytes of the observation and the decision of each tick."""
    query = "SELECT key, SUM(LENGTH(val)) FROM records WHERE topic IN ('observation', 'decision') GROUP BY key"
    with closing(sqlite3.connect(path)) as database:
        by_key = dict(database.execute(query).fetchall())
    return [int(by_key[str(tick)]) for tick in ticks]


def _disk_s(path: Path, size: int) -> float:
    """Median seconds of adding so many bytes to a plain file and waiting for the disk."""
    data, taken = os.urandom(size), []
    with path.open("wb", buffering=0) as file:
        for _ in range(TURNS):
            began = wall_s()
            file.write(data)
            os.fdatasync(file.fileno())
            taken.append(wall_s() - began)
    return float(np.median(taken))


def _figures(spent: list[Spent]) -> dict[str, float]:
    """Medians, 99th percentiles and the largest, in milliseconds."""
    wall, cpu = (1e3 * np.array([getattr(each, name) for each in spent]) for name in ("wall_s", "cpu_s"))
    return {
        "p50_ms": float(np.median(wall)),
        "p99_ms": float(np.quantile(wall, 0.99)),
        "max_ms": float(wall.max()),
        "p50_cpu_ms": float(np.median(cpu)),
        "p99_cpu_ms": float(np.quantile(cpu, 0.99)),
    }
