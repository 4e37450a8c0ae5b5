"""Believing: each fault of a feed is named, drops its row, and casts doubt on the SKU only where the figure itself is unsound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perception import history
from perception.observation import MetricRows, Signal
from perception.quality import QualityLimits, accept, judge, suspects

TODAY = 700_000
NOW_S = 1_700_000_000.0
LIMITS = QualityLimits()
SOUND = (1000.0, 20.0, 600.0, 2.0, 5000.0)


def ads(*figures: tuple[float, ...], sku: int = 0, day: int = TODAY, version: int = 5, at_s: float = NOW_S) -> MetricRows:
    n = len(figures)
    return MetricRows(
        signal=Signal.ADS,
        sku=np.full(n, sku, dtype=np.int64),
        day=np.full(n, day, dtype=np.int64),
        observed_at_s=np.full(n, at_s),
        version=np.full(n, version, dtype=np.int64),
        values=np.array(figures, dtype=np.float64),
    )


def known() -> history.History:
    """Two SKUs, the first with a quiet past of two days and version 5 of today."""
    past = history.empty(2, window_days=28, today=TODAY - 1)
    for day in (TODAY - 2, TODAY - 1):
        past = history.remember(past, ads(SOUND, day=day), TODAY - 1)
    return history.remember(past, ads(SOUND), TODAY)


def reasons(rows: MetricRows, past: history.History | None = None) -> list[str]:
    _, rejected = accept(rows, history=past or known(), now_s=NOW_S, limits=LIMITS)
    return [rejection.reason for rejection in rejected]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (ads(SOUND, sku=2, version=6), "unknown_sku"),
        (ads(SOUND, sku=-1, version=6), "unknown_sku"),
        (ads((np.nan, 20.0, 600.0, 2.0, 5000.0), version=6), "non_finite"),
        (ads((1000.0, 20.0, np.inf, 2.0, 5000.0), version=6), "non_finite"),
        (ads(SOUND, version=6, at_s=np.nan), "non_finite"),
        (ads((1000.0, 20.0, -1.0, 2.0, 5000.0), version=6), "negative"),
        (ads(SOUND, version=-1), "negative"),
        (ads((1000.0, 1001.0, 600.0, 2.0, 5000.0), version=6), "impossible"),
        (ads((1000.5, 20.0, 600.0, 2.0, 5000.0), version=6), "impossible"),
        (ads(SOUND, version=6, at_s=NOW_S + 301.0), "future"),
        (ads(SOUND, version=6, day=TODAY + 1), "future"),
        (ads(SOUND, version=6, at_s=NOW_S - LIMITS.stale_after_s - 1.0), "stale"),
        (ads(SOUND, version=6, day=TODAY - 28), "stale"),
        (ads(SOUND, version=4), "out_of_order"),
        (ads(SOUND, version=5), "duplicate"),
        (ads((1001.0, 20.0, 600.0, 2.0, 5000.0), version=5), "conflict"),
        (ads((50_000.0, 20.0, 600.0, 2.0, 5000.0), version=6), "unit_jump"),
        (ads((1000.0, 20.0, 30_000.0, 2.0, 5000.0), version=6), "unit_jump"),
        (ads((1000.0, 20.0, 600.0, 2.0, 100.0), version=6), "unit_jump"),
    ],
)
def test_fault_is_rejected_by_name(rows: MetricRows, reason: str) -> None:
    assert reasons(rows) == [reason]


@pytest.mark.parametrize(
    "rows",
    [
        ads(SOUND, version=6),
        ads((500.0, 500.0, 600.0, 2.0, 5000.0), version=6),
        ads((1000.0, 20.0, 600.0, 2.5, 5000.0), version=6),
        ads(SOUND, version=6, at_s=NOW_S + 300.0),
        ads(SOUND, version=6, at_s=NOW_S - LIMITS.stale_after_s),
        ads(SOUND, version=6, day=TODAY - 27),
        ads(SOUND, version=5, at_s=NOW_S + 1.0),
        ads((49_999.0, 20.0, 600.0, 2.0, 5000.0), version=6),
        ads((0.0, 0.0, 0.0, 0.0, 0.0), version=6),
    ],
)
def test_sound_row_is_believed(rows: MetricRows) -> None:
    believed, rejected = accept(rows, history=known(), now_s=NOW_S, limits=LIMITS)

    assert rejected == ()
    assert believed.sku.size == 1


def test_only_unsound_figures_make_a_sku_suspect() -> None:
    bad = {"non_finite": ads((np.nan, 1.0, 1.0, 0.0, 0.0), version=6), "duplicate": ads(SOUND), "out_of_order": ads(SOUND, version=4)}

    marked = {name: suspects(rows, judge(rows, history=known(), now_s=NOW_S, limits=LIMITS), 2).tolist() for name, rows in bad.items()}

    assert marked == {"non_finite": [True, False], "duplicate": [False, False], "out_of_order": [False, False]}


def test_an_unsound_newer_row_does_not_outdate_a_sound_one() -> None:
    rows = ads(SOUND, (np.nan, 20.0, 600.0, 2.0, 5000.0))
    rows = replace(rows, version=np.array([6, 7]))

    believed, rejected = accept(rows, history=known(), now_s=NOW_S, limits=LIMITS)

    assert believed.version.tolist() == [6]
    assert [rejection.reason for rejection in rejected] == ["non_finite"]


def test_older_version_in_the_same_batch_is_out_of_order() -> None:
    rows = replace(ads(SOUND, SOUND), version=np.array([7, 6]))

    assert reasons(rows) == ["out_of_order"]


def test_jump_needs_a_past_to_compare_with() -> None:
    assert reasons(ads((50_000.0, 20.0, 600.0, 2.0, 5000.0), sku=1, version=6)) == []


def test_small_counts_prove_no_jump() -> None:
    past = history.empty(1, window_days=28, today=TODAY - 1)
    past = history.advance(history.remember(past, ads((100.0, 4.0, 120.0, 0.0, 0.0), day=TODAY - 1), TODAY - 1), TODAY)

    assert reasons(ads((4000.0, 400.0, 12_000.0, 0.0, 0.0)), past) == []


def test_stock_may_run_out_within_a_day() -> None:
    full = replace(ads(SOUND), signal=Signal.STOCK, values=np.array([[800.0]]))
    past = history.remember(history.empty(1, window_days=28, today=TODAY), full, TODAY)

    assert reasons(replace(full, version=np.array([6]), values=np.array([[3.0]])), past) == []


@pytest.mark.parametrize(("before", "now", "expected"), [(99.0, 9000.0, []), (100.0, 4999.0, []), (100.0, 5000.0, ["unit_jump"])])
def test_delivery_after_a_lean_month_is_no_jump(before: float, now: float, expected: list[str]) -> None:
    shelf = replace(ads(SOUND, day=TODAY - 1), signal=Signal.STOCK, values=np.array([[before]]))
    past = history.advance(history.remember(history.empty(1, window_days=28, today=TODAY - 1), shelf, TODAY - 1), TODAY)

    assert reasons(replace(shelf, day=np.array([TODAY]), values=np.array([[now]])), past) == expected


def test_rejection_names_signal_sku_day_and_version() -> None:
    _, rejected = accept(ads((np.nan, 1.0, 1.0, 0.0, 0.0), sku=1, day=TODAY - 3, version=9), history=known(), now_s=NOW_S, limits=LIMITS)

    (only,) = rejected
    assert (only.signal, only.sku, only.day, only.version) == (Signal.ADS, 1, TODAY - 3, 9)


def test_a_flood_of_one_reason_is_listed_once() -> None:
    rows = ads(*[SOUND] * 51, version=4)

    _, rejected = accept(rows, history=known(), now_s=NOW_S, limits=LIMITS)

    assert [(rejection.sku, rejection.reason) for rejection in rejected] == [(-1, "out_of_order")]


def test_a_batch_without_rows_passes() -> None:
    believed, rejected = accept(ads(SOUND), history=known(), now_s=NOW_S, limits=LIMITS)

    again, none = accept(believed, history=known(), now_s=NOW_S, limits=LIMITS)

    assert believed.sku.size == 0
    assert len(rejected) == 1
    assert again.sku.size == 0
    assert none == ()


def test_insane_day_numbers_cost_nothing() -> None:
    rows = replace(ads(SOUND, SOUND, version=6), day=np.array([2**62, -(2**62)]))

    assert sorted(reasons(rows)) == ["future", "stale"]
