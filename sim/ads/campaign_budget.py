"""Daily budgets of campaigns: a platform may over-deliver within a day, and never beyond that day's own limit."""

from __future__ import annotations

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.parameters.market import Budget
from sim.randomness import Draw, split, store_keys, uniforms

_MOST_CENTS = 2.0**52
"""A daily limit beyond this counts as this: sums up to it are exact as floats."""


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
    return _sums(values, members).astype(np.int64)


def affordable_clicks(clicks: Ints, click_price_cents: Ints, members: Bools, remaining: Ints, *, first: int = 0) -> tuple[Ints, Bools]:
    """Cut an hour's clicks where its campaign's money ends.

    Args:
        clicks, click_price_cents: (K, N, M) clicks and their price in K moments of the hour, in order of time.
        members: (C, M) which SKU is in which campaign; each SKU in exactly one.
        remaining: (N, C) what may still be spent, at most 2**52.
        first: Which SKU is served first within a moment, those after it next, round and round: let it go on from hour to hour, or the
            first SKU of a campaign always gets the last money.

    Returns:
        (K, N, M) clicks that are paid for, whose cost never exceeds ``remaining``; and whether the ad was still shown at that moment,
        (K, N, M).
    """
    cost = clicks * click_price_cents
    shown = np.broadcast_to((remaining > 0).take(members.argmax(axis=0), axis=1), clicks.shape)
    short = _sums(cost.sum(axis=0), members) > remaining
    if not short.any():
        return clicks, shown
    kept, shown = clicks.copy(), shown.copy()
    # only where money ends in this hour: put the campaign's clicks in order of time, and count
    moments, skus = len(clicks), clicks.shape[2]
    for campaign in np.flatnonzero(short.any(axis=0)):
        row, own = short[:, campaign].nonzero()[0], members[campaign].nonzero()[0]
        begin = int(own.searchsorted(first))
        served = np.concatenate([own[begin:], own[:begin]])
        # (rows, K, SKUs of the campaign), as places in the flattened arrays
        place = (np.arange(moments)[:, None] * clicks.shape[1] + row[:, None, None]) * skus + served
        in_time = cost.take(place)
        left = np.cumsum(in_time.reshape(len(row), -1), axis=1).reshape(place.shape)
        left -= in_time
        np.subtract(remaining[row, campaign][:, None, None], left, out=left)
        paid = left // np.maximum(click_price_cents.take(place), 1)
        kept.reshape(-1)[place] = np.minimum(np.maximum(paid, 0), clicks.take(place))
        shown.reshape(-1)[place] = left > 0
    return kept, shown


def _sums(values: Ints, members: Bools) -> Floats:
    # whole numbers below 2**53 add up exactly in any order, and a product of floats is many times as fast as one of integers
    sums: Floats = values.astype(np.float64) @ members.T.astype(np.float64)
    return sums
