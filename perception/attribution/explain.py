"""Ranked causes of a change with their shares, which add up; what no cause explains is said to be unexplained."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from perception.attribution.calibration import Calibration, Part, calibrated, choices_of, cube_of
from perception.attribution.facts import HOURS_PER_DAY, Facts, Window
from perception.attribution.forecast import MOST_DAYS, compare, leaves_of, past_of
from perception.attribution.scan import Cube, Region, strongest
from perception.units import Bools, Ints

MOST_CAUSES = 5
_CANDIDATES = 6
EVERYWHERE = "everywhere"
MIX = "mix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause.

    Attributes:
        where: {dimension: its elements}; empty for what moved all alike.
        kind: "region", or ``EVERYWHERE``, or ``MIX`` for a rate that moved because its base shifted between leaves.
        actual, expected: Of the region.
        share: Part of the whole change it explains (explanatory power); negative where it worked against it. Shares and the
            unexplained rest sum to 1.
        surprise: Jensen-Shannon distance of the region's part of the figure from what it was to be, in nats (Adtributor).
        strange: By how many nats it is less probable than what chance is granted, > 0.
        same_as: Other names of the very same leaves.
    """

    where: dict[str, tuple[str, ...]]
    kind: str
    actual: float
    expected: float
    share: float
    surprise: float
    strange: float
    same_as: tuple[dict[str, tuple[str, ...]], ...] = ()

    @property
    def ratio(self) -> float:
        """Actual against expected; infinity where nothing was to be expected."""
        return self.actual / self.expected if self.expected > 0.0 else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was found.

    Attributes:
        changed: Whether anything happened that chance does not explain.
        actual, expected: Of the figure in the window; of a rate, of its numerator, ``base`` being the denominator.
        base: Denominator of a rate in the window, None otherwise.
        causes: Ranked; empty where nothing changed.
        unexplained: Part of the change that no cause explains.
        calibration: What is usual.
        past: Hours that told it.
    """

    changed: bool
    actual: float
    expected: float
    base: float | None
    causes: tuple[Cause, ...]
    unexplained: float
    calibration: Calibration
    past: Window


def explain(facts: Facts, window: Window, *, false_alarms: float = 0.02) -> Explanation:
    """Say why the figure moved in a window, against the weeks before it.

    Args:
        facts: All facts, of the window and of what was before.
        window: What to explain, in hours as in ``facts.hour``.
        false_alarms: Granted share of quiet windows that are called changed, (0, 1).

    Raises:
        ValueError: There is nothing before the window to compare with.
    """
    first = int(facts.hour.min()) if facts.hour.size else window.begins
    past = Window(begins=max(first // HOURS_PER_DAY * HOURS_PER_DAY, window.begins - MOST_DAYS * HOURS_PER_DAY), ends=window.begins)
    if facts.hour.size == 0 or past.hours < max(window.hours, HOURS_PER_DAY):
        message = f"since: expected at least {max(window.hours, HOURS_PER_DAY)} hours of facts before it, was {max(past.hours, 0)}"
        raise ValueError(message)
    leaves, sizes = leaves_of(facts), tuple(len(names) for names in facts.elements)
    counts = bool((facts.value == np.floor(facts.value)).all())
    before = past_of(leaves, past)
    usual = calibrated(leaves, sizes, window, before, rate=false_alarms, counts=counts)
    compared = compare(leaves, window, before)
    cube = cube_of(leaves, sizes, compared)
    actual, expected = float(compared.actual.sum()), float(compared.expected.sum()) - compared.mix
    found = _causes(leaves.codes, cube, usual)
    change = actual - expected
    causes = [_told(facts, cube, one, change) for one in found]
    causes += _elsewhere(cube, found, usual, mix=compared.mix, change=change)
    return Explanation(
        changed=bool(causes),
        actual=actual,
        expected=expected,
        base=None if leaves.base is None else float(leaves.base[window.holds(leaves.hour)].sum()),
        causes=tuple(causes),
        unexplained=1.0 - sum(cause.share for cause in causes),
        calibration=usual,
        past=past,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A region that moved, its leaves, how strange that is, and the cube as the regions before it left it."""

    region: Region
    inside: Bools
    strange: float
    cube: Cube


