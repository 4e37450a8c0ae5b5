"""A promotion borrows a third of its bump from the weeks after it, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mechanics.promotion import PromotionDay, PromotionState, bump_share, next_day, opened
from sim.parameters.mechanics import Promotion

FIGURES = Promotion(borrowed_share=1 / 3, payback_days=7.0, dip_maximum=0.25, regular_price_half_life_days=28.0)
ELASTICITY = np.array([[1.8]])
USUAL = np.array([[1000.0]])


def _days(log_prices: list[float]) -> tuple[list[float], list[PromotionState]]:
    """Orders of each day when demand is exactly what is expected, and the states after each."""
    state, orders, states = opened(1, 1), [], []
    for log_price in log_prices:
        effect = np.exp(np.minimum(-ELASTICITY * log_price, np.log(8.0)))
        sold = np.rint(USUAL * effect * (1.0 - state.dip)).astype(np.int64)
        at = np.array([[log_price]])
        day = PromotionDay(orders=sold, organic_orders=sold, paid_log_price=at, closing_log_price=at)
        state = next_day(state, FIGURES, day, elasticity=ELASTICITY, usual_orders=USUAL, price_effect_maximum=8.0)
        orders.append(float(sold[0, 0]))
        states.append(state)
    return orders, states


def test_bump_share_is_what_the_lower_price_added() -> None:
    share = bump_share(-ELASTICITY * np.log(0.8), np.zeros((1, 1)), maximum=8.0)

    assert share[0, 0] == pytest.approx(1.0 - 0.8**1.8)


def test_nothing_is_borrowed_at_or_above_the_regular_price() -> None:
    _, states = _days([0.0, np.log(1.2), np.log(1.1), 0.0])

    assert all(state.borrowed_orders[0, 0] == 0.0 for state in states[:3])
    assert all(state.dip[0, 0] == 0.0 for state in states[:3])


@pytest.mark.parametrize(("cut", "low", "high"), [(0.9, 0.03, 0.05), (0.8, 0.06, 0.09), (0.5, 0.15, 0.25)])
def test_a_week_of_promotion_leaves_a_dip_of_the_published_size(cut: float, low: float, high: float) -> None:
    _, states = _days([np.log(cut)] * 7)

    assert low <= states[-1].dip[0, 0] <= high


def test_about_a_third_of_the_bump_is_missing_afterwards() -> None:
    orders, _ = _days([np.log(0.8)] * 7 + [0.0] * 200)

    bump = 7 * 1000.0 * (0.8**-1.8 - 1.0)
    missing = 207 * 1000.0 + bump - sum(orders)
    # a little less than a third: buyers begin to take the lower price for the regular one
    assert 0.27 * bump <= missing <= bump / 3


def test_a_price_kept_for_months_is_no_promotion_any_more() -> None:
    _, states = _days([np.log(0.8)] * 300)

    assert states[-1].dip[0, 0] < 0.005


@given(st.lists(st.floats(-12.0, 12.0), min_size=1, max_size=30))
def test_debt_and_dip_keep_to_their_bounds_under_any_prices(log_prices: list[float]) -> None:
    _, states = _days(log_prices)

    for state in states:
        assert 0.0 <= state.dip[0, 0] <= 0.25
        assert 0.0 <= state.borrowed_orders[0, 0] <= 0.25 * 7.0 * 1000.0
        assert np.isfinite(state.regular_log_price[0, 0])
