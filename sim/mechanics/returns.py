"""Cancellations and returns: units that were sold and come back, at the price that was paid.

Once a day a binomial decides how many of the units of each SKU sold on it come back; each of them is then cancelled or returned, gets its
day, and is resalable or not. Refunds are shares of the day's revenue of the SKU that sum to it exactly when everything comes back, so that
no more than what was sold, and no more than what was paid, ever comes back. Ad platforms do not take returned orders back out of their
reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from perception.units import Floats, Ints
from sim.parameters.mechanics import Returns
from sim.randomness import Draw, at_index, sku_uniforms, split, store_keys, uniforms
from sim.samplers import binomial

_CANCELLED, _RESALABLE, _SPOILT, _KINDS = 0, 1, 2, 3
"""Cancelled before delivery; returned and fit for sale; returned and not; how many kinds there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcels:
    """E units on their way back, all to arrive at one midnight, (E,) int64 each.

    Attributes:
        row: store · M + sku.
        cents: Refunded, minor units.
        kind: ``_CANCELLED``, ``_RESALABLE`` or ``_SPOILT``.
    """

    row: Ints
    cents: Ints
    kind: Ints


PendingReturns: TypeAlias = tuple[tuple[Parcels, ...], ...]
"""What arrives at the next midnight, at the one after it, and so on. Nothing is moved or copied while it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comebacks:
    """What came back at one midnight, (N, M) int64 each.

    Attributes:
        cancelled_units, cancelled_cents: Cancelled, and refunded.
        returned_units, returned_cents: Sent back, and refunded.
        restocked_units: Of both, what can be sold again.
    """

    cancelled_units: Ints
    cancelled_cents: Ints
    returned_units: Ints
    returned_cents: Ints
    restocked_units: Ints


def no_returns(returns: Returns) -> PendingReturns:
    """Nothing on its way."""
    return ((),) * max(returns.return_delay_high_days, returns.cancel_delay_days)


def nothing_back(stores: int, skus: int) -> Comebacks:
    """A midnight at which nothing came back."""
    zeros = np.zeros((stores, skus), dtype=np.int64)
    return Comebacks(cancelled_units=zeros, cancelled_cents=zeros, returned_units=zeros, returned_cents=zeros, restocked_units=zeros)


def next_day(
    pending: PendingReturns, returns: Returns, *, units: Ints, revenue_cents: Ints, day_index: int, seeds: Ints
) -> tuple[PendingReturns, Comebacks]:
    """The midnight after a day: decide what of its sales will come back, and take in what is back.

    Args:
        pending: On its way.
        returns: The figures.
        units, revenue_cents: (N, M) sold on the day.
        day_index: Of the day that begins, counted from the first of the market.
        seeds: (N,) of the stores.
    """
    fresh = _announced(returns, units, revenue_cents, day_index=day_index - 1, seeds=seeds)
    arriving, *waiting = ((*parcels, added) for parcels, added in zip(pending, fresh, strict=True))
    return (*waiting, ()), unpacked(arriving, units.shape)


def _announced(returns: Returns, units: Ints, revenue_cents: Ints, *, day_index: int, seeds: Ints) -> tuple[Parcels, ...]:
    """What of a day's sales (N, M) comes back after one day, after two, and so on; ``day_index`` is the day of the sales."""
    skus = units.shape[1]
    chance = returns.cancel_rate + (1.0 - returns.cancel_rate) * np.array(returns.return_rate)
    back = binomial(units, np.broadcast_to(chance, units.shape), sku_uniforms(seeds, Draw.RETURNS, day_index, skus)).ravel()
    cells = np.flatnonzero(back)
    counts = back[cells]
    row = np.repeat(cells, counts)
    place = np.arange(row.size) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = split(store_keys(seeds, Draw.RETURN_DELAY, day_index), skus).ravel()[row]
    delay, kind = _fates(returns, chance[row % skus], uniforms(at_index(keys, place)))
    # the unit's share of what was paid, rounded down so that the shares sum exactly
    sold, paid = units.ravel()[row], revenue_cents.ravel()[row]
    cents = (place + 1) * paid // sold - place * paid // sold
    # small integers are sorted by radix, in linear time
    order = np.argsort(delay.astype(np.uint16), kind="stable")
    ends = np.searchsorted(delay[order], np.arange(len(no_returns(returns)) + 1), side="right")
    row, cents, kind = row[order], cents[order], kind[order]
    return tuple(Parcels(row=row[low:high], cents=cents[low:high], kind=kind[low:high]) for low, high in pairwise(ends.tolist()))


def _fates(returns: Returns, chance: Floats, uniform: Floats) -> tuple[Ints, Ints]:
    """Days until each unit is back, and its kind: one uniform per unit, used up digit by digit; ``chance`` > 0 of coming back at all."""
    cancelled = returns.cancel_rate / chance
    choices = returns.return_delay_high_days - returns.return_delay_low_days + 1
    # every unit that comes back is cancelled where nothing is returned
    rest = np.maximum(uniform - cancelled, 0.0) / np.maximum(1.0 - cancelled, np.finfo(np.float64).tiny) * choices
    day = np.minimum(rest.astype(np.int64), choices - 1)
    is_cancelled, resalable = uniform < cancelled, rest - day < returns.resalable_share
    delay = np.where(is_cancelled, returns.cancel_delay_days, returns.return_delay_low_days + day)
    return delay, np.where(is_cancelled, _CANCELLED, np.where(resalable, _RESALABLE, _SPOILT))


def unpacked(arriving: tuple[Parcels, ...], shape: tuple[int, ...]) -> Comebacks:
    """Sum the parcels of one midnight; ``shape`` is (N, M)."""
    cells = _KINDS * shape[0] * shape[1]
    cell = np.concatenate([parcels.kind * (shape[0] * shape[1]) + parcels.row for parcels in arriving])
    units = np.bincount(cell, minlength=cells).reshape(_KINDS, *shape)
    # exact: sums of integers far below 2**53
    cents = np.bincount(cell, weights=np.concatenate([parcels.cents for parcels in arriving]), minlength=cells).astype(np.int64)
    cents = cents.reshape(_KINDS, *shape)
    return Comebacks(
        cancelled_units=units[_CANCELLED],
        cancelled_cents=cents[_CANCELLED],
        returned_units=units[_RESALABLE] + units[_SPOILT],
        returned_cents=cents[_RESALABLE] + cents[_SPOILT],
        restocked_units=units[_CANCELLED] + units[_RESALABLE],
    )
