"""The rule planner: a whole plan from state and terms alone, within the grant by construction."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from perception.units import Bools, Floats
from planning import forecast
from planning.bands import SAFETY_MARGIN, Bands, bands, break_even_cents
from planning.budget import GuardFacts, GuardVerdict, verify
from planning.evidence import guard_facts, price_in_force_cents, sales_record
from planning.forecast import UnitsForecast
from planning.identity import identified
from planning.plan import Goal, Plan, ProductPlan, Stage, StopRule
from planning.ports import PlanRequest
from planning.rationale import FactBook, product_rationale, store_rationale
from planning.selection import POLICIES, Selection, select

ROLLBACK = "human_baseline"

PRICE_SHARE = 0.25
"""Part of the grant that prices may use even where ads could use all of it."""

SHALLOWEST = 0.02
"""Bands shallower than this share of what was wanted are not worth moving a price for."""

FIRST_SALE_CLICKS = 3.0
"""Conversions' worth of clicks that make a first sale likely: 1 - e^-3 = 95 %."""

LOSS_STOP_SHARE = 0.8
"""Share of the grant that, once surely lost, ends the plan while some of it is left for walking back."""

ROAS_STOP_SHARE = 0.5
"""Share of the target ROAS below which ads pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePlanner:
    """Stages, bands, bids and budgets by rule; needs no model and no network."""

    name: str = "rules"

    def draft(self, request: PlanRequest) -> Plan:
        """One plan that starts now and that the budget guard accepts: what does not fit the grant is given up."""
        material = _gather(request)
        facts = guard_facts(request)
        wanted = _assemble(request, material, ad_cents=request.terms.ad_budget_cents, planner=self.name)
        fitting = _fit_prices(request, material, wanted, facts)
        return _fit_ads(fitting, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """All that products are planned from; (m,) arrays.

    Attributes:
        selection, bands, units: Stages, price bands, forecast.
        covered: SKUs the plan may touch.
        max_bid_cents: Whole, highest bid worth offering.
        learning_cents: Whole, granted to products without history.
    """

    selection: Selection
    bands: Bands
    units: UnitsForecast
    covered: Bools
    max_bid_cents: Floats
    learning_cents: Floats


def _gather(request: PlanRequest) -> _Material:
    state, catalogue, terms = request.state, request.catalogue, request.terms
    record = sales_record(request)
    selection = select(state, catalogue, record)
    covered = (
        np.isfinite(catalogue.cost_cents)
        & (price_in_force_cents(request) > 0.0)
        & np.array([sku not in terms.left_alone for sku in catalogue.skus], dtype=np.bool_)
    )
    shape = bands(request, selection, may_move=covered & (record.shape[0] > 0))
    bid = np.where(covered, max_bid_cents(request, selection, shape), 0.0)
    return _Material(
        selection=selection,
        bands=shape,
        units=forecast.baseline_units(state, record, window_days=terms.window_days),
        covered=covered,
        max_bid_cents=bid,
        learning_cents=_learning_cents(request, selection, bid),
    )


def max_bid_cents(request: PlanRequest, selection: Selection, shape: Bands) -> Floats:
    """(m,) whole upper end of what a click is worth to the product's goal; 0 where a sale might leave nothing.

    Turnover goals count a click's revenue over the target ROAS instead of its margin: that is what the merchant asked to spend at most.
    """
    state, terms = request.state, request.terms
    deviations = np.array([POLICIES[stage].bid_sd for stage in selection.stages])
    value = state.value_per_click_cents.mean + deviations * state.value_per_click_cents.sd
    if terms.goal in (Goal.GMV, Goal.BUYERS) and terms.target_roas > 0.0:
        revenue = state.cvr.mean * state.units_per_order.mean * shape.price / terms.target_roas
        value = np.where(state.value_per_click_cents.mean > 0.0, np.maximum(value, revenue), 0.0)
    earns = shape.low >= break_even_cents(request.catalogue.cost_cents, request.economics) * SAFETY_MARGIN
    return np.where(earns, np.floor(np.minimum(np.nan_to_num(value), shape.low)), 0.0)


def _learning_cents(request: PlanRequest, selection: Selection, max_bid_cents: Floats) -> Floats:
    """(m,) whole: new products share the learning budget evenly, none getting more than a likely first sale costs."""
    new = np.array([stage is Stage.NEW for stage in selection.stages], dtype=np.bool_) & (max_bid_cents > 0.0)
    each = min(request.terms.learning_budget_cents, request.terms.ad_budget_cents) // max(int(new.sum()), 1)
    enough = np.ceil(FIRST_SALE_CLICKS / request.state.cvr.mean * max_bid_cents)
    return np.where(new, np.minimum(enough, float(each)), 0.0)


def _fit_prices(request: PlanRequest, material: _Material, wanted: Plan, facts: GuardFacts) -> Plan:
    """Make all bands shallower, by one factor, until what they may cost fits beside the ads, or into the prices' own share of the grant."""
    depth, plan = 1.0, wanted
    verdict = verify(plan, facts)
    while depth > 0.0 and _price_cents(verdict) > _price_allowance(verdict, facts):
        depth *= 0.999 * _price_allowance(verdict, facts) / _price_cents(verdict)
        depth = depth if depth >= SHALLOWEST else 0.0
        shallower = replace(material, bands=material.bands.shrunk(depth))
        plan = _assemble(request, shallower, ad_cents=plan.ad_budget_cents, planner=plan.planner)
        verdict = verify(plan, facts)
    return plan


