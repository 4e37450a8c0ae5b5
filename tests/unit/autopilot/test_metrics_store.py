"""The metrics store keeps every version of every figure, answers what was known when, and is a view of the journal that can be lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.metrics_feed import MetricsFeed
from autopilot.metrics_store import MetricsUnavailable, open_metrics, read_table
from autopilot.settings_metrics import MetricsSection
from perception.observation import MetricRows, Signal
from perception.units import Floats

DAY = date(2026, 3, 1)
FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)


def shop_rows(orders: list[float], *, version: int, day: date = DAY, at: datetime = FIRST) -> MetricRows:
    n = len(orders)
    return MetricRows(
        signal=Signal.SHOP,
        sku=np.arange(n),
        day=np.full(n, day.toordinal()),
        observed_at_s=np.full(n, at.timestamp()),
        version=np.full(n, version),
        values=np.array([[one, one, 1000.0 * one] for one in orders]),
    )


def add(path: Path, rows: MetricRows, *, at: datetime, seq: int, skus: tuple[str, ...] = ("A", "B"), doubted: Floats | None = None) -> None:
    with open_metrics(path) as store, store.at_once():
        store.add((rows,), skus=skus, seen_at=at, seq=seq, doubted={} if doubted is None else {Signal.SHOP: doubted})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.duckdb"


def test_a_restatement_stands_beside_what_it_replaces(path: Path) -> None:
    later = FIRST + timedelta(days=2)
    add(path, shop_rows([1.0, 2.0], version=1), at=FIRST, seq=1)
    add(path, shop_rows([3.0, 2.0], version=2, at=later), at=later, seq=2)

    with open_metrics(path, read_only=True) as store:
        assert store.known(Signal.SHOP)["orders"].tolist() == [3.0, 2.0]
        assert store.known(Signal.SHOP, as_of=FIRST)["orders"].tolist() == [1.0, 2.0]
        assert store.by_day(Signal.SHOP, as_of=FIRST - timedelta(hours=1))["orders"].size == 0
        assert store.by_day(Signal.SHOP)["orders"].tolist() == [5.0]
        assert store.fed_until() == 2


def test_figures_that_were_not_believed_are_kept_and_not_told(path: Path) -> None:
    add(path, shop_rows([1.0, 2.0], version=1), at=FIRST, seq=1)
    add(path, shop_rows([9.0, 9.0], version=2), at=FIRST, seq=2, doubted=np.array([1.0, 0.0]))

    with open_metrics(path) as store:
        assert store.known(Signal.SHOP)["orders"].tolist() == [1.0, 9.0]
        assert store.export(path.with_suffix(".parquet")) == 2 * 2 * 3


def test_a_sku_keeps_its_place_when_the_catalogue_is_ordered_anew(path: Path) -> None:
    add(path, shop_rows([1.0, 2.0], version=1), at=FIRST, seq=1)
    add(path, shop_rows([5.0, 1.5], version=2), at=FIRST, seq=2, skus=("C", "A"))

    with open_metrics(path) as store:
        known = store.known(Signal.SHOP)

    assert dict(zip(known["sku"].tolist(), known["orders"].tolist(), strict=True)) == {"A": 1.5, "B": 2.0, "C": 5.0}


def test_compacting_thins_old_versions_and_drops_what_is_too_old(path: Path) -> None:
    for hour in range(6):
        at = FIRST + timedelta(hours=hour)
        add(path, shop_rows([float(hour), 0.0], version=hour, at=at), at=at, seq=hour + 1)

    with open_metrics(path) as store:
        dropped = store.compact(today=DAY + timedelta(days=40), full_days=35, retention_days=700)
        kept = store.by_day(Signal.SHOP)["orders"].tolist()
        gone = store.compact(today=DAY + timedelta(days=800), full_days=35, retention_days=700)

        assert (dropped, kept, gone) == (10, [5.0], 2)


def test_facts_by_the_hour_are_told_in_their_newest_version(path: Path) -> None:
    hours = [FIRST, FIRST + timedelta(hours=1)]
    with open_metrics(path) as store:
        for version, value in enumerate(([1.0, 2.0], [1.0, 4.0])):
            store.add_facts("visits", hours, np.array(value), {"channel": ["ads", "ads"]}, observed_at=FIRST, version=version)

        found = store.facts("visits")

    assert found["value"].tolist() == [1.0, 4.0]
    assert set(found["channel"].tolist()) == {"ads"}
    assert set(found["device"].tolist()) == {""}


@pytest.fixture
def driven(harness: Callable[..., Any], tmp_path: Path) -> Any:
    store = harness(None, journal=lambda clock: SqlJournal(sqlite_url(tmp_path / "journal.sqlite"), clock=clock, durable=False))
    store.ticks(6)
    return store


def follow(path: Path, driven: Any) -> tuple[int, dict[str, Any]]:
    fed = MetricsFeed(path=path, settings=MetricsSection()).follow(driven.journal)
    with open_metrics(path) as store:
        return fed, store.by_day(Signal.SHOP)


def test_it_follows_the_journal_tick_by_tick_and_says_the_same_when_rebuilt(driven: Any, path: Path) -> None:
    first, _ = follow(path, driven)
    driven.ticks(3)
    second, together = follow(path, driven)
    third, _ = follow(path, driven)
    _, anew = follow(path.with_name("anew.duckdb"), driven)

    assert (first, second, third) == (6, 3, 0)
    assert together["orders"].tolist() == anew["orders"].tolist()
    assert together["orders"].sum() > 0


def test_a_damaged_file_is_set_aside_and_built_anew(driven: Any, path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)
    feed = MetricsFeed(path=path, settings=MetricsSection())

    assert feed.follow(driven.journal) == 0
    assert feed.failures == 1
    assert feed.follow(driven.journal) == 6
    assert path.with_suffix(".damaged").is_file()


def test_where_it_cannot_be_kept_the_loop_goes_on(driven: Any, tmp_path: Path) -> None:
    feed = MetricsFeed(path=tmp_path / "no" / "such" / "folder" / "metrics.duckdb", settings=MetricsSection())

    assert feed.follow(driven.journal) == 0
    assert feed.failures == 1
    assert len(driven.ticks(1)) == 1


def test_switched_off_it_makes_no_file(driven: Any, path: Path) -> None:
    assert MetricsFeed(path=path, settings=MetricsSection(enabled=False)).follow(driven.journal) == 0
    assert not path.exists()


def test_the_journal_is_not_written_to(driven: Any, path: Path) -> None:
    before = [record.seq for record in driven.journal.records()]
    follow(path, driven)

    assert [record.seq for record in driven.journal.records()] == before
    assert driven.journal.last(Topic.DECISION) is not None


def test_a_file_that_is_none_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(MetricsUnavailable, match=r"gone\.csv"):
        read_table(tmp_path / "gone.csv")
