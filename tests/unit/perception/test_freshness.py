"""A feed that refreshes without moving is frozen only when enough should have happened meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from perception import freshness, history
from perception.freshness import Stillness
from perception.observation import MetricRows, Signal
from perception.shape import ActivityShape

TODAY = 700_007
FLAT = ActivityShape(hours=(1.0,) * 24, weekdays=(1.0,) * 7)


def shop_day(day: int, units: float) -> MetricRows:
    return MetricRows(
        signal=Signal.SHOP,
        sku=np.zeros(1, dtype=np.int64),
        day=np.array([day]),
        observed_at_s=np.array([1.0]),
        version=np.ones(1, dtype=np.int64),
        values=np.array([[units, units, 100.0 * units]]),
    )


def past(units_by_day: dict[int, float]) -> history.History:
    held = history.empty(1, window_days=28, today=TODAY)
    for day, units in units_by_day.items():
        held = history.remember(held, shop_day(day, units), TODAY)
    return held


def test_expected_events_are_the_mean_of_earlier_days_by_hours() -> None:
    held = past({TODAY - 2: 100.0, TODAY - 1: 140.0, TODAY: 7.0})

    assert freshness.expected_events(held, Signal.SHOP, shape=FLAT, from_fraction=0.25, to_fraction=0.75) == pytest.approx(60.0)
    assert freshness.expected_events(held, Signal.STOCK, shape=FLAT, from_fraction=0.0, to_fraction=1.0) == pytest.approx(120.0)


def test_a_weekday_that_slept_before_may_sleep_again() -> None:
    held = past({TODAY - 7: 0.0, TODAY - 1: 140.0})

    assert freshness.expected_events(held, Signal.SHOP, shape=FLAT, from_fraction=0.0, to_fraction=1.0) == 0.0


def test_without_a_past_nothing_is_expected() -> None:
    assert freshness.expected_events(past({TODAY: 50.0}), Signal.SHOP, shape=FLAT, from_fraction=0.0, to_fraction=1.0) == 0.0


def test_waiting_adds_up_until_a_figure_changes() -> None:
    first = freshness.wait(None, changed_at_s=None, now_s=100.0, effort=1.0, events=5.0)
    second = freshness.wait(first, changed_at_s=None, now_s=200.0, effort=1.0, events=5.0)
    third = freshness.wait(second, changed_at_s=250.0, now_s=300.0, effort=1.0, events=5.0)

    assert first == Stillness(changed_at_s=100.0, effort=1.0, expected_events=0.0)
    assert second == Stillness(changed_at_s=100.0, effort=1.0, expected_events=5.0)
    assert third == Stillness(changed_at_s=250.0, effort=1.0, expected_events=0.0)


@pytest.mark.parametrize(("effort", "expected"), [(79.0, 0.0), (80.0, 5.0), (200.0, 5.0)])
def test_silence_after_less_effort_proves_nothing(effort: float, expected: float) -> None:
    before = Stillness(changed_at_s=100.0, effort=100.0, expected_events=0.0)

    after = freshness.wait(before, changed_at_s=100.0, now_s=200.0, effort=effort, events=5.0)

    assert after.expected_events == expected


@pytest.mark.parametrize(
    ("still_s", "events", "last_seen_s", "frozen"),
    [(3601.0, 14.1, 9e9, True), (3600.0, 14.1, 9e9, False), (3601.0, 14.0, 9e9, False), (3601.0, 14.1, None, False)],
)
def test_frozen_needs_time_events_and_a_feed(still_s: float, events: float, last_seen_s: float | None, frozen: bool) -> None:
    still = Stillness(changed_at_s=1000.0, effort=1.0, expected_events=events)

    assert freshness.is_frozen(still, last_seen_s=last_seen_s, now_s=1000.0 + still_s, after_s=3600.0, events=14.0) == frozen


def test_ages_count_from_the_newest_refresh() -> None:
    ages = freshness.ages_s(past({TODAY: 1.0}), 61.0)

    assert ages == {Signal.ADS: np.inf, Signal.SHOP: 60.0, Signal.STOCK: np.inf}


def test_a_clock_set_back_makes_no_negative_age() -> None:
    assert freshness.ages_s(past({TODAY: 1.0}), -5.0)[Signal.SHOP] == 0.0
