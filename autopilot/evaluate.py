"""An evaluation: controllers × scenario families on test seeds, every family's stores in one batch, families spread over the cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from autopilot.clock import cpu_s
from autopilot.errors import ConfigError
from autopilot.pool import Progress, spread
from sim.fleet.fleet import fleet_terms, open_fleet
from sim.judging.contenders import CONTENDERS, contender
from sim.judging.evaluation import REFERENCE, FamilyTrials, Row, Trial, rows, trial
from sim.judging.oracle import OracleScore, oracle
from sim.scenarios import load_scenario

STORES = {"quick": 12, "full": 100}
"""Test seeds per family, by suite."""

BOOTSTRAP_SEED = 2022
ORACLE = "oracle"
_ORACLE_BATCH = 12
"""Stores whose levels are played together: their tables take some ten megabytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Some test seeds of one family, for all controllers."""

    family: str
    seeds: tuple[int, ...]
    controllers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One task done: the trials, how sure the bounds are, and the CPU seconds they took."""

    trials: FamilyTrials
    bounds: tuple[OracleScore, ...]
    bounds_s: float


def tasks_of(suite: str, families: Sequence[str], controllers: Sequence[str] | None) -> list[Task]:
    """What a suite consists of.

    Raises:
        ConfigError: A controller is not known.
    """
    chosen = tuple(CONTENDERS if controllers is None else controllers)
    unknown = [name for name in chosen if name not in CONTENDERS]
    if unknown:
        raise ConfigError(f"--controllers: expected some of {', '.join(CONTENDERS)}, was {unknown[0]!r}")
    chosen = chosen if REFERENCE in chosen else (REFERENCE, *chosen)
    return [
        Task(family=family, seeds=tuple(load_scenario(family).test_seeds.seeds[: STORES[suite]]), controllers=chosen) for family in families
    ]


def evaluate(tasks: Sequence[Task], *, progress: Progress) -> list[Judged]:
    """Drive every controller on every family and find the bounds."""
    return spread(_judge, tasks, progress=progress)


def table(judged: Sequence[Judged]) -> list[Row]:
    """All rows, the overall ones last."""
    # a generator of its own: the intervals do not depend on anything else
    return rows([one.trials for one in judged], np.random.Generator(np.random.PCG64(BOOTSTRAP_SEED)))


def payload(suite: str, judged: Sequence[Judged], *, wall_s: float) -> dict[str, Any]:
    """The contract's JSON."""
    lines = table(judged)
    bounds = [bound for one in judged for bound in one.bounds]
    return {
        "suite": suite,
        "rows": [_line(row) for row in lines if row.family is not None],
        "overall": [_line(row) for row in lines if row.family is None],
        "oracle": {
            "stores": len(bounds),
            "cpu_s_per_store": sum(one.bounds_s for one in judged) / len(bounds),
            "largest_gap_ratio": max(abs(bound.programme.gap_ratio) for bound in bounds),
            "split_share": float(np.mean([bound.programme.split_share for bound in bounds])),
            "variables": int(np.median([bound.programme.variables for bound in bounds])),
            "beaten": sum(
                int((one.profit_cents > judgement.trials.oracle_cents).sum())
                for judgement in judged
                for one in judgement.trials.trials.values()
            ),
            "fixed_alpha_wins": sum(bound.fixed_alpha_cents > bound.programme.value_cents for bound in bounds),
        },
        "wall_s": wall_s,
    }


def save(result: dict[str, Any], path: Path) -> None:
    """Write a result where ``autopilot plot eval`` finds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


def saved(path: Path) -> dict[str, Any]:
    """Read a result back.

    Raises:
        ConfigError: There is none, or the file is something else.
    """
    try:
        found = orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no evaluation there; make one: autopilot eval --suite quick") from error
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{path}: expected the JSON that autopilot eval wrote, was not JSON: {error}") from error
    if not isinstance(found, dict) or not {"suite", "rows", "overall"} <= found.keys():
        raise ConfigError(f"{path}: expected the JSON that autopilot eval wrote, with suite, rows and overall")
    return found


def _line(row: Row) -> dict[str, Any]:
    line = {
        "controller": row.controller,
        "family": row.family,
        "n": row.stores,
        "share_iqm": row.share.value,
        "ci_low": row.share.low,
        "ci_high": row.share.high,
        "violations": row.violations,
        "interventions_per_1000": row.interventions_per_1000,
        "writes": row.writes,
        "lift": asdict(row.lift),
        "roas_missed": row.roas_missed,
    }
    return line if row.family is not None else {name: value for name, value in line.items() if name != "family"}


def _judge(task: Task, progress: Progress) -> Judged:
    terms = fleet_terms(load_scenario(task.family))
    seeds = np.array(task.seeds, dtype=np.int64)
    opened = open_fleet(terms, seeds=seeds)
    steps = len(task.controllers) + 1
    trials: dict[str, Trial] = {}
    for place, name in enumerate(task.controllers):
        trials[name] = trial(terms, opened, contender(name, terms), progress=_part(progress, place, steps))
    bounds: list[OracleScore] = []
    began_s = cpu_s()
    for batch in range(0, seeds.size, _ORACLE_BATCH):
        for bound in oracle(terms, seeds=seeds[batch : batch + _ORACLE_BATCH]):
            bounds.append(bound)
            progress((steps - 1 + len(bounds) / seeds.size) / steps)
    trials[ORACLE] = _as_trial(bounds)
    return Judged(
        trials=FamilyTrials(
            family=task.family,
            target_roas=terms.scenario.terms.target_roas,
            oracle_cents=np.array([bound.profit_cents for bound in bounds]),
            trials=trials,
        ),
        bounds=tuple(bounds),
        bounds_s=cpu_s() - began_s,
    )


def _part(progress: Progress, place: int, steps: int) -> Progress:
    """Progress of one step of several."""
    return lambda done: progress((place + done) / steps)


def _as_trial(bounds: Sequence[OracleScore]) -> Trial:
    """The bound as a line of the table: it writes nothing and breaks nothing."""
    profit = np.array([bound.profit_cents for bound in bounds])
    none = np.zeros(profit.size, dtype=np.int64)
    return Trial(
        profit_cents=profit,
        spend_cents=np.zeros(profit.size),
        ad_revenue_cents=np.zeros(profit.size),
        broken=np.zeros(profit.size, dtype=np.bool_),
        wishes=none,
        interventions=none,
        writes=none,
    )
