"""The budget guard at its limits: each rule just met and just broken, each cost line to the last minor unit."""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planning import budget
from planning.budget import CostLine, GuardFacts, SkuFacts, units_upper, verify
from planning.plan import Audience, Fact, Goal, Plan, ProductPlan, Stage, StopRule

START = datetime(2024, 5, 1, tzinfo=UTC)
DAYS = 10

SKU = SkuFacts(
    price_cents=1000,
    floor_cents=700,
    ceiling_cents=1200,
    cost_cents=500,
    units_by_day=(10,) * 20,
    elasticity_upper_milli=3000,
)
FACTS = GuardFacts(
    currency="GBP",
    granted_cents=1_000_000,
    ad_budget_cents=60_000,
    learning_budget_cents=5_000,
    overdelivery_permille=2000,
    fee_permille=100,
    return_permille=50,
    return_upper_permille=100,
    return_cost_cents=200,
    skus={"A": SKU, "B": SKU},
)
STILL = ProductPlan(
    sku="A",
    stage=Stage.MATURE,
    goal=Goal.PROFIT,
    audience=Audience.BROAD,
    price_low_cents=1000,
    price_high_cents=1000,
    max_bid_cents=40,
    learning_budget_cents=0,
    baseline_units=100,
    discount_cents=0,
    rationale="",
)
PLAN = Plan(
    id="plan-000000000000",
    store="shop",
    currency="GBP",
    goal=Goal.PROFIT,
    starts_at=START,
    ends_at=START + timedelta(days=DAYS),
    products=(STILL,),
    ad_budget_cents=50_000,
    daily_shares=(0.1,) * DAYS,
    hour_shares=(1.0 / 24.0,) * 24,
    target_roas=2.0,
    granted_cents=1_000_000,
    expected_cents=50_000,
    worst_case_cents=1_000_000,
    facts=(Fact(id="f1", name="margin", value=0.4, unit="ratio", source="state"),),
    stop_rules=(StopRule(metric="roas", threshold=1.0, action="pause_ads"),),
    rollback="human_baseline",
    planner="test",
)
UNITS = units_upper(SKU.units_by_day, window_days=DAYS)


def product(**changes: object) -> Plan:
    return replace(PLAN, products=(replace(STILL, **changes),))  # type: ignore[arg-type]  # a test names only fields of ProductPlan


def refusals(plan: Plan, facts: GuardFacts = FACTS) -> list[str]:
    """Names of the rules broken."""
    verdict = verify(plan, facts)
    assert verdict.accepted == (not verdict.reasons)
    return [reason.split(":")[0] for reason in verdict.reasons]


def lines(plan: Plan, facts: GuardFacts = FACTS) -> dict[str, int]:
    return {line.name: line.cents for line in verify(plan, facts).lines}


def test_sound_plan_is_accepted_with_its_worst_case() -> None:
    verdict = verify(PLAN, FACTS)

    assert verdict.accepted
    assert verdict.reasons == ()
    assert verdict.lines == (CostLine(name="ads", sku="", cents=50_000),)
    assert verdict.worst_case_cents == 50_000


