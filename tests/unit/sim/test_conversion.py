"""Conversion: how many clicks become orders, and when they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.conversion import day_noise, delay_shares
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


def test_day_noise_is_fair_and_as_wide_as_assumed(bench: Bench) -> None:
    noise = day_noise(bench.parameters, seeds=np.arange(500), draw=Draw.DAY_CVR, day=2)

    assert noise.mean() == pytest.approx(1.0, abs=0.01)
    assert noise.std() == pytest.approx(bench.parameters.conversion.day_noise_cv, rel=0.05)
