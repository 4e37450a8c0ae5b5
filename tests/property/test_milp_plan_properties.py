"""Whatever the store looks like, the optimiser's plan passes the guard, which lets no draft lose more and does not refuse everything."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perception.units import Floats
from planning.budget import GuardFacts, SkuFacts, units_upper, verify
from planning.evidence import guard_facts
from planning.ground import Ground
from planning.milp_planner import MilpPlanner
from planning.plan import Plan, ProductPlan
from planning.planner import RulePlanner
from planning.recipes import Context, recomputed, uncited_numbers
from tests.property.test_budget_guard_properties import random_request, seeds, tampered


@given(seed=seeds)
@settings(max_examples=30, deadline=None)
def test_every_optimised_plan_is_accepted_and_recomputes(seed: int) -> None:
    request = random_request(seed)

    plan = MilpPlanner().draft(request)

    verdict = verify(plan, guard_facts(request))
    assert verdict.reasons == ()
    assert plan.worst_case_cents == verdict.worst_case_cents <= request.terms.granted_cents
    assert sum(p.learning_budget_cents for p in plan.products) <= min(request.terms.learning_budget_cents, plan.ad_budget_cents)
    if plan.planner == "milp":
        context = Context(ground=Ground(request=request), plan=plan)
        assert all(recomputed(context, fact) == fact.value for fact in plan.facts)
        assert not any(uncited_numbers(p.rationale) for p in plan.products)


@given(seed=seeds, kind=st.integers(0, 11), place=st.integers(0, 11))
@settings(max_examples=30, deadline=None)
def test_no_tampered_optimised_plan_is_accepted(seed: int, kind: int, place: int) -> None:
    request = random_request(seed)
    plan = tampered(MilpPlanner().draft(request), kind, place)

    assert plan is None or not verify(plan, guard_facts(request)).accepted


def brute_force_cents(plan: Plan, facts: GuardFacts, draw: np.random.Generator) -> float:
    """The largest loss found by playing windows. Independent of the guard: it plays, the guard bounds.

    Units of a good window, prices anywhere in the band and changing from day to day, shoppers as touchy as can be, fees and returns as they
    hurt most, ads that bring nothing.
    """
    days = max(math.ceil((plan.ends_at - plan.starts_at).total_seconds() / 86_400), 1)
    overdelivered = plan.ad_budget_cents * max(max(plan.daily_shares) * facts.overdelivery_permille / 1000.0, 1.0)
    return overdelivered + sum(_worst_of(product, facts.skus[product.sku], facts, days, draw) for product in plan.products)


def _worst_of(product: ProductPlan, sku: SkuFacts, facts: GuardFacts, days: int, draw: np.random.Generator) -> float:
    low, high, price = product.price_low_cents, product.price_high_cents, sku.price_cents
    if low == high == price or sku.cost_cents is None:
        return 0.0
    units = float(units_upper(sku.units_by_day or (0,), window_days=days))
    extremes = [np.full(days, low), np.full(days, high), np.where(np.arange(days) % 2, low, high)]
    paths = [*extremes, *(draw.integers(low, high + 1, days) for _ in range(8))]
    elasticities = np.linspace(0.0, sku.elasticity_upper_milli / 1000.0, 4)
    fees = facts.fee_permille / 1000.0
    losses = [0.0]
    for path in paths:
        for elasticity in elasticities:
            # a lower price brings nobody more, a higher one drives away as many as it can
            kept = np.where(path > price, np.maximum(price / np.maximum(path, 1), 0.0) ** elasticity, 1.0)
            for returns in (facts.return_permille / 1000.0, facts.return_upper_permille / 1000.0):
                usual = facts.return_permille / 1000.0
                here = _kept(np.full(days, float(price)), sku.cost_cents, fees, usual, facts)
                there = _kept(path.astype(float), sku.cost_cents, fees, returns, facts)
                losses.append(float((units / days * (here - kept * there)).sum()))
    return max(losses)


def _kept(price: Floats, cost: int, fees: float, returns: float, facts: GuardFacts) -> Floats:
    return (1.0 - returns) * (price * (1.0 - fees) - cost) - returns * facts.return_cost_cents


@given(seed=seeds, hostile=st.floats(0.3, 3.0))
@settings(max_examples=40, deadline=None)
def test_no_draft_that_can_be_played_to_a_larger_loss_is_accepted(seed: int, hostile: float) -> None:
    request, draw = random_request(seed), np.random.default_rng(seed)
    plan, facts = RulePlanner().draft(request), guard_facts(request)
    wild = replace(
        plan,
        ad_budget_cents=min(int(plan.ad_budget_cents * hostile), facts.ad_budget_cents),
        worst_case_cents=plan.granted_cents,
        products=tuple(_wild(p, facts.skus[p.sku], draw) for p in plan.products),
    )

    if verify(wild, facts).accepted:
        assert brute_force_cents(wild, facts, draw) <= facts.granted_cents + len(wild.products)


def _wild(product: ProductPlan, sku: SkuFacts, draw: np.random.Generator) -> ProductPlan:
    low = int(draw.integers(min(sku.floor_cents, sku.price_cents), sku.price_cents + 1))
    high = int(draw.integers(sku.price_cents, max(sku.ceiling_cents, sku.price_cents) + 1))
    return replace(product, price_low_cents=low, price_high_cents=high, max_bid_cents=0, learning_budget_cents=0)


@given(seed=seeds, share=st.floats(0.95, 1.0))
@settings(max_examples=40, deadline=None)
def test_drafts_that_come_within_five_percent_of_the_grant_are_accepted(seed: int, share: float) -> None:
    request = random_request(seed)
    request = replace(request, terms=replace(request.terms, granted_cents=50_000_000, ad_budget_cents=60_000))
    plan, facts = RulePlanner().draft(request), guard_facts(request)
    worst = verify(plan, facts).worst_case_cents
    assume(worst > 100)
    grant = int(worst / share)
    near = replace(plan, granted_cents=grant, worst_case_cents=worst)

    assert verify(near, replace(facts, granted_cents=grant)).accepted
    assert not verify(near, replace(facts, granted_cents=worst - 1)).accepted


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_where_returns_are_certain_and_fees_nil_the_guard_is_within_five_percent_of_brute_force_for_discounts(seed: int) -> None:
    request, draw = random_request(seed), np.random.default_rng(seed)
    plan, facts = RulePlanner().draft(request), guard_facts(request)
    facts = replace(facts, fee_permille=0, return_permille=0, return_upper_permille=0, granted_cents=10**12)
    cheap = tuple(
        replace(
            p,
            price_low_cents=max(facts.skus[p.sku].price_cents * 9 // 10, 1),
            price_high_cents=facts.skus[p.sku].price_cents,
            baseline_units=0,
        )
        for p in plan.products
    )
    plan = replace(plan, products=cheap)
    lines = verify(plan, facts)
    assume(lines.worst_case_cents > 0)

    assert brute_force_cents(plan, facts, draw) >= 0.95 * lines.worst_case_cents - 5 * len(cheap)
