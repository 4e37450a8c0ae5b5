"""Daily budgets of campaigns: a platform may over-deliver within a day, and never beyond that day's own limit."""

from __future__ import annotations

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.parameters import Budget
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
    funded = (remaining > 0)[:, members.argmax(axis=0)]
    shown = np.broadcast_to(funded, clicks.shape)
    short = _sums(cost.sum(axis=0), members) > remaining
    if not short.any():
        return clicks, shown
    # only where money ends in this hour: put the campaign's clicks in order of time, and count
    row, campaign = np.nonzero(short)
    own = members[campaign]
    in_time = np.roll(np.where(own[:, None, :], cost[:, row].swapaxes(0, 1), 0), -first, axis=2)
    before = np.roll(np.cumsum(in_time.reshape(len(row), -1), axis=1).reshape(in_time.shape) - in_time, first, axis=2)
    left = remaining[row, campaign][:, None, None] - before
    paid = np.clip(left // np.maximum(click_price_cents[:, row].swapaxes(0, 1), 1), 0, clicks[:, row].swapaxes(0, 1))
    which, sku = np.nonzero(own)
    kept, shown = clicks.copy(), shown.copy()
    kept[:, row[which], sku] = paid[which, :, sku].T
    shown[:, row[which], sku] = left[which, :, sku].T > 0
    return kept, shown


def _sums(values: Ints, members: Bools) -> Floats:
    # whole numbers below 2**53 add up exactly in any order, and a product of floats is many times as fast as one of integers
    sums: Floats = values.astype(np.float64) @ members.T.astype(np.float64)
    return sums
