"""What the window will bring if nothing changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from perception.shape import ActivityShape
from perception.state import Estimate
from planning import forecast
from planning.evidence import sales_record

FLAT = ActivityShape(hours=(1.0,) * 24, weekdays=(1.0,) * 7)


def shares(request: Any, **changes: Any) -> tuple[float, ...]:
    arguments = {"window_days": 14, "weekdays": np.ones(7), "hour_shares": FLAT.hour_shares(), "timezone": request.timezone} | changes
    return forecast.daily_shares(arguments.pop("now", request.now), **arguments)


def test_window_ends_at_local_midnight(make: Any) -> None:
    request = make()

    ends = forecast.window_end(request.now, window_days=14, timezone=request.timezone)

    assert ends - request.now == timedelta(days=14)


def test_whole_days_share_evenly(make: Any) -> None:
    assert shares(make()) == pytest.approx([1.0 / 14.0] * 14)


def test_of_today_only_the_rest_counts(make: Any) -> None:
    request = make()

    noon = shares(request, now=request.now + timedelta(hours=12))

    assert len(noon) == 14
    assert sum(noon) == pytest.approx(1.0)
    assert noon[0] == pytest.approx(0.5 / 13.5)


def test_last_moment_of_a_single_day_is_still_a_share(make: Any) -> None:
    request = make()

    assert shares(request, now=request.now + timedelta(hours=23, minutes=59), window_days=1) == (1.0,)


def test_a_week_that_sells_nothing_is_shared_evenly(make: Any) -> None:
    assert shares(make(), weekdays=np.zeros(7)) == pytest.approx([1.0 / 14.0] * 14)


def test_weekdays_without_a_record_are_those_assumed(make: Any) -> None:
    shape = ActivityShape()

    factors = forecast.weekday_factors(make(state={"units_by_day": {}}).state, shape)

    assert factors == pytest.approx([shape.weekday_factor(day) for day in range(1, 8)])


def test_weekdays_are_learned_from_the_record(make: Any) -> None:
    state = make().state
    closed = {day: np.zeros(4) if day % 7 == 6 else units for day, units in state.units_by_day.items()}

    factors = forecast.weekday_factors(make(state={"units_by_day": closed}).state, FLAT)

    assert np.mean(factors) == pytest.approx(1.0)
    assert factors.argmin() == (6 - 1) % 7
    assert factors.min() < 0.4


def test_a_record_of_nothing_teaches_nothing(make: Any) -> None:
    empty = make(state={"units_by_day": {1: np.zeros(4)}}).state

    assert forecast.weekday_factors(empty, FLAT) == pytest.approx(np.ones(7))


def test_baseline_takes_the_larger_of_belief_and_record(make: Any) -> None:
    request = make(state={"organic_units_per_day": Estimate(mean=np.array([20.0, 1.0, 1.0, 0.1]), sd=np.array([1.0, 0.1, 0.1, 0.1]))})

    units = forecast.baseline_units(request.state, sales_record(request), window_days=10)

    assert units.mean == pytest.approx([200.0, 50.0, 10.0, 1.0])
    assert (units.upper > units.mean).all()
    assert (units.upper == np.round(units.upper)).all()


def test_upper_bound_holds_as_often_as_it_says(make: Any) -> None:
    """Rates drawn from the belief, units Poisson around them, orders of several units: 95 % of windows lie within the bound."""
    draw = np.random.default_rng(0)
    m, days, window = 4000, 28, 14
    orders = draw.poisson(3.0, (days, m))
    record = np.where(orders > 0, draw.poisson(2.0 * orders), 0).astype(np.float64)
    belief = Estimate(mean=np.full(m, 6.0), sd=np.full(m, 0.01))
    state = make(state={"organic_units_per_day": belief}).state
    future = draw.poisson(2.0 * draw.poisson(3.0 * window, m))

    units = forecast.baseline_units(state, record, window_days=window)

    assert 0.94 < (future <= units.upper).mean() < 0.995


def test_scatter_is_assumed_until_a_week_is_on_record() -> None:
    assert forecast.daily_scatter(np.ones((6, 2))).tolist() == [2.0, 2.0]


def test_scatter_is_at_least_poisson_and_rises_with_lumpy_orders() -> None:
    steady, lumpy = np.full(28, 6.0), np.tile([0.0, 0.0, 0.0, 24.0], 7)

    scatter = forecast.daily_scatter(np.stack([steady, lumpy], axis=1))

    assert scatter[0] >= 1.0
    assert scatter[1] > 5.0
