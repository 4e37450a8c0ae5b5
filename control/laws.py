"""Our own controller: bid = alpha · value per click, alpha paced and capped and budgets as a fence, prices by the margin rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from control import efficiency, pacing, pid, price_law, scarcity
from control.controller import ControllerMemory, Proposal
from control.efficiency import EfficiencyTuning
from control.fence import FenceTuning, fenced_budgets
from control.paced_bids import BID_DEADBAND_RATIO, day_cents, is_first_tick, revenue_per_click_cents, settled_bids, share_planned
from control.pacing import PacingTuning
from control.pricing import PricingTuning
from control.scarcity import ScarcityTuning
from control.sight import Sight
from perception.fields import Field
from perception.units import AS_SETTINGS, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LawsTuning:
    """Every gain of the laws.

    Attributes:
        pacing, efficiency, scarcity, fence, pricing: Of the parts.
        bid_deadband_ratio: A bid this close to the one in force, or within one minor unit of it, is left alone: every write costs trust
            and quota.
        move_prices: False leaves prices to the merchant.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    pacing: PacingTuning = field(default_factory=PacingTuning)
    efficiency: EfficiencyTuning = field(default_factory=EfficiencyTuning)
    scarcity: ScarcityTuning = field(default_factory=ScarcityTuning)
    fence: FenceTuning = field(default_factory=FenceTuning)
    pricing: PricingTuning = field(default_factory=PricingTuning)
    bid_deadband_ratio: float = BID_DEADBAND_RATIO
    move_prices: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Laws:
    """The laws behind the controller signature."""

    tuning: LawsTuning = field(default_factory=LawsTuning)
    name: str = "laws"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Pace alpha, cap it by ROAS, bid on what a click is worth where money is scarce, fence by daily budget, price by margin."""
        tuning = self.tuning
        planned_share = share_planned(sight, lag_s=tuning.pacing.reporting_lag_s)
        used, arrays = scarcity.used_share(memory.arrays, sight, planned_share=planned_share, tuning=tuning.scarcity)
        worth = scarcity.worth_cents(sight.beliefs.value_per_click_cents.mean, used, sight, tuning.scarcity)
        alpha, terms, loops = _alpha(memory, sight, tuning, worth_cents=worth, planned_cents=planned_share * sight.course.ad_budget_cents)
        budgets, paused = fenced_budgets(sight, tuning.fence)
        bids = settled_bids(_wished(alpha, worth, sight, tuning), sight, paused=paused, deadband_ratio=tuning.bid_deadband_ratio)
        setpoints = {Field.BID: bids, Field.DAILY_BUDGET: budgets}
        sku_terms = {"budget_used": used[:, sight.goods.campaign_of]}
        if tuning.move_prices:
            setpoints[Field.PRICE], price_terms, kept = price_law.proposed(memory.arrays, sight, tuning.pricing)
            sku_terms, arrays = sku_terms | price_terms, kept | arrays
        return Proposal(setpoints=setpoints, terms=terms, sku_terms=sku_terms), ControllerMemory(loops=loops, arrays=arrays)


def _alpha(
    memory: ControllerMemory, s: Sight, tuning: LawsTuning, *, worth_cents: Floats, planned_cents: Floats
) -> tuple[Floats, dict[str, Floats], dict[str, pid.Memory]]:
    """(n,) min(alpha_budget, alpha_roas) with the terms of both loops and their memories."""
    course, spent = s.course, s.reported.spent_cents
    fresh = is_first_tick(s)
    paced, paced_memory = pacing.pace(
        None if fresh else memory.loops.get("pacing"),
        planned_cents=planned_cents,
        spent_cents=spent,
        day_cents=day_cents(s),
        dt_days=s.dt_days,
        tuning=tuning.pacing,
        alpha=implied_alpha(s.setpoints[Field.BID], worth_cents) if fresh else math.nan,
    )
    held, held_memory = _held(memory.loops.get("efficiency"), s, tuning)
    alpha_budget, alpha_roas = np.exp(paced.output), np.exp(held.output)
    alpha = np.fmin(alpha_budget, alpha_roas)
    terms = {
        "planned_cents": planned_cents,
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
    return efficiency.hold(
        memory,
        roas=s.reported.roas,
        target_roas=target,
        floor_alpha=efficiency.safe_alpha(
            s.beliefs.value_per_click_cents.mean, revenue_per_click_cents(s), target_roas=np.maximum(target, 1e-9)
        ),
        expected_sales=s.reported.expected_sales,
        dt_days=s.dt_days,
        high_alpha=tuning.pacing.alpha_high,
        tuning=tuning.efficiency,
    )


def implied_alpha(bid_cents: Floats, worth_cents: Floats) -> Floats:
    """(n,) median alpha that (n, m) bids amount to, so that a hand-over starts from what stands; NaN where nothing is advertised."""
    advertised = (worth_cents > 0.0) & (bid_cents > 0.0)
    # what is not advertised sorts behind everything else
    ranked = np.sort(np.where(advertised, bid_cents, np.inf) / np.where(advertised, worth_cents, 1.0), axis=1)
    count = advertised.sum(axis=1)
    middle = np.maximum(np.stack([(count - 1) // 2, count // 2], axis=1), 0)
    pair = np.take_along_axis(ranked, middle, axis=1)
    return np.where(count > 0, 0.5 * pair[:, 0] + 0.5 * pair[:, 1], np.nan)


def _wished(alpha: Floats, worth_cents: Floats, s: Sight, tuning: LawsTuning) -> Floats:
    """(n, m) bids before limits: alpha · worth, learners no lower than at the start while their budget lasts."""
    course = s.course
    learning = (course.learning_cents > 0.0) & (s.reported.cost_held_cents < course.learning_cents)
    wished: Floats = np.where(learning, np.maximum(alpha, tuning.pacing.alpha_start)[:, None], alpha[:, None]) * worth_cents
    return wished
