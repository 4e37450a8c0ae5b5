"""How far controllers may reach in one step: they clip themselves, so that the gate, which only judges, seldom has to act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

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
    served = np.flatnonzero(raised.any(axis=0)).tolist()
    if not served:
        return clipped
    one = standing.shape[0] == 1
    bounds = _Bounds(
        *(figures[0].tolist() if one else list(figures.T) for figures in (clipped, raised, alone, standing, in_force, today)),
        *(float(figures[0]) if one else figures for figures in (row_sums(in_force), row_sums(today), today_left)),
    )
    kept = _served(served, bounds, daily_cap=daily_cap, ratio=ratio, ops=_ONE if one else _MANY)
    return np.array([kept]) if one else np.stack(kept, axis=1)


class _Bounds(NamedTuple):
    """What campaigns may rise to, one figure or (n,) array per campaign; totals over all campaigns."""

    wish: list[Any]
    raised: list[Any]
    alone: list[Any]
    standing: list[Any]
    in_force: list[Any]
    today: list[Any]
    in_force_total: Any
    today_total: Any
    today_left: Any


class _Ops(NamedTuple):
    """Arithmetic on (n,) arrays, or on plain numbers, which cost a tenth of arrays of one figure: a wide store has a hundred campaigns."""

    least: Callable[[Any, Any], Any]
    most: Callable[[Any, Any], Any]
    floor: Callable[[Any], Any]
    choose: Callable[[Any, Any, Any], Any]


_MANY = _Ops(least=np.minimum, most=np.maximum, floor=np.floor, choose=np.where)
_ONE = _Ops(least=min, most=max, floor=lambda figure: figure // 1.0, choose=lambda chosen, this, other: this if chosen else other)


def _served(campaigns: list[int], bounds: _Bounds, *, daily_cap: float, ratio: float, ops: _Ops) -> list[Any]:
    """Budgets after these campaigns have taken what is left for them, one after the other."""
    wish, raised, alone, standing, in_force, today, in_force_total, today_total, today_left = bounds
    for i in campaigns:
        others, others_today = in_force_total - in_force[i], today_total - today[i]
        bound = ops.least(ops.least(alone[i], daily_cap - others), (today_left - others_today) / ratio)
        kept = ops.most(ops.floor(ops.least(wish[i], bound)), standing[i])
        wish[i] = ops.choose(raised[i], kept, wish[i])
        in_force_total = ops.choose(raised[i], others + kept, in_force_total)
        today_total = ops.choose(raised[i], others_today + ops.most(today[i], ratio * kept), today_total)
    return wish


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
