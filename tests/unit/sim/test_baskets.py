"""Ad orders bring companions; customers come back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mechanics.baskets import BasketState, companions, next_day, opened
from sim.parameters.mechanics import Baskets

FIGURES = Baskets(companion_lines=0.2, repeat_share=0.25, repeat_mean_days=60.0, repeat_effect_maximum=2.0)
USUAL = np.array([[6.0, 3.0, 1.0]])
ON_SALE = np.ones(3, dtype=np.bool_)


def _lived(multiples: list[float], figures: Baskets = FIGURES) -> list[BasketState]:
    usual, states = 1000.0 * USUAL, []
    state = opened(usual, ON_SALE)
    for multiple in multiples:
        orders = np.rint(usual * multiple).astype(np.int64)
        state = next_day(state, figures, orders=orders, expected_orders=usual, usual_orders=usual, on_sale=ON_SALE)
        states.append(state)
    return states


def test_each_ad_order_brings_its_lines_of_other_skus_by_their_usual_orders() -> None:
    expected = companions(opened(USUAL, ON_SALE), FIGURES, ad_orders=np.array([[10, 0, 0]]))

    np.testing.assert_allclose(expected, [[0.0, 1.5, 0.5]], atol=1e-12)


def test_companions_sum_to_their_rate_whatever_was_ordered() -> None:
    expected = companions(opened(USUAL, ON_SALE), FIGURES, ad_orders=np.array([[3, 5, 2]]))

    assert expected.sum() == pytest.approx(0.2 * 10)


def test_a_quiet_hour_brings_no_companions() -> None:
    customers = opened(USUAL, ON_SALE)

    assert not companions(customers, FIGURES, ad_orders=np.zeros((1, 3), dtype=np.int64)).any()


def test_the_only_product_has_no_companions_and_what_is_not_on_sale_is_none() -> None:
    alone = opened(USUAL, np.array([True, False, False]))

    assert not companions(alone, FIGURES, ad_orders=np.array([[7, 0, 0]])).any()


def test_usual_sales_keep_the_usual_customers() -> None:
    assert _lived([1.0] * 100)[-1].repeat_effect[0, 0] == pytest.approx(1.0)


def test_double_sales_bring_their_share_of_repeat_orders_in_time() -> None:
    states = _lived([2.0] * 400)

    assert states[59].repeat_effect[0, 0] == pytest.approx(1.0 + 0.25 * (1.0 - np.exp(-1.0)), rel=0.02)
    assert states[-1].repeat_effect[0, 0] == pytest.approx(1.25, rel=0.01)


def test_after_a_shut_down_new_customers_alone_are_left() -> None:
    assert _lived([0.0] * 600)[-1].repeat_effect[0, 0] == pytest.approx(0.75, abs=0.01)


@given(st.lists(st.sampled_from([0.0, 1.0, 8.0, 1e9]), min_size=1, max_size=60))
def test_effect_keeps_to_its_bounds(multiples: list[float]) -> None:
    for state in _lived(multiples, replace(FIGURES, repeat_share=0.9)):
        assert 0.1 - 1e-12 <= state.repeat_effect[0, 0] <= 2.0


def test_days_without_any_demand_leave_no_nan() -> None:
    state = opened(USUAL, np.zeros(3, dtype=np.bool_))
    nothing = np.zeros((1, 3))
    for _ in range(5):
        state = next_day(
            state,
            FIGURES,
            orders=nothing.astype(np.int64),
            expected_orders=nothing,
            usual_orders=USUAL,
            on_sale=np.zeros(3, dtype=np.bool_),
        )

    assert state.repeat_effect[0, 0] == 1.0
