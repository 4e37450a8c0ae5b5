"""Clocks: aware UTC, never backwards, and a wall clock that is set while the process runs moves nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopilot import clock as clocks
from autopilot.clock import ScaledClock, SteppedClock, SystemClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Hands:
    """A wall clock and a monotonic clock that a test sets by hand."""

    def __init__(self) -> None:
        self.wall, self.mono_s = START, 1000.0


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hands]:
    hands = Hands()

    class Wall(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # only ever asked for UTC
            assert tz is UTC
            return hands.wall

    monkeypatch.setattr(clocks, "datetime", Wall)
    monkeypatch.setattr(time, "monotonic", lambda: hands.mono_s)
    yield hands
    monkeypatch.undo()


def test_the_system_clock_agrees_with_the_system_and_is_aware() -> None:
    clock = SystemClock()

    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5.0
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic_s() <= time.monotonic()


def test_the_system_clock_goes_on_with_the_monotonic_one(hands: Hands) -> None:
    clock = SystemClock()

    hands.mono_s += 90.0

    assert clock.now() == START + timedelta(seconds=90)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)])
def test_setting_the_wall_clock_moves_no_running_clock(hands: Hands, jump: timedelta) -> None:
    clock = SystemClock()

    hands.wall += jump
    hands.mono_s += 5.0

    assert clock.now() == START + timedelta(seconds=5)


@given(steps_s=st.lists(st.floats(0, 1e4), max_size=20), scale=st.floats(0.001, 1e5))
def test_a_scaled_clock_never_goes_back_and_runs_at_its_scale(steps_s: list[float], scale: float) -> None:
    real = SteppedClock(START)
    clock = ScaledClock(real, origin=START, scale=scale)
    instants = [clock.now()]
    for step in steps_s:
        real.advance(step)
        instants.append(clock.now())

    assert instants == sorted(instants)
    assert (instants[-1] - START).total_seconds() == pytest.approx(sum(steps_s) * scale, rel=1e-9, abs=1e-5)


def test_a_scaled_clock_begins_at_its_origin_and_measures_in_real_seconds() -> None:
    real = SteppedClock(START)
    real.advance(50.0)

    clock = ScaledClock(real, origin=datetime(2010, 1, 1, tzinfo=UTC), scale=3600.0)
    real.advance(2.0)

    assert clock.now() == datetime(2010, 1, 1, 2, tzinfo=UTC)
    assert clock.monotonic_s() == real.monotonic_s() == 52.0


def test_a_stepped_clock_stands_still_until_told() -> None:
    clock = SteppedClock(START)

    assert (clock.now(), clock.now(), clock.monotonic_s()) == (START, START, 0.0)
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic_s()) == (START + timedelta(seconds=1.5), 1.5)