def _causes(codes: Ints, cube: Cube, usual: Calibration) -> list[_Found]:
    """Regions one after the other, each in what those before it left unexplained."""
    found: list[_Found] = []
    while len(found) < MOST_CAUSES and (one := _first_strange(codes, cube, usual)) is not None:
        found.append(one)
        actual, expected = cube.actual[one.inside].sum(), cube.expected[one.inside].sum()
        left = cube.expected.copy()
        # what is explained is as expected from here on; where nothing was expected, it is what came
        left[one.inside] = cube.expected[one.inside] * (actual / expected) if expected > 0.0 else cube.actual[one.inside]
        cube = replace(cube, expected=left)
    return found


def _first_strange(codes: Ints, cube: Cube, usual: Calibration) -> _Found | None:
    """The first region that moved by more than chance grants it: a noisy one may stand before a calm one."""
    for region in strongest(cube, usual.noise)[:_CANDIDATES]:
        inside = cube.inside(region)
        actual, expected = float(cube.actual[inside].sum()), float(cube.expected[inside].sum())
        now = Part(
            actual=actual,
            expected=expected,
            rest_actual=float(cube.actual.sum()) - actual,
            rest_expected=float(cube.expected.sum()) - expected,
        )
        everywhere = replace(cube, codes=codes).within(region.sets)
        strange = usual.strange(everywhere, now, choices=choices_of(region.sets, cube.sizes))
        if strange > 0.0:
            return _Found(region=region, inside=inside, strange=strange, cube=cube)
    return None


def _told(facts: Facts, whole: Cube, found: _Found, change: float) -> Cause:
    now, inside = found.cube, found.inside
    actual, expected = float(now.actual[inside].sum()), float(now.expected[inside].sum())
    return Cause(
        where=_names(facts, found.region.sets),
        kind="region",
        actual=actual,
        expected=expected,
        share=(actual - expected) / change if change else 0.0,
        surprise=_surprise(actual / max(float(whole.actual.sum()), 1e-12), expected / max(float(whole.expected.sum()), 1e-12)),
        strange=found.strange,
        same_as=tuple(_names(facts, sets) for sets in _same(now, found.region, inside)),
    )


def _elsewhere(cube: Cube, found: list[_Found], usual: Calibration, *, mix: float, change: float) -> list[Cause]:
    """What moved all the rest alike, and what the mix of a rate's base did, where either is more than chance."""
    named = np.zeros(cube.actual.size, dtype=np.bool_)
    for one in found:
        named |= one.inside
    causes = []
    actual, expected = float(cube.actual[~named].sum()), float(cube.expected[~named].sum())
    strange = usual.strange(None, Part(actual=actual, expected=expected, rest_actual=0.0, rest_expected=0.0), choices=0.0)
    if expected > 0.0 and strange > 0.0:
        share = (actual - expected) / change if change else 0.0
        causes.append(Cause(where={}, kind=EVERYWHERE, actual=actual, expected=expected, share=share, surprise=0.0, strange=strange))
    usual_mix = [held.mix for held in usual.earlier]
    scattered = 3.0 * math.sqrt(sum(held**2 for held in usual_mix) / max(len(usual_mix), 1))
    if mix and (found or causes or abs(mix) > max(scattered, 0.02 * expected)):
        base = float(cube.expected.sum())
        share = mix / change if change else 0.0
        causes.append(Cause(where={}, kind=MIX, actual=base, expected=base - mix, share=share, surprise=0.0, strange=0.0))
    return causes


def _names(facts: Facts, sets: dict[int, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
    return {facts.dimensions[held]: tuple(facts.elements[held][place] for place in places) for held, places in sorted(sets.items())}


def _same(cube: Cube, region: Region, inside: Bools) -> list[dict[int, tuple[int, ...]]]:
    """Sets of one dimension that hold the very same leaves, under another name."""
    found = []
    for dimension in range(len(cube.sizes)):
        elements = tuple(int(place) for place in np.unique(cube.codes[dimension][inside]))
        sets = {dimension: elements}
        if sets != region.sets and len(elements) < cube.sizes[dimension] and np.array_equal(cube.within(sets), inside):
            found.append(sets)
    return found


def _surprise(now: float, then: float) -> float:
    middle = 0.5 * (now + then)

    def half(part: float) -> float:
        return 0.5 * part * math.log(part / middle) if part > 0.0 else 0.0

    return max(half(now) + half(then), 0.0)
