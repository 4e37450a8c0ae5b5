"""The rule planner: differs per product, fits the grant, and says why."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from perception.state import Estimate
from planning.budget import verify
from planning.evidence import guard_facts
from planning.identity import identified
from planning.plan import Audience, Goal, Plan, ProductPlan, Stage
from planning.planner import RulePlanner


def draft(request: Any) -> Plan:
    plan = RulePlanner().draft(request)
    assert verify(plan, guard_facts(request)).reasons == ()
    return plan


def product(plan: Plan, sku: str) -> ProductPlan:
    return next(item for item in plan.products if item.sku == sku)


def test_plan_carries_the_merchants_terms(make: Any) -> None:
    plan = draft(make(terms={"target_roas": 3.0}))

    assert (plan.store, plan.currency, plan.goal, plan.planner, plan.rollback) == ("shop", "GBP", Goal.PROFIT, "rules", "human_baseline")
    assert (plan.ad_budget_cents, plan.granted_cents, plan.target_roas) == (50_000, 500_000, 3.0)
    assert len(plan.daily_shares) == 14
    assert [item.sku for item in plan.products] == ["A", "B", "C", "D"]
    assert [(rule.metric, rule.threshold) for rule in plan.stop_rules] == [("baseline_loss_7d_cents", 400_000.0), ("roas", 1.5)]


def test_without_a_target_no_rule_watches_roas(make: Any) -> None:
    assert [rule.metric for rule in draft(make()).stop_rules] == ["baseline_loss_7d_cents"]


def test_products_differ_by_stage(make: Any) -> None:
    request = make(state={"on_hand": np.array([100.0, 1e5, 10.0, 10.0])}, catalogue={"is_new": np.array([False, False, False, True])})

    plan = draft(request)

    assert [(p.stage, p.goal, p.audience) for p in plan.products] == [
        (Stage.MATURE, Goal.PROFIT, Audience.IN_MARKET),
        (Stage.CLEARANCE, Goal.CLEAR_STOCK, Audience.BROAD),
        (Stage.LONG_TAIL, Goal.PROFIT, Audience.RETURNING),
        (Stage.NEW, Goal.FIRST_SALE, Audience.BROAD),
    ]
    assert product(plan, "B").price_low_cents < 1000 == product(plan, "B").price_high_cents


def test_bids_go_up_to_the_upper_value_of_a_click(make: Any) -> None:
    plan = draft(make(catalogue={"is_new": np.array([False, False, False, True])}))

    assert product(plan, "A").max_bid_cents == 48
    assert product(plan, "D").max_bid_cents == 56


def test_nothing_is_bid_where_a_click_is_worth_nothing(make: Any) -> None:
    value = Estimate(mean=np.array([0.0, 40.0, 40.0, 40.0]), sd=np.array([0.0, 8.0, 8.0, 8.0]))

    plan = draft(make(state={"value_per_click_cents": value}, terms={"goal": Goal.GMV, "target_roas": 2.0}))

    assert product(plan, "A").max_bid_cents == 0
    assert product(plan, "B").max_bid_cents == 50


def test_unknown_cost_and_skus_left_alone_are_absent(make: Any) -> None:
    request = make(catalogue={"cost_cents": np.array([np.nan, 500.0, 500.0, 500.0])}, terms={"left_alone": frozenset({"C"})})

    assert [item.sku for item in draft(request).products] == ["B", "D"]


def test_learning_budget_goes_to_launches_and_no_further_than_a_first_sale(make: Any) -> None:
    new = {"is_new": np.array([False, False, True, True])}
    few_sales = {"units_by_day": {make().state.day - 1: np.array([10.0, 5.0, 0.0, 0.0])}}

    plenty = draft(make(catalogue=new, state=few_sales))
    scarce = draft(make(catalogue=new, state=few_sales, terms={"learning_budget_cents": 1001}))

    assert [p.learning_budget_cents for p in plenty.products] == [0, 0, 1680, 1680]
    assert [p.learning_budget_cents for p in scarce.products] == [0, 0, 500, 500]


def test_tight_grant_makes_bands_shallower_before_ads_smaller(make: Any) -> None:
    doubt = {"elasticity": Estimate(mean=np.full(4, 2.1), sd=np.full(4, 0.8))}
    wide, tight = draft(make(state=doubt)), draft(make(state=doubt, terms={"granted_cents": 70_000}))

    assert tight.ad_budget_cents == wide.ad_budget_cents == 50_000
    assert product(wide, "A").price_low_cents < product(tight, "A").price_low_cents <= 1000
    assert tight.worst_case_cents <= 70_000


def test_grant_below_the_ad_budget_shrinks_the_ads(make: Any) -> None:
    plan = draft(make(terms={"granted_cents": 20_000}, catalogue={"is_new": np.array([False, False, False, True])}))

    assert 14_000 <= plan.ad_budget_cents <= 20_000
    assert sum(p.learning_budget_cents for p in plan.products) <= plan.ad_budget_cents


def test_single_day_leaves_room_for_overdelivery(make: Any) -> None:
    plan = draft(make(terms={"granted_cents": 20_000, "window_days": 1, "price_low_ratio": 1.0, "price_high_ratio": 1.0}))

    assert plan.ad_budget_cents == pytest.approx(16_000, abs=3)


def test_nothing_granted_means_nothing_moves_and_nothing_is_spent(make: Any) -> None:
    plan = draft(make(terms={"granted_cents": 0}))

    assert plan.worst_case_cents == plan.ad_budget_cents == 0
    assert all(p.price_low_cents == p.price_high_cents == 1000 for p in plan.products)


def test_expected_cost_counts_ads_and_discounts_on_expected_units(make: Any) -> None:
    request = make(state={"elasticity": Estimate(mean=np.full(4, 4.0), sd=np.zeros(4))}, terms={"granted_cents": 5_000_000})

    plan = draft(request)

    assert plan.expected_cents == pytest.approx(50_000 + 14 * (100 * 10 + 100 * 5 + 50 * 1 + 100 * 0.1), abs=1.0)
    assert plan.expected_cents < plan.worst_case_cents


def test_every_number_of_a_rationale_cites_its_fact(make: Any) -> None:
    request = make(
        state={"on_hand": np.array([10.0, 1e5, 10.0, 10.0]), "elasticity": Estimate(mean=np.full(4, 2.1), sd=np.full(4, 0.8))},
        catalogue={"is_new": np.array([False, False, False, True])},
    )

    plan = draft(request)

    value = {fact.id: fact.value for fact in plan.facts}
    assert len(value) == len(plan.facts)
    for item in plan.products:
        cited = re.findall(r"(\S+) \[(f\d+)\]", item.rationale)
        assert len(cited) >= 3
        assert all(float(text) == pytest.approx(value[fact], rel=1e-3) for text, fact in cited)
        assert not re.search(r"\d", re.sub(r"\S+ \[f\d+\]", "", item.rationale))


def test_unknown_figures_are_called_unknown(make: Any) -> None:
    request = make(state={"unit_margin_cents": np.full(4, np.nan)})

    assert "margin unknown" in product(draft(request), "A").rationale


def test_the_name_follows_from_the_content(make: Any) -> None:
    plan = draft(make())

    assert re.fullmatch(r"plan-[0-9a-f]{12}", plan.id)
    assert identified(plan) == plan
    assert identified(replace(plan, ad_budget_cents=plan.ad_budget_cents - 1)).id != plan.id
    assert identified(replace(plan, products=plan.products[1:])).id != plan.id
