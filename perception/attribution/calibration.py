"""How figures scatter where nothing happens, learnt from earlier windows of the same length.

Whatever noise a store has, and wherever it sits, a region has moved only where it left the range in which that same region always moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, stdtr

from perception.attribution.facts import HOURS_PER_DAY, Window
from perception.attribution.forecast import Compared, Leaves, Past, compare
from perception.attribution.scan import Cube, Noise
from perception.units import Bools

MOST_WINDOWS = 20
_FEW = 4
"""Windows below which their scatter says nothing."""

_LEAST_COMMON = 0.01
"""Even a large store's total is not known better."""

_UNKNOWN_SHARE = 0.1
"""What a region scatters by, as a share, where nothing is known of it. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Figures of a region, and of all the rest."""

    actual: float
    expected: float
    rest_actual: float
    rest_expected: float

    def figures(self) -> tuple[float, float]:
        """Actual, and expected by what the rest moved by."""
        if self.rest_expected <= 0.0 or self.rest_actual <= 0.0:
            return self.actual, self.expected
        return self.actual, self.expected * self.rest_actual / self.rest_expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is usual.

    Attributes:
        noise: Of the figures.
        earlier: Windows of the same length before this one.
        rate: Granted share of quiet windows that are called changed, (0, 1).
    """

    noise: Noise
    earlier: tuple[Compared, ...]
    rate: float

    def strange(self, inside: Bools | None, now: Part, *, choices: float) -> float:
        """By how many nats a region's deviation is less probable than what is granted, > 0 for a change.

        A t test of this window against the earlier ones, on the scale of square roots, where counts scatter alike; paid by as many tests
        as there were regions to choose from (Bonferroni).

        Args:
            inside: (l,) leaves of the region; None for all.
            now: Its figures now, and those of all.
            choices: Log of the number of regions that it was chosen among.
        """
        unit = self.noise.per_unit
        known = [_root(then, unit) - _root(usual, unit) for then, usual in (_sums(held, inside).figures() for held in self.earlier)]
        actual, expected = now.figures()
        moved_now = _root(actual, unit) - _root(expected, unit)
        if len(known) < _FEW:
            sd, freedom = math.sqrt(1.0 + _UNKNOWN_SHARE**2 * expected / unit), 30.0
        else:
            moved = np.array(known)
            usual = max(3.0 * float(np.median(np.abs(moved))) / 0.6745, 1e-9)
            # a past event is no noise; and no figure scatters less than chance alone makes it
            sd, freedom = max(math.sqrt(float(np.minimum(moved**2, usual**2).mean())), 1.0), float(moved.size)
        sd *= math.sqrt(1.0 + 1.0 / max(len(known), 1))
        probability = 2.0 * float(stdtr(freedom, -abs(moved_now) / sd))
        return -math.log(max(probability, 1e-300)) - choices - math.log(1.0 / self.rate)


def choices_of(sets: dict[int, tuple[int, ...]], sizes: tuple[int, ...]) -> float:
    """Log of how many regions of this kind there are."""

    def log_choose(among: int, chosen: int) -> float:
        return float(gammaln(among + 1.0) - gammaln(chosen + 1.0) - gammaln(among - chosen + 1.0))

    return log_choose(len(sizes), len(sets)) + sum(log_choose(sizes[held], len(elements)) for held, elements in sets.items())


def _sums(held: Compared, inside: Bools | None) -> Part:
    actual, expected = float(held.actual.sum()), float(held.expected.sum())
    if inside is None:
        return Part(actual=actual, expected=expected, rest_actual=0.0, rest_expected=0.0)
    own, usual = float(held.actual[inside].sum()), float(held.expected[inside].sum())
    return Part(actual=own, expected=usual, rest_actual=actual - own, rest_expected=expected - usual)


def _root(figure: float, unit: float) -> float:
    return 2.0 * math.sqrt(max(figure, 0.0) / unit + 0.375)


def calibrated(leaves: Leaves, sizes: tuple[int, ...], window: Window, before: Past, *, rate: float, counts: bool) -> Calibration:
    """Learn from windows before this one.

    Args:
        leaves: The facts.
        sizes: Elements per dimension.
        window: What will be explained.
        before: What tells what is usual.
        rate: Of false alarms, (0, 1).
        counts: Whether the figure is a count, which scatters like a Poisson variable at least.
    """
    earlier = tuple(compare(leaves, held, before) for held in _earlier(window, before.window))
    return Calibration(noise=_noise(leaves, sizes, earlier, counts=counts), earlier=earlier, rate=rate)


def cube_of(leaves: Leaves, sizes: tuple[int, ...], compared: Compared) -> Cube:
    """The leaves with their figures, without those of which nothing was seen or expected."""
    known = (compared.actual > 0.0) | (compared.expected > 0.0)
    return Cube(
        codes=leaves.codes[:, known], sizes=sizes, actual=compared.actual[known], expected=compared.expected[known], least=compared.least
    )


def _earlier(window: Window, past: Window) -> list[Window]:
    """Windows of the same length and time of day before this one, newest first, not overlapping where there is room."""
    step = -(-window.hours // HOURS_PER_DAY) * HOURS_PER_DAY
    while step > HOURS_PER_DAY and (window.begins - past.begins) // step < 8:  # noqa: PLR2004 - fewer say little of what chance can do
        step = max(step // 2 // HOURS_PER_DAY, 1) * HOURS_PER_DAY
    begins = range(window.begins - max(step, -(-window.hours // HOURS_PER_DAY) * HOURS_PER_DAY), past.begins - 1, -step)
    return [Window(begins=begin, ends=begin + window.hours) for begin in begins][:MOST_WINDOWS]


def _noise(leaves: Leaves, sizes: tuple[int, ...], earlier: tuple[Compared, ...], *, counts: bool) -> Noise:
    """From the deviations of elements and of totals in the earlier windows."""
    floor = 1.0 if counts else 1e-9
    squares, means, logs = [np.zeros(0)], [np.zeros(0)], []
    for held in earlier:
        total = held.actual.sum()
        if total <= 0.0 or held.expected.sum() <= 0.0:
            continue
        factor = total / held.expected.sum()
        logs.append(math.log(factor))
        for codes, size in zip(leaves.codes, sizes, strict=True):
            actual = np.bincount(codes, weights=held.actual, minlength=size)
            expected = factor * np.bincount(codes, weights=held.expected, minlength=size)
            # what is expected of less than one event says nothing; and a part of a total varies with it
            told = (expected >= held.least) & (expected < _MOST_OF_ALL * total)
            squares.append((actual - expected)[told] ** 2 / (1.0 - expected[told] / total))
            means.append(expected[told])
    square, mean, moved = np.concatenate(squares), np.concatenate(means), np.array(logs)
    if moved.size < _FEW or square.size < _FEW:
        positive = leaves.value[leaves.value > 0.0]
        return Noise(per_unit=1.0 if counts or not positive.size else float(positive.mean()), common=0.1)
    # small elements tell of the part that averages out; and a past event is no noise
    ratio = (square / mean)[mean <= np.quantile(mean, 0.3)]
    per_unit = max(float(np.minimum(ratio, np.quantile(ratio, 0.98)).mean()), floor)
    usual = 3.0 * max(float(np.median(np.abs(moved))) / 0.6745, _LEAST_COMMON)
    typical = float(np.mean([held.expected.sum() for held in earlier]))
    common = float(np.minimum(moved**2, usual**2).mean()) - per_unit / max(typical, 1e-9)
    return Noise(per_unit=per_unit, common=math.sqrt(max(common, _LEAST_COMMON**2)))


_MOST_OF_ALL = 0.9
"""An element that is nearly all of the store says nothing of how elements scatter."""
