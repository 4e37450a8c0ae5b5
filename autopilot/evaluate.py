"""An evaluation: controllers × scenario families on test seeds, cut into pieces that are spread over the cores and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from autopilot.errors import ConfigError
from autopilot.evaluate_pieces import Errand, Outcome, Piece, Split, forget_others, pieces_of, work
from autopilot.policies import find_policy, load_policy, policy_names
from autopilot.pool import Progress, spread
from autopilot.settings import ControlSection
from autopilot.steering import POLICY
from control.policy import Trained
from perception.units import Floats
from sim.judging.comparison import ORACLE
from sim.judging.contenders import CONTENDERS
from sim.judging.evaluation import REFERENCE, FamilyTrials, Trial, all_of
from sim.judging.oracle import OracleScore
from sim.scenarios import load_scenario

STORES = {"quick": 12, "full": 100}
"""Test seeds per family, by suite."""

_USUAL = Split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Some test seeds of one family, for all controllers.

    Attributes:
        family: Name of the scenario, or path of its file.
        seeds: Of the stores.
        controllers: Names, ``REFERENCE`` among them.
        policy: What ``policy`` steers by, where it is among them.
    """

    family: str
    seeds: tuple[int, ...]
    controllers: tuple[str, ...]
    policy: Trained | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One task done.

    Attributes:
        trials: Of every controller, and of the bound as if it were one.
        bounds: How sure the bounds are.
        trials_s, bounds_s: CPU seconds they took, whenever they were worked out.
        pieces, read: How many pieces there were, and how many of them had been worked out before.
    """

    trials: FamilyTrials
    bounds: tuple[OracleScore, ...]
    trials_s: float
    bounds_s: float
    pieces: int
    read: int


def tasks_of(suite: str, families: Sequence[str], controllers: Sequence[str] | None, *, policy: str | None = None) -> list[Task]:
    """What a suite consists of.

    Args:
        suite: Name.
        families: Names of scenarios, or paths of their files.
        controllers: Names; None for all of them, but ``policy`` only where one is given or installed under its usual name.
        policy: Name or folder of a trained policy; None for the usual name.

    Raises:
        ConfigError: A controller is not known, or the policy cannot be used.
    """
    unknown = [name for name in controllers or () if name not in CONTENDERS]
    if unknown:
        raise ConfigError(f"--controllers: expected some of {', '.join(CONTENDERS)}, was {unknown[0]!r}")
    if policy is not None and controllers is not None and POLICY not in controllers:
        raise ConfigError(f"--policy: expected {POLICY} among --controllers, was {', '.join(controllers)}")
    usual = ControlSection().policy
    steered = POLICY in controllers if controllers is not None else policy is not None or usual in policy_names()
    trained = load_policy(find_policy(policy or usual))[0] if steered else None
    chosen = tuple(name for name in CONTENDERS if name != POLICY or steered) if controllers is None else tuple(controllers)
    chosen = chosen if REFERENCE in chosen else (REFERENCE, *chosen)
    return [
        Task(family=family, seeds=tuple(load_scenario(family).test_seeds.seeds[: STORES[suite]]), controllers=chosen, policy=trained)
        for family in families
    ]


def evaluate(tasks: Sequence[Task], *, progress: Progress, kept: Path | None = None, split: Split = _USUAL) -> list[Judged]:
    """Drive every controller on every family and find the bounds.

    Args:
        tasks: What to judge.
        progress: Told the share of the work that is done.
        kept: Folder of finished pieces: those found there are not worked out again. None keeps nothing.
        split: How the work is cut; results do not depend on it.
    """
    pieces = pieces_for(tasks, split=split)
    if kept is not None:
        forget_others(kept)
    outcomes = spread(work, [Errand(piece=piece, kept=kept) for piece in pieces], progress=progress)
    return put_together(tasks, pieces, outcomes)


def pieces_for(tasks: Sequence[Task], *, split: Split = _USUAL) -> list[Piece]:
    """Everything there is to do, the long pieces first, so that no core waits for the last of them."""
    cut = [pieces_of(task.family, task.seeds, task.controllers, policy=task.policy, split=split) for task in tasks]
    return [*chain.from_iterable(trials for trials, _ in cut), *chain.from_iterable(bounds for _, bounds in cut)]


def put_together(tasks: Sequence[Task], pieces: Sequence[Piece], outcomes: Sequence[Outcome]) -> list[Judged]:
    """The tasks that were cut into these pieces; each piece's outcome stands where the piece does."""
    done = list(zip(pieces, outcomes, strict=True))
    return [_judged(task, [(piece, outcome) for piece, outcome in done if piece.family == task.family]) for task in tasks]


def _judged(task: Task, done: Sequence[tuple[Piece, Outcome]]) -> Judged:
    trials = {name: all_of([one.trials[name] for _, one in done if name in one.trials]) for name in task.controllers}
    bounds = tuple(bound for _, one in done for bound in one.bounds)
    profit = np.array([bound.profit_cents for bound in bounds])
    trials[ORACLE] = _as_trial(profit, weeks=trials[REFERENCE].week_spend_cents.shape[1])
    scenario = load_scenario(task.family)
    return Judged(
        trials=FamilyTrials(family=scenario.name, target_roas=scenario.terms.target_roas, oracle_cents=profit, trials=trials),
        bounds=bounds,
        trials_s=sum(one.cpu_s for piece, one in done if piece.controllers),
        bounds_s=sum(one.cpu_s for piece, one in done if not piece.controllers),
        pieces=len(done),
        read=sum(one.read for _, one in done),
    )


def _as_trial(profit_cents: Floats, *, weeks: int) -> Trial:
    """The bound as a line of the table: it writes nothing and breaks nothing."""
    none = np.zeros(profit_cents.size, dtype=np.int64)
    no_weeks = np.zeros((profit_cents.size, weeks), dtype=np.int64)
    return Trial(
        profit_cents=profit_cents,
        spend_cents=np.zeros(profit_cents.size),
        ad_revenue_cents=np.zeros(profit_cents.size),
        week_spend_cents=no_weeks,
        week_revenue_cents=no_weeks,
        broken=np.zeros(profit_cents.size, dtype=np.bool_),
        wishes=none,
        interventions=none,
        writes=none,
    )