# --- what is malformed -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (replace(PLAN, currency="EUR"), "currency"),
        (replace(PLAN, ends_at=START), "window"),
        (replace(PLAN, ends_at=START, daily_shares=(1.0,)), "window"),
        (replace(PLAN, ends_at=START - timedelta(days=1)), "window"),
        (replace(PLAN, ends_at=START + timedelta(days=DAYS, hours=1, seconds=1)), "window"),
        (replace(PLAN, ends_at=START + timedelta(days=DAYS - 2) - timedelta(hours=1)), "window"),
        (replace(PLAN, starts_at=START.replace(tzinfo=None)), "window"),
        (replace(PLAN, ends_at=PLAN.ends_at.replace(tzinfo=None)), "window"),
        (replace(PLAN, daily_shares=(0.1,) * 9 + (0.100_003,)), "shares"),
        (replace(PLAN, daily_shares=(0.1,) * 9 + (0.099_997,)), "shares"),
        (replace(PLAN, daily_shares=(0.3, -0.1) + (0.1,) * 8), "shares"),
        (replace(PLAN, daily_shares=()), "window"),
        (replace(PLAN, hour_shares=(0.5, 0.5)), "shares"),
        (replace(PLAN, hour_shares=(1.0 / 23.0,) * 24), "shares"),
        (replace(PLAN, daily_shares=(0.1,) * 9 + (math.nan,)), "non_finite"),
        (replace(PLAN, hour_shares=(math.inf,) + (0.0,) * 23), "non_finite"),
        (replace(PLAN, target_roas=math.nan), "non_finite"),
        (replace(PLAN, facts=(replace(PLAN.facts[0], value=-math.inf),)), "non_finite"),
        (replace(PLAN, stop_rules=(replace(PLAN.stop_rules[0], threshold=math.nan),)), "non_finite"),
        (replace(PLAN, products=(STILL, STILL)), "duplicate_sku"),
        (product(sku="C"), "unknown_sku"),
        (replace(PLAN, ad_budget_cents=-1), "amount"),
        (replace(PLAN, granted_cents=-1), "amount"),
        (replace(PLAN, expected_cents=-1), "amount"),
        (replace(PLAN, worst_case_cents=-1), "amount"),
        (replace(PLAN, ad_budget_cents=5.5), "amount"),  # type: ignore[arg-type]  # what a faulty planner might send
        (replace(PLAN, ad_budget_cents=True), "amount"),
        (product(price_low_cents=-1), "amount"),
        (product(price_high_cents=-1), "amount"),
        (product(max_bid_cents=-1), "amount"),
        (product(learning_budget_cents=-1), "amount"),
        (product(baseline_units=-1), "amount"),
        (product(discount_cents=-1), "amount"),
        (product(max_bid_cents=math.nan), "amount"),
    ],
)
def test_malformed_plan_is_refused_without_a_figure(plan: Plan, rule: str) -> None:
    verdict = verify(plan, FACTS)

    assert not verdict.accepted
    assert {reason.split(":")[0] for reason in verdict.reasons} >= {rule}
    assert (verdict.worst_case_cents, verdict.lines) == (0, ())


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, ends_at=START + timedelta(days=DAYS, hours=1)),
        replace(PLAN, ends_at=START + timedelta(days=DAYS - 2) - timedelta(hours=1) + timedelta(seconds=1)),
        replace(PLAN, daily_shares=(0.1,) * 9 + (0.100_000_9,)),
        replace(PLAN, daily_shares=(0.0, 0.2) + (0.1,) * 8),
        replace(PLAN, ad_budget_cents=0, products=()),
        replace(PLAN, target_roas=0.0),
    ],
)
def test_plan_just_within_form_is_accepted(plan: Plan) -> None:
    assert refusals(plan) == []


def test_refusal_says_what_was_expected_and_what_was() -> None:
    (reason,) = verify(replace(PLAN, currency="EUR"), FACTS).reasons

    assert reason == "currency: expected GBP, was EUR"


# --- what the merchant did not agree to --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("met", "broken", "rule"),
    [
        (PLAN, replace(PLAN, granted_cents=1_000_001), "granted"),
        (replace(PLAN, ad_budget_cents=60_000), replace(PLAN, ad_budget_cents=60_001), "ad_budget"),
        (product(learning_budget_cents=5_000), product(learning_budget_cents=5_001), "learning_budget"),
        (
            replace(product(learning_budget_cents=4_000), ad_budget_cents=4_000),
            replace(product(learning_budget_cents=4_000), ad_budget_cents=3_999),
            "learning_budget",
        ),
        (product(price_low_cents=1000, price_high_cents=1000), product(price_low_cents=1001, price_high_cents=1000), "price_band"),
        (product(price_low_cents=700), product(price_low_cents=699), "price_floor"),
        (product(price_high_cents=1200), product(price_high_cents=1201), "price_ceiling"),
        (product(max_bid_cents=1000), product(max_bid_cents=1001), "bid"),
        (replace(PLAN, worst_case_cents=50_000), replace(PLAN, worst_case_cents=49_999), "understated"),
        (replace(PLAN, worst_case_cents=1_000_000), replace(PLAN, worst_case_cents=1_000_001), "stated_over_grant"),
    ],
)
def test_each_rule_holds_at_its_limit_and_breaks_beyond(met: Plan, broken: Plan, rule: str) -> None:
    assert refusals(met) == []
    assert refusals(broken) == [rule]


