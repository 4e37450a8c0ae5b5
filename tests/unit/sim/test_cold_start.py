"""Launches convert badly until they have reviews, and are a novelty at first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.mechanics.cold_start import ColdStartState, next_day, novelty_effect, opened, review_effect
from sim.parameters.mechanics import ColdStart

FIGURES = ColdStart(
    cvr_floor=0.27,
    reviews_low=5,
    reviews_high=10,
    reviews_per_order=0.05,
    review_delay_days=7.0,
    launch_week_ratio=1.46,
    launch_decay_days=14.0,
)
SEEDS = np.arange(2000)
LAUNCH = 700_000
LAUNCH_DAY = np.array([0, LAUNCH])


def _grown(daily_orders: int, days: int, figures: ColdStart = FIGURES) -> ColdStartState:
    state = opened(figures, LAUNCH_DAY, skus=2, day=LAUNCH, seeds=SEEDS)
    orders = np.full((SEEDS.size, 2), daily_orders)
    for index in range(1, days + 1):
        state = next_day(state, figures, LAUNCH_DAY, orders=orders, day=LAUNCH + index, day_index=index, seeds=SEEDS)
    return state


def test_conversion_runs_from_the_floor_to_one_with_the_reviews() -> None:
    effects = review_effect(np.arange(8), np.full(8, 6), floor=0.27)

    assert effects[0] == pytest.approx(0.27)
    assert effects[6] == effects[7] == 1.0
    assert (np.diff(effects)[:6] > 0.0).all()
    assert (np.diff(np.diff(effects)[:6]) < 0.0).all()


def test_established_skus_are_untouched_and_launches_start_at_the_floor() -> None:
    state = opened(FIGURES, LAUNCH_DAY, skus=2, day=LAUNCH, seeds=SEEDS)

    assert (state.conversion[:, 0] == 1.0).all()
    assert state.conversion[:, 1] == pytest.approx(0.27)
    assert state.novelty[0, 0] == 1.0
    assert set(np.unique(state.enough)) == {5, 6, 7, 8, 9, 10}


def test_reviews_come_at_their_rate_and_late() -> None:
    unlimited = replace(FIGURES, reviews_low=10_000, reviews_high=10_000)
    reviews = _grown(20, 60, unlimited).reviews[:, 1]

    # a buyer writes a week after the order on average, and the orders of a day are counted at its end
    assert reviews.mean() == pytest.approx(0.05 * 20 * (60 - 7.0), rel=0.03)
    assert reviews.var() == pytest.approx(reviews.mean(), rel=0.15)


def test_a_launch_that_sells_comes_to_convert_like_the_others_and_one_that_does_not_stays() -> None:
    assert (_grown(20, 60).conversion == 1.0).all()
    assert _grown(0, 60).conversion[:, 1] == pytest.approx(0.27)


def test_more_orders_never_mean_fewer_reviews() -> None:
    assert (_grown(6, 20).reviews >= _grown(5, 20).reviews).all()


def test_first_week_stands_above_the_mean_of_sixteen_as_measured() -> None:
    effect = novelty_effect(np.arange(112), launch_week_ratio=1.46, decay_days=14.0)

    assert effect[:7].mean() == pytest.approx(1.46)
    assert effect.mean() == pytest.approx(1.0)
    assert (np.diff(effect) < 0.0).all()


def test_novelty_never_turns_demand_negative_at_the_ends_of_its_ranges() -> None:
    effect = novelty_effect(np.arange(1000), launch_week_ratio=3.0, decay_days=28.0)

    assert effect.min() > 0.0


def test_before_its_launch_a_product_ages_not() -> None:
    state = opened(FIGURES, LAUNCH_DAY, skus=2, day=LAUNCH - 30, seeds=SEEDS)

    assert (state.novelty == 1.0).all()
