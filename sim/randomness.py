"""Counter-based randomness: every draw is a pure function of (seed, draw, time, index), never of what was drawn before it.

So a store meets the same market in any batch, in any order, and under any policy (common random numbers): a controller can change
what happens to a draw, not the draw. The mixing function is the finaliser of splitmix64 (Steele, Lea & Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014).

A key is 64 random bits for one purpose at one place. ``store_keys`` and ``sku_keys`` make them, ``split`` and ``at_index`` go one index
deeper, and ``uniforms``, ``normals``, ``quarter_uniforms`` and ``quarter_normals`` turn them into deviates. ``sim.samplers`` turns
uniforms into counts, delays and choices.
"""

from __future__ import annotations

from enum import IntEnum, unique
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from perception.units import Floats, Ints

Keys: TypeAlias = NDArray[np.uint64]
Floats32: TypeAlias = NDArray[np.float32]

_GOLDEN_STEP = 0x9E3779B97F4A7C15
_GOLDEN = np.uint64(_GOLDEN_STEP)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3, _TO_53_BITS = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_WORD = 1 << 64
_QUARTER = np.dtype("<u2")
"""A quarter of a key: 16 bits, the lowest first on any machine."""
_QUARTER_LEVELS = 1 << 16
_QUARTER_NORMALS: Floats32 = ndtri((np.arange(_QUARTER_LEVELS) + 0.5) / _QUARTER_LEVELS).astype(np.float32)


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
    AD_ORDER = 26
    STORE_LEVELS = 27
    TRACKING_RECOVERY = 28
    RIVAL_REPRICES = 70
    RIVAL_DIRECTION = 71
    CLICK_MOMENTS = 72
    RIVAL_SKU_LEVEL = 73
    CROSS_ELASTICITY = 40
    RIVAL_PRICE = 41
    REVIEWS_NEEDED = 42
    REVIEWS = 43
    USUAL_POSITION = 44
    RETURNS = 46
    RETURN_DELAY = 47
    SURPRISE_EVENT = 49
    VIRAL = 50
    PLATFORM_OUTAGE = 51
    TRACKING_OUTAGE = 52
    STORE_DAY = 53


def _mixed(keys: Keys) -> Keys:
    """The finaliser, on a copy."""
    mixed = keys >> _SHIFT_1
    mixed ^= keys
    mixed *= _MULTIPLIER_1
    high = mixed >> _SHIFT_2
    mixed ^= high
    mixed *= _MULTIPLIER_2
    np.right_shift(mixed, _SHIFT_3, out=high)
    mixed ^= high
    return mixed


def _stepped(keys: Keys, index: Ints) -> Keys:
    """Mix one more coordinate into the keys, broadcasting."""
    return _mixed(keys + (index.astype(np.uint64) + np.uint64(1)) * _GOLDEN)


def _at_time(keys: Keys, draw: Draw, time: int) -> Keys:
    """Mix purpose and time into the keys."""
    # a purpose owns 2**40 times: far more than hours will ever be simulated
    return _mixed(keys + np.uint64(((draw << 40) + time + 1) * _GOLDEN_STEP % _WORD))


def store_keys(seeds: Ints, draw: Draw, time: int) -> Keys:
    """One key per store, (N,), for one purpose at one time (an hour, a day, or 0 for what never changes; any integer)."""
    return _at_time(_mixed(seeds.astype(np.uint64)), draw, time)


def cells(seeds: Ints, skus: int) -> Keys:
    """The part of a SKU's keys that never changes, (N, skus): worked out once per market and handed to ``sku_keys`` every hour."""
    return split(_mixed(seeds.astype(np.uint64)), skus)


def sku_keys(cells: Keys, draw: Draw, time: int) -> Keys:
    """One key per SKU, (N, M), for one purpose at one time; ``cells`` as from ``cells``."""
    return _at_time(cells, draw, time)


def some_keys(cells: Keys, place: Ints, draw: Draw, time: int) -> Keys:
    """The keys that ``sku_keys`` would give at places in the flattened market, (E,)."""
    return _at_time(cells.take(place), draw, time)


def split(keys: Keys, count: int) -> Keys:
    """Keys for ``count`` indices under each key: shape (…, count). Index i has the same key whatever the count."""
    return _stepped(keys[..., None], np.arange(count))


def at_index(keys: Keys, index: Ints) -> Keys:
    """The keys that ``split`` would give at ``index``, element by element."""
    return _stepped(keys, index)


def uniforms(keys: Keys) -> Floats:
    """Uniforms in (0, 1), never 0 or 1, one per key; 53 bits."""
    drawn = (keys >> _TO_53_BITS).astype(np.float64)
    drawn += 0.5
    drawn *= 2.0**-53
    return drawn


def normals(keys: Keys) -> Floats:
    """Standard normals by inversion, one per key."""
    deviates: Floats = ndtri(uniforms(keys))
    return deviates


def _quarters(keys: Keys) -> NDArray[np.uint16]:
    return np.ascontiguousarray(keys, dtype="<u8").view(_QUARTER).reshape(*keys.shape, 4)


def quarter_uniforms(keys: Keys) -> Floats:
    """Four uniforms in (0, 1) per key, (…, 4), from 16 bits each: the middles of 65,536 equal steps. For events, not for tails."""
    return (_quarters(keys).astype(np.float64) + 0.5) * (1.0 / _QUARTER_LEVELS)


def quarter_normals(keys: Keys) -> Floats32:
    """Four standard normals per key, (…, 4), from 16 bits each by a table of the quantiles of 65,536 middles.

    Their standard deviation is 0.99998 and none lies beyond ±4.33: fit for noise of bids, not for tails. About a fifth of the time of
    ``normals``.
    """
    return _QUARTER_NORMALS.take(_quarters(keys))


@lru_cache(maxsize=16)
def _quarter_lognormals(log_sd: float) -> Floats32:
    return np.exp(log_sd * _QUARTER_NORMALS.astype(np.float64)).astype(np.float32)


def quarter_lognormals(keys: Keys, log_sd: float) -> Floats32:
    """Four lognormal factors with median 1 per key, (…, 4): the exponential of ``log_sd`` times ``quarter_normals``, from a table."""
    return _quarter_lognormals(log_sd).take(_quarters(keys))


def sku_uniforms(seeds: Ints, draw: Draw, time: int, skus: int) -> Floats:
    """(N, skus) uniforms for one purpose at one time: those of ``sku_keys``."""
    return uniforms(sku_keys(cells(seeds, skus), draw, time))


def sku_normals(seeds: Ints, draw: Draw, time: int, skus: int) -> Floats:
    """(N, skus) standard normals for one purpose at one time: those of ``sku_keys``."""
    return normals(sku_keys(cells(seeds, skus), draw, time))