def _fit_ads(plan: Plan, facts: GuardFacts) -> Plan:
    """Give ads what prices leave of the grant, and state the worst case as the guard computes it."""
    verdict = verify(plan, facts)
    left = max(facts.granted_cents - _price_cents(verdict), 0)
    ads_at_worst = _ads_cents(verdict)
    if ads_at_worst > left:
        # one less than in proportion: the guard rounds the heaviest day up
        fitted = max(plan.ad_budget_cents * left // ads_at_worst - 1, 0)
        plan = _with_ad_budget(plan, fitted)
        verdict = verify(plan, facts)
    return identified(replace(plan, worst_case_cents=verdict.worst_case_cents))


def _with_ad_budget(plan: Plan, ad_cents: int) -> Plan:
    """The same plan with a smaller ad budget; learning shrinks with it."""
    learning = sum(product.learning_budget_cents for product in plan.products)
    products = plan.products
    if learning > ad_cents:
        products = tuple(replace(p, learning_budget_cents=p.learning_budget_cents * ad_cents // learning) for p in products)
    expected = plan.expected_cents - plan.ad_budget_cents + ad_cents
    return replace(plan, ad_budget_cents=ad_cents, expected_cents=expected, products=products)


def _price_cents(verdict: GuardVerdict) -> int:
    return sum(line.cents for line in verdict.lines if line.name != "ads")


def _ads_cents(verdict: GuardVerdict) -> int:
    return sum(line.cents for line in verdict.lines if line.name == "ads")


def _price_allowance(verdict: GuardVerdict, facts: GuardFacts) -> int:
    return max(facts.granted_cents - _ads_cents(verdict), int(facts.granted_cents * PRICE_SHARE))


def _assemble(request: PlanRequest, material: _Material, *, ad_cents: int, planner: str) -> Plan:
    """Put the plan together; its worst case is still to be stated."""
    terms, book = request.terms, FactBook()
    store_rationale(book, request)
    products = tuple(_product(request, material, book, i) for i in np.flatnonzero(material.covered).tolist())
    weekdays = forecast.weekday_factors(request.state, request.shape)
    hour_shares = request.shape.hour_shares()
    given_away = material.units.mean * np.maximum(material.bands.price - material.bands.target, 0.0)
    return Plan(
        id="",
        store=request.store,
        currency=request.catalogue.currency,
        goal=terms.goal,
        starts_at=request.now,
        ends_at=forecast.window_end(request.now, window_days=terms.window_days, timezone=request.timezone),
        products=products,
        ad_budget_cents=ad_cents,
        daily_shares=forecast.daily_shares(
            request.now, window_days=terms.window_days, weekdays=weekdays, hour_shares=hour_shares, timezone=request.timezone
        ),
        hour_shares=tuple(hour_shares.tolist()),
        target_roas=terms.target_roas,
        granted_cents=terms.granted_cents,
        expected_cents=ad_cents + math.ceil(float(given_away[material.covered].sum())),
        worst_case_cents=0,
        facts=tuple(book.facts),
        stop_rules=stop_rules(request),
        rollback=ROLLBACK,
        planner=planner,
    )


def _product(request: PlanRequest, material: _Material, book: FactBook, index: int) -> ProductPlan:
    stage, shape = material.selection.stages[index], material.bands
    policy = POLICIES[stage]
    low, price = int(shape.low[index]), int(shape.price[index])
    units = int(material.units.upper[index])
    return ProductPlan(
        sku=request.catalogue.skus[index],
        stage=stage,
        goal=policy.goal or request.terms.goal,
        audience=policy.audience,
        price_low_cents=low,
        price_high_cents=int(shape.high[index]),
        max_bid_cents=int(material.max_bid_cents[index]),
        learning_budget_cents=int(material.learning_cents[index]),
        baseline_units=units,
        discount_cents=units * max(price - low, 0),
        rationale=product_rationale(book, request, material.selection, shape, index),
    )


def stop_rules(request: PlanRequest) -> tuple[StopRule, ...]:
    """End on a sure loss; pause ads on a ROAS far under target."""
    terms = request.terms
    loss = StopRule(metric="baseline_loss_7d_cents", threshold=LOSS_STOP_SHARE * terms.granted_cents, action="rollback")
    roas = StopRule(metric="roas", threshold=ROAS_STOP_SHARE * terms.target_roas, action="pause_ads")
    return (loss, roas) if terms.target_roas > 0.0 else (loss,)