def test_learning_budgets_add_up_over_products() -> None:
    half = replace(STILL, learning_budget_cents=2_500)

    assert refusals(replace(PLAN, products=(half, replace(half, sku="B")))) == []
    assert refusals(replace(PLAN, products=(half, replace(half, sku="B", learning_budget_cents=2_501)))) == ["learning_budget"]


def with_sku(**changes: object) -> GuardFacts:
    return replace(FACTS, skus={"A": replace(SKU, **changes)})  # type: ignore[arg-type]  # a test names only fields of SkuFacts


def test_price_already_outside_the_bounds_may_stay() -> None:
    facts = with_sku(floor_cents=1100, ceiling_cents=1200)

    assert refusals(PLAN, facts) == []
    assert refusals(product(price_low_cents=999), facts) == ["price_floor"]
    assert refusals(product(price_high_cents=1100), facts) == []


def test_price_above_the_ceiling_may_fall() -> None:
    facts = with_sku(floor_cents=700, ceiling_cents=900)

    assert refusals(product(price_low_cents=900), facts) == []
    assert refusals(product(price_high_cents=1001), facts) == ["price_ceiling"]


def test_unknown_cost_neither_moves_nor_advertises() -> None:
    facts = with_sku(cost_cents=None)

    assert refusals(product(max_bid_cents=0), facts) == []
    assert refusals(PLAN, facts) == ["advertised_at_a_loss"]
    assert refusals(product(max_bid_cents=0, price_high_cents=1001), facts) == ["unknown_cost"]


def test_no_move_before_a_day_of_sales_was_seen() -> None:
    facts = with_sku(units_by_day=())

    assert refusals(PLAN, facts) == []
    assert refusals(product(price_high_cents=1001), facts) == ["no_sales_record"]


# (1 - 0.1) · (p · 0.9 - cost) >= 0.1 · 200  ⇔  p · 0.9 >= cost + 22.2…: for cost 877 just met at 1000 (900 >= 899.2), for 878 not.
@pytest.mark.parametrize(("cost_cents", "rules"), [(877, []), (878, ["advertised_at_a_loss"])])
def test_advertised_unit_must_leave_something_at_upper_returns(cost_cents: int, rules: list[str]) -> None:
    assert refusals(PLAN, with_sku(cost_cents=cost_cents)) == rules
    assert refusals(product(max_bid_cents=1), with_sku(cost_cents=cost_cents)) == rules
    assert refusals(product(max_bid_cents=0), with_sku(cost_cents=cost_cents)) == []


def test_a_price_that_only_rises_may_start_at_a_loss() -> None:
    assert refusals(product(price_high_cents=1200, max_bid_cents=0), with_sku(cost_cents=990)) == []


def test_a_unit_that_leaves_exactly_nothing_may_be_sold() -> None:
    """0.9 · (1000 · 0.9 - 880) = 18 = 0.1 · 180."""
    facts = replace(with_sku(cost_cents=880), return_cost_cents=180)

    assert refusals(PLAN, facts) == []
    assert refusals(PLAN, replace(facts, return_cost_cents=181)) == ["advertised_at_a_loss"]


