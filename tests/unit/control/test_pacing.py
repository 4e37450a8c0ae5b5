"""Pacing: the course of planned spend, the fence that looks ahead, and the loop that follows."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control import pacing, pid
from control.pacing import PacingTuning, fence_share, planned_share, traffic_passed
from perception.units import Floats

FLAT = np.full((1, 24), 1.0 / 24.0)
shares = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30).filter(lambda s: sum(s) > 0.1)


def test_flat_day_passes_evenly() -> None:
    assert traffic_passed(0.5, FLAT) == pytest.approx(0.5)
    assert traffic_passed(0.0, FLAT) == 0.0
    assert traffic_passed(1.0, FLAT) == pytest.approx(1.0)


def test_traffic_passes_only_in_busy_hours() -> None:
    noon_only = np.array([[0.0] * 12 + [1.0] + [0.0] * 11])

    assert traffic_passed(0.5, noon_only) == 0.0
    assert traffic_passed(12.5 / 24.0, noon_only) == pytest.approx(0.5)


def test_plan_that_starts_at_noon_spends_its_first_share_in_the_afternoon() -> None:
    course = [
        planned_share(days, starts=0.5, ends=2.0, daily_shares=np.array([[0.25, 0.75]]), hour_shares=FLAT)[0]
        for days in (0.0, 0.5, 0.75, 1.0, 1.5, 2.0)
    ]

    assert course == pytest.approx([0.0, 0.0, 0.125, 0.25, 0.625, 1.0])


def test_plan_that_ends_at_noon_has_spent_everything_by_then() -> None:
    course = [
        planned_share(days, starts=0.0, ends=1.5, daily_shares=np.array([[0.5, 0.5]]), hour_shares=FLAT)[0] for days in (1.25, 1.5, 3.0)
    ]

    assert course == pytest.approx([0.75, 1.0, 1.0])


@given(daily=shares, days=st.lists(st.floats(-2.0, 40.0), min_size=2, max_size=2))
def test_planned_share_rises_from_nothing_to_everything(daily: list[float], days: list[float]) -> None:
    early, late = sorted(days)

    shares_of_one = np.array([daily]) / math.fsum(daily)
    end = float(len(daily))

    course = [planned_share(d, starts=0.0, ends=end, daily_shares=shares_of_one, hour_shares=FLAT)[0] for d in (early, late, end)]

    assert 0.0 <= course[0] <= course[1] + 1e-12
    assert course[1] <= 1.0
    assert course[2] == pytest.approx(1.0)


@given(daily=shares, up=st.floats(0.01, 1.0))
def test_fence_lets_every_later_day_be_reached(daily: list[float], up: float) -> None:
    shares_of_one = np.array([daily]) / math.fsum(daily)

    fences = [float(fence_share(shares_of_one, day, up_ratio=up)[0]) for day in range(len(daily))]

    for today, tomorrow in pairwise(fences):
        assert tomorrow <= today * (1.0 + up) * (1.0 + 1e-9)
    for day, fence in enumerate(fences):
        assert fence >= shares_of_one[0, day] - 1e-12
    assert fences[-1] * (1.0 + up) >= 1.0 / len(daily) - 1e-12


TUNING = PacingTuning(kp=0.4, ki_per_day=0.25)
"""With gains, so that there is a loop to look at."""


def paced(
    memory: pid.Memory | None,
    *,
    planned: list[float],
    spent: list[float],
    forecast: list[float],
    dt_days: float = 0.04,
    tuning: PacingTuning = TUNING,
) -> tuple[Floats, pid.Memory]:
    log_alpha, _, after = pacing.pace(
        memory,
        forecast=np.log(forecast),
        planned_cents=np.array(planned),
        spent_cents=np.array(spent),
        day_cents=np.full(len(spent), 1000.0),
        dt_days=dt_days,
        tuning=tuning,
    )
    return np.exp(log_alpha), after


def test_spending_behind_the_plan_raises_alpha_and_ahead_of_it_lowers_alpha() -> None:
    on_course = [1000.0] * 3
    _, memory = paced(None, planned=on_course, spent=on_course, forecast=[0.2] * 3)

    alpha, _ = paced(memory, planned=[2000.0, 1000.0, 1000.0], spent=[1000.0, 1000.0, 2000.0], forecast=[0.2] * 3)

    behind, even, ahead = alpha
    assert ahead < even < behind
    assert even == pytest.approx(0.2)


def test_loop_that_takes_over_corrects_nothing_yet_whatever_the_error() -> None:
    alpha, _ = paced(None, planned=[5000.0] * 3, spent=[0.0] * 3, forecast=[0.3, 0.05, 0.5], dt_days=1e-9)

    assert alpha == pytest.approx([0.3, 0.05, 0.5], rel=1e-3)


def test_forecast_is_held_within_the_bounds_and_so_is_its_correction() -> None:
    bounds = [TUNING.alpha_low, TUNING.alpha_high]
    alpha, memory = paced(None, planned=[0.0, 0.0], spent=[0.0, 0.0], forecast=[1e-9, 50.0])
    pushed, _ = paced(memory, planned=[0.0, 9000.0], spent=[9000.0, 0.0], forecast=[1e-9, 50.0])

    assert alpha == pytest.approx(bounds)
    assert pushed == pytest.approx(bounds)


def test_shipped_gains_leave_the_forecast_as_it_is() -> None:
    _, memory = paced(None, planned=[0.0], spent=[0.0], forecast=[0.2], tuning=PacingTuning())

    alpha, _ = paced(memory, planned=[5000.0], spent=[0.0], forecast=[0.2], tuning=PacingTuning())

    assert alpha == pytest.approx([0.2])


def test_loops_around_a_wrong_forecast_end_on_plan() -> None:
    budget, spent, memory, log_alpha = 14_000.0, np.zeros(3), None, np.zeros(3)
    for hour in range(14 * 24):
        log_alpha, _, memory = pacing.pace(
            memory,
            forecast=np.log([0.05, 0.2, 0.4]),
            planned_cents=np.full(3, budget * hour / (14 * 24)),
            spent_cents=spent,
            day_cents=np.full(3, 1000.0),
            dt_days=1 / 24,
            tuning=TUNING,
        )
        # spend answers to bids with an elasticity of 1.5; at alpha 0.25 the plan is met
        spent = spent + 1000.0 / 24.0 * (np.exp(log_alpha) / 0.25) ** 1.5

    assert spent == pytest.approx(np.full(3, budget), rel=0.03)
    assert np.exp(log_alpha) == pytest.approx(np.full(3, 0.25), rel=0.1)


def test_impossible_bounds_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="alpha_low: expected within"):
        PacingTuning(alpha_low=2.0).loop()


def test_stores_of_a_batch_follow_their_own_shares() -> None:
    daily = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    hours = np.zeros((3, 24))
    hours[0], hours[1, 12], hours[2, 0] = 1.0 / 24.0, 1.0, 1.0

    table = {days: planned_share(days, starts=0.0, ends=2.0, daily_shares=daily, hour_shares=hours) for days in (0.0, 0.5, 1.0, 1.75, 2.0)}

    assert table[0.0] == pytest.approx([0.0, 0.0, 0.0])
    assert table[0.5] == pytest.approx([0.125, 0.0, 1.0])
    assert table[1.0] == pytest.approx([0.25, 0.5, 1.0])
    assert table[1.75] == pytest.approx([0.25 + 0.75 * 0.75, 1.0, 1.0])
    assert table[2.0] == pytest.approx([1.0, 1.0, 1.0])


def test_window_within_hours_without_traffic_counts_as_passed() -> None:
    noon_only = np.array([[0.0] * 12 + [1.0] + [0.0] * 11])

    assert planned_share(0.1, starts=0.0, ends=0.25, daily_shares=np.array([[1.0]]), hour_shares=noon_only) == pytest.approx([1.0])


def test_fences_of_a_batch_look_ahead_in_their_own_windows() -> None:
    daily = np.array([[0.1, 0.1, 0.8], [0.8, 0.1, 0.1], [1 / 3, 1 / 3, 1 / 3]])

    fences = np.stack([fence_share(daily, day, up_ratio=0.2) for day in range(3)], axis=1)

    assert fences[0] == pytest.approx([0.8 / 1.2**2, 0.8 / 1.2, 0.8])
    assert fences[1] == pytest.approx([0.8, 1 / 3 / 1.2**2, 1 / 3 / 1.2])
    assert fences[2] == pytest.approx([1 / 3, 1 / 3, 1 / 3])
