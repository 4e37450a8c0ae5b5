"""What stops a plan, and what is left to the one that takes over: pure, on figures made for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from perception.fields import Field
from planning.budget import verify
from planning.evidence import guard_facts
from planning.life import (
    Broken,
    Phase,
    against_own_prices,
    begun,
    broken_rule,
    over,
    prices_worst_cents,
    remaining_terms,
    retreat,
)
from planning.plan import StopRule
from planning.planner import RulePlanner

LOSS = StopRule(metric="baseline_loss_7d_cents", threshold=400_000.0, action="rollback")
ROAS = StopRule(metric="roas", threshold=1.5, action="pause_ads")


def reported(make: Any, *, revenue: float, maturity: float = 0.9) -> Any:
    """Ten days of the plan at 4000 a day of ads."""
    today = make().state.day
    days = range(today - 10, today)
    return make(
        state={
            "spend_by_day_cents": {day: np.array([4000.0]) for day in days},
            "revenue_by_day_cents": dict.fromkeys(days, revenue),
            "expected_maturity": dict.fromkeys(days, maturity),
        },
        terms={"target_roas": 3.0},
    )


def test_a_loss_below_the_limit_stops_nothing_and_one_at_it_does(make: Any) -> None:
    plan = RulePlanner().draft(make())

    assert broken_rule(plan, make(state={"baseline_loss_7d_cents": 399_999.0}).state, first_day=0) is None
    assert broken_rule(plan, make(state={"baseline_loss_7d_cents": 400_000.0}).state, first_day=0) == Broken(rule=LOSS, value=400_000.0)


def test_a_roas_far_under_target_stops_ads_once_enough_days_are_reported(make: Any) -> None:
    request = reported(make, revenue=4000.0)
    plan = RulePlanner().draft(request)

    broken = broken_rule(plan, request.state, first_day=request.state.day - 10)
    assert broken is not None
    assert (broken.rule, round(broken.value, 3)) == (ROAS, 1.111)
    assert broken_rule(plan, request.state, first_day=request.state.day - 4) is None


def test_sales_still_to_be_reported_are_made_up_for(make: Any) -> None:
    request = reported(make, revenue=4000.0, maturity=0.6)

    assert broken_rule(RulePlanner().draft(request), request.state, first_day=request.state.day - 10) is None


def test_days_hardly_reported_say_nothing_about_roas(make: Any) -> None:
    request = reported(make, revenue=100.0, maturity=0.2)

    assert broken_rule(RulePlanner().draft(request), request.state, first_day=request.state.day - 10) is None


def test_a_retreat_leads_every_price_home_and_passes_the_guard(make: Any) -> None:
    prices = np.array([1100.0, 950.0, 1000.0, 1000.0])
    request = make(state={"setpoints": {**make().state.setpoints, Field.PRICE: prices}})
    back = retreat(RulePlanner().draft(request), Broken(rule=LOSS, value=5e5), request)

    assert [(p.price_low_cents, p.price_high_cents) for p in back.products] == [(999, 1000), (1000, 1001), (1000, 1000), (1000, 1000)]
    assert all(p.max_bid_cents == p.learning_budget_cents == 0 for p in back.products)
    assert back.ad_budget_cents == 0
    assert verify(back, guard_facts(against_own_prices(request))).reasons == ()


def test_paused_ads_leave_prices_and_the_window_as_planned(make: Any) -> None:
    request = reported(make, revenue=4000.0)
    plan = RulePlanner().draft(request)

    paused = retreat(plan, Broken(rule=ROAS, value=1.0), request)

    assert paused.ends_at == plan.ends_at
    assert [(p.price_low_cents, p.price_high_cents) for p in paused.products] == [
        (p.price_low_cents, p.price_high_cents) for p in plan.products
    ]
    assert verify(paused, guard_facts(request)).reasons == ()


def test_what_is_left_is_the_grant_less_ads_and_the_worst_of_the_days_gone_by(make: Any) -> None:
    request = make()
    plan = RulePlanner().draft(request)
    later = replace(request, now=request.now + timedelta(days=4), state=replace(request.state, day=request.state.day + 4))
    gone = prices_worst_cents(plan, guard_facts(later), until=later.now, days=5)

    terms = remaining_terms(plan, later, ads_spent_cents=12_000)

    assert terms is not None
    assert 0 < gone < plan.worst_case_cents
    assert terms.granted_cents == 500_000 - gone - 12_000
    assert (terms.ad_budget_cents, terms.window_days) == (38_000, 10)


def test_a_grant_that_is_used_up_leaves_nothing(make: Any) -> None:
    request = make()
    later = replace(request, now=request.now + timedelta(days=4), state=replace(request.state, day=request.state.day + 4))

    assert remaining_terms(RulePlanner().draft(request), later, ads_spent_cents=600_000) is None


def test_what_the_guard_cannot_count_counts_in_full(make: Any) -> None:
    plan = RulePlanner().draft(make())

    assert prices_worst_cents(plan, guard_facts(make()), until=plan.starts_at + timedelta(days=9), days=3) == plan.worst_case_cents


def test_a_plan_ends_where_it_was_driven_and_expires_where_nobody_was_there(make: Any) -> None:
    plan = RulePlanner().draft(make())

    assert over(plan, at=plan.ends_at, last_tick=plan.ends_at - timedelta(hours=1)).phase is Phase.ENDED
    assert over(plan, at=plan.ends_at, last_tick=plan.ends_at - timedelta(days=3)).phase is Phase.EXPIRED
    assert [event.phase for event in begun(plan, at=plan.starts_at, reason="due")] == [Phase.DRAFT, Phase.APPROVED, Phase.RUNNING]
