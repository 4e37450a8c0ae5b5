"""Counter-based randomness: every draw is a pure function of (seed, draw, time, index), never of what was drawn before it.

So a store meets the same market in any batch, in any order, and under any policy (common random numbers): a controller can change
what happens to a draw, not the draw. The mixing function is the finaliser of splitmix64 (Steele, Lea & Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014).
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, pdtr, pdtrik

from perception.units import Floats, Ints

Keys: TypeAlias = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3, _TO_53_BITS = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_POISSON_SUMMED_TO = 4.0
"""Rates up to here are inverted by summing probabilities, which is faster than the incomplete gamma function for few elements."""


@unique
class Draw(IntEnum):
    """What a draw is for. The numbers are part of the seed: never reuse or renumber one, or every recorded world changes."""

    ORDER_LEVEL = 1
    ELASTICITY = 2
    CTR = 3
    CVR = 4
    RIVAL_LEVEL = 5
    INITIAL_STOCK = 6
    DAY_DEMAND = 7
    DAY_CTR = 8
    DAY_CVR = 9
    CPC_DRIFT = 10
    RIVAL_BUDGET = 11
    OVERDELIVERY = 12
    RIVAL_BID = 13
    RIVAL_SPEND = 14
    CLICKS = 15
    VIEWS = 16
    CONVERTS = 17
    CONVERSION_DELAY = 18
    AD_UNITS = 19
    ORGANIC_ORDERS = 20
    ORGANIC_UNITS = 21
    LEAD_TIME = 22
    REPORTING_LAG = 23
    RESTATEMENT = 24
    RESTATEMENT_DELAY = 25


def _mixed(keys: Keys) -> Keys:
    keys = keys ^ (keys >> _SHIFT_1)
    keys *= _MULTIPLIER_1
    keys ^= keys >> _SHIFT_2
    keys *= _MULTIPLIER_2
    keys ^= keys >> _SHIFT_3
    return keys


def _stepped(keys: Keys, index: Ints | int) -> Keys:
    """Mix one more coordinate into the keys, broadcasting."""
    return _mixed(keys + (np.asarray(index, dtype=np.int64).astype(np.uint64) + np.uint64(1)) * _GOLDEN)


def store_keys(seeds: Ints, draw: Draw, time: int) -> Keys:
    """One key per store, (N,), for one purpose at one time (an hour, a day, or 0 for what never changes; any integer)."""
    # a purpose owns 2**40 times: far more than hours will ever be simulated
    return _stepped(_mixed(seeds.astype(np.uint64)), np.array([(int(draw) << 40) + time]))


def split(keys: Keys, count: int) -> Keys:
    """Keys for ``count`` indices under each key: shape (…, count). Index i has the same key whatever the count."""
    return _stepped(keys[..., None], np.arange(count))


def at_index(keys: Keys, index: Ints) -> Keys:
    """The keys that ``split`` would give at ``index``, element by element."""
    return _stepped(keys, index)


def uniforms(keys: Keys) -> Floats:
    """Uniforms in (0, 1), never 0 or 1, one per key."""
    return ((keys >> _TO_53_BITS).astype(np.float64) + 0.5) * 2.0**-53


def normals(keys: Keys) -> Floats:
    """Standard normals by inversion, one per key."""
    deviates: Floats = ndtri(uniforms(keys))
    return deviates


def sku_uniforms(seeds: Ints, draw: Draw, time: int, skus: int) -> Floats:
    """(N, skus) uniforms for one purpose at one time."""
    return uniforms(split(store_keys(seeds, draw, time), skus))


def sku_normals(seeds: Ints, draw: Draw, time: int, skus: int) -> Floats:
    """(N, skus) standard normals for one purpose at one time."""
    return normals(split(store_keys(seeds, draw, time), skus))


def poisson(rate: Floats, uniform: Floats) -> Ints:
    """Poisson counts by inversion: the smallest k with P(X <= k) >= uniform.

    Monotone: under the same uniform a higher rate never gives a smaller count, so that actions which raise a rate only add events.

    Args:
        rate: Expected counts, finite, >= 0.
        uniform: In (0, 1), same shape.
    """
    counts = np.zeros(rate.shape, dtype=np.int64)
    small = rate <= _POISSON_SUMMED_TO
    counts[small] = _poisson_by_summing(rate[small], uniform[small])
    if not small.all():
        counts[~small] = _poisson_by_root(rate[~small], uniform[~small])
    return counts


def _poisson_by_summing(rate: Floats, uniform: Floats) -> Ints:
    counts = np.zeros(rate.shape, dtype=np.int64)
    probability = np.exp(-rate)
    cumulative = probability.copy()
    pending = np.flatnonzero(cumulative < uniform)
    step = 0
    while pending.size:
        step += 1
        probability[pending] *= rate[pending] / step
        cumulative[pending] += probability[pending]
        counts[pending] = step
        # once the terms vanish the sum cannot grow: rounding left it just under the uniform
        pending = pending[(cumulative[pending] < uniform[pending]) & (probability[pending] > 0.0)]
    return counts


def _poisson_by_root(rate: Floats, uniform: Floats) -> Ints:
    counts = np.ceil(np.maximum(pdtrik(uniform, rate), 0.0))
    # pdtrik finds the root to a tolerance: settle the last unit with the exact distribution function
    counts += pdtr(counts, rate) < uniform
    counts -= (counts > 0) & (pdtr(np.maximum(counts - 1.0, 0.0), rate) >= uniform)
    whole: Ints = counts.astype(np.int64)
    return whole
