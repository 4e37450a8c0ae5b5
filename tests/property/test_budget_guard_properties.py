"""Every plan of the rule planner passes the guard, whatever the store looks like; no tampered plan does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.fields import Field
from perception.observation import Signal
from perception.state import Estimate, StoreState
from perception.units import Floats, day_of
from planning.budget import units_upper, verify
from planning.evidence import guard_facts
from planning.plan import Goal, Plan
from planning.planner import RulePlanner
from planning.ports import MerchantTerms, PlanRequest, PriceBounds

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2024, 3, 28, 9, 30, tzinfo=UTC)


def around(draw: np.random.Generator, centre: float, m: int) -> Floats:
    return centre * np.exp(draw.normal(0.0, 0.7, m))


def belief(draw: np.random.Generator, centre: float, spread: float, m: int) -> Estimate:
    mean = around(draw, centre, m)
    return Estimate(mean=mean, sd=spread * mean)


def random_request(seed: int) -> PlanRequest:
    """A store of 1-12 SKUs with every oddity that perception may report."""
    draw = np.random.default_rng(seed)
    m, today = int(draw.integers(1, 13)), day_of(NOW, ZONE)
    anchor = np.round(around(draw, 1500.0, m)) + 2.0
    cost = np.where(draw.random(m) < 0.15, np.nan, np.round(anchor * draw.uniform(0.1, 1.1, m)) + 1.0)
    price = np.where(draw.random(m) < 0.15, np.nan, np.round(anchor * draw.uniform(0.8, 1.2, m)) + 1.0)
    days = draw.choice(np.arange(1, 27), size=int(draw.integers(0, 26)), replace=False)
    rate = around(draw, 2.0, m)
    catalogue = Catalogue(
        currency="GBP",
        skus=tuple(f"S{i}" for i in range(m)),
        campaigns=("A",),
        campaign_of=np.zeros(m, dtype=np.int64),
        cost_cents=cost,
        map_cents=np.where(draw.random(m) < 0.2, anchor, 0.0),
        anchor_price_cents=anchor,
        is_new=draw.random(m) < 0.3,
    )
    value = np.where(draw.random(m) < 0.2, 0.0, around(draw, 40.0, m))
    none = np.zeros(m)
    state = StoreState(
        tick=0, at=NOW, dt_s=3600.0, day=today, day_fraction=0.4,
        age_s=dict.fromkeys(Signal, 0.0), frozen=(), readback_age_s=0.0,
        setpoints={Field.PRICE: price, Field.BID: none, Field.DAILY_BUDGET: np.zeros(1)},
        on_hand=np.where(draw.random(m) < 0.2, np.nan, draw.integers(0, 5000, m).astype(float)),
        ctr=belief(draw, 0.01, 0.3, m), cvr=Estimate(mean=np.minimum(around(draw, 0.05, m), 0.9), sd=np.full(m, 0.02)),
        units_per_order=belief(draw, 2.0, 0.2, m), organic_units_per_day=belief(draw, 2.0, 0.4, m), elasticity=belief(draw, 1.8, 0.5, m),
        unit_margin_cents=anchor - cost, value_per_click_cents=Estimate(mean=value, sd=0.4 * value),
        ad_clicks_7d=none, ad_cost_7d_cents=none, ad_revenue_7d_cents=none, ad_cost_held_cents=none,
        spend_by_day_cents={}, spend_settled_before_day=today, revenue_by_day_cents={}, expected_maturity={},
        units_by_day={today - int(back): draw.poisson(rate).astype(float) for back in sorted(days, reverse=True)},
        baseline_loss_24h_cents=0.0, baseline_loss_7d_cents=0.0, rejected=(), suspect=np.zeros(m, dtype=np.bool_),
    )  # fmt: skip
    upper = float(draw.uniform(0.0, 0.4))
    ad_budget = int(draw.choice([0, 1, 999, 50_000, 2_000_000]))
    terms = MerchantTerms(
        goal=list(Goal)[int(draw.integers(len(Goal)))],
        window_days=int(draw.integers(1, 30)),
        ad_budget_cents=ad_budget,
        granted_cents=int(draw.choice([0, 1, 500, 20_000, 60_000, 5_000_000])),
        target_roas=float(draw.choice([0.0, 2.5])),
        price_low_ratio=float(draw.uniform(0.5, 1.0)),
        price_high_ratio=float(draw.uniform(1.0, 2.0)),
        learning_budget_cents=int(draw.integers(0, 10_000)),
        overdelivery_ratio=float(draw.choice([1.0, 1.25, 2.0])),
        min_margin_ratio=float(draw.uniform(0.0, 0.3)),
        price_bounds={"S0": PriceBounds(floor_cents=900, ceiling_cents=1400)} if draw.random() < 0.5 else {},
        left_alone=frozenset({"S0"}) if draw.random() < 0.2 else frozenset(),
    )
    economics = Economics(fee_ratio=float(draw.uniform(0.0, 0.3)), return_rate=upper / 2.0, return_rate_upper=upper, return_cost_cents=150)
    return PlanRequest(store="shop", catalogue=catalogue, economics=economics, state=state, terms=terms, now=NOW, timezone=ZONE)


seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds)
@settings(max_examples=150, deadline=None)
def test_every_rule_plan_is_accepted(seed: int) -> None:
    request = random_request(seed)

    plan = RulePlanner().draft(request)

    verdict = verify(plan, guard_facts(request))
    assert verdict.reasons == ()
    assert plan.worst_case_cents == verdict.worst_case_cents <= request.terms.granted_cents


def tampered(plan: Plan, kind: int, place: int) -> Plan | None:
    """One hostile change; None where this plan has nothing to change in that way."""
    whole = (
        {"ad_budget_cents": plan.ad_budget_cents + 10_000_000},
        {"worst_case_cents": plan.worst_case_cents - 1},
        {"granted_cents": plan.granted_cents + 1},
        {"currency": "EUR"},
        {"ends_at": plan.starts_at},
        {"daily_shares": tuple(share * 1.01 for share in plan.daily_shares)},
    )
    if kind < len(whole):
        return replace(plan, **whole[kind])
    if not plan.products:
        return None
    product = plan.products[place % len(plan.products)]
    changes = (
        {"price_low_cents": 0},
        {"price_high_cents": 40 * product.price_high_cents + 40},
        {"max_bid_cents": product.price_high_cents + 1},
        {"learning_budget_cents": 10_001 + plan.ad_budget_cents},
        {"sku": "nobody's"},
        {"baseline_units": -1},
    )[kind - len(whole)]
    others = tuple(other for other in plan.products if other is not product)
    return replace(plan, products=(*others, replace(product, **changes)))


@given(seed=seeds, kind=st.integers(0, 11), place=st.integers(0, 11))
@settings(max_examples=200, deadline=None)
def test_no_tampered_plan_is_accepted(seed: int, kind: int, place: int) -> None:
    request = random_request(seed)
    plan = tampered(RulePlanner().draft(request), kind, place)

    assert plan is None or not verify(plan, guard_facts(request)).accepted


@given(seed=seeds)
@settings(max_examples=60, deadline=None)
def test_worst_case_never_falls_when_a_plan_dares_more(seed: int) -> None:
    request = random_request(seed)
    plan, facts = RulePlanner().draft(request), guard_facts(request)
    bolder = replace(
        plan,
        ad_budget_cents=plan.ad_budget_cents + 1000,
        products=tuple(replace(p, price_low_cents=p.price_low_cents * 9 // 10, baseline_units=p.baseline_units + 3) for p in plan.products),
    )

    assert verify(bolder, facts).worst_case_cents >= verify(plan, facts).worst_case_cents


@given(seed=seeds)
@settings(max_examples=60, deadline=None)
def test_equal_requests_make_equal_plans(seed: int) -> None:
    first, second = RulePlanner().draft(random_request(seed)), RulePlanner().draft(random_request(seed))

    assert first == second


@given(rate=st.floats(0.05, 30.0), window=st.integers(1, 28), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_units_upper_holds_in_nearly_every_poisson_window(rate: float, window: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    records = draw.poisson(rate, (60, 28))
    windows = draw.poisson(rate * window, 60)

    exceeded = sum(w > units_upper(tuple(r.tolist()), window_days=window) for r, w in zip(records, windows.tolist(), strict=True))

    assert exceeded <= 6


def test_a_window_over_the_change_to_summer_time_is_still_whole_days() -> None:
    request = random_request(3)
    request = replace(request, terms=replace(request.terms, window_days=7))

    plan = RulePlanner().draft(request)

    assert len(plan.daily_shares) == 7
    assert plan.ends_at - plan.starts_at < timedelta(days=7)
    assert plan.ends_at.astimezone(ZONE).hour == 0
