"""Choose a few dozen SKUs that stand for a whole assortment: the head dense, the tail thin, and some launches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Ints
from sim.calibration.demand_fit import Shape, SkuDemand

_LAUNCH_DAYS = 56
_SOLD_WITHIN_DAYS = 28
_ESTABLISHED_DAYS = 182
_FEWEST_ORDERS, _FEWEST_LAUNCH_ORDERS = 30, 3
_THIN_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The chosen SKUs, established ones by falling revenue, then launches.

    Attributes:
        sku: (K,) index into the file's SKUs.
        is_new: (K,) launches.
        campaigns: Ids of the campaigns they are advertised in.
        campaign_of: (K,) index into ``campaigns``.
    """

    sku: Ints
    is_new: Bools
    campaigns: tuple[str, ...]
    campaign_of: Ints


def choose(demand: SkuDemand, shape: Shape, *, established: int, launches: int) -> Choice:
    """Take established SKUs at ranks of revenue that grow geometrically, and launches among those with the thinnest history.

    Established: first sold at least half a year before the end (or in the first half of a shorter history), sold in the last four weeks,
    at least 30 orders. Launches: first sold in the last eight weeks, at least 3 orders, from the lower 60 % by orders a day.
    """
    old, new = _established(demand, shape, established), _launches(demand, shape, launches)
    head = old.size // 3
    groups = [("bestsellers", old[:head]), ("range", old[head:]), ("launches", new)]
    used = [(name, members) for name, members in groups if members.size]
    return Choice(
        sku=np.concatenate([old, new]),
        is_new=np.concatenate([np.zeros(old.size, dtype=np.bool_), np.ones(new.size, dtype=np.bool_)]),
        campaigns=tuple(name for name, _ in used),
        campaign_of=np.repeat(np.arange(len(used)), [members.size for _, members in used]),
    )


def _established(demand: SkuDemand, shape: Shape, wanted: int) -> Ints:
    since = shape.last_day - min(_ESTABLISHED_DAYS, (shape.last_day - shape.first_day) // 2)
    alive = (demand.first_day <= since) & (demand.last_day > shape.last_day - _SOLD_WITHIN_DAYS) & (demand.orders >= _FEWEST_ORDERS)
    ranked = np.flatnonzero(alive)
    ranked = ranked[np.argsort(-demand.revenue[ranked], kind="stable")]
    return ranked[_geometric_ranks(ranked.size, wanted)]


def _launches(demand: SkuDemand, shape: Shape, wanted: int) -> Ints:
    fresh = (demand.first_day > shape.last_day - _LAUNCH_DAYS) & (demand.first_day > shape.first_day + _LAUNCH_DAYS)
    candidates = np.flatnonzero(fresh & (demand.orders >= _FEWEST_LAUNCH_ORDERS))
    candidates = candidates[np.argsort(demand.orders_per_day[candidates], kind="stable")]
    thin = candidates[: max(int(np.ceil(_THIN_SHARE * candidates.size)), min(wanted, candidates.size))]
    if thin.size <= wanted:
        return thin[::-1]
    return thin[np.linspace(0, thin.size - 1, wanted).round().astype(np.int64)][::-1]


def _geometric_ranks(available: int, wanted: int) -> Ints:
    """``wanted`` distinct ranks from 0 to available − 1, dense at the head."""
    if available <= wanted:
        return np.arange(available)
    ranks = np.floor(np.geomspace(1.0, available, wanted)).astype(np.int64) - 1
    # ranks that coincide at the head move down to the next free one
    spaced = np.maximum.accumulate(ranks - np.arange(wanted)) + np.arange(wanted)
    return np.minimum(spaced, available - wanted + np.arange(wanted))
