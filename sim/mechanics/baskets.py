"""Baskets and repeat purchase: what a customer won by an ad buys beside the advertised SKU, and later.

Companions: each ad order brings on average ``companion_lines`` order lines of other SKUs, in proportion to their usual orders, within the
hour after it. Repeat: a pool of customers, filled by orders and emptied at the rate 1 / ``repeat_mean_days``, makes the share
``repeat_share`` of usual organic orders; factor = 1 − q + q · pool / usual pool. It is 1 at usual sales, never below 1 − q, and capped, as
the circle of customers is finite and orders that bring orders would otherwise grow without end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.counts import places
from sim.parameters.mechanics import Baskets

_UNKNOWN_POOL = 0.01
"""Customers, as a share of the usual pool at the start, who come back whatever was sold: keeps the ratio defined after a shut-down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketState:
    """Customers of each store.

    Attributes:
        pool, usual_pool: (N, 1) daily orders, averaged over the time to the next order; as they were, and as usual.
        first_pool: (N, 1) usual pool of the first day.
        range_share: (N, M) share of each SKU in the usual orders of what is on sale today.
        per_other_share: (N, M) 1 / (1 − range_share); 0 where nothing else is on sale.
        repeat_effect: (N, 1) factor on organic orders today.
    """

    pool: Floats
    usual_pool: Floats
    first_pool: Floats
    range_share: Floats
    per_other_share: Floats
    repeat_effect: Floats


def opened(usual_orders: Floats, on_sale: Bools) -> BasketState:
    """The first morning of stores with their usual customers; ``usual_orders`` (N, M) of the average day, ``on_sale`` (M,) or (N, M)."""
    sold = np.where(on_sale, usual_orders, 0.0)
    pool, share = sold.sum(axis=1, keepdims=True), _shares(sold)
    return BasketState(
        pool=pool,
        usual_pool=pool,
        first_pool=pool,
        range_share=share,
        per_other_share=_per_other(share),
        repeat_effect=np.ones_like(pool),
    )


def companions(state: BasketState, baskets: Baskets, *, ad_orders: Ints) -> Floats:
    """Order lines of other SKUs, (N, M), that sum to ``companion_lines`` per ad order wherever another SKU is on sale.

    An order of SKU i falls on SKU j with the chance share_j / (1 − share_i), never on i itself.
    """
    some = np.zeros(len(ad_orders), dtype=np.bool_)
    some[places(ad_orders) // ad_orders.shape[1]] = True
    # most stores have no ad order in an hour
    stores = some.nonzero()[0]
    spread: Floats = ad_orders.take(stores, axis=0) * state.per_other_share.take(stores, axis=0)
    # never below 0: a rounded sum of non-negative terms is at least each of them
    elsewhere: Floats = spread.sum(axis=1, keepdims=True) - spread
    elsewhere *= state.range_share.take(stores, axis=0)
    elsewhere *= baskets.companion_lines
    expected = np.zeros(ad_orders.shape)
    expected[stores] = elsewhere
    return expected


def next_day(
    state: BasketState, baskets: Baskets, *, orders: Ints, expected_orders: Floats, usual_orders: Floats, on_sale: Bools
) -> BasketState:
    """The morning after a day.

    Args:
        state: Of the day that ended.
        baskets: The figures.
        orders: (N, M) of both kinds, of the day.
        expected_orders: (N, M) usual for such a day.
        usual_orders: (N, M) of the average day.
        on_sale: (M,) or (N, M), of the day that begins.
    """
    kept = float(np.exp(-1.0 / baskets.repeat_mean_days))
    repeat, share = baskets.repeat_share, _shares(np.where(on_sale, usual_orders, 0.0))
    usual_pool = kept * state.usual_pool + (1.0 - kept) * expected_orders.sum(axis=1, keepdims=True)
    floor = _UNKNOWN_POOL * state.first_pool
    # the circle of customers is finite: it does not fill beyond what has the largest effect
    fullest = 1.0 + (baskets.repeat_effect_maximum - 1.0) / repeat if repeat > 0.0 else 1.0
    filled = kept * state.pool + (1.0 - kept) * orders.sum(axis=1, keepdims=True)
    pool = np.minimum(filled, fullest * (usual_pool + floor))
    ratio = np.divide(pool + floor, usual_pool + floor, out=np.ones_like(pool), where=usual_pool + floor > 0.0)
    return replace(
        state,
        pool=pool,
        usual_pool=usual_pool,
        range_share=share,
        per_other_share=_per_other(share),
        repeat_effect=np.minimum(1.0 - repeat + repeat * ratio, baskets.repeat_effect_maximum),
    )


def _shares(usual_orders: Floats) -> Floats:
    whole = usual_orders.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(usual_orders, whole, out=np.zeros_like(usual_orders), where=whole > 0.0)
    return shares


def _per_other(share: Floats) -> Floats:
    others = 1.0 - share
    inverse: Floats = np.divide(1.0, others, out=np.zeros_like(share), where=others > 0.0)
    return inverse
