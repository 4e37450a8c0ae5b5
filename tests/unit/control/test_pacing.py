"""Pacing: the course of planned spend, the fence that looks ahead, and the loop that follows."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control import pacing
from control.pacing import PacingTuning, fence_share, planned_share, traffic_passed

FLAT = [1.0 / 24.0] * 24
shares = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30).filter(lambda s: sum(s) > 0.1)


def test_flat_day_passes_evenly() -> None:
    assert traffic_passed(0.5, FLAT) == pytest.approx(0.5)
    assert traffic_passed(0.0, FLAT) == 0.0
    assert traffic_passed(1.0, FLAT) == pytest.approx(1.0)


def test_traffic_passes_only_in_busy_hours() -> None:
    noon_only = [0.0] * 12 + [1.0] + [0.0] * 11

    assert traffic_passed(0.5, noon_only) == 0.0
    assert traffic_passed(12.5 / 24.0, noon_only) == pytest.approx(0.5)


def test_plan_that_starts_at_noon_spends_its_first_share_in_the_afternoon() -> None:
    course = [
        planned_share(days, starts=0.5, ends=2.0, daily_shares=[0.25, 0.75], hour_shares=FLAT) for days in (0.0, 0.5, 0.75, 1.0, 1.5, 2.0)
    ]

    assert course == pytest.approx([0.0, 0.0, 0.125, 0.25, 0.625, 1.0])


def test_plan_that_ends_at_noon_has_spent_everything_by_then() -> None:
    course = [planned_share(days, starts=0.0, ends=1.5, daily_shares=[0.5, 0.5], hour_shares=FLAT) for days in (1.25, 1.5, 3.0)]

    assert course == pytest.approx([0.75, 1.0, 1.0])


@given(daily=shares, days=st.lists(st.floats(-2.0, 40.0), min_size=2, max_size=2))
def test_planned_share_rises_from_nothing_to_everything(daily: list[float], days: list[float]) -> None:
    early, late = sorted(days)

    shares_of_one = [share / math.fsum(daily) for share in daily]
    end = float(len(daily))

    course = [planned_share(d, starts=0.0, ends=end, daily_shares=shares_of_one, hour_shares=FLAT) for d in (early, late, end)]

    assert 0.0 <= course[0] <= course[1] + 1e-12
    assert course[1] <= 1.0
    assert course[2] == pytest.approx(1.0)


@given(daily=shares, up=st.floats(0.01, 1.0))
def test_fence_lets_every_later_day_be_reached(daily: list[float], up: float) -> None:
    fences = [fence_share(daily, day, up_ratio=up) for day in range(len(daily))]

    for today, tomorrow in pairwise(fences):
        assert tomorrow <= today * (1.0 + up) * (1.0 + 1e-9)
    for day, fence in enumerate(fences):
        assert fence >= daily[day] / math.fsum(daily) - 1e-12
    assert fences[-1] * (1.0 + up) >= 1.0 / len(daily) - 1e-12


def test_spending_behind_the_plan_raises_alpha_and_ahead_of_it_lowers_alpha() -> None:
    tuning = PacingTuning()
    _, memory = pacing.pace(None, planned_cents=1000.0, spent_cents=1000.0, day_cents=1000.0, dt_days=0.04, tuning=tuning, alpha=0.2)

    behind, _ = pacing.pace(memory, planned_cents=2000.0, spent_cents=1000.0, day_cents=1000.0, dt_days=0.04, tuning=tuning, alpha=math.nan)
    ahead, _ = pacing.pace(memory, planned_cents=1000.0, spent_cents=2000.0, day_cents=1000.0, dt_days=0.04, tuning=tuning, alpha=math.nan)

    assert math.exp(ahead.output) < 0.2 < math.exp(behind.output)


def test_pace_takes_over_at_the_alpha_that_stands() -> None:
    terms, _ = pacing.pace(None, planned_cents=5000.0, spent_cents=0.0, day_cents=1000.0, dt_days=1e-9, tuning=PacingTuning(), alpha=0.3)

    assert math.exp(terms.output) == pytest.approx(0.3, rel=1e-3)


def test_loop_on_a_market_that_answers_alpha_ends_on_plan() -> None:
    tuning = PacingTuning(reporting_lag_s=0.0)
    budget, spent, memory, alpha = 14_000.0, 0.0, None, math.nan
    for hour in range(14 * 24):
        planned = budget * hour / (14 * 24)
        terms, memory = pacing.pace(
            memory, planned_cents=planned, spent_cents=spent, day_cents=1000.0, dt_days=1 / 24, tuning=tuning, alpha=alpha
        )
        alpha = math.exp(terms.output)
        # spend answers to bids with an elasticity of 1.5; at alpha 0.35 the plan is met
        spent += 1000.0 / 24.0 * (alpha / 0.35) ** 1.5

    assert spent == pytest.approx(budget, rel=0.03)
    assert alpha == pytest.approx(0.35, rel=0.1)


def test_impossible_bounds_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="alpha_low: expected within"):
        PacingTuning(alpha_low=2.0).loop()
