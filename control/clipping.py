"""How far controllers may reach in one step: they clip themselves, so that the gate, which only judges, seldom has to act."""

from __future__ import annotations

import numpy as np

from control.rows import row_sums
from control.sight import Reach, Sight
from perception.fields import Field
from perception.units import Bools, Floats


def bid_ceiling(s: Sight) -> Floats:
    """(n, m) highest bid one step may reach from the bid in force; small bids may reach the first bid at once."""
    limits, share = s.reach.limits, s.reach.step_share
    current = s.setpoints[Field.BID]
    reach: Floats = current * (1.0 + limits.bid_up_per_change_ratio * share)
    np.floor(reach, out=reach)
    np.maximum(reach, np.floor(limits.first_bid_cents * share), out=reach)
    np.minimum(reach, np.floor(limits.max_bid_cents * share), out=reach)
    return np.maximum(reach, current, out=reach)


LEAST_FENCE = 0.2
"""Share of a day's fence that budgets are never cut below: what is cut to nothing cannot rise again at some percent a day."""


def within_grant(total_cents: Floats, s: Sight) -> tuple[Floats, Bools]:
    """(n,) the day's budget for the whole store within what is left of the grant, and whether the ads must pause altogether.

    Near the end of a window little of the grant may be left, or nothing. Budgets are then cut to what fits, but not below a fifth, so that
    the next window does not start from nothing; where even that does not fit, bidding stops instead.
    """
    limits = s.reach.limits
    left = s.remaining_cents / limits.overdelivery_day_ratio
    total = np.minimum(total_cents, limits.max_store_daily_cents / limits.overdelivery_day_ratio)
    kept = np.maximum(np.minimum(total, left), LEAST_FENCE * total)
    return kept, left < kept


def clipped_budgets(wish: Floats, s: Sight) -> Floats:
    """(n, c) daily budgets as wished, raises held to what steps, caps and the grant leave; campaigns are served in their order."""
    limits, share = s.reach.limits, s.reach.step_share
    ratio = limits.overdelivery_day_ratio
    standing = s.setpoints[Field.DAILY_BUDGET]
    clipped = np.floor(wish)
    raised = clipped > standing
    in_force, today = np.where(np.isnan(standing), 0.0, standing), s.reach.worst_today_cents
    low = np.fmin(s.reach.budget_low_24h_cents, standing)
    alone = np.minimum(standing * (1.0 + limits.budget_up_per_change_ratio * share), low * (1.0 + limits.budget_up_per_day_ratio * share))
    alone = np.minimum(alone, limits.max_daily_budget_cents * share)
    month_left = limits.max_store_month_cents * share - row_sums(s.reach.worst_month_cents)
    today_left = np.minimum(month_left, s.course.ad_budget_cents * share - row_sums(s.reach.worst_window_cents))
    daily_cap = min(limits.max_store_daily_cents * share / ratio, limits.max_store_month_cents * share / limits.overdelivery_month_days)
    in_force_total, today_total = row_sums(in_force), row_sums(today)
    for i in np.flatnonzero(raised.any(axis=0)):
        others, others_today = in_force_total - in_force[:, i], today_total - today[:, i]
        bound = np.minimum(np.minimum(alone[:, i], daily_cap - others), (today_left - others_today) / ratio)
        kept = np.maximum(np.floor(np.minimum(clipped[:, i], bound)), standing[:, i])
        clipped[:, i] = np.where(raised[:, i], kept, clipped[:, i])
        in_force_total = np.where(raised[:, i], others + kept, in_force_total)
        today_total = np.where(raised[:, i], others_today + np.maximum(today[:, i], ratio * kept), today_total)
    return clipped


def price_reach(s: Sight, *, step_ratio: float) -> tuple[Floats, Floats]:
    """(n, m) lowest and highest price one move may reach: a step from the price in force, and a day's distance from yesterday's."""
    return price_reach_from(s.setpoints[Field.PRICE], s.reach.price_anchor_24h_cents, s.reach, step_ratio=step_ratio)


def price_reach_from(current: Floats, anchor: Floats, reach: Reach, *, step_ratio: float) -> tuple[Floats, Floats]:
    """``price_reach`` for some prices of any shape: from the prices in force and those of 24 hours ago."""
    limits, share = reach.limits, reach.step_share
    step = np.floor(current * min(step_ratio, limits.price_step_ratio) * share)
    day = np.floor(anchor * limits.price_day_ratio * share)
    low, high = np.maximum(current - step, anchor - day), np.minimum(current + step, anchor + day)
    return np.minimum(low, current), np.maximum(high, current)
