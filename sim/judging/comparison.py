"""Controllers against one another on the same stores, on the scores of ``sim.judging.evaluation``.

A difference is that of the inter-quartile means, as the table shows them; its interval comes from draws of stores that both controllers
share, so that the luck and the wealth of a store do not widen it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from perception.units import Floats
from sim.judging.contenders import INFORMED
from sim.judging.evaluation import FamilyTrials, share_of
from sim.judging.statistics import Interval, joint_interval

LAWS, POLICY, ORACLE = "laws", "policy", "oracle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """One controller against another one.

    Attributes:
        controller, against: Names.
        family: Or None for all of them.
        stores: How many.
        difference: Share of the bound of ``controller`` less that of ``against``.
        better_share: Share of the stores in which it earned the larger share, ties counted half, [0, 1]: the probability of improvement
            of Agarwal et al. 2021, on pairs.
    """

    controller: str
    against: str
    family: str | None
    stores: int
    difference: Interval
    better_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToInformed:
    """How far a controller is from what the informed reference earns, over all families.

    Attributes:
        controller: Its name.
        ratio: Its share of the bound as a multiple of the informed reference's.
        gap_closed: Of the distance between the laws and the informed reference, the part it closes; None for the laws themselves.
    """

    controller: str
    ratio: Interval
    gap_closed: Interval | None


def paired(families: Sequence[FamilyTrials], rng: np.random.Generator) -> list[Paired]:
    """In every family, then over all: the policy against the laws, the laws against each baseline, the informed reference against both."""
    names = list(_pairs(families[0].trials))
    each = [_paired(*pair, family.family, [family], rng) for family in families for pair in names]
    return each + [_paired(*pair, None, families, rng) for pair in names]


def to_informed(families: Sequence[FamilyTrials], rng: np.random.Generator) -> list[ToInformed]:
    """Ours against the informed reference; empty where it took no part."""
    trials = families[0].trials
    if INFORMED not in trials:
        return []
    found = []
    for name in (LAWS, POLICY):
        if name not in trials:
            continue
        ratio = joint_interval(_strata(families, name, INFORMED), lambda means: means[0] / means[1], rng)
        closed = None
        if name != LAWS and LAWS in trials:
            strata = _strata(families, name, LAWS, INFORMED)
            closed = joint_interval(strata, lambda means: (means[0] - means[1]) / (means[2] - means[1]), rng)
        found.append(ToInformed(controller=name, ratio=ratio, gap_closed=closed))
    return found


def _pairs(names: Collection[str]) -> Iterator[tuple[str, str]]:
    if POLICY in names and LAWS in names:
        yield POLICY, LAWS
    if LAWS in names:
        yield from ((LAWS, name) for name in names if name not in {LAWS, POLICY, INFORMED, ORACLE})
    if INFORMED in names:
        yield from ((INFORMED, name) for name in (LAWS, POLICY) if name in names)


def _paired(controller: str, against: str, label: str | None, families: Sequence[FamilyTrials], rng: np.random.Generator) -> Paired:
    strata = _strata(families, controller, against)
    one, other = np.concatenate(strata, axis=1)
    return Paired(
        controller=controller,
        against=against,
        family=label,
        stores=one.size,
        difference=joint_interval(strata, lambda means: means[0] - means[1], rng),
        better_share=float(np.mean((one > other) + 0.5 * (one == other))),
    )


def _strata(families: Sequence[FamilyTrials], *names: str) -> list[Floats]:
    return [np.stack([share_of(family, name) for name in names]) for family in families]