@pytest.mark.parametrize(("cost_cents", "rules"), [(697, []), (698, ["sold_at_a_loss"])])
def test_discounted_unit_must_leave_something_at_upper_returns(cost_cents: int, rules: list[str]) -> None:
    assert refusals(product(price_low_cents=800, max_bid_cents=0), with_sku(cost_cents=cost_cents)) == rules


# --- what it costs -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "cents"),
    [(0.1, 50_000), (0.5, 50_000), (0.6, 60_000), (0.6001, 60_010), (0.60003, 60_003)],
)
def test_ads_cost_the_budget_and_at_least_the_heaviest_day_overdelivered(share: float, cents: int) -> None:
    rest = (1.0 - share) / (DAYS - 1)

    assert lines(replace(PLAN, daily_shares=(share,) + (rest,) * (DAYS - 1)))["ads"] == pytest.approx(cents, abs=2)
    assert lines(replace(PLAN, daily_shares=(share,) + (rest,) * (DAYS - 1)))["ads"] >= cents


def test_discount_is_given_on_every_unit_of_a_good_window() -> None:
    cost = lines(product(price_low_cents=990))

    assert cost["discount"] == UNITS * 10
    assert cost["returns"] == math.ceil(UNITS * 50 * (500 + 200) / 1000)
    assert "price_rise" not in cost


def test_rise_loses_sales_at_the_upper_elasticity_less_what_the_others_pay_more() -> None:
    cost = lines(product(price_high_cents=1100))

    lost = UNITS * 0.3
    gained = math.floor((UNITS - lost) * 100 * 0.9 * 0.9)
    assert cost["price_rise"] == math.ceil(lost * 500) - gained
    assert "discount" not in cost


def test_rise_cannot_lose_more_than_all_sales() -> None:
    facts = with_sku(elasticity_upper_milli=50_000)

    assert lines(product(price_high_cents=1200), facts)["price_rise"] == UNITS * 500


def test_rise_that_surely_gains_costs_nothing() -> None:
    facts = with_sku(elasticity_upper_milli=1000)

    assert "price_rise" not in lines(product(price_high_cents=1100), facts)


def test_larger_of_discount_and_rise_is_counted() -> None:
    both = lines(product(price_low_cents=999, price_high_cents=1100))
    deep = lines(product(price_low_cents=800, price_high_cents=1100))

    assert both["price_rise"] == lines(product(price_high_cents=1100))["price_rise"]
    assert deep["discount"] == UNITS * 200
    assert "price_rise" not in deep


def test_larger_of_the_plans_units_and_the_guards_own_are_counted() -> None:
    assert lines(product(price_low_cents=990, baseline_units=0))["discount"] == UNITS * 10
    assert lines(product(price_low_cents=990, baseline_units=UNITS + 7))["discount"] == (UNITS + 7) * 10


def test_returns_count_only_where_the_price_may_move() -> None:
    assert "returns" not in lines(PLAN)
    assert lines(product(price_high_cents=1001))["returns"] > 0
    assert "returns" not in lines(product(price_high_cents=1001), replace(FACTS, return_permille=100))


def test_price_moved_for_good_is_a_move() -> None:
    moved = lines(product(price_low_cents=900, price_high_cents=900))

    assert moved["discount"] == UNITS * 100


def test_refused_moves_are_still_costed_at_the_dear_end() -> None:
    """No record counts as one day without a sale, an unknown cost as 0: the whole price is margin."""
    units = max(units_upper((0,), window_days=DAYS), STILL.baseline_units)

    assert (
        lines(product(price_low_cents=990, baseline_units=0), with_sku(units_by_day=()))["discount"]
        == units_upper((0,), window_days=DAYS) * 10
    )
    facts = with_sku(units_by_day=(), cost_cents=None, elasticity_upper_milli=50_000)
    assert lines(product(price_high_cents=1200, max_bid_cents=0), facts)["price_rise"] == units * 1000


def test_band_above_the_price_gives_nothing_away() -> None:
    cost = lines(product(price_low_cents=1050, price_high_cents=1100), with_sku(elasticity_upper_milli=1000))

    assert set(cost) == {"ads", "returns"}


