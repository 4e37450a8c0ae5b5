"""Restatements may come in any order and as often as they like: what is remembered is the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from perception import history
from perception.observation import MetricRows, Signal

TODAY = 700_000
SKUS, WINDOW = 3, 4

reports = st.lists(
    st.tuples(st.integers(0, SKUS - 1), st.integers(TODAY - WINDOW + 1, TODAY), st.integers(0, 4), st.integers(0, 3)),
    min_size=1,
    max_size=25,
)
"""(sku, day, version, minutes after the version was made at which the platform confirmed it)."""


def batch(chosen: list[tuple[int, int, int, int]]) -> MetricRows:
    """Figures follow from (sku, day, version): a version means the same figures wherever it appears."""
    sku, day, version, minutes = (np.array(column, dtype=np.int64) for column in zip(*chosen, strict=True))
    units = (sku * 7 + day * 3 + version * 11) % 13
    return MetricRows(
        signal=Signal.SHOP,
        sku=sku,
        day=day,
        observed_at_s=1000.0 * version + 60.0 * minutes,
        version=version,
        values=np.stack([units, units, units * 100], axis=1).astype(np.float64),
    )


def remembered(batches: list[list[tuple[int, int, int, int]]]) -> history.History:
    held = history.empty(SKUS, window_days=WINDOW, today=TODAY)
    for chosen in batches:
        if chosen:
            held = history.remember(held, batch(chosen), TODAY)
    return held


def cells(held: history.History) -> dict[int, tuple[list[list[float]], list[int], list[float]]]:
    return {
        ordinal: (found.values.tolist(), found.version.tolist(), found.observed_at_s.tolist())
        for ordinal, day in held.days.items()
        for found in day.cells.values()
    }


@given(chosen=reports, data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_order_repetition_and_batching_gives_the_same_cells(chosen: list[tuple[int, int, int, int]], data: st.DataObject) -> None:
    repeated = chosen + data.draw(st.lists(st.sampled_from(chosen), max_size=10))
    shuffled = data.draw(st.permutations(repeated))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    batches = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]

    straight, scrambled = remembered([chosen]), remembered(batches)

    assert cells(scrambled) == cells(straight)
    assert scrambled.last_seen_s == straight.last_seen_s


@given(chosen=reports)
@settings(max_examples=100, deadline=None)
def test_each_cell_holds_its_newest_version_and_latest_confirmation(chosen: list[tuple[int, int, int, int]]) -> None:
    held = remembered([chosen])

    for sku, day, _, _ in chosen:
        found = history.cells_of(held, Signal.SHOP, day)
        assert found is not None
        newest = max(v for s, d, v, _ in chosen if (s, d) == (sku, day))
        latest = max(1000.0 * v + 60.0 * late for s, d, v, late in chosen if (s, d, v) == (sku, day, newest))
        assert found.version[sku] == newest
        assert found.observed_at_s[sku] == latest


@given(chosen=reports, ahead=st.integers(0, 2 * WINDOW))
@settings(max_examples=60, deadline=None)
def test_rolling_drops_exactly_the_days_outside(chosen: list[tuple[int, int, int, int]], ahead: int) -> None:
    rolled = history.advance(remembered([chosen]), TODAY + ahead)

    assert set(rolled.days) == {day for _, day, _, _ in chosen if day > TODAY + ahead - WINDOW}
