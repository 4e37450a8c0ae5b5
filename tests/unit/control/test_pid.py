"""The PID law: terms, saturation without wind-up, bumpless start, and faults."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control import pid
from tests.unit.control.sights import assert_same_bits

TUNING = pid.Tuning(kp=1.0, ki_per_day=2.0, kd_days=0.5, filter_days=0.1, low=-1.0, high=1.0)
errors = st.floats(-100.0, 100.0)


def remembered(integral: float = 0.0, measurement: float = 0.0) -> pid.Memory:
    return pid.Memory(integral=np.array([integral]), measurement=np.array([measurement]), slope_per_day=np.zeros(1))


def stepped(
    memory: pid.Memory, *, error: float, measurement: float, dt_days: float, tuning: pid.Tuning = TUNING
) -> tuple[pid.Terms, pid.Memory]:
    return pid.step(memory, error=np.array([error]), measurement=np.array([measurement]), dt_days=dt_days, tuning=tuning)


def test_terms_add_up_to_the_output_within_bounds() -> None:
    memory = remembered(0.1)

    terms, _ = stepped(memory, error=0.2, measurement=0.1, dt_days=0.1)

    assert terms.p == pytest.approx(0.2)
    assert terms.i == pytest.approx(0.1 + 2.0 * 0.2 * 0.1)
    assert terms.d == pytest.approx(-0.5 * 0.5 * (0.1 / 0.1))
    assert terms.output == pytest.approx(terms.p + terms.i + terms.d)
    assert not terms.saturated


def test_constant_error_integrates_at_its_gain_per_day() -> None:
    tuning = pid.Tuning(kp=0.0, ki_per_day=0.5, kd_days=0.0, filter_days=1.0, low=-10.0, high=10.0)
    terms, memory = stepped(remembered(0.0), error=1.0, measurement=0.0, dt_days=1.0 / 24.0, tuning=tuning)

    for _ in range(47):
        terms, memory = stepped(memory, error=1.0, measurement=0.0, dt_days=1.0 / 24.0, tuning=tuning)

    assert terms.output == pytest.approx(1.0)


def test_saturated_loop_does_not_wind_up() -> None:
    memory = remembered(0.0)

    for _ in range(1000):
        _, memory = stepped(memory, error=50.0, measurement=0.0, dt_days=1.0)
    terms, _ = stepped(memory, error=-1.0, measurement=0.0, dt_days=0.01)

    assert terms.output < TUNING.high


def test_saturated_loop_still_integrates_back_into_its_bounds() -> None:
    memory = remembered(5.0)

    _, after = stepped(memory, error=-0.5, measurement=0.0, dt_days=1.0)

    assert after.integral == pytest.approx(4.0)


@given(output=st.floats(-1.0, 1.0), error=errors)
def test_start_takes_over_without_a_jump(output: float, error: float) -> None:
    memory = pid.start(output=np.array([output]), error=np.array([error]), measurement=np.array([3.0]), tuning=TUNING)

    terms, _ = stepped(memory, error=error, measurement=3.0, dt_days=1e-9)

    assert terms.output == pytest.approx(output, abs=1e-5)


@given(error=st.sampled_from([math.nan, math.inf, -math.inf]), integral=st.floats(-5.0, 5.0))
def test_non_finite_error_freezes_the_loop(error: float, integral: float) -> None:
    memory = remembered(integral)

    terms, after = stepped(memory, error=error, measurement=0.0, dt_days=1.0)

    assert_same_bits(after, memory)
    assert terms.output == min(max(integral, TUNING.low), TUNING.high)


@given(steps=st.lists(st.tuples(errors, errors, st.floats(1e-6, 2.0)), max_size=30))
def test_output_never_leaves_its_bounds(steps: list[tuple[float, float, float]]) -> None:
    memory = remembered(0.0)

    for error, measurement, dt_days in steps:
        terms, memory = stepped(memory, error=error, measurement=measurement, dt_days=dt_days)

        assert TUNING.low <= terms.output <= TUNING.high
        assert np.isfinite(memory.integral).all()


def test_moved_set_point_does_not_kick_the_derivative() -> None:
    memory = remembered(0.0, 1.0)

    terms, _ = stepped(memory, error=0.9, measurement=1.0, dt_days=0.01)

    assert terms.d == 0.0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kp", math.nan, "kp: expected a finite number, was nan"),
        ("filter_days", 0.0, "filter_days: expected > 0, was 0.0"),
        ("low", 1.0, "low: expected below high"),
    ],
)
def test_impossible_tuning_is_refused_by_name(field: str, value: float, message: str) -> None:
    given_values = {"kp": 1.0, "ki_per_day": 0.0, "kd_days": 0.0, "filter_days": 1.0, "low": 0.0, "high": 1.0} | {field: value}

    with pytest.raises(ValueError, match=message):
        pid.Tuning(**given_values)


TABLE = [
    # kp, ki, low, high, integral, error, measurement, output, integral after, saturated
    (1.0, 0.0, -1.0, 1.0, 0.0, 0.5, 0.0, 0.5, 0.0, False),
    (1.0, 0.0, -1.0, 1.0, 0.2, -0.5, 0.0, -0.3, 0.2, False),
    (0.0, 2.0, -1.0, 1.0, 0.1, 0.2, 0.0, 0.5, 0.5, False),
    (1.0, 2.0, -1.0, 1.0, 0.9, 0.5, 0.0, 1.0, 0.9, True),
    (1.0, 2.0, -1.0, 1.0, -0.9, -0.5, 0.0, -1.0, -0.9, True),
    (0.0, 2.0, -1.0, 1.0, 5.0, -1.0, 0.0, 1.0, 3.0, True),
    (1.0, 2.0, -1.0, 1.0, 0.4, math.nan, 0.0, 0.4, 0.4, False),
    (1.0, 2.0, -1.0, 1.0, 4.0, math.inf, 0.0, 1.0, 4.0, False),
    (1.0, 2.0, -1.0, 1.0, 0.4, 0.1, -math.inf, 0.4, 0.4, False),
]


def test_loops_of_a_batch_each_keep_to_their_own_figures_and_bounds() -> None:
    for kp, ki in {row[:2] for row in TABLE}:
        rows = [row for row in TABLE if row[:2] == (kp, ki)]
        _, _, low, high, integral, error, measurement, output, after, saturated = (np.array(column) for column in zip(*rows, strict=True))
        tuning = pid.Tuning(kp=kp, ki_per_day=ki, kd_days=0.0, filter_days=1.0, low=low, high=high)
        memory = pid.Memory(integral=integral, measurement=np.zeros(len(rows)), slope_per_day=np.zeros(len(rows)))

        terms, kept = pid.step(memory, error=error, measurement=measurement, dt_days=1.0, tuning=tuning)

        assert terms.output == pytest.approx(output)
        assert kept.integral == pytest.approx(after)
        assert terms.saturated.tolist() == saturated.tolist()
        assert np.isfinite(kept.measurement).all()


def test_only_loops_that_have_not_started_are_started() -> None:
    memory = pid.Memory(integral=np.array([0.7, np.nan]), measurement=np.array([2.0, np.nan]), slope_per_day=np.array([0.1, np.nan]))
    fresh = pid.start(output=np.array([0.5, 0.5]), error=np.zeros(2), measurement=np.ones(2), tuning=TUNING)

    assert not pid.is_running(memory)
    after = pid.started(memory, fresh)

    assert after.integral.tolist() == [0.7, 0.5]
    assert after.measurement.tolist() == [2.0, 1.0]
    assert pid.is_running(after)


def test_time_that_does_not_pass_freezes_the_loop() -> None:
    terms, after = stepped(remembered(0.3), error=0.5, measurement=0.1, dt_days=0.0)

    assert terms.output == 0.3
    assert_same_bits(after, remembered(0.3))
