"""How far controllers may reach in one step: they clip themselves, so that the gate, which only judges, seldom has to act."""

from __future__ import annotations

import numpy as np

from control.controller import Situation
from perception.fields import Field
from perception.units import Floats


def bid_ceiling(s: Situation) -> Floats:
    """(m,) highest bid one step may reach from the bid in force; small bids may reach the first bid at once."""
    current = s.state.setpoints[Field.BID]
    step = np.floor(current * (1.0 + s.limits.bid_up_per_change_ratio * s.step_share))
    reach = np.maximum(step, np.floor(s.limits.first_bid_cents * s.step_share))
    return np.maximum(np.minimum(reach, np.floor(s.limits.max_bid_cents * s.step_share)), current)


LEAST_FENCE = 0.2
"""Share of a day's fence that budgets are never cut below: what is cut to nothing cannot rise again at some percent a day."""


def within_grant(total_cents: float, s: Situation) -> tuple[float, bool]:
    """The day's budget for the whole store within what is left of the grant, and whether the ads must pause altogether.

    Near the end of a window little of the grant may be left, or nothing. Budgets are then cut to what fits, but not below a fifth, so that
    the next window does not start from nothing; where even that does not fit, bidding stops instead.
    """
    left = s.remaining_cents / s.limits.overdelivery_day_ratio
    total = min(total_cents, s.limits.max_store_daily_cents / s.limits.overdelivery_day_ratio)
    kept = max(min(total, left), LEAST_FENCE * total)
    return kept, left < kept


def clipped_budgets(wish: Floats, s: Situation) -> Floats:
    """(c,) daily budgets as wished, raises held to what steps, caps and the grant leave; campaigns are served in their order."""
    limits, share = s.limits, s.step_share
    standing = s.state.setpoints[Field.DAILY_BUDGET]
    today = s.exposure.today.copy()
    clipped = np.floor(wish)
    in_force = standing.copy()
    for i in np.flatnonzero(clipped > standing):
        low = min(s.lowest_24h[Field.DAILY_BUDGET][i], standing[i])
        others_today, others = today.sum() - today[i], np.nansum(in_force) - in_force[i]
        bounds = (
            standing[i] * (1.0 + limits.budget_up_per_change_ratio * share),
            low * (1.0 + limits.budget_up_per_day_ratio * share),
            limits.max_daily_budget_cents * share,
            limits.max_store_daily_cents * share / limits.overdelivery_day_ratio - others,
            limits.max_store_month_cents * share / limits.overdelivery_month_days - others,
            (limits.max_store_month_cents * share - s.exposure.month.sum() - others_today) / limits.overdelivery_day_ratio,
            (s.plan.ad_budget_cents * share - s.exposure.window.sum() - others_today) / limits.overdelivery_day_ratio,
        )
        clipped[i] = max(np.floor(min(clipped[i], *bounds)), standing[i])
        in_force[i] = clipped[i]
        today[i] = max(today[i], limits.overdelivery_day_ratio * clipped[i])
    return clipped


def price_reach(s: Situation, *, step_ratio: float) -> tuple[Floats, Floats]:
    """(m,) lowest and (m,) highest price one move may reach: a step from the price in force, and a day's distance from yesterday's."""
    current = s.state.setpoints[Field.PRICE]
    step = np.floor(current * min(step_ratio, s.limits.price_step_ratio) * s.step_share)
    anchor = s.anchor_24h[Field.PRICE]
    day = np.floor(anchor * s.limits.price_day_ratio * s.step_share)
    low, high = np.maximum(current - step, anchor - day), np.minimum(current + step, anchor + day)
    return np.minimum(low, current), np.maximum(high, current)
