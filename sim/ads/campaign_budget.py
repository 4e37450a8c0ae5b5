"""Daily budgets of campaigns: a platform may over-deliver within a day, and never beyond that day's own limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.counts import columns, places, queues, summed
from sim.parameters.market import Budget
from sim.randomness import Draw, split, store_keys, uniforms

_MOST_CENTS = 2.0**52
"""A daily limit beyond this counts as this: sums up to it are exact as floats."""
_NOWHERE: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """The clicks of an hour that campaigns have paid for.

    Attributes:
        clicks, cost_cents: (K, N, M) in K moments of the hour.
        spent_cents: (N, C) the same cost by campaign.
        ended: (E,) places in the flattened (K, N, M) where the ad was no longer shown, because the money ended in this hour.
    """

    clicks: Ints
    cost_cents: Ints
    spent_cents: Ints
    ended: Ints


def overdelivery(budget: Budget, *, seeds: Ints, day: int, campaigns: int) -> Floats:
    """Today's limit of each campaign as a multiple of its daily budget, (N, C), evenly in [1, overdelivery_ratio]."""
    share = uniforms(split(store_keys(seeds, Draw.OVERDELIVERY, day), campaigns))
    ratio: Floats = 1.0 + (budget.overdelivery_ratio - 1.0) * share
    return ratio


def remaining_cents(daily_budget_cents: Ints, overdelivery_ratio: Floats, spent_cents: Ints) -> Ints:
    """What each campaign may still spend today, (N, C), >= 0: a budget lowered under what is spent stops it at once."""
    cap = np.minimum(np.floor(daily_budget_cents * overdelivery_ratio), _MOST_CENTS).astype(np.int64)
    left: Ints = np.maximum(cap - spent_cents, 0)
    return left


def per_campaign(values: Ints, members: Bools) -> Ints:
    """Sums of (N, M) whole numbers over the SKUs of each campaign, (N, C); exact while they are below 2**53."""
    # in any order, therefore; a product of floats is many times as fast as one of integers
    return (values.astype(np.float64) @ members.T.astype(np.float64)).astype(np.int64)


def affordable_clicks(clicks: Ints, click_price_cents: Ints, members: Bools, remaining: Ints, *, first: int = 0) -> Paid:
    """Cut an hour's clicks where its campaign's money ends.

    Args:
        clicks, click_price_cents: (K, N, M) clicks and their price in K moments of the hour, in order of time.
        members: (C, M) which SKU is in which campaign; each SKU in exactly one.
        remaining: (N, C) what may still be spent, at most 2**52; the cost never exceeds it.
        first: Which SKU is served first within a moment, those after it next, round and round: let it go on from hour to hour, or the
            first SKU of a campaign always gets the last money.
    """
    cost = clicks * click_price_cents
    spent = per_campaign(summed(cost), members)
    short = spent > remaining
    if not short.any():
        return Paid(clicks=clicks, cost_cents=cost, spent_cents=spent, ended=_NOWHERE)
    # only where money ends in this hour: put the campaign's clicks in order of time, and count
    cell, campaign = _served(short, members, first=first)
    served, place = queues(campaign), np.arange(len(clicks))[:, None] * clicks[0].size + cell
    wanted, price = cost.take(place), click_price_cents.take(place)
    whole = served.sums(wanted)
    left = remaining.take(campaign) - (whole.cumsum(axis=0) - whole).take(served.queue_of, axis=1) - served.before_each(wanted)
    affordable = np.minimum(np.maximum(left // np.maximum(price, 1), 0), clicks.take(place))
    kept, paid = clicks.copy(), affordable * price
    kept.reshape(-1)[place] = affordable
    cost.reshape(-1)[place] = paid
    spent.reshape(-1)[campaign.take(served.first)] = summed(served.sums(paid))
    return Paid(clicks=kept, cost_cents=cost, spent_cents=spent, ended=place[left <= 0])


def _served(short: Bools, members: Bools, *, first: int) -> tuple[Ints, Ints]:
    """The SKUs of the campaigns that run short, (N, C), each campaign's in the order of a moment: places in (N, M) and in (N, C), flat."""
    (campaigns, skus), campaign_of = members.shape, members.argmax(axis=0)
    by_turn = np.arange(first, first + skus) % skus
    by_campaign = by_turn[campaign_of[by_turn].argsort(kind="stable")]
    place = places(short.take(campaign_of[by_campaign], axis=1))
    sku = by_campaign.take(columns(place, skus))
    store = place // skus
    return store * skus + sku, store * campaigns + campaign_of.take(sku)
