"""Our own controller: bid = alpha · value per click with alpha paced and capped, daily budgets as a fence, prices by the margin rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from control import efficiency, pacing, pid, price_law
from control.clipping import bid_ceiling, clipped_budgets, within_grant
from control.controller import ControllerMemory, Proposal
from control.efficiency import EfficiencyTuning
from control.pacing import PacingTuning
from control.pricing import PricingTuning
from control.rows import row_sums
from control.sight import Sight
from perception.fields import Field
from perception.units import AS_SETTINGS, SECONDS_PER_DAY, Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LawsTuning:
    """Every gain of the laws.

    Attributes:
        pacing, efficiency, pricing: Of the three loops.
        budget_headroom: Daily budget set, as a multiple of the day's planned spend: the fence, not the pace. >= 1.
        bid_deadband_ratio: A bid this close to the one in force, or within one minor unit of it, is left alone: every write costs trust
            and quota.
        move_prices: False leaves prices to the merchant.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    pacing: PacingTuning = field(default_factory=PacingTuning)
    efficiency: EfficiencyTuning = field(default_factory=EfficiencyTuning)
    pricing: PricingTuning = field(default_factory=PricingTuning)
    budget_headroom: float = 1.3
    bid_deadband_ratio: float = 0.12
    move_prices: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Laws:
    """The laws behind the controller signature."""

    tuning: LawsTuning = field(default_factory=LawsTuning)
    name: str = "laws"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Pace alpha, cap it by ROAS, bid on value, fence by daily budget, price by margin."""
        alpha, terms, loops = _alpha(memory, sight, self.tuning)
        budgets, paused = _daily_budgets(sight, self.tuning)
        setpoints = {Field.BID: _bids(np.where(paused, 0.0, alpha), sight, self.tuning), Field.DAILY_BUDGET: budgets}
        sku_terms: dict[str, Floats] = {}
        arrays: dict[str, Floats] = {}
        if self.tuning.move_prices:
            setpoints[Field.PRICE], sku_terms, arrays = price_law.proposed(memory.arrays, sight, self.tuning.pricing)
        return Proposal(setpoints=setpoints, terms=terms, sku_terms=sku_terms), ControllerMemory(loops=loops, arrays=arrays)


def _alpha(memory: ControllerMemory, s: Sight, tuning: LawsTuning) -> tuple[Floats, dict[str, Floats], dict[str, pid.Memory]]:
    """(n,) min(alpha_budget, alpha_roas) with the terms of both loops and their memories."""
    course, spent = s.course, s.reported.spent_cents
    share = pacing.planned_share(
        s.now_days - tuning.pacing.reporting_lag_s / SECONDS_PER_DAY,
        starts=course.starts_days,
        ends=course.ends_days,
        daily_shares=course.daily_shares,
        hour_shares=course.hour_shares,
    )
    planned = share * course.ad_budget_cents
    fresh = not s.engaged or s.now_days - course.starts_days < s.dt_days
    paced, paced_memory = pacing.pace(
        None if fresh else memory.loops.get("pacing"),
        planned_cents=planned,
        spent_cents=spent,
        day_cents=course.ad_budget_cents / max(course.ends_days - course.starts_days, 1.0),
        dt_days=s.dt_days,
        tuning=tuning.pacing,
        alpha=implied_alpha(s) if fresh else math.nan,
    )
    held, held_memory = _held(memory.loops.get("efficiency"), s, tuning)
    alpha_budget, alpha_roas = np.exp(paced.output), np.exp(held.output)
    alpha = np.fmin(alpha_budget, alpha_roas)
    terms = {
        "planned_cents": planned,
        "spent_cents": spent,
        "p": paced.p,
        "i": paced.i,
        "d": paced.d,
        "alpha_budget": alpha_budget,
        "roas": np.where(course.target_roas > 0.0, s.reported.roas, np.nan),
        "alpha_roas": alpha_roas,
        "alpha": alpha,
    }
    return alpha, terms, {"pacing": paced_memory, "efficiency": held_memory}


def _held(memory: pid.Memory | None, s: Sight, tuning: LawsTuning) -> tuple[pid.Terms, pid.Memory]:
    """The step of the efficiency loops; its work is spared where no store has a target."""
    target = s.course.target_roas
    if not (target > 0.0).any():
        return efficiency.without_target(len(target))
    revenue_per_click = s.beliefs.cvr.mean * s.beliefs.units_per_order.mean * s.setpoints[Field.PRICE]
    return efficiency.hold(
        memory,
        roas=s.reported.roas,
        target_roas=target,
        floor_alpha=efficiency.safe_alpha(s.beliefs.value_per_click_cents.mean, revenue_per_click, target_roas=np.maximum(target, 1e-9)),
        expected_sales=s.reported.expected_sales,
        dt_days=s.dt_days,
        high_alpha=tuning.pacing.alpha_high,
        tuning=tuning.efficiency,
    )


def implied_alpha(s: Sight) -> Floats:
    """(n,) median alpha that the bids in force amount to, so that a hand-over starts from what stands; NaN where nothing is advertised."""
    value, bid = s.beliefs.value_per_click_cents.mean, s.setpoints[Field.BID]
    advertised = (value > 0.0) & (bid > 0.0)
    # what is not advertised sorts behind everything else
    ranked = np.sort(np.where(advertised, bid, np.inf) / np.where(advertised, value, 1.0), axis=1)
    count = advertised.sum(axis=1)
    middle = np.maximum(np.stack([(count - 1) // 2, count // 2], axis=1), 0)
    pair = np.take_along_axis(ranked, middle, axis=1)
    return np.where(count > 0, 0.5 * pair[:, 0] + 0.5 * pair[:, 1], np.nan)


def _bids(alpha: Floats, s: Sight, tuning: LawsTuning) -> Floats:
    """(n, m) bids: alpha · value, learners no lower than at the start while their budget lasts, clipped as by the gate; alpha 0 pauses."""
    course, current = s.course, s.setpoints[Field.BID]
    learning = (course.learning_cents > 0.0) & (s.reported.cost_held_cents < course.learning_cents)
    learners = np.where(alpha > 0.0, np.maximum(alpha, tuning.pacing.alpha_start), alpha)
    wish = np.where(learning, learners[:, None], alpha[:, None]) * s.beliefs.value_per_click_cents.mean
    wish = np.minimum(np.minimum(wish, course.max_bid_cents), bid_ceiling(s))
    # judged before rounding, so that a bid of a penny or two does not flip with every breath of its value
    near = (wish > 0.0) & (np.abs(wish - current) < np.maximum(tuning.bid_deadband_ratio * current, 1.0))
    return np.where(course.covered & ~near, np.floor(wish), np.nan)


def _daily_budgets(s: Sight, tuning: LawsTuning) -> tuple[Floats, Bools]:
    """(n, c) daily budgets: a fence with headroom around planned spend, split by what stands; and (n,) whether the grant is used up."""
    course, current = s.course, s.setpoints[Field.DAILY_BUDGET]
    day = min(int(s.now_days), course.daily_shares.shape[1] - 1)
    share = pacing.fence_share(course.daily_shares, day, up_ratio=s.reach.limits.budget_up_per_change_ratio)
    total, paused = within_grant(course.ad_budget_cents * share * tuning.budget_headroom, s)
    weight = np.where(current > 0.0, current, 1.0)
    return clipped_budgets(total[:, None] * weight / row_sums(weight)[:, None], s), paused
