"""What a day costs: the alpha that forecasts find in markets of any elasticity, and what reports that are missing or late do to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control import response
from control.response import ResponseTuning
from perception.units import Floats

TUNING = ResponseTuning()
TICK_DAYS = 1.0 / 24.0


def followed(elasticity: float, *, start: float = 0.3, right: float = 0.6, days: int = 6, lag_s: float = 4 * 3600.0) -> Floats:
    """Alpha by tick in a market where a day of 1000 costs alpha = ``right``, reported after a lag of four hours."""
    kept = response.began(log_alpha=np.log([start]), spent_cents=np.zeros(1), planned_days=np.zeros(1))
    spent, alphas = [0.0] * 5, []
    for tick in range(days * 24):
        kept = response.learnt(
            kept, spent_cents=np.array([spent[-5]]), planned_days=np.array([max(tick - 4, 0) * TICK_DAYS]), tuning=TUNING
        )
        log_alpha = response.forecast(kept, day_cents=np.array([1000.0]), tuning=TUNING)
        kept = response.felt(kept, log_alpha, dt_days=TICK_DAYS, lag_s=lag_s)
        alphas.append(math.exp(log_alpha[0]))
        spent.append(spent[-1] + 1000.0 * TICK_DAYS * (alphas[-1] / right) ** elasticity)
    return np.array(alphas)


@pytest.mark.parametrize("elasticity", [0.8, 1.6, 2.5])
def test_right_alpha_is_found_within_days(elasticity: float) -> None:
    alphas = followed(elasticity)

    assert alphas[0] == pytest.approx(0.3)
    assert alphas[2 * 24] == pytest.approx(0.6, rel=0.25)
    assert alphas[-1] == pytest.approx(0.6, rel=0.1)


def test_market_as_it_is_believed_is_known_within_a_day() -> None:
    assert followed(TUNING.spend_elasticity)[24] == pytest.approx(0.6, rel=0.1)


@settings(deadline=None, max_examples=30)
@given(elasticity=st.floats(0.8, 3.0), start=st.floats(0.02, 1.0), right=st.floats(0.05, 1.0))
def test_forecasts_stay_finite_and_end_near_the_right_alpha_wherever_they_begin(elasticity: float, start: float, right: float) -> None:
    alphas = followed(elasticity, start=start, right=right, days=20)

    assert np.isfinite(alphas).all()
    assert abs(math.log(alphas[-1] / right)) < 0.2 + 0.1 * abs(math.log(start / right))


def test_nothing_seen_leaves_the_alpha_that_stood() -> None:
    kept = response.began(log_alpha=np.log([0.2, 0.7]), spent_cents=np.array([50.0, math.nan]), planned_days=np.array([0.3, 0.3]))

    assert np.exp(response.forecast(kept, day_cents=np.array([1000.0, 0.0]), tuning=TUNING)) == pytest.approx([0.2, 0.7])


def test_spend_that_is_not_a_number_is_left_out() -> None:
    kept = response.began(log_alpha=np.log([0.3]), spent_cents=np.zeros(1), planned_days=np.zeros(1))
    known = response.learnt(kept, spent_cents=np.array([100.0]), planned_days=np.array([0.5]), tuning=TUNING)

    after = response.learnt(known, spent_cents=np.array([math.nan]), planned_days=np.array([0.5]), tuning=TUNING)

    for each in (known, after):
        assert np.isfinite(response.forecast(each, day_cents=np.array([1000.0]), tuning=TUNING)).all()
    assert response.forecast(after, day_cents=np.array([1000.0]), tuning=TUNING) == response.forecast(
        known, day_cents=np.array([1000.0]), tuning=TUNING
    )


def test_days_without_planned_traffic_teach_nothing() -> None:
    kept = response.began(log_alpha=np.log([0.3]), spent_cents=np.zeros(1), planned_days=np.zeros(1))
    known = response.learnt(kept, spent_cents=np.array([500.0]), planned_days=np.array([1.0]), tuning=TUNING)
    before = response.forecast(known, day_cents=np.array([1000.0]), tuning=TUNING)

    for _ in range(48):
        known = response.learnt(known, spent_cents=np.array([500.0]), planned_days=np.array([1.0]), tuning=TUNING)

    assert response.forecast(known, day_cents=np.array([1000.0]), tuning=TUNING) == pytest.approx(before)
