"""What the guard is told is rounded to the dear side and comes from nowhere near the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from perception.economics import Economics
from perception.fields import Field
from planning.evidence import guard_facts, price_bounds_cents, sales_record
from planning.ports import PriceBounds


def test_ratios_become_permille_on_the_dear_side(make: Any) -> None:
    request = replace(make(), economics=Economics(fee_ratio=0.0291, return_rate=0.0269, return_rate_upper=0.0501, return_cost_cents=99))

    facts = guard_facts(request)

    assert (facts.fee_permille, facts.return_permille, facts.return_upper_permille) == (30, 26, 51)
    assert (facts.overdelivery_permille, facts.return_cost_cents) == (1250, 99)


def test_whole_permille_are_not_rounded_up_by_float_dust(make: Any) -> None:
    request = replace(make(), economics=Economics(fee_ratio=0.029, return_rate=0.0, return_rate_upper=0.057, return_cost_cents=0))

    assert (guard_facts(request).fee_permille, guard_facts(request).return_upper_permille) == (29, 57)


def test_sku_facts(make: Any) -> None:
    sku = guard_facts(make(catalogue={"cost_cents": np.array([499.2, np.nan, 500.0, 500.0])})).skus

    assert sku["A"].cost_cents == 500
    assert sku["B"].cost_cents is None
    assert (sku["A"].price_cents, sku["A"].floor_cents, sku["A"].ceiling_cents) == (1000, 900, 1200)
    assert sku["A"].units_by_day == (10,) * 27
    assert sku["A"].elasticity_upper_milli == pytest.approx(1000 * (1.8 + 1.2816 * 0.3), abs=1.0)


def test_grant_and_budgets_are_the_merchants(make: Any) -> None:
    facts = guard_facts(make())

    assert (facts.currency, facts.granted_cents, facts.ad_budget_cents, facts.learning_budget_cents) == ("GBP", 500_000, 50_000, 6_000)


def test_skus_left_alone_are_unknown_to_plans(make: Any) -> None:
    assert sorted(guard_facts(make(terms={"left_alone": frozenset({"B"})})).skus) == ["A", "C", "D"]


@pytest.mark.parametrize(
    ("changes", "bounds"),
    [
        ({}, (900.0, 1200.0)),
        ({"catalogue": {"cost_cents": np.full(4, 855.0)}}, (950.0, 1200.0)),
        ({"catalogue": {"map_cents": np.full(4, 980.0)}}, (980.0, 1200.0)),
        ({"terms": {"price_bounds": {"A": PriceBounds(floor_cents=940, ceiling_cents=1100)}}}, (940.0, 1100.0)),
        ({"terms": {"price_bounds": {"A": PriceBounds()}}}, (900.0, 1200.0)),
        ({"terms": {"price_low_ratio": 0.9004, "price_high_ratio": 1.1009}}, (901.0, 1100.0)),
    ],
)
def test_bounds_are_the_tightest_of_all(make: Any, changes: dict[str, Any], bounds: tuple[float, float]) -> None:
    floor, ceiling = price_bounds_cents(make(**changes))

    assert (floor[0], ceiling[0]) == bounds


def test_record_fills_silent_days_with_nothing_and_leaves_today_out(make: Any) -> None:
    today = make().state.day
    one = np.ones(4)

    record = sales_record(make(state={"units_by_day": {today - 3: 2.0 * one, today - 1: 3.0 * one, today: 99.0 * one}}))

    assert record[:, 0].tolist() == [2.0, 0.0, 3.0]
    assert sales_record(make(state={"units_by_day": {}})).shape == (0, 4)


def test_unknown_price_keeps_a_sku_out(make: Any) -> None:
    request = make(
        state={"setpoints": {Field.PRICE: np.array([np.nan, 1000.0, 1000.0, 1000.0])}},
        catalogue={"anchor_price_cents": np.array([np.nan, 1000.0, 1000.0, 1000.0])},
    )

    assert sorted(guard_facts(request).skus) == ["B", "C", "D"]
