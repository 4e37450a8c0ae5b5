"""Conversions come late: the expected share must match what a simulated click day reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perception.maturity import STEP_S, MaturityCurve, converted_share, expected_maturity, reported_by_age, settled_after_s
from perception.shape import ActivityShape
from perception.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

CURVE = MaturityCurve()
HOURS = ActivityShape().hour_shares()


def simulated_share(elapsed_s: float, *, clicks: int = 200_000) -> float:
    """Conversions reported per conversion to come, among the clicks a report shows, by drawing each of them."""
    draw = np.random.default_rng(5)
    click_s = (draw.choice(24, size=clicks, p=HOURS) + draw.random(clicks)) * SECONDS_PER_HOUR
    kind = draw.random(clicks)
    minutes = draw.exponential(CURVE.minutes_mean_s, clicks)
    within_day = draw.uniform(CURVE.day_low_s, CURVE.day_high_s, clicks)
    cut = -np.expm1(-CURVE.horizon_s / CURVE.days_mean_s)
    days = -CURVE.days_mean_s * np.log1p(-draw.random(clicks) * cut)
    delay_s = np.where(kind < CURVE.minutes_weight, minutes, np.where(kind < CURVE.minutes_weight + CURVE.day_weight, within_day, days))
    lag_s = draw.uniform(CURVE.lag_low_s, CURVE.lag_high_s, clicks)
    age_s = elapsed_s - click_s - delay_s
    shown = CURVE.fresh_share + (1.0 - CURVE.fresh_share) * np.clip(age_s / CURVE.restated_within_s, 0.0, 1.0)
    reported = np.where(age_s >= lag_s, shown, 0.0)
    clicks_reported = elapsed_s - click_s >= draw.uniform(CURVE.lag_low_s, CURVE.lag_high_s, clicks)
    return float(reported[clicks_reported].mean())


@pytest.mark.parametrize("elapsed_days", [0.6, 1.0, 1.5, 2.0, 4.0, 8.0])
def test_expected_share_matches_drawn_conversions(elapsed_days: float) -> None:
    elapsed_s = elapsed_days * SECONDS_PER_DAY

    (expected,) = expected_maturity(CURVE, elapsed_s=np.array([elapsed_s]), hour_shares=HOURS)

    assert expected == pytest.approx(simulated_share(elapsed_s), abs=0.01)


def test_share_rises_from_least_to_all() -> None:
    elapsed_s = np.arange(0.0, 15.0, 0.25) * SECONDS_PER_DAY

    shares = expected_maturity(CURVE, elapsed_s=elapsed_s, hour_shares=HOURS)

    assert shares[0] == CURVE.least
    assert shares[-1] == 1.0
    assert (np.diff(shares[8:]) >= 0.0).all()


def test_marketplace_default_has_nine_tenths_within_four_of_seven_days() -> None:
    four, seven = converted_share(CURVE, np.array([4.0, 7.0]) * SECONDS_PER_DAY)

    assert four == pytest.approx(0.9, abs=0.01)
    assert seven == pytest.approx(1.0)


def test_nothing_converts_before_the_click() -> None:
    assert converted_share(CURVE, np.array([-1.0, 0.0])).tolist() == [0.0, 0.0]


def test_table_ends_when_all_is_settled() -> None:
    table = reported_by_age(CURVE)

    assert table[-1] == pytest.approx(1.0)
    assert table[int((settled_after_s(CURVE) - SECONDS_PER_DAY) / STEP_S)] < 1.0


def test_without_restatement_reports_are_higher() -> None:
    exact = replace(CURVE, fresh_share=1.0)
    elapsed_s = np.array([1.5 * SECONDS_PER_DAY])

    assert expected_maturity(exact, elapsed_s=elapsed_s, hour_shares=HOURS) > expected_maturity(
        CURVE, elapsed_s=elapsed_s, hour_shares=HOURS
    )