def test_band_below_the_price_loses_no_sales() -> None:
    cost = lines(product(price_low_cents=999, price_high_cents=999), with_sku(elasticity_upper_milli=50_000))

    assert cost["discount"] == UNITS


def test_margin_below_zero_counts_as_none() -> None:
    cost = lines(product(price_high_cents=1200, max_bid_cents=0), with_sku(cost_cents=1100))

    assert cost["returns"] == math.ceil(UNITS * 50 * 200 / 1000)
    assert "price_rise" not in cost


def test_a_single_cent_is_a_line() -> None:
    assert lines(replace(PLAN, ad_budget_cents=1)) == {"ads": 1}


def test_part_of_a_day_counts_as_a_whole_one() -> None:
    longer = replace(product(price_low_cents=990), ends_at=PLAN.ends_at + timedelta(seconds=1))

    assert lines(longer)["discount"] == units_upper(SKU.units_by_day, window_days=DAYS + 1) * 10


def test_worst_case_exactly_at_the_grant_is_accepted_and_one_more_is_not() -> None:
    plan = replace(product(price_low_cents=900), ad_budget_cents=5_000)
    worst = verify(plan, FACTS).worst_case_cents

    exact = replace(FACTS, granted_cents=worst)
    assert refusals(replace(plan, granted_cents=worst, worst_case_cents=worst), exact) == []
    short = replace(FACTS, granted_cents=worst - 1)
    refused = verify(replace(plan, granted_cents=worst - 1, worst_case_cents=worst), short)
    assert [reason.split(":")[0] for reason in refused.reasons] == ["worst_case", "stated_over_grant"]
    assert f"discount A {UNITS * 100}" in refused.reasons[0]


def test_worst_case_is_the_sum_of_its_lines() -> None:
    plan = replace(PLAN, products=(replace(STILL, price_low_cents=950), replace(STILL, sku="B", price_high_cents=1100)))

    verdict = verify(plan, FACTS)

    assert [(line.name, line.sku) for line in verdict.lines] == [
        ("ads", ""),
        ("discount", "A"),
        ("returns", "A"),
        ("price_rise", "B"),
        ("returns", "B"),
    ]
    assert verdict.worst_case_cents == sum(line.cents for line in verdict.lines)


# --- units of a good window --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units_by_day", "window_days", "upper"),
    [
        ((0,), 1, 2 + 2 * 3),  # n = 2, variance 2·2·1·2 / 1 = 8, isqrt 2
        ((0, 10), 1, 6 + 2 * 9),  # mean 12/2, day variance 50: 1·3·(50·2·2) / 2³ = 75, isqrt 8
        ((0,) * 28, 14, 1 + 2 * 2),  # mean 28/28, variance 14·42·(2·2·28) / 28³ = 3 rounded up, isqrt 1
        ((10,) * 20, 10, 101 + 2 * 18),  # mean 10·202/20, variance 10·30·(2·202·20) / 20³ = 303, isqrt 17
        ((0, 20) * 10, 10, 101 + 2 * 40),  # day variance 2000/19: 10·30·(2000·20·20/19 → 42,106) / 20³ = 1579, isqrt 39
    ],
)
def test_units_upper_by_hand(units_by_day: tuple[int, ...], window_days: int, upper: int) -> None:
    assert units_upper(units_by_day, window_days=window_days) == upper


def test_units_upper_grows_with_sales_scatter_and_window() -> None:
    steady = units_upper((5,) * 20, window_days=10)

    assert units_upper((6,) * 20, window_days=10) > steady
    assert units_upper((0, 10) * 10, window_days=10) > steady
    assert units_upper((5,) * 20, window_days=11) > steady


def test_guard_knows_neither_planner_nor_numbers_library() -> None:
    tree = ast.parse(Path(budget.__file__).read_text(encoding="utf-8"))

    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"__future__", "math", "collections.abc", "dataclasses", "datetime", "planning.plan"}
