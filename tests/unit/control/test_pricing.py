"""Pricing: the margin rule under uncertainty, stretching stock, and single steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.pricing import PricingTuning, best_price_cents, moved_price_cents, stretched_price_cents
from perception.economics import Economics
from perception.state import Estimate

FREE = Economics(fee_ratio=0.0, return_rate=0.0, return_rate_upper=0.0, return_cost_cents=0)


def best(
    cost: float,
    epsilon: float,
    sd: float,
    *,
    low: float = 500.0,
    high: float = 4000.0,
    reference: float = 1000.0,
    terms: Economics = FREE,
    doubt: float = PricingTuning().doubt,
) -> float:
    price = best_price_cents(
        np.array([low]),
        np.array([high]),
        reference=np.array([reference]),
        cost=np.array([cost]),
        elasticity=Estimate(mean=np.array([epsilon]), sd=np.array([sd])),
        terms=terms,
        tuning=PricingTuning(doubt=doubt),
    )
    return float(price[0])


@pytest.mark.parametrize(("epsilon", "lerner"), [(2.0, 1200.0), (3.0, 900.0), (1.5, 1800.0)])
def test_known_elasticity_gives_the_lerner_price(epsilon: float, lerner: float) -> None:
    assert best(600.0, epsilon, 0.0) == pytest.approx(lerner, abs=(4000.0 - 500.0) / 40)


def test_inelastic_demand_goes_to_the_top_of_the_band() -> None:
    assert best(600.0, 0.8, 0.0) == 4000.0


def test_fees_raise_the_best_price() -> None:
    terms = Economics(fee_ratio=0.2, return_rate=0.0, return_rate_upper=0.0, return_cost_cents=0)

    assert best(600.0, 2.0, 0.0, terms=terms) > best(600.0, 2.0, 0.0)


def test_unknown_cost_gives_no_price() -> None:
    assert np.isnan(best(np.nan, 2.0, 0.1))


@given(epsilon=st.floats(0.4, 6.0), sd=st.floats(0.0, 2.0), cost=st.floats(100.0, 2000.0))
def test_best_price_stays_in_its_band(epsilon: float, sd: float, cost: float) -> None:
    assert 500.0 <= best(cost, epsilon, sd) <= 4000.0


@pytest.mark.parametrize("cost", [400.0, 600.0])
def test_price_stays_with_the_merchants_until_doubt_about_a_better_one_is_small(cost: float) -> None:
    # at an elasticity of 2 twice the cost is best: 800 or 1200
    assert best(cost, 2.0, 1.2, low=850.0, high=1150.0) == 1000.0
    assert best(cost, 2.0, 0.1, low=850.0, high=1150.0) == (850.0 if cost < 500.0 else 1150.0)


@pytest.mark.parametrize("cost", [300.0, 400.0, 600.0, 700.0])
def test_doubt_never_moves_a_price_further_from_the_merchants(cost: float) -> None:
    moves = [abs(best(cost, 2.0, 0.4, doubt=doubt) - 1000.0) for doubt in (0.0, 0.25, 0.5, 1.0, 2.0)]

    assert moves == sorted(moves, reverse=True)


@pytest.mark.parametrize(("low", "high"), [(1200.0, 1500.0), (1000.0, 1500.0)])
def test_band_above_the_merchants_price_is_judged_as_a_rise_all_through(low: float, high: float) -> None:
    # with the elasticity of a cut, 1.5, its top would be best; with that of a rise, 2.5, the least rise is
    assert best(600.0, 2.0, 0.5, low=low, high=high, doubt=1.0) == low


@pytest.mark.parametrize(("low", "high"), [(600.0, 800.0), (600.0, 1000.0)])
def test_band_below_the_merchants_price_is_judged_as_a_cut_all_through(low: float, high: float) -> None:
    assert best(450.0, 2.0, 0.5, low=low, high=high, doubt=1.0) == high


def test_band_of_one_price_leaves_that_price() -> None:
    assert best(600.0, 2.0, 0.5, low=1000.0, high=1000.0) == 1000.0
    assert best(600.0, 2.0, 0.5, low=900.0, high=900.0) == 900.0
    assert best(600.0, 2.0, 0.5, low=1100.0, high=1100.0) == 1100.0


def test_short_stock_is_stretched_by_price_and_plenty_is_not() -> None:
    price = np.array([1000.0, 1000.0, 1000.0, 1000.0])
    on_hand = np.array([100.0, 25.0, 0.0, np.nan])

    stretched = stretched_price_cents(price, on_hand=on_hand, units_per_day=np.full(4, 5.0), elasticity=np.full(4, 2.0), lead_days=10.0)

    assert stretched == pytest.approx([1000.0, 1000.0 * (50.0 / 25.0) ** 0.5, 1000.0, 1000.0])


@given(
    current=st.integers(20, 5000),
    target=st.one_of(st.floats(10.0, 10_000.0), st.just(np.nan)),
    step=st.integers(0, 50),
    may=st.booleans(),
)
def test_one_move_is_whole_within_reach_and_towards_the_target(current: int, target: float, step: int, may: bool) -> None:
    reach = (np.array([float(current - step)]), np.array([float(current + step)]))

    moved = float(
        moved_price_cents(np.array([float(current)]), np.array([target]), reach=reach, may_move=np.array([may]), tuning=PricingTuning())[0]
    )

    assert moved == int(moved)
    assert abs(moved - current) <= step
    if not may or np.isnan(target):
        assert moved == current
    elif moved != current:
        assert (moved > current) == (target > current)


def test_differences_within_the_deadband_are_left_alone() -> None:
    reach = (np.array([950.0]), np.array([1050.0]))

    moved = moved_price_cents(np.array([1000.0]), np.array([1019.0]), reach=reach, may_move=np.array([True]), tuning=PricingTuning())

    assert moved[0] == 1000.0
