"""The PID law: terms, saturation without wind-up, bumpless start, and faults."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control import pid

TUNING = pid.Tuning(kp=1.0, ki_per_day=2.0, kd_days=0.5, filter_days=0.1, low=-1.0, high=1.0)
errors = st.floats(-100.0, 100.0)


def test_terms_add_up_to_the_output_within_bounds() -> None:
    memory = pid.Memory(integral=0.1, measurement=0.0, slope_per_day=0.0)

    terms, _ = pid.step(memory, error=0.2, measurement=0.1, dt_days=0.1, tuning=TUNING)

    assert terms.p == pytest.approx(0.2)
    assert terms.i == pytest.approx(0.1 + 2.0 * 0.2 * 0.1)
    assert terms.d == pytest.approx(-0.5 * 0.5 * (0.1 / 0.1))
    assert terms.output == pytest.approx(terms.p + terms.i + terms.d)
    assert not terms.saturated


def test_constant_error_integrates_at_its_gain_per_day() -> None:
    tuning = pid.Tuning(kp=0.0, ki_per_day=0.5, kd_days=0.0, filter_days=1.0, low=-10.0, high=10.0)
    terms, memory = pid.step(
        pid.Memory(integral=0.0, measurement=0.0, slope_per_day=0.0), error=1.0, measurement=0.0, dt_days=1.0 / 24.0, tuning=tuning
    )

    for _ in range(47):
        terms, memory = pid.step(memory, error=1.0, measurement=0.0, dt_days=1.0 / 24.0, tuning=tuning)

    assert terms.output == pytest.approx(1.0)


def test_saturated_loop_does_not_wind_up() -> None:
    memory = pid.Memory(integral=0.0, measurement=0.0, slope_per_day=0.0)

    for _ in range(1000):
        _, memory = pid.step(memory, error=50.0, measurement=0.0, dt_days=1.0, tuning=TUNING)
    terms, _ = pid.step(memory, error=-1.0, measurement=0.0, dt_days=0.01, tuning=TUNING)

    assert terms.output < TUNING.high


def test_saturated_loop_still_integrates_back_into_its_bounds() -> None:
    memory = pid.Memory(integral=5.0, measurement=0.0, slope_per_day=0.0)

    _, after = pid.step(memory, error=-0.5, measurement=0.0, dt_days=1.0, tuning=TUNING)

    assert after.integral == pytest.approx(4.0)


@given(output=st.floats(-1.0, 1.0), error=errors)
def test_start_takes_over_without_a_jump(output: float, error: float) -> None:
    memory = pid.start(output=output, error=error, measurement=3.0, tuning=TUNING)

    terms, _ = pid.step(memory, error=error, measurement=3.0, dt_days=1e-9, tuning=TUNING)

    assert terms.output == pytest.approx(output, abs=1e-5)


@given(error=st.sampled_from([math.nan, math.inf, -math.inf]), integral=st.floats(-5.0, 5.0))
def test_non_finite_error_freezes_the_loop(error: float, integral: float) -> None:
    memory = pid.Memory(integral=integral, measurement=0.0, slope_per_day=0.0)

    terms, after = pid.step(memory, error=error, measurement=0.0, dt_days=1.0, tuning=TUNING)

    assert after == memory
    assert terms.output == min(max(integral, TUNING.low), TUNING.high)


@given(steps=st.lists(st.tuples(errors, errors, st.floats(1e-6, 2.0)), max_size=30))
def test_output_never_leaves_its_bounds(steps: list[tuple[float, float, float]]) -> None:
    memory = pid.Memory(integral=0.0, measurement=0.0, slope_per_day=0.0)

    for error, measurement, dt_days in steps:
        terms, memory = pid.step(memory, error=error, measurement=measurement, dt_days=dt_days, tuning=TUNING)

        assert TUNING.low <= terms.output <= TUNING.high
        assert math.isfinite(memory.integral)


def test_moved_set_point_does_not_kick_the_derivative() -> None:
    memory = pid.Memory(integral=0.0, measurement=1.0, slope_per_day=0.0)

    terms, _ = pid.step(memory, error=0.9, measurement=1.0, dt_days=0.01, tuning=TUNING)

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
