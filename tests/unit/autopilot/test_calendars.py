"""Dates of shopping events, computed or listed."""

from __future__ import annotations

from datetime import date

import pytest

from autopilot.calendars import easter, happenings


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 11), "Singles' Day"),
        (date(2025, 11, 28), "Black Friday to Cyber Monday"),
        (date(2026, 11, 30), "Black Friday to Cyber Monday"),
        (date(2026, 2, 17), "Lunar New Year"),
        (date(2025, 7, 9), "Prime Day"),
        (date(2026, 12, 25), "Christmas and Boxing Day"),
        (date(2027, 1, 1), "New Year"),
        (date(2026, 5, 10), "Mother's Day"),
        (date(2026, 4, 6), "Easter"),
    ],
)
def test_an_event_is_found_on_its_day(day: date, name: str) -> None:
    assert name in [one.name for one in happenings(day, day)]


def test_an_ordinary_day_has_no_event() -> None:
    assert happenings(date(2026, 8, 20), date(2026, 8, 27)) == ()


@pytest.mark.parametrize("day", [date(2000, 4, 23), date(2024, 3, 31), date(2025, 4, 20), date(2038, 4, 25)])
def test_easter_is_where_almanacs_have_it(day: date) -> None:
    assert easter(day.year) == day
