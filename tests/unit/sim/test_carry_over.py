"""Clicks of the days before bring organic orders, with bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mechanics.carry_over import adstock, carry_over_effect
from sim.parameters.mechanics import CarryOver

FIGURES = CarryOver(theta=0.2, elasticity=0.1, clicks_per_order=2.0, effect_maximum=1.5)


def _effect(daily_clicks: float) -> float:
    steady = np.array([[daily_clicks / (1.0 - FIGURES.theta)]])
    return float(carry_over_effect(steady, np.array([[10.0]]), FIGURES)[0, 0])


def test_adstock_of_steady_clicks_settles_at_their_geometric_sum() -> None:
    stock = np.zeros((1, 1))
    for _ in range(40):
        stock = adstock(stock, np.array([[8]]), theta=0.2)

    assert stock[0, 0] == pytest.approx(8 / 0.8)


def test_adstock_fades_by_theta() -> None:
    assert adstock(np.array([[10.0]]), np.array([[0]]), theta=0.2)[0, 0] == pytest.approx(2.0)


def test_no_clicks_no_effect() -> None:
    assert _effect(0.0) == 1.0


def test_elasticity_is_half_at_the_reference_and_whole_far_above_it() -> None:
    def elasticity(clicks: float) -> float:
        return float(np.log(_effect(clicks * 1.01) / _effect(clicks)) / np.log(1.01))

    assert elasticity(20.0) == pytest.approx(0.05, rel=0.02)
    assert elasticity(900.0) == pytest.approx(0.1, rel=0.05)


@given(st.floats(0.0, 1e15), st.floats(1e-6, 1e6))
def test_effect_stays_between_one_and_its_ceiling(stock: float, usual: float) -> None:
    effect = carry_over_effect(np.array([[stock]]), np.array([[usual]]), FIGURES)[0, 0]

    assert 1.0 <= effect <= 1.5 + 1e-12
