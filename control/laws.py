"""Our own controller: bid = alpha · value per click with alpha paced and capped, daily budgets as a fence, prices by the margin rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from control import efficiency, pacing, pid, pricing
from control.clipping import bid_ceiling, clipped_budgets, price_reach, within_grant
from control.controller import ControllerMemory, Proposal, Situation
from control.efficiency import EfficiencyTuning
from control.pacing import PacingTuning
from control.pricing import PricingTuning
from perception.fields import Field
from perception.units import AS_SETTINGS, SECONDS_PER_DAY, Floats
from planning.plan import Plan


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

    def propose(self, memory: ControllerMemory, situation: Situation) -> tuple[Proposal, ControllerMemory]:
        """Pace alpha, cap it by ROAS, bid on value, fence by daily budget, price by margin."""
        alpha, terms, loops = _alpha(memory, situation, self.tuning)
        budgets, paused = _daily_budgets(situation, self.tuning)
        setpoints = {Field.BID: _bids(0.0 if paused else alpha, situation, self.tuning), Field.DAILY_BUDGET: budgets}
        sku_terms: dict[str, Floats] = {}
        if self.tuning.move_prices:
            setpoints[Field.PRICE], sku_terms = _prices(situation, self.tuning.pricing)
        return Proposal(setpoints=setpoints, terms=terms, sku_terms=sku_terms), ControllerMemory(loops=loops)


def window_ends(plan: Plan, window_days: float, situation: Situation) -> tuple[float, float]:
    """Start and end of the plan on the scale of ``window_days`` (days since its first local midnight)."""
    now = situation.state.at
    starts = window_days - (now - plan.starts_at).total_seconds() / SECONDS_PER_DAY
    ends = window_days + (plan.ends_at - now).total_seconds() / SECONDS_PER_DAY
    return starts, ends


def _alpha(memory: ControllerMemory, s: Situation, tuning: LawsTuning) -> tuple[float, dict[str, float], dict[str, pid.Memory]]:
    """min(alpha_budget, alpha_roas) with the terms of both loops and their memories."""
    plan, state = s.plan, s.state
    starts, ends = window_ends(plan, s.window_days, s)
    share = pacing.planned_share(
        s.window_days - tuning.pacing.reporting_lag_s / SECONDS_PER_DAY,
        starts=starts,
        ends=ends,
        daily_shares=plan.daily_shares,
        hour_shares=plan.hour_shares,
    )
    planned = share * plan.ad_budget_cents
    dt_days = state.dt_s / SECONDS_PER_DAY
    fresh = not s.engaged or s.window_days - starts < dt_days
    paced, paced_memory = pacing.pace(
        None if fresh else memory.loops.get("pacing"),
        planned_cents=planned,
        spent_cents=s.window_spend_cents,
        day_cents=plan.ad_budget_cents / max(ends - starts, 1.0),
        dt_days=dt_days,
        tuning=tuning.pacing,
        alpha=implied_alpha(s) if fresh else math.nan,
    )
    alpha = math.exp(paced.output)
    terms = {"planned_cents": planned, "spent_cents": s.window_spend_cents, "p": paced.p, "i": paced.i, "d": paced.d, "alpha_budget": alpha}
    loops = {"pacing": paced_memory}
    cost = {day: float(np.sum(cents)) for day, cents in state.spend_by_day_cents.items()}
    roas = efficiency.corrected_roas(state.revenue_by_day_cents, state.expected_maturity, cost)
    held, held_memory = efficiency.hold(
        memory.loops.get("efficiency"),
        roas=roas,
        target_roas=plan.target_roas,
        floor_alpha=efficiency.safe_alpha(state.value_per_click_cents.mean, _revenue_per_click(s), target_roas=max(plan.target_roas, 1e-9)),
        expected_sales=float(np.nansum(state.ad_clicks_7d * state.cvr.mean)),
        dt_days=dt_days,
        high_alpha=tuning.pacing.alpha_high,
        tuning=tuning.efficiency,
    )
    if held is not None and held_memory is not None:
        terms |= {"roas": roas, "alpha_roas": math.exp(held.output)}
        loops["efficiency"] = held_memory
        alpha = min(alpha, math.exp(held.output))
    return alpha, terms | {"alpha": alpha}, loops


def implied_alpha(s: Situation) -> float:
    """The alpha that the bids in force amount to, so that a hand-over starts from what stands; NaN where nothing is advertised."""
    value, bid = s.state.value_per_click_cents.mean, s.state.setpoints[Field.BID]
    advertised = (value > 0.0) & (bid > 0.0)
    return float(np.median(bid[advertised] / value[advertised])) if advertised.any() else math.nan


def _revenue_per_click(s: Situation) -> Floats:
    revenue: Floats = s.state.cvr.mean * s.state.units_per_order.mean * s.state.setpoints[Field.PRICE]
    return revenue


def _bids(alpha: float, s: Situation, tuning: LawsTuning) -> Floats:
    """(m,) bids: alpha · value, learners no lower than at the start while their budget lasts, clipped as the gate would; alpha 0 pauses."""
    state, course = s.state, s.course
    value = state.value_per_click_cents.mean
    learning = (course.learning_cents > 0.0) & (state.ad_cost_held_cents < course.learning_cents)
    wish = np.where(learning & (alpha > 0.0), max(alpha, tuning.pacing.alpha_start), alpha) * value
    current = state.setpoints[Field.BID]
    wish = np.minimum(np.minimum(wish, course.max_bid_cents), bid_ceiling(s))
    # judged before rounding, so that a bid of a penny or two does not flip with every breath of its value
    near = (wish > 0.0) & (np.abs(wish - current) < np.maximum(tuning.bid_deadband_ratio * current, 1.0))
    return np.where(course.covered & ~near, np.floor(wish), np.nan)


def _daily_budgets(s: Situation, tuning: LawsTuning) -> tuple[Floats, bool]:
    """(c,) daily budgets: a fence with headroom around planned spend, split by what stands; and whether the grant is used up."""
    plan, current = s.plan, s.state.setpoints[Field.DAILY_BUDGET]
    day = min(int(s.window_days), len(plan.daily_shares) - 1)
    share = pacing.fence_share(plan.daily_shares, day, up_ratio=s.limits.budget_up_per_change_ratio)
    total, paused = within_grant(plan.ad_budget_cents * share * tuning.budget_headroom, s)
    weight = np.where(current > 0.0, current, 1.0)
    return clipped_budgets(total * weight / weight.sum(), s), paused


def _prices(s: Situation, tuning: PricingTuning) -> tuple[Floats, dict[str, Floats]]:
    """(m,) prices: one step towards the best price for margin and stock, and the terms that explain it."""
    state, course, catalogue = s.state, s.course, s.catalogue
    current = state.setpoints[Field.PRICE]
    low, high = course.price_low_cents, course.price_high_cents
    priced = course.covered & (low > 0.0) & (high > low) & (current > 0.0)
    safe_low, safe_high = np.where(priced, low, 1.0), np.where(priced, high, 2.0)
    best = pricing.best_price_cents(
        safe_low,
        safe_high,
        reference=catalogue.anchor_price_cents,
        cost=catalogue.cost_cents,
        elasticity=state.elasticity,
        terms=s.economics,
        floor=tuning.elasticity_floor,
    )
    stretched = pricing.stretched_price_cents(
        best,
        on_hand=state.on_hand,
        units_per_day=state.organic_units_per_day.mean,
        elasticity=state.elasticity.mean,
        lead_days=tuning.lead_days,
    )
    target = np.clip(stretched, safe_low, safe_high)
    rested = s.changed_age_s[Field.PRICE] >= max(tuning.interval_s, s.limits.price_min_interval_s)
    reach = price_reach(s, step_ratio=tuning.step_ratio)
    moved = pricing.moved_price_cents(current, target, reach=reach, may_move=priced & rested & ~state.suspect, tuning=tuning)
    terms = {"best_price_cents": best, "target_price_cents": target}
    return moved, {name: np.where(priced, cents, np.nan) for name, cents in terms.items()}
