"""Daily figures that are restated without end: the newest word on a day counts, versions only rise, and no change goes unsaid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autopilot.platforms.day_figures import DayFigures
from perception.observation import MetricRows, Signal
from perception.units import Floats

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date().toordinal()
HOUR = timedelta(hours=1)
M = 2


def day_of(*clicks: int) -> Floats:
    """(m, 5) figures with these clicks."""
    figures = np.zeros((M, 5))
    figures[:, 1] = clicks
    return figures


def cells(rows: MetricRows) -> dict[tuple[int, int], tuple[int, float]]:
    """{(SKU, days ago): (version, clicks)}."""
    found = zip(rows.sku, rows.day, rows.version, rows.values, strict=True)
    return {(int(sku), int(TODAY - day)): (int(version), float(values[1])) for sku, day, version, values in found}


def test_figures_that_did_not_change_keep_their_version_and_are_not_given_again() -> None:
    figures = DayFigures(Signal.ADS, sku_count=M)
    figures.take({TODAY - 1: day_of(3, 4), TODAY: day_of(1, 0)}, since=None, now=NOW)
    first = cells(figures.rows(since=None, today=TODAY, now=NOW))
    figures.take({TODAY - 1: day_of(3, 5), TODAY: day_of(1, 0)}, since=NOW, now=NOW + HOUR)

    again = cells(figures.rows(since=NOW, today=TODAY, now=NOW + HOUR))

    assert set(again) == {(1, 1), (0, 0), (1, 0)}
    assert again[0, 0] == first[0, 0]
    assert again[1, 1][0] > first[1, 1][0]


def test_a_change_is_given_even_if_the_clock_was_set_back() -> None:
    figures = DayFigures(Signal.ADS, sku_count=M)
    figures.take({TODAY - 1: day_of(3, 4)}, since=None, now=NOW)
    before = cells(figures.rows(since=None, today=TODAY, now=NOW))
    earlier = NOW - 3 * HOUR
    figures.take({TODAY - 1: day_of(3, 5)}, since=NOW, now=earlier)

    after = cells(figures.rows(since=NOW, today=TODAY, now=earlier))

    assert after[1, 1][1] == 5
    assert after[1, 1][0] > before[1, 1][0]


def test_a_process_that_comes_up_again_gives_everything_with_newer_versions() -> None:
    one, other = DayFigures(Signal.ADS, sku_count=M), DayFigures(Signal.ADS, sku_count=M)
    one.take({TODAY - 1: day_of(3, 4)}, since=None, now=NOW)
    before = cells(one.rows(since=None, today=TODAY, now=NOW))
    other.take({TODAY - 1: day_of(3, 0)}, since=NOW, now=NOW + HOUR)

    after = cells(other.rows(since=NOW, today=TODAY, now=NOW + HOUR))

    assert after[0, 1][1] == 3
    assert after[0, 1][0] > before[0, 1][0]


def test_days_that_are_no_longer_kept_are_forgotten() -> None:
    figures = DayFigures(Signal.ADS, sku_count=M)
    for age in range(100, -1, -1):
        figures.take({TODAY - age: day_of(1, 1)}, since=None, now=NOW)

    assert len(set(figures.rows(since=None, today=TODAY, now=NOW).day)) == 45


steps = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(-1, 2), st.booleans()), min_size=1, max_size=12
)
"""(days ago, clicks of either product, hours since the step before, whether the loop commits what it is given)."""


@given(course=steps)
def test_whatever_changes_and_whenever_it_is_committed_the_reader_ends_with_the_newest_figures(course: list[tuple[int, ...]]) -> None:
    figures, held, truth = DayFigures(Signal.ADS, sku_count=M), dict[tuple[int, int], tuple[int, float]](), dict[tuple[int, int], float]()
    since, now = None, NOW
    for age, one, other, hours, commits in course:
        now += hours * HOUR
        figures.take({TODAY - age: day_of(one, other)}, since=since, now=now)
        truth |= {(0, age): one, (1, age): other}
        given_now = cells(figures.rows(since=since, today=TODAY, now=now))
        for cell, (version, clicks) in given_now.items():
            known = held.get(cell, (-1, 0.0))
            assert version >= known[0]
            assert version > known[0] or clicks == known[1]
        if commits:
            held |= given_now
            since = now
    held |= cells(figures.rows(since=since, today=TODAY, now=now))

    assert {cell: held.get(cell, (0, 0.0))[1] for cell in truth} == truth
