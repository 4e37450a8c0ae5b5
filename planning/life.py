"""The life of a plan: draft → approved → running → ended, expired or withdrawn; and what stops it early.

Pure: who keeps plans calls these and journals what they return.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from perception.fields import Field
from perception.state import StoreState
from perception.units import day_of
from planning import forecast
from planning.budget import GuardFacts, verify
from planning.evidence import guard_facts, price_bounds_cents, price_in_force_cents
from planning.identity import identified
from planning.plan import Plan, StopRule
from planning.ports import MerchantTerms, PlanRequest

ROAS_DAYS = 5
"""Days of which most conversions have been reported, at least, before a ROAS may stop a plan."""

ROAS_MATURITY = 0.5
"""Share of a day's conversions that must have been reported for the day to count."""

ROAS_SPEND_SHARE = 0.1
"""Of the ad budget, that must have been spent on them."""

RETREAT = "retreat"
"""What the plan that follows a stopped one says of who wrote it."""


class Phase(StrEnum):
    """Where a plan is in its life."""

    DRAFT = "draft"
    REFUSED = "refused"
    APPROVED = "approved"
    RUNNING = "running"
    ENDED = "ended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


FOLLOWS: dict[Phase, tuple[Phase, ...]] = {
    Phase.DRAFT: (Phase.APPROVED, Phase.REFUSED, Phase.EXPIRED, Phase.WITHDRAWN),
    Phase.APPROVED: (Phase.RUNNING, Phase.EXPIRED, Phase.WITHDRAWN),
    Phase.RUNNING: (Phase.ENDED, Phase.EXPIRED, Phase.WITHDRAWN),
    Phase.REFUSED: (),
    Phase.ENDED: (),
    Phase.EXPIRED: (),
    Phase.WITHDRAWN: (),
}
"""What may come after each phase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """A plan came into a phase: when, by whom, and why."""

    plan_id: str
    phase: Phase
    at: datetime
    by: str
    reason: str


def begun(plan: Plan, *, at: datetime, reason: str) -> tuple[PlanEvent, ...]:
    """A draft that the budget guard accepted starts at once, approved by the policy that what the grant covers may run."""
    steps = (
        (Phase.DRAFT, plan.planner, reason),
        (Phase.APPROVED, "budget guard", f"worst case {plan.worst_case_cents} of {plan.granted_cents}"),
    )
    return tuple(
        PlanEvent(plan_id=plan.id, phase=phase, at=at, by=by, reason=why)
        for phase, by, why in (*steps, (Phase.RUNNING, "autopilot", reason))
    )


def over(plan: Plan, *, at: datetime, last_tick: datetime | None) -> PlanEvent:
    """A plan whose window has passed: ended where it was driven to within a day of its end, expired where nobody was there."""
    driven = last_tick is not None and last_tick >= plan.ends_at - timedelta(days=1)
    phase, reason = (Phase.ENDED, "its window is over") if driven else (Phase.EXPIRED, "its window passed while nobody drove")
    return PlanEvent(plan_id=plan.id, phase=phase, at=at, by="autopilot", reason=reason)


def withdrawn(plan: Plan, *, at: datetime, reason: str) -> PlanEvent:
    """A plan that another one takes the place of before its end."""
    return PlanEvent(plan_id=plan.id, phase=Phase.WITHDRAWN, at=at, by="autopilot", reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A stop rule that has been broken, and the figure that broke it."""

    rule: StopRule
    value: float


def broken_rule(plan: Plan, state: StoreState, *, first_day: int) -> Broken | None:
    """The first stop rule of the plan that the store's figures break; None while all hold.

    Args:
        plan: In force.
        state: What is believed now.
        first_day: Store-local ordinal of the day the plan started: ROAS counts from there.
    """
    for rule in plan.stop_rules:
        value = _measured(rule.metric, plan, state, first_day)
        if value is None:
            continue
        if value < rule.threshold if rule.metric == "roas" else value >= rule.threshold > 0.0:
            return Broken(rule=rule, value=value)
    return None


def _measured(metric: str, plan: Plan, state: StoreState, first_day: int) -> float | None:
    """The figure a rule watches; None where it cannot be told yet, or is not known here."""
    if metric == "baseline_loss_7d_cents":
        return state.baseline_loss_7d_cents
    return _roas(plan, state, first_day) if metric == "roas" else None


def _roas(plan: Plan, state: StoreState, first_day: int) -> float | None:
    """Attributed revenue per ad spend since the plan began, over days that have mostly been reported, made up for what is still to come."""
    days = [
        day
        for day in range(first_day, min(state.day, state.spend_settled_before_day))
        if state.expected_maturity.get(day, 0.0) >= ROAS_MATURITY and day in state.spend_by_day_cents
    ]
    spent = sum(float(state.spend_by_day_cents[day].sum()) for day in days)
    if len(days) < ROAS_DAYS or spent <= ROAS_SPEND_SHARE * plan.ad_budget_cents:
        return None
    return sum(state.revenue_by_day_cents.get(day, 0.0) / state.expected_maturity[day] for day in days) / spent


