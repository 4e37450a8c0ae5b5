"""What the pacing baselines share: how far the plan is, and bids of one alpha per store on the believed value of a click."""

from __future__ import annotations

import numpy as np

from control import pacing
from control.clipping import bid_ceiling, clipped_budgets, within_grant
from control.pacing import PacingTuning
from control.rows import row_sums
from control.sight import Sight
from perception.fields import Field
from perception.units import SECONDS_PER_DAY, Bools, Floats

DEADBAND_RATIO = 0.12
"""A bid this close to the one in force, or within one minor unit of it, is left alone, as the laws do: every write costs quota."""

HEADROOM = 1.3
"""Daily budget over the day's planned spend, as the laws have it: the fence, not the pace."""


def share_planned(s: Sight, *, lag_s: float) -> Floats:
    """(n,) share of the window's spend that was planned by ``lag_s`` seconds ago, the time that reported spend describes."""
    course = s.course
    return pacing.planned_share(
        s.now_days - lag_s / SECONDS_PER_DAY,
        starts=course.starts_days,
        ends=course.ends_days,
        daily_shares=course.daily_shares,
        hour_shares=course.hour_shares,
    )


def day_cents(s: Sight) -> Floats:
    """(n,) planned spend of an average day, at least one minor unit: what errors of pacing are measured in."""
    return np.maximum(s.course.ad_budget_cents / max(s.course.ends_days - s.course.starts_days, 1.0), 1.0)


def is_first_tick(s: Sight) -> bool:
    """Whether the window has only just begun, or nothing is written yet: what was remembered of another course does not count."""
    return not s.engaged or s.now_days - s.course.starts_days < s.dt_days


def bounded(alpha: Floats, tuning: PacingTuning) -> Floats:
    """(n,) alpha within the bounds that the laws keep to: a baseline should know as much of the auction as they do."""
    return np.minimum(np.maximum(alpha, tuning.alpha_low), tuning.alpha_high)


def value_bids(alpha: Floats, s: Sight, *, paused: Bools) -> Floats:
    """(n, m) bids of alpha (n,) times the value of a click, as far as one step reaches; 0 while (n,) ``paused``, NaN where left alone."""
    return settled_bids(alpha[:, None] * s.beliefs.value_per_click_cents.mean, s, paused=paused)


def settled_bids(wish: Floats, s: Sight, *, paused: Bools) -> Floats:
    """(n, m) wished bids as far as one step and the plan's highest bid reach; 0 while (n,) ``paused``, NaN where they are left alone."""
    current = s.setpoints[Field.BID]
    reached = np.minimum(np.minimum(wish, s.course.max_bid_cents), bid_ceiling(s))
    near = (reached > 0.0) & (np.abs(reached - current) < np.maximum(DEADBAND_RATIO * current, 1.0))
    offered = np.where(paused[:, None], 0.0, np.floor(reached))
    # a SKU whose figures are in doubt is held, unless its bid falls
    held = ~s.course.covered | (near & ~paused[:, None]) | (s.goods.suspect & (offered > current))
    return np.where(held, np.nan, offered)


def fenced_budgets(s: Sight) -> tuple[Floats, Bools]:
    """(n, c) daily budgets as a fence around the day's planned spend, split by what stands; and (n,) whether the grant is used up.

    As the laws do: where alpha paces, a budget that binds would hide the traffic of the evening from it.
    """
    course, current = s.course, s.setpoints[Field.DAILY_BUDGET]
    day = min(int(s.now_days), course.daily_shares.shape[1] - 1)
    share = pacing.fence_share(course.daily_shares, day, up_ratio=s.reach.limits.budget_up_per_change_ratio)
    total, paused = within_grant(course.ad_budget_cents * share * HEADROOM, s)
    weight = np.where(current > 0.0, current, 1.0)
    return clipped_budgets(total[:, None] * weight / row_sums(weight)[:, None], s), paused
