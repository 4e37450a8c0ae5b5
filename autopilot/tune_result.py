"""What a search of gains gave, with all it takes to make it again; and whether the code still says the same."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomlkit

from autopilot.config_files import display
from autopilot.tune import HALVING, PROOF, SEARCH, Phase, Tuned
from autopilot.tune_settings import TuneSettings, gains_of
from autopilot.tune_trials import Verdict
from autopilot.whole_file import write_whole
from control.laws import LawsTuning
from sim.judging.statistics import Interval

TOP = 10
"""Candidates that a result shows."""


def result_of(tuned: Tuned, settings: TuneSettings, *, config: tuple[Path, str], made: Mapping[str, Any], wall_s: float) -> dict[str, Any]:
    """Everything about a search, as plain types without None.

    Args:
        tuned: The search.
        settings: As they were used, options of the command line included.
        config: The file and its text.
        made: How and by which code it was made, ``autopilot.provenance``.
        wall_s: Seconds that this run took.
    """
    path, text = config
    defaults = gains_of(LawsTuning())
    library = {"cmaes": version("cmaes")} if settings.search.method == "cma_es" else {}
    result: dict[str, Any] = {
        "made": dict(made) | library,
        "config": {"path": display(path), "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text},
        "search": settings.search.model_dump() | {"families": list(settings.families)},
        "stores": {kind: _seeds(tuned, kind) for kind in (SEARCH, HALVING, PROOF) if any(phase.kind == kind for phase in tuned.phases)},
        "defaults": {name: defaults[name] for name in settings.gains},
        "work": {
            "cpu_s": sum(phase.cpu_s for phase in tuned.phases),
            "wall_s": wall_s,
            "candidates": sum(len(phase.verdicts) for phase in tuned.phases),
        },
    }
    if settings.search.method == "one_at_a_time":
        (phase,) = tuned.phases
        result["sensitivity"] = [_sensitivity(one, defaults) for one in phase.verdicts]
        return result
    if tuned.winner is not None:
        result |= {"gains": tuned.winner.gains, "objective": _against_defaults(tuned.winner)}
    return result | {"top": _top(tuned)}


def write_result(result: Mapping[str, Any], path: Path) -> None:
    """Write a result as TOML."""
    write_whole(path, tomlkit.dumps(dict(result)).encode())


def differing(path: Path, tuning: LawsTuning) -> list[str]:
    """Gains of a result that a tuning has otherwise, a sentence each: what was found must be what the code says."""
    found: dict[str, float] = tomllib.loads(path.read_text(encoding="utf-8")).get("gains", {})
    ours = gains_of(tuning)
    return [f"{path.name}: {name}: expected {value}, is {ours.get(name)}" for name, value in found.items() if ours.get(name) != value]


def _seeds(tuned: Tuned, kind: str) -> list[int]:
    """First and last seed of a kind of phase; phases of a kind follow one another."""
    phases = [phase for phase in tuned.phases if phase.kind == kind]
    return [phases[0].seeds.start, phases[-1].seeds.stop - 1]


def _top(tuned: Tuned) -> list[dict[str, Any]]:
    """The best candidates, each as it was measured last: those that came further first."""
    last: dict[tuple[tuple[str, float], ...], tuple[int, Phase, Verdict]] = {}
    for place, phase in enumerate(tuned.phases):
        # all rounds of the search are one stage
        stage = 0 if phase.kind == SEARCH else place
        for one in phase.verdicts:
            last[tuple(sorted(one.gains.items()))] = (stage, phase, one)
    ranked = sorted((each for each in last.values() if not each[2].rejected), key=lambda each: (-each[0], -each[2].difference.value))
    return [
        {"measured_in": phase.kind, "stores": phase.stores, **_interval(one.difference), "gains": one.gains}
        for _, phase, one in ranked[:TOP]
    ]


def _sensitivity(one: Verdict, defaults: Mapping[str, float]) -> dict[str, Any]:
    """A candidate that differs from the defaults in one gain, but for those that lie outside their range."""
    name = next(name for name, value in one.gains.items() if value != defaults[name])
    return {"gain": name, "value": one.gains[name], "default": defaults[name], "rejected": one.rejected} | _against_defaults(one)


def _against_defaults(one: Verdict) -> dict[str, Any]:
    return _interval(one.difference) | {"by_family": {family: _interval(found) for family, found in one.by_family.items()}}


def _interval(found: Interval) -> dict[str, float]:
    return {"difference": found.value, "ci_low": found.low, "ci_high": found.high}