def retreat(plan: Plan, broken: Broken, request: PlanRequest) -> Plan:
    """What follows a stopped plan, for as long as the merchant's window lasts.

    ``rollback``: every price goes back to the merchant's own, give or take a minor unit, and ads pause.
    ``pause_ads``: prices may go on as planned, ads pause.

    Args:
        plan: That is stopped.
        broken: Why.
        request: Of now.
    """
    why = f"{broken.rule.action}: {broken.rule.metric} was {broken.value:.4g}, the plan's limit {broken.rule.threshold:.4g}"
    back = broken.rule.action != "pause_ads"
    band = _way_back(request) if back else {product.sku: (product.price_low_cents, product.price_high_cents) for product in plan.products}
    products = tuple(
        replace(
            product,
            price_low_cents=band[product.sku][0],
            price_high_cents=band[product.sku][1],
            max_bid_cents=0,
            learning_budget_cents=0,
            discount_cents=0 if back else product.discount_cents,
            rationale=why,
        )
        for product in plan.products
        if product.sku in band
    )
    ends_at = forecast.window_end(request.now, window_days=request.terms.window_days, timezone=request.timezone) if back else plan.ends_at
    days = max(day_of(ends_at - timedelta(seconds=1), request.timezone) - day_of(request.now, request.timezone) + 1, 1)
    stopped = replace(
        plan,
        starts_at=request.now,
        ends_at=ends_at,
        products=products,
        ad_budget_cents=0,
        daily_shares=(1.0 / days,) * days,
        expected_cents=0,
        worst_case_cents=0,
        facts=(),
        stop_rules=(),
        planner=RETREAT,
    )
    measured = against_own_prices(request) if back else request
    return identified(replace(stopped, worst_case_cents=verify(stopped, guard_facts(measured)).worst_case_cents))


def _way_back(request: PlanRequest) -> dict[str, tuple[int, int]]:
    """{SKU: band} that ends at the merchant's own price; a minor unit wide, for prices are only moved within bands that have a width."""
    own = np.nan_to_num(request.catalogue.anchor_price_cents)
    price, (floor, _) = price_in_force_cents(request), price_bounds_cents(request)
    found = {}
    for place, sku in enumerate(request.catalogue.skus):
        back, now = round(float(own[place])), round(float(price[place]))
        if back > 0:
            from_above = now > back and back - 1 >= floor[place]
            found[sku] = (back, back) if now == back else (back - 1, back) if from_above else (back, back + 1)
    return found


def against_own_prices(request: PlanRequest) -> PlanRequest:
    """The same request with the merchant's own prices in force: what a plan within a running window, or a way back, is measured against.

    Measured against prices that the same window moved, a loss would be forgotten as soon as it is made.
    """
    read, own = request.state.setpoints[Field.PRICE], request.catalogue.anchor_price_cents
    prices = np.where(np.isfinite(own) & (own > 0.0), own, read)
    return replace(request, state=replace(request.state, setpoints={**request.state.setpoints, Field.PRICE: prices}))


def remaining_terms(plan: Plan, request: PlanRequest, *, ads_spent_cents: int) -> MerchantTerms | None:
    """What is left to a plan that takes over within the window of another; None where nothing is.

    The ads already paid for, at their worst, and the worst case of the prices over the days gone by are taken off the grant, so that
    both plans together lose no more than one was granted.

    Args:
        plan: In force until now.
        request: Of now, against the merchant's own prices.
        ads_spent_cents: Since the plan began, at worst.
    """
    today, last = day_of(request.now, request.timezone), day_of(plan.ends_at - timedelta(seconds=1), request.timezone)
    gone = prices_worst_cents(plan, guard_facts(request), until=request.now, days=today - day_of(plan.starts_at, request.timezone) + 1)
    granted = plan.granted_cents - gone - ads_spent_cents
    if last < today or granted < 0:
        return None
    ads = max(plan.ad_budget_cents - ads_spent_cents, 0)
    terms = request.terms
    return replace(
        terms,
        window_days=last - today + 1,
        granted_cents=min(granted, terms.granted_cents),
        ad_budget_cents=min(ads, terms.ad_budget_cents),
        learning_budget_cents=min(terms.learning_budget_cents, ads),
    )


def prices_worst_cents(plan: Plan, facts: GuardFacts, *, until: datetime, days: int) -> int:
    """The worst that the prices of a plan may have cost from its start until now, as the budget guard counts it."""
    products = tuple(replace(p, baseline_units=0, max_bid_cents=0, learning_budget_cents=0) for p in plan.products if p.sku in facts.skus)
    part = replace(
        plan,
        ends_at=max(until, plan.starts_at + timedelta(seconds=1)),
        products=products,
        ad_budget_cents=0,
        daily_shares=(1.0 / days,) * days,
    )
    verdict = verify(part, facts)
    if any(reason.startswith(_UNCOUNTED) for reason in verdict.reasons):
        # the guard counted nothing: then all of it counts
        return plan.worst_case_cents
    return sum(line.cents for line in verdict.lines if line.name != "ads")


_UNCOUNTED = ("amount", "non_finite", "window", "shares", "currency", "duplicate_sku", "unknown_sku")
