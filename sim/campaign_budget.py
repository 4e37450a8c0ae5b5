"""Daily budgets of campaigns: a platform may over-deliver within a day, and never beyond that day's own limit."""

from __future__ import annotations

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.parameters import Budget
from sim.randomness import Draw, split, store_keys, uniforms


def overdelivery(budget: Budget, *, seeds: Ints, day: int, campaigns: int) -> Floats:
    """Today's limit of each campaign as a multiple of its daily budget, (N, C), evenly in [1, overdelivery_ratio]."""
    share = uniforms(split(store_keys(seeds, Draw.OVERDELIVERY, day), campaigns))
    ratio: Floats = 1.0 + (budget.overdelivery_ratio - 1.0) * share
    return ratio


def remaining_cents(daily_budget_cents: Ints, overdelivery_ratio: Floats, spent_cents: Ints) -> Ints:
    """What each campaign may still spend today, (N, C), >= 0: a budget lowered under what is spent stops it at once."""
    cap = np.floor(daily_budget_cents * overdelivery_ratio).astype(np.int64)
    left: Ints = np.maximum(cap - spent_cents, 0)
    return left


def affordable_clicks(clicks: Ints, click_price_cents: Ints, members: Bools, remaining: Ints) -> tuple[Ints, Bools]:
    """Cut an hour's clicks where its campaign's money ends.

    Args:
        clicks, click_price_cents: (N, M, K) clicks and their price in K moments of the hour, in order of time.
        members: (C, M) which SKU is in which campaign; each SKU in exactly one.
        remaining: (N, C) what may still be spent.

    Returns:
        (N, M, K) clicks that are paid for, whose cost never exceeds ``remaining``; and whether the ad was still shown at that moment.
    """
    in_time = np.swapaxes(clicks, 1, 2)
    price = np.swapaxes(click_price_cents, 1, 2)
    cost = in_time * price
    stores, moments, skus = cost.shape
    kept, shown = np.zeros_like(in_time), np.zeros(cost.shape, dtype=np.bool_)
    for campaign, member in enumerate(members):
        own = np.where(member, cost, 0).reshape(stores, moments * skus)
        before = (np.cumsum(own, axis=1) - own).reshape(cost.shape)
        left = remaining[:, campaign, None, None] - before
        paid = np.clip(left // np.maximum(price, 1), 0, in_time)
        kept += np.where(member, paid, 0)
        shown |= member & (left > 0)
    return np.swapaxes(kept, 1, 2), np.swapaxes(shown, 1, 2)
