"""Conversion: how many clicks become orders, and when they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.conversion import day_noise, delay_hours, delay_shares, order_per_click
from sim.randomness import Draw

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench


def test_delays_add_up_and_end_with_the_window(bench: Bench) -> None:
    shares = delay_shares(bench.parameters.conversion)

    assert shares.sum() == pytest.approx(1.0)
    assert shares.size == 7 * 24 + 1
    assert (shares >= 0.0).all()


def test_delays_follow_the_mixture(bench: Bench) -> None:
    cumulative = np.cumsum(delay_shares(bench.parameters.conversion))
    slow = (1 - np.exp(-1.0 / 1.7)) / (1 - np.exp(-7.0 / 1.7))

    # a click falls half an hour before the end of its hour on average
    assert cumulative[24] == pytest.approx(0.35 + 0.15 + 0.5 * slow, abs=0.01)
    assert cumulative[0] > 0.2
    # marketplaces: at least 90 % of a seven-day window within four days
    assert cumulative[4 * 24] > 0.9


def test_delays_are_drawn_by_inversion(bench: Bench) -> None:
    cumulative = np.cumsum(delay_shares(bench.parameters.conversion))

    hours = delay_hours(cumulative, np.array([1e-9, cumulative[10] - 1e-9, cumulative[10] + 1e-9, 1.0 - 1e-16]))

    assert hours.tolist() == [0, 10, 11, 168]


def test_order_per_click_rises_with_the_price_effect_up_to_its_ceiling(bench: Bench) -> None:
    conversion = bench.parameters.conversion

    chance = order_per_click(conversion, np.array([[0.05]]), noise=np.array([[1.1]]), price_effect=np.array([[0.5]]))
    ceiling = order_per_click(conversion, np.array([[0.2]]), noise=np.array([[1.1]]), price_effect=np.array([[8.0]]))

    assert chance[0, 0] == pytest.approx(0.0275)
    assert ceiling[0, 0] == conversion.cvr_maximum


def test_day_noise_is_fair_and_as_wide_as_assumed(bench: Bench) -> None:
    noise = day_noise(bench.parameters, seeds=np.arange(500), draw=Draw.DAY_CVR, day=2)

    assert noise.mean() == pytest.approx(1.0, abs=0.01)
    assert noise.std() == pytest.approx(bench.parameters.conversion.day_noise_cv, rel=0.05)
