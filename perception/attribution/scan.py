"""The search for the region that moved on its own: a multi-dimensional subset scan.

A region is a set of elements on one dimension or on several at once. Its gain is the quasi-Poisson log likelihood of "the region moved by a
factor of its own, the rest by a common one" against "all moved by the common one", less what it costs to name the region, so that a set
is no larger and a conjunction no deeper than the figures demand. For a given rest the best set of elements on one dimension is a prefix of
the elements in the order of actual ÷ expected (linear-time subset scanning: Neill, JRSS-B 2012), and dimensions are improved in turns
(Neill, McFowland & Zheng, Statistics in Medicine 2013). It answers the question of Adtributor (Bhagwan et al., NSDI 2014) and of RiskLoc
(Kalander, arXiv 2205.10004) for conjunctions and sets alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from perception.units import Bools, Floats, Ints

MOST_DIMENSIONS = 3
KEPT_GAIN = 0.92
"""Of regions that gain nearly as much the shortest is told: noise alone makes some part of a region move more than the rest of it."""

_SEEDS = 4
"""Best elements of each dimension from which a search goes deeper."""

_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How figures scatter where nothing happens.

    Attributes:
        per_unit: Variance of a small region in units of what is expected of it: 1 for Poisson counts.
        common: Sd of the common factor of all leaves.
    """

    per_unit: float
    common: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A set of elements per dimension, {dimension: places of its elements}; what it gains, in nats, naming it already paid."""

    sets: dict[int, tuple[int, ...]]
    gain: float

    @property
    def key(self) -> frozenset[tuple[int, tuple[int, ...]]]:
        """What tells it from others."""
        return frozenset(self.sets.items())

    @property
    def length(self) -> int:
        """How many elements have to be named."""
        return sum(len(elements) for elements in self.sets.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """Actual and expected figures by leaf, (l,), with the elements of the leaves, (k, l), and how many there are of each dimension.

    No region is expected to be emptier than ``least``.
    """

    codes: Ints
    sizes: tuple[int, ...]
    actual: Floats
    expected: Floats
    least: float

    def inside(self, region: Region) -> Bools:
        """(l,) leaves of a region."""
        return self.within(region.sets)

    def within(self, sets: dict[int, tuple[int, ...]]) -> Bools:
        """(l,) leaves within sets of elements."""
        chosen = np.ones(self.codes.shape[1], dtype=np.bool_)
        for dimension, elements in sets.items():
            has = np.zeros(self.sizes[dimension], dtype=np.bool_)
            has[list(elements)] = True
            chosen &= has[self.codes[dimension]]
        return chosen


def strongest(cube: Cube, noise: Noise) -> list[Region]:
    """Regions that gain more than naming them costs, the one to be told first, then by gain."""
    total, sums = _Total(cube, noise), _Sums(cube)
    starts = [sets for dimension in range(len(cube.sizes)) for sets in _starts(sums, total, dimension)]
    found = [_simplest(sums, total, region) for sets in starts if (region := _climbed(sums, total, sets)) is not None]
    if not found:
        return []
    most = max(region.gain for region in found)
    first = min((region for region in found if region.gain >= KEPT_GAIN * most), key=lambda region: (region.length, -region.gain))
    others = {region.key: region for region in found if region.key != first.key}
    return [first, *sorted(others.values(), key=lambda region: -region.gain)]


class _Total:
    """The sums that every region is held against, and what naming one costs."""

    def __init__(self, cube: Cube, noise: Noise) -> None:
        self.actual, self.expected = float(cube.actual.sum()), float(cube.expected.sum())
        self.noise, self._least = noise, cube.least
        self.sizes = cube.sizes
        self._naming = [_naming(size, len(cube.sizes)) for size in cube.sizes]

    def gain(self, actual: Floats, expected: Floats) -> Floats:
        """Of regions with these sums, before naming; -inf where the rest moved more than the region."""
        rest_actual, rest_expected = np.maximum(self.actual - actual, 0.0), np.maximum(self.expected - expected, 0.0)
        expected = expected + self._least
        prior, spread = 1.0 / self.noise.common**2, self.noise.per_unit
        # a gamma prior of mean 1 around the common factor keeps every minimum in closed form
        apart = (rest_actual / spread + prior) / (rest_expected / spread + prior)
        alike = ((rest_actual + actual) / spread + prior) / ((rest_expected + expected) / spread + prior)

        def cost(factor: Floats) -> Floats:
            return _distance(rest_actual, factor * rest_expected) / spread + prior * (factor - 1.0 - np.log(factor))

        gained: Floats = cost(alike) + _distance(actual, alike * expected) / spread - cost(apart)
        moved, rest_moved = _moved(actual + self._least, expected), _moved(rest_actual + self._least, rest_expected + self._least)
        return np.where(moved >= rest_moved, gained, -np.inf)

    def naming(self, dimension: int) -> Floats:
        """(size,) nats to name a set of 1, 2, … elements of a dimension: which dimension, how many, and which."""
        return self._naming[dimension]

    def named(self, sets: dict[int, tuple[int, ...]]) -> float:
        """Nats to name a region."""
        return sum(float(self._naming[dimension][len(elements) - 1]) for dimension, elements in sets.items())


def _moved(actual: Floats, expected: Floats) -> Floats:
    return np.abs(np.log(actual / expected))


def _naming(size: int, dimensions: int) -> Floats:
    count = np.arange(1.0, size + 1.0)
    which: Floats = gammaln(size + 1.0) - gammaln(count + 1.0) - gammaln(size - count + 1.0)
    return which + math.log(size) + math.log(dimensions)


def _distance(actual: Floats, expected: Floats) -> Floats:
    """Half the Poisson deviance, >= 0."""
    mean = np.maximum(expected, 1e-12)
    ratio = np.where(actual > 0.0, actual, 1.0) / mean
    return np.where(actual > 0.0, actual * np.log(ratio), 0.0) - actual + mean


_Asked = tuple[int, frozenset[tuple[int, tuple[int, ...]]]]


class _Sums:
    """Actual and expected figures by element of one dimension, within sets of others: what a search asks for over and over."""

    def __init__(self, cube: Cube) -> None:
        self._cube = cube
        self._pairs: dict[tuple[int, int], tuple[Floats, Floats]] = {}
        self._known: dict[_Asked, tuple[Floats, Floats]] = {}
        self._valued: dict[frozenset[tuple[int, tuple[int, ...]]], float] = {}
        self._best: dict[_Asked, tuple[tuple[int, ...], float] | None] = {}

    def by_element(self, dimension: int, others: dict[int, tuple[int, ...]]) -> tuple[Floats, Floats]:
        """(size,) each, of the leaves within ``others``."""
        key = dimension, frozenset(others.items())
        if key not in self._known:
            self._known[key] = self._summed(dimension, others)
        return self._known[key]

    def best_set(self, total: _Total, dimension: int, others: dict[int, tuple[int, ...]]) -> tuple[tuple[int, ...], float] | None:
        """The best set of a dimension within others."""
        key = dimension, frozenset(others.items())
        if key not in self._best:
            self._best[key] = _best_set(total, dimension, *self.by_element(dimension, others))
        return self._best[key]

    def valued(self, total: _Total, sets: dict[int, tuple[int, ...]]) -> Region:
        """A region with its gain."""
        key = frozenset(sets.items())
        if key not in self._valued:
            dimension = next(reversed(sets))
            others = {held: elements for held, elements in sets.items() if held != dimension}
            actual, expected = (figures[list(sets[dimension])] for figures in self.by_element(dimension, others))
            gain = total.gain(actual.sum(), expected.sum())
            self._valued[key] = float(gain) - total.named(sets)
        return Region(sets=sets, gain=self._valued[key])

    def _summed(self, dimension: int, others: dict[int, tuple[int, ...]]) -> tuple[Floats, Floats]:
        cube, size = self._cube, self._cube.sizes[dimension]
        if len(others) == 1:
            ((other, elements),) = others.items()
            actual, expected = self._pair(other, dimension)
            return actual[list(elements)].sum(axis=0), expected[list(elements)].sum(axis=0)
        chosen = cube.within(others)
        codes = cube.codes[dimension][chosen]
        return _counted(codes, cube.actual[chosen], size), _counted(codes, cube.expected[chosen], size)

    def _pair(self, first: int, second: int) -> tuple[Floats, Floats]:
        """(first, second) tables of the two figures."""
        if (first, second) not in self._pairs:
            cube, shape = self._cube, (self._cube.sizes[first], self._cube.sizes[second])
            codes = cube.codes[first] * shape[1] + cube.codes[second]
            tables = [_counted(codes, figures, shape[0] * shape[1]).reshape(shape) for figures in (cube.actual, cube.expected)]
            self._pairs[first, second] = tables[0], tables[1]
            self._pairs[second, first] = tables[0].T, tables[1].T
        return self._pairs[first, second]


def _counted(codes: Ints, figures: Floats, size: int) -> Floats:
    return np.bincount(codes, weights=figures, minlength=size).astype(np.float64)


def _starts(sums: _Sums, total: _Total, dimension: int) -> list[dict[int, tuple[int, ...]]]:
    """The best set of one dimension, and its best single elements."""
    actual, expected = sums.by_element(dimension, {})
    alone = np.argsort(-total.gain(actual, expected), kind="stable")[:_SEEDS]
    starts: list[dict[int, tuple[int, ...]]] = [{dimension: (int(element),)} for element in alone]
    found = sums.best_set(total, dimension, {})
    return starts if found is None else [{dimension: found[0]}, *starts]


def _best_set(total: _Total, dimension: int, actual: Floats, expected: Floats) -> tuple[tuple[int, ...], float] | None:
    """The elements that make the best set, and its gain, the other dimensions' names not paid."""
    known = np.flatnonzero((actual > 0.0) | (expected > 0.0))
    # all elements together are no set of this dimension
    longest = known.size - (known.size == actual.size)
    if longest < 1:
        return None
    rising = np.argsort(-actual[known] / np.maximum(expected[known], 1e-9), kind="stable")
    ranked = np.stack((known[rising], known[rising[::-1]]))
    sums = np.cumsum(np.stack((actual, expected))[:, ranked], axis=-1)[..., :longest]
    gain = total.gain(sums[0], sums[1]) - total.naming(dimension)[:longest]
    way, at = divmod(int(np.argmax(gain)), longest)
    return tuple(sorted(ranked[way, : at + 1].tolist())), float(gain[way, at])


