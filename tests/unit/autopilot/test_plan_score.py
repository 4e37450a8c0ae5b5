"""The score of plans: good ones high, spoilt ones far lower, and no mark without a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autopilot.benchmarks.labelled_stores import labelled_store
from autopilot.plan_score import (
    EXPLAINABILITY,
    PROFESSIONALISM,
    elements,
    expired,
    failed_gates,
    faithfulness,
    marks,
    swapped,
    without,
    wrong_audience,
)
from planning.milp_planner import MilpPlanner
from planning.plan import Plan
from planning.planner import RulePlanner
from planning.ports import PlanRequest


@pytest.fixture(scope="module")
def request_of() -> PlanRequest:
    """A made store of twelve products, some new, some to be cleared."""
    return labelled_store(np.random.default_rng(3), skus=12).request


@pytest.fixture(scope="module")
def plan(request_of: PlanRequest) -> Plan:
    return MilpPlanner().draft(request_of)


def test_the_optimisers_plan_passes_all_gates_with_nearly_full_marks(plan: Plan, request_of: PlanRequest) -> None:
    found = marks(plan, request_of, MilpPlanner().draft, at=request_of.now)

    assert found.gates == ()
    assert found.professionalism >= 0.9 * PROFESSIONALISM
    assert found.explainability >= 0.8 * EXPLAINABILITY


def test_swapped_products_and_an_expired_window_fail_a_gate(plan: Plan, request_of: PlanRequest) -> None:
    assert "products" in failed_gates(swapped(plan), request_of, at=request_of.now)
    assert failed_gates(expired(plan), request_of, at=request_of.now) == ("window",)


def test_the_wrong_audience_is_seen_in_every_product(plan: Plan, request_of: PlanRequest) -> None:
    found = marks(wrong_audience(plan), request_of, MilpPlanner().draft, at=request_of.now)

    assert found.audience_share == 0.0
    assert elements(wrong_audience(plan), request_of)["audience"] == 0.0


def test_a_plan_whose_numbers_cite_nothing_explains_less(plan: Plan, request_of: PlanRequest) -> None:
    bare = replace(plan, products=tuple(replace(product, rationale="sells 12 a day at 9.99") for product in plan.products))

    cited, uncited = (marks(one, request_of, MilpPlanner().draft, at=request_of.now).explainability for one in (plan, bare))
    assert uncited < cited - 8.0


def test_taking_a_cited_fact_away_changes_the_plan(plan: Plan, request_of: PlanRequest) -> None:
    assert faithfulness(plan, request_of, MilpPlanner().draft) >= 0.9


def test_a_plan_that_rests_on_nothing_is_found_out(plan: Plan, request_of: PlanRequest) -> None:
    assert faithfulness(plan, request_of, lambda _request: plan) == 0.0


def test_a_plan_without_recipes_has_no_fact_to_take_away(request_of: PlanRequest) -> None:
    assert np.isnan(faithfulness(RulePlanner().draft(request_of), request_of, RulePlanner().draft))


def test_what_is_taken_away_is_gone_and_nothing_else_is(request_of: PlanRequest) -> None:
    sku = request_of.catalogue.skus[2]

    gone = without(request_of, "unit_margin_ratio", sku)

    assert np.isnan(gone.catalogue.cost_cents[2])
    assert np.isfinite(np.delete(gone.catalogue.cost_cents, 2)).all()


def test_without_stop_rules_a_plan_is_less_professional(plan: Plan, request_of: PlanRequest) -> None:
    assert elements(replace(plan, stop_rules=()), request_of)["stop_rules"] == 0.0
