"""What an evaluation says: the JSON of the contract, where it is saved, and how it is read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from autopilot.errors import ConfigError
from autopilot.evaluate import Judged
from sim.judging.comparison import Paired, paired, to_informed
from sim.judging.evaluation import Row, rows

BOOTSTRAP_SEED = 2022


def payload(suite: str, judged: Sequence[Judged], *, wall_s: float, made: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's JSON.

    Args:
        suite: Its name.
        judged: Every family.
        wall_s: Seconds that this run took; pieces that were kept from an earlier one took none.
        made: How and by which code it was made, ``autopilot.provenance``.
    """
    families = [one.trials for one in judged]
    # a generator each: no table depends on what else is worked out
    lines = rows(families, _generator())
    return {
        "suite": suite,
        "made": dict(made),
        "rows": [_line(row) for row in lines if row.family is not None],
        "overall": [_line(row) for row in lines if row.family is None],
        "paired": [_pair(pair) for pair in paired(families, _generator())],
        "to_informed": [asdict(one) for one in to_informed(families, _generator())],
        "oracle": _bounds(judged),
        "work": {
            "trials_cpu_s": sum(one.trials_s for one in judged),
            "bounds_cpu_s": sum(one.bounds_s for one in judged),
            "pieces": sum(one.pieces for one in judged),
            "read": sum(one.read for one in judged),
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
    if not isinstance(found, dict) or not {"suite", "rows", "overall", "paired"} <= found.keys():
        raise ConfigError(f"{path}: expected the JSON that autopilot eval wrote, with suite, rows, overall and paired")
    return found


def _generator() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(BOOTSTRAP_SEED))


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
        "roas_missed_weeks_share": row.roas_missed_weeks_share,
    }
    return line if row.family is not None else {name: value for name, value in line.items() if name != "family"}


def _pair(pair: Paired) -> dict[str, Any]:
    return {
        "controller": pair.controller,
        "against": pair.against,
        "family": pair.family,
        "n": pair.stores,
        "difference": pair.difference.value,
        "ci_low": pair.difference.low,
        "ci_high": pair.difference.high,
        "better_share": pair.better_share,
    }


def _bounds(judged: Sequence[Judged]) -> dict[str, Any]:
    bounds = [bound for one in judged for bound in one.bounds]
    return {
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
    }
