"""Remembering: newest version wins, the window rolls, nothing that was handed out changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perception import history
from perception.observation import COLUMNS, MetricRows, Signal

TODAY = 700_000
AT_S = 1_700_000_000.0


def shop(*cells: tuple[int, int, int, float], observed_at_s: float = AT_S) -> MetricRows:
    """Rows from (sku, day, version, units)."""
    sku, day, version, units = (np.array(column) for column in zip(*cells, strict=True))
    return MetricRows(
        signal=Signal.SHOP,
        sku=sku.astype(np.int64),
        day=day.astype(np.int64),
        observed_at_s=np.full(len(cells), observed_at_s),
        version=version.astype(np.int64),
        values=np.stack([units, units, 100.0 * units], axis=1).astype(np.float64),
    )


def fresh(sku_count: int = 3) -> history.History:
    return history.empty(sku_count, window_days=5, today=TODAY)


def units(held: history.History, day: int = TODAY) -> list[float]:
    cells = history.cells_of(held, Signal.SHOP, day)
    assert cells is not None
    return [float(figure) for figure in cells.values[1]]


def test_newer_version_replaces_and_older_does_not() -> None:
    held = history.remember(fresh(), shop((0, TODAY, 2, 5.0), (1, TODAY, 1, 3.0)), TODAY)

    held = history.remember(held, shop((0, TODAY, 1, 9.0), (1, TODAY, 2, 4.0)), TODAY)

    assert units(held) == [5.0, 4.0, 0.0]


def test_newest_of_several_versions_in_one_batch_is_kept() -> None:
    held = history.remember(fresh(), shop((0, TODAY, 3, 7.0), (0, TODAY, 1, 2.0), (0, TODAY, 2, 9.0)), TODAY)

    assert units(held) == [7.0, 0.0, 0.0]


def test_same_version_again_only_confirms() -> None:
    held = history.remember(fresh(), shop((0, TODAY, 1, 5.0)), TODAY)

    again = history.remember(held, shop((0, TODAY, 1, 5.0), observed_at_s=AT_S + 60.0), TODAY)

    assert again.last_seen_s[Signal.SHOP] == AT_S + 60.0
    assert again.last_change_s[Signal.SHOP] == AT_S
    assert units(again) == [5.0, 0.0, 0.0]


def test_what_was_handed_out_never_changes() -> None:
    before = history.remember(fresh(), shop((0, TODAY, 1, 5.0)), TODAY)

    history.remember(before, shop((0, TODAY, 2, 8.0)), TODAY)
    history.watch(before, dt_s=60.0, price_cents=np.full(3, 100.0), in_stock=np.ones(3, dtype=np.bool_))

    assert units(before) == [5.0, 0.0, 0.0]
    assert before.days[TODAY].exposure is None


def test_only_touched_days_are_copied() -> None:
    held = history.remember(fresh(), shop((0, TODAY - 1, 1, 5.0)), TODAY)

    after = history.remember(held, shop((0, TODAY, 1, 8.0)), TODAY)

    assert after.days[TODAY - 1] is held.days[TODAY - 1]


@pytest.mark.parametrize(("day", "kept"), [(TODAY - 4, True), (TODAY - 5, False), (TODAY + 1, False)])
def test_window_ends_today_and_holds_five_days(day: int, kept: bool) -> None:
    held = history.remember(fresh(), shop((0, day, 1, 5.0)), TODAY)

    assert (history.cells_of(held, Signal.SHOP, day) is not None) == kept


def test_window_rolls_with_the_day() -> None:
    held = history.remember(fresh(), shop((0, TODAY - 4, 1, 5.0), (0, TODAY, 1, 6.0)), TODAY)

    rolled = history.advance(held, TODAY + 1)

    assert sorted(rolled.days) == [TODAY]
    assert rolled.today == TODAY + 1


def test_clock_set_back_forgets_nothing() -> None:
    held = history.remember(fresh(), shop((0, TODAY, 1, 5.0)), TODAY)

    assert history.advance(held, TODAY - 3) is held


def test_unknown_skus_are_ignored() -> None:
    held = history.remember(fresh(), shop((3, TODAY, 1, 5.0), (-1, TODAY, 1, 5.0)), TODAY)

    assert held.days == {}


def test_rows_of_no_interest_leave_the_history_itself() -> None:
    held = fresh()

    assert history.remember(held, shop((0, TODAY - 50, 1, 5.0)), TODAY) is held


def test_watching_averages_price_and_stock_over_time() -> None:
    stocked, empty = np.array([True, True, False]), np.array([True, False, False])
    held = history.watch(fresh(), dt_s=3600.0, price_cents=np.array([100.0, 100.0, 100.0]), in_stock=stocked)

    held = history.watch(held, dt_s=3600.0, price_cents=np.array([100.0, 400.0, 100.0]), in_stock=empty)

    exposure = held.days[TODAY].exposure
    assert exposure is not None
    assert exposure.watched_s == 7200.0
    assert np.exp(exposure.mean_log_price()) == pytest.approx([100.0, 200.0, 100.0])
    assert exposure.stocked_share().tolist() == [1.0, 0.5, 0.0]


def test_no_time_watched_changes_nothing() -> None:
    held = fresh()

    assert history.watch(held, dt_s=0.0, price_cents=np.ones(3), in_stock=np.ones(3, dtype=np.bool_)) is held


def stock(*cells: tuple[int, int, float]) -> MetricRows:
    rows = shop(*((sku, day, 1, on_hand) for sku, day, on_hand in cells))
    return replace(rows, signal=Signal.STOCK, values=rows.values[:, :1])


def test_latest_stock_reaches_back_where_today_is_silent() -> None:
    held = history.remember(fresh(), stock((0, TODAY - 1, 9.0), (1, TODAY - 2, 4.0), (0, TODAY, 7.0)), TODAY)

    latest = history.latest_stock(held)

    assert latest[:2].tolist() == [7.0, 4.0]
    assert np.isnan(latest[2])


def test_days_without_rows_lie_between_reported_ones() -> None:
    held = history.remember(fresh(), shop((0, TODAY - 3, 1, 5.0), (0, TODAY - 1, 1, 5.0)), TODAY)

    assert history.days_of(held, Signal.SHOP) == [TODAY - 3, TODAY - 2, TODAY - 1, TODAY]
    assert history.days_of(held, Signal.ADS) == []


def test_a_yardstick_divides_amounts_by_events() -> None:
    ads = np.array([[1000.0], [20.0], [600.0], [2.0], [5000.0]])

    sizes = {name: float(history.yardstick(Signal.ADS, ads, index)[0]) for index, name in enumerate(COLUMNS[Signal.ADS])}

    assert sizes == {
        "impressions": 1000.0,
        "clicks": 20.0,
        "cost_cents": 30.0,
        "conversions": 2.0,
        "conversion_value_cents": 2500.0,
    }


def test_peaks_are_those_of_earlier_days() -> None:
    held = history.remember(fresh(1), shop((0, TODAY - 1, 1, 5.0), (0, TODAY, 1, 9.0)), TODAY)

    rolled = history.advance(held, TODAY + 1)

    assert held.peak == {}
    assert rolled.peak[Signal.SHOP][1].tolist() == [9.0]
