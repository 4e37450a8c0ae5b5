"""Sets of gains against the defaults on the same training stores and the same luck (common random numbers).

A store's score is its profit, charged as ``sim.judging.evaluation`` does, as a multiple of what the defaults earn in it; the clairvoyant
bound would be the better measure, but costs as much as a dozen trials. A set of gains is worth the mean over families of the
inter-quartile mean of its scores, less the same of the defaults; one that breaks a hard limit anywhere is rejected, whatever it earns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autopilot.clock import cpu_s
from autopilot.errors import ConfigError
from autopilot.pool import Progress, part_of, spread
from autopilot.tune_settings import with_gains
from autopilot.versions import PLAYED_BY, code_sha256
from control.laws import Laws, LawsTuning
from perception.units import Floats
from sim.fleet.fleet import fleet_terms, open_fleet
from sim.judging.contenders import Blind
from sim.judging.evaluation import charged_cents, trial
from sim.judging.statistics import Interval, balanced_interval
from sim.scenarios import load_scenario

Gains = Mapping[str, float]

BATCH = 7
"""Sets of gains that share the opening of a family's stores in one process."""

LEAST_SCALE = 0.1
"""Least measure of a store, as a share of the median store's of its family: nobody's score is divided by next to nothing."""

RESAMPLES = 1000
BOOTSTRAP_SEED = 2023


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Some sets of gains on some stores of one family."""

    family: str
    seeds: range
    gains: tuple[Gains, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What one set of gains earned in n stores.

    Attributes:
        profit_cents: (n,) uncharged.
        charged_cents: (n,) with missed targets charged; a loss is not made smaller by it.
        broken: Whether a hard limit was broken in any of them.
    """

    profit_cents: Floats
    charged_cents: Floats
    broken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An errand done: what each set of gains earned, in how many CPU seconds, and by which code."""

    earned: tuple[Earned, ...]
    cpu_s: float
    code_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One set of gains against the defaults.

    Attributes:
        gains: By dotted path.
        difference: Of the mean score over families, with its paired interval; a score of 1 is what the defaults earn.
        by_family: The same within each family.
        rejected: Whether a hard limit was broken anywhere.
    """

    gains: dict[str, float]
    difference: Interval
    by_family: dict[str, Interval]
    rejected: bool


def compare(families: Sequence[str], seeds: range, candidates: Sequence[Gains], *, progress: Progress) -> tuple[list[Verdict], float]:
    """Every candidate against the defaults on these stores of every family, in their order; and the CPU seconds it took.

    Raises:
        ConfigError: A worker found other code than this process did.
    """
    sets: list[Gains] = [{}, *candidates]
    errands = [
        Errand(family=family, seeds=seeds, gains=tuple(sets[at : at + BATCH])) for family in families for at in range(0, len(sets), BATCH)
    ]
    done = spread(earn, errands, progress=progress)
    if {one.code_sha256 for one in done} != {code_sha256(PLAYED_BY)}:
        raise ConfigError("the code changed while gains were searched: search in a checkout that nobody edits")
    earned: dict[str, list[Earned]] = {family: [] for family in families}
    for errand, one in zip(errands, done, strict=True):
        earned[errand.family] += one.earned
    verdicts = [
        verdict(dict(gains), {family: (each[0], each[place]) for family, each in earned.items()})
        for place, gains in enumerate(sets)
        if place > 0
    ]
    return verdicts, sum(one.cpu_s for one in done)


def earn(errand: Errand, progress: Progress) -> Done:
    """Drive the stores with each set of gains."""
    began_s = cpu_s()
    terms = fleet_terms(load_scenario(errand.family))
    opened = open_fleet(terms, seeds=np.array(errand.seeds, dtype=np.int64))
    found = []
    for place, gains in enumerate(errand.gains):
        driver = Blind(controller=Laws(tuning=with_gains(LawsTuning(), gains)))
        one = trial(terms, opened, driver, progress=part_of(progress, place, len(errand.gains)))
        charged = charged_cents(one, target_roas=terms.scenario.terms.target_roas)
        found.append(Earned(profit_cents=one.profit_cents, charged_cents=charged, broken=bool(one.broken.any())))
    return Done(earned=tuple(found), cpu_s=cpu_s() - began_s, code_sha256=code_sha256(PLAYED_BY))


def verdict(gains: dict[str, float], pairs: Mapping[str, tuple[Earned, Earned]]) -> Verdict:
    """What a set of gains is worth; ``pairs`` has what the defaults and what it earned, by family."""
    scores = {family: _scores(*pair) for family, pair in pairs.items()}

    def against_defaults(strata: list[Floats]) -> Interval:
        rng = np.random.Generator(np.random.PCG64(BOOTSTRAP_SEED))
        return balanced_interval(strata, lambda means: means[1] - means[0], rng, resamples=RESAMPLES)

    return Verdict(
        gains=gains,
        difference=against_defaults(list(scores.values())),
        by_family={family: against_defaults([score]) for family, score in scores.items()},
        rejected=any(other.broken for _, other in pairs.values()),
    )


def _scores(defaults: Earned, other: Earned) -> Floats:
    """(2, n) scores of the defaults and of the other gains."""
    scale = np.maximum(defaults.profit_cents, LEAST_SCALE * max(float(np.median(defaults.profit_cents)), 1.0))
    return np.stack([defaults.charged_cents, other.charged_cents]) / scale
