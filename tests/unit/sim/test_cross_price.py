"""Orders follow the prices of rivals and of neighbouring SKUs."""

from __future__ import annotations

import numpy as np
import pytest

from sim.mechanics.cross_price import cross_price_exponent, neighbours, neighbours_log_price, next_day, opened
from sim.parameters.mechanics import CrossPrice

FIGURES = CrossPrice(
    elasticity_median=0.10,
    elasticity_log_sd=1.38,
    elasticity_low=0.05,
    elasticity_high=0.40,
    range_elasticity=0.10,
    rival_price_ar1=0.97,
    rival_price_cv=0.06,
)
SEEDS = np.arange(4000)


def test_elasticities_keep_to_their_range_around_the_median() -> None:
    drawn = opened(FIGURES, (0, 0, 1), seeds=SEEDS).elasticity

    assert drawn.min() >= 0.05
    assert drawn.max() <= 0.40
    assert np.median(drawn) == pytest.approx(0.10, abs=0.01)


def test_rival_prices_wander_with_the_stated_spread_and_memory_for_ever() -> None:
    state = opened(FIGURES, (0, 0, 1), seeds=SEEDS)
    first = state.rival_log_price
    for day in range(1, 11):
        state = next_day(state, FIGURES, seeds=SEEDS, day_index=day)

    assert first.std() == pytest.approx(0.06, rel=0.03)
    assert state.rival_log_price.std() == pytest.approx(0.06, rel=0.03)
    assert np.corrcoef(first.ravel(), state.rival_log_price.ravel())[0, 1] == pytest.approx(0.97**10, abs=0.03)


def test_dearer_rivals_and_neighbours_bring_orders_by_their_elasticities() -> None:
    state = opened(FIGURES, (0, 0, 1), seeds=SEEDS)
    usual = np.zeros((SEEDS.size, 3))
    calm = cross_price_exponent(state, FIGURES, log_price=usual)

    rivals_dearer = cross_price_exponent(state, FIGURES, log_price=usual, rival_log_price=np.log(1.1)) - calm
    neighbour_dearer = cross_price_exponent(state, FIGURES, log_price=usual + np.array([np.log(1.1), 0.0, 0.0]), rival_log_price=0.0) - calm

    np.testing.assert_allclose(rivals_dearer, state.elasticity * np.log(1.1))
    np.testing.assert_allclose(neighbour_dearer[:, 1], 0.10 * np.log(1.1))
    np.testing.assert_allclose(neighbour_dearer[:, [0, 2]], 0.0, atol=1e-15)


def test_own_price_is_not_a_neighbours_price_whatever_the_order_of_campaigns() -> None:
    log_price = np.array([[1.0, 2.0, 4.0, 8.0, 16.0]])

    mean = neighbours_log_price(log_price, neighbours((1, 0, 1, 2, 1)))

    np.testing.assert_allclose(mean, [[10.0, 0.0, 8.5, 0.0, 2.5]])


def test_neighbours_of_a_store_do_not_depend_on_the_batch() -> None:
    log_price = np.random.default_rng(1).normal(size=(1024, 10))
    groups = neighbours((0, 0, 0, 1, 1, 1, 1, 1, 2, 2))
    whole = neighbours_log_price(log_price, groups)

    for rows in (slice(0, 1), slice(0, 7), slice(500, 507)):
        assert np.array_equal(neighbours_log_price(log_price[rows], groups), whole[rows])
