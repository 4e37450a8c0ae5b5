"""Our own controller: bid = alpha · value per click, alpha paced and capped and budgets as a fence, prices by the margin rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from control import efficiency, pacing, pid, price_law, response, scarcity
from control.controller import ControllerMemory, Proposal
from control.efficiency import Clicks, EfficiencyTuning
from control.fence import FenceTuning, fenced_budgets
from control.paced_bids import BID_DEADBAND_RATIO, day_cents, is_first_tick, revenue_per_click_cents, settled_bids, share_planned
from control.pacing import PacingTuning
from control.pricing import PricingTuning
from control.rows import row_sums
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
        paced = _paced(memory, sight, tuning, worth_cents=worth, planned_share=planned_share)
        clicks = _clicks(sight)
        log_cap, record = _capped(memory, sight, tuning, clicks, log_alpha=response.reported_log_alpha(paced.kept))
        log_alpha = np.fmin(paced.log_alpha, log_cap)
        kept = response.felt(paced.kept, log_alpha, dt_days=sight.dt_days, lag_s=tuning.pacing.reporting_lag_s)
        budgets, paused = fenced_budgets(sight, tuning.fence)
        wished = _wished(log_alpha, paced.log_alpha, worth, clicks, sight, tuning)
        bids = settled_bids(wished, sight, paused=paused, deadband_ratio=tuning.bid_deadband_ratio)
        setpoints = {Field.BID: bids, Field.DAILY_BUDGET: budgets}
        terms = paced.terms | {
            "roas": np.where(sight.course.target_roas > 0.0, sight.reported.roas, np.nan),
            "alpha_roas": np.exp(log_cap),
            "alpha": np.exp(log_alpha),
        }
        sku_terms = {"budget_used": used[:, sight.goods.campaign_of]}
        arrays = arrays | kept | record
        if tuning.move_prices:
            setpoints[Field.PRICE], price_terms, prices = price_law.proposed(memory.arrays, sight, tuning.pricing)
            sku_terms, arrays = sku_terms | price_terms, prices | arrays
        return Proposal(setpoints=setpoints, terms=terms, sku_terms=sku_terms), ControllerMemory(loops={_PACING: paced.loop}, arrays=arrays)


_PACING = "pacing"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paced:
    """(n,) log alpha that the budget asks for, its terms, and what its forecast and its loop keep."""

    log_alpha: Floats
    terms: dict[str, Floats]
    kept: dict[str, Floats]
    loop: pid.Memory


def _paced(memory: ControllerMemory, s: Sight, tuning: LawsTuning, *, worth_cents: Floats, planned_share: Floats) -> _Paced:
    planned, spent = planned_share * s.course.ad_budget_cents, s.reported.spent_cents
    planned_days = planned_share * (s.course.ends_days - s.course.starts_days)
    fresh = is_first_tick(s) or not response.has_begun(memory.arrays)
    if fresh:
        standing = implied_alpha(s.setpoints[Field.BID], worth_cents)
        start = np.log(np.where(np.greater(standing, 0.0), standing, tuning.pacing.alpha_start))
        kept = response.began(log_alpha=start, spent_cents=spent, planned_days=planned_days)
    else:
        kept = response.learnt(memory.arrays, spent_cents=spent, planned_days=planned_days, tuning=tuning.pacing.response)
    day = day_cents(s)
    left_days = np.maximum(s.course.ends_days - s.course.starts_days - planned_days, response.LEAST_LEFT_DAYS)
    wanted = np.minimum(np.maximum(s.course.ad_budget_cents - spent, 0.0) / left_days, response.MOST_RATIO * day)
    forecast = response.forecast(kept, day_cents=wanted, tuning=tuning.pacing.response)
    log_alpha, loop, after = pacing.pace(
        None if fresh else memory.loops.get(_PACING),
        forecast=forecast,
        planned_cents=planned,
        spent_cents=spent,
        day_cents=day,
        dt_days=s.dt_days,
        tuning=tuning.pacing,
    )
    terms = {
        "planned_cents": planned,
        "spent_cents": spent,
        "forecast": forecast,
        "p": loop.p,
        "i": loop.i,
        "d": loop.d,
        "alpha_budget": np.exp(log_alpha),
    }
    return _Paced(log_alpha=log_alpha, terms=terms, kept=kept, loop=after)


def _clicks(s: Sight) -> Clicks:
    return Clicks(
        count=s.reported.clicks_7d,
        cost_cents=s.reported.cost_7d_cents,
        revenue_cents=revenue_per_click_cents(s),
        value_cents=s.beliefs.value_per_click_cents.mean,
    )


def _capped(
    memory: ControllerMemory, s: Sight, tuning: LawsTuning, clicks: Clicks, *, log_alpha: Floats
) -> tuple[Floats, dict[str, Floats]]:
    """(n,) log of the cap by ROAS, NaN where there is no target; its work is spared where no store has one."""
    cost = row_sums(s.reported.cost_held_cents)
    if is_first_tick(s) or not efficiency.has_begun(memory.arrays):
        record = efficiency.began(cost)
    else:
        record = efficiency.paid_at(memory.arrays, cost_held_cents=cost, log_alpha=log_alpha, dt_days=s.dt_days, tuning=tuning.efficiency)
    target = s.course.target_roas
    if not (target > 0.0).any():
        return np.full(target.shape, np.nan), record
    cap = efficiency.log_cap(
        record,
        clicks,
        roas=s.reported.roas,
        target_roas=target,
        expected_sales=s.reported.expected_sales,
        tuning=tuning.efficiency,
    )
    return cap, record


def implied_alpha(bid_cents: Floats, worth_cents: Floats) -> Floats:
    """(n,) median alpha that (n, m) bids amount to, so that a hand-over starts from what stands; NaN where nothing is advertised."""
    advertised = (worth_cents > 0.0) & (bid_cents > 0.0)
    # what is not advertised sorts behind everything else
    ranked = np.sort(np.where(advertised, bid_cents, np.inf) / np.where(advertised, worth_cents, 1.0), axis=1)
    count = advertised.sum(axis=1)
    middle = np.maximum(np.stack([(count - 1) // 2, count // 2], axis=1), 0)
    pair = np.take_along_axis(ranked, middle, axis=1)
    return np.where(count > 0, 0.5 * pair[:, 0] + 0.5 * pair[:, 1], np.nan)


def _wished(log_alpha: Floats, log_alpha_budget: Floats, worth_cents: Floats, clicks: Clicks, s: Sight, tuning: LawsTuning) -> Floats:
    """(n, m) bids before limits: alpha · worth, learners no lower than at the start while their budget lasts.

    Where ROAS holds alpha down, a share 1 − alpha ÷ alpha_budget of a bid goes by revenue instead of margin: with a price mu on the
    target R the best bid is (value + mu · revenue) ÷ (1 + lambda + mu · R), Yang et al., KDD 2019.
    """
    course = s.course
    learning = (course.learning_cents > 0.0) & (s.reported.cost_held_cents < course.learning_cents)
    alpha = np.exp(log_alpha)
    scale = np.where(learning, np.maximum(alpha, tuning.pacing.alpha_start)[:, None], alpha[:, None])
    held = np.where(course.target_roas > 0.0, 1.0 - np.exp(np.minimum(log_alpha - log_alpha_budget, 0.0)), 0.0)
    wished: Floats = scale * worth_cents
    return (
        wished if not held.any() else wished + alpha[:, None] * held[:, None] * (efficiency.by_revenue(clicks, worth_cents) - worth_cents)
    )