def _climbed(sums: _Sums, total: _Total, sets: dict[int, tuple[int, ...]]) -> Region | None:
    """Improve a region, one dimension at a time, until none gains."""
    region = sums.valued(total, sets)
    for _ in range(_MOST_ROUNDS):
        better = region
        for dimension in range(len(total.sizes)):
            others = {held: elements for held, elements in region.sets.items() if held != dimension}
            if len(others) >= MOST_DIMENSIONS:
                continue
            found = sums.best_set(total, dimension, others)
            if found is not None and found[1] - total.named(others) > better.gain + 1e-9:
                better = Region(sets={**others, dimension: found[0]}, gain=found[1] - total.named(others))
            if others and (without := sums.valued(total, others)).gain > better.gain + 1e-9:
                better = without
        if better is region:
            break
        region = better
    return region if region.gain > 0.0 else None


def _simplest(sums: _Sums, total: _Total, region: Region) -> Region:
    """Without the dimensions that add little."""
    while len(region.sets) > 1:
        shorter = [
            sums.valued(total, {held: elements for held, elements in region.sets.items() if held != dimension}) for dimension in region.sets
        ]
        best = max(shorter, key=lambda candidate: candidate.gain)
        if best.gain < KEPT_GAIN * region.gain:
            break
        region = best
    return region
