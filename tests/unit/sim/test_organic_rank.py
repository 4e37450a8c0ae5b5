"""Rank follows sales, heals after a stockout, and does not run away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mechanics.organic_rank import RankState, next_day, opened
from sim.parameters.mechanics import OrganicRank

FIGURES = OrganicRank(
    half_life_days=7.0,
    velocity_weight=0.3,
    usual_position_low=2.0,
    usual_position_high=12.0,
    last_position=48.0,
    evidence_orders=5.0,
)
USUAL = np.array([[100.0]])
SEEDS = np.array([3])
ESTABLISHED, ON_SALE = np.array([0]), np.array([True])


def _lived(multiples: list[float], *, follows: bool, figures: OrganicRank = FIGURES) -> list[float]:
    """Effect after each day whose orders were this multiple of the usual ones, times today's effect if sales follow the rank."""
    state = opened(figures, USUAL, ESTABLISHED, seeds=SEEDS)
    effects = []
    for multiple in multiples:
        orders = np.rint(USUAL * multiple * (state.effect if follows else 1.0)).astype(np.int64)
        state = next_day(state, figures, orders=orders, expected_orders=USUAL, counts=ON_SALE)
        effects.append(float(state.effect[0, 0]))
    return effects


def test_usual_sales_keep_the_usual_rank() -> None:
    assert _lived([1.0] * 30, follows=True) == pytest.approx([1.0] * 30)


def test_velocity_forgets_with_its_half_life() -> None:
    effect = _lived([0.0] * 7, follows=False)[-1]

    expected = USUAL[0, 0] / (1.0 - 2.0 ** (-1 / 7))
    assert effect == pytest.approx(((0.5 * expected + 5.0) / (expected + 5.0)) ** 0.3)


def test_a_stockout_costs_rank_and_is_healed_within_four_weeks() -> None:
    effects = _lived([0.0] * 10 + [1.0] * 28, follows=True)

    assert effects[9] < 0.8
    assert effects[-1] > 0.95
    assert (np.diff(effects[10:]) >= -1e-3).all()


def test_ad_sales_lift_the_rank_by_less_than_they_add() -> None:
    state = opened(FIGURES, USUAL, ESTABLISHED, seeds=SEEDS)
    for _ in range(200):
        orders = np.rint(USUAL * state.effect + 30.0).astype(np.int64)
        state = next_day(state, FIGURES, orders=orders, expected_orders=USUAL, counts=ON_SALE)

    # the fixed point of x = x**0.3 + 0.3 is 1.41
    assert state.effect[0, 0] == pytest.approx(1.41**0.3, rel=0.01)


def test_a_lasting_factor_on_sales_settles_at_its_fixed_point() -> None:
    effects = _lived([2.0] * 200, follows=True, figures=replace(FIGURES, usual_position_low=12.0))

    assert effects[-1] == pytest.approx(2.0 ** (0.3 / 0.7), rel=0.02)


def test_clicks_go_as_one_over_position() -> None:
    state = opened(FIGURES, USUAL, ESTABLISHED, seeds=SEEDS)
    # tenfold sales for ever: velocity 10, position divided by 10**0.3
    lifted = next_day(state, FIGURES, orders=np.array([[10**9]]), expected_orders=USUAL, counts=ON_SALE)

    assert 2.0 <= state.usual_position[0, 0] <= 12.0
    assert lifted.effect[0, 0] == pytest.approx(state.usual_position[0, 0])


def test_a_launch_starts_at_the_bottom_and_waits_for_its_day() -> None:
    state = opened(FIGURES, USUAL, np.array([700_000]), seeds=SEEDS)
    waiting = next_day(state, FIGURES, orders=np.array([[0]]), expected_orders=USUAL, counts=np.array([False]))

    assert state.effect[0, 0] < 0.3
    assert waiting.effect[0, 0] == state.effect[0, 0]


def test_one_order_of_a_slow_seller_moves_it_little() -> None:
    slow = np.array([[0.1]])
    state = opened(FIGURES, slow, ESTABLISHED, seeds=SEEDS)
    after = next_day(state, FIGURES, orders=np.array([[1]]), expected_orders=slow, counts=ON_SALE)

    assert 1.0 < after.effect[0, 0] < 1.06


@given(st.lists(st.sampled_from([0.0, 1.0, 8.0, 1e9]), min_size=1, max_size=60))
def test_effect_stays_within_the_positions_of_the_page(multiples: list[float]) -> None:
    state: RankState = opened(FIGURES, USUAL, ESTABLISHED, seeds=SEEDS)
    for multiple in multiples:
        orders = np.minimum(USUAL * multiple * state.effect, 1e15).astype(np.int64)
        state = next_day(state, FIGURES, orders=orders, expected_orders=USUAL, counts=ON_SALE)
        position = state.usual_position[0, 0]
        assert position / 48.0 <= state.effect[0, 0] <= position
