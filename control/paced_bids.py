"""What laws and pacing baselines share: how far the plan is, and bids of one alpha per store on the believed value of a click."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from control import pacing
from control.clipping import bid_ceiling
from control.pacing import PacingTuning
from control.sight import Sight
from perception.fields import Field
from perception.units import SECONDS_PER_DAY, Bools, Floats

BID_DEADBAND_RATIO = 0.12
"""A bid this close to the one in force, or within one minor unit of it, is left alone: every write costs quota."""


BASELINE_ALPHA_HIGH = 0.5
"""Highest alpha of the paced baselines. They know no scarcity, which is what lets the laws bid more while budgets are hardly used. Profit
against 0.35 on 32 training stores of real_demand, steady and thin_data each: 0.5 brings ``pid`` -0.1, +2.8 and +2.4 %, ``dual`` +0.3, +2.1
and +1.8 %, ``online_lp`` -2.9, +1.9 and +2.5 %; 0.7 brings some 1 % more where budgets are ample, but costs ``online_lp`` 6 % where they
bind, and misses the ROAS target of steady in 3 and 5 stores for ``pid`` and ``online_lp``."""


def baseline_pacing(pacing: PacingTuning | None = None) -> PacingTuning:
    """The laws' bounds of alpha and age of reports, with a ceiling for controllers without scarcity."""
    laws = pacing or PacingTuning()
    return replace(laws, alpha_high=min(laws.alpha_high, BASELINE_ALPHA_HIGH))


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


def revenue_per_click_cents(s: Sight) -> Floats:
    """(n, m) revenue believed to come of one more click, at the price in force."""
    revenue: Floats = s.beliefs.cvr.mean * s.beliefs.units_per_order.mean * s.setpoints[Field.PRICE]
    return revenue


def is_first_tick(s: Sight) -> bool:
    """Whether the window has only just begun, or nothing is written yet: what was remembered of another course does not count."""
    return not s.engaged or s.now_days - s.course.starts_days < s.dt_days


def bounded(alpha: Floats, tuning: PacingTuning) -> Floats:
    """(n,) alpha within its bounds: a baseline should know as much of the auction as the laws do."""
    return np.minimum(np.maximum(alpha, tuning.alpha_low), tuning.alpha_high)


def value_bids(alpha: Floats, s: Sight, *, paused: Bools) -> Floats:
    """(n, m) bids of alpha (n,) times the value of a click, as far as one step reaches; 0 while (n,) ``paused``, NaN where left alone."""
    return settled_bids(alpha[:, None] * s.beliefs.value_per_click_cents.mean, s, paused=paused)


def settled_bids(wish: Floats, s: Sight, *, paused: Bools, deadband_ratio: float = BID_DEADBAND_RATIO) -> Floats:
    """(n, m) wished bids as far as one step and the plan's highest bid reach; 0 while (n,) ``paused``, NaN where they are left alone."""
    reached = np.minimum(np.minimum(wish, s.course.max_bid_cents), bid_ceiling(s))
    return settled(np.where(paused[:, None], 0.0, reached), s, deadband_ratio=deadband_ratio)


def settled(bid_cents: Floats, s: Sight, *, deadband_ratio: float) -> Floats:
    """(n, m) bids as they are written: whole minor units, NaN where what stands is left alone.

    Args:
        bid_cents: (n, m) as far as they may reach; 0 to stop bidding; NaN for what stands.
        s: What is seen.
        deadband_ratio: Bids this close to the one in force, or within one minor unit of it, are left alone. 0: all of them stay as they
            are, for somebody who moves them further before he settles them.
    """
    if deadband_ratio <= 0.0:
        return bid_cents
    current = s.setpoints[Field.BID]
    # judged before rounding, so that a bid of a penny or two does not flip with every breath of its value
    near = (bid_cents > 0.0) & (np.abs(bid_cents - current) < np.maximum(deadband_ratio * current, 1.0))
    offered = np.floor(bid_cents)
    # a SKU whose figures are in doubt is held, unless its bid falls
    return np.where(~s.course.covered | near | (s.goods.suspect & (offered > current)), np.nan, offered)
