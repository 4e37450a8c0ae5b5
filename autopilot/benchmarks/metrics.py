"""``autopilot bench metrics``: a tick of 10,000 products into the metrics store, and 30 days summed up, beside SQLite in the same run.

Every tick restates today's row of every product, as platforms do; each insert is durable. SQLite holds the same rows in write-ahead
logging with full synchronisation, keyed by (day, SKU, version).
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autopilot.clock import cpu_s
from autopilot.metrics_store import MetricsStore, open_metrics
from autopilot.pool import Progress
from perception.observation import COLUMNS, MetricRows, Signal
from perception.units import Floats

PRODUCTS, DAYS, TICKS_PER_DAY = 10_000, 30, 24
BASELINE_TICKS = 120
"""Ticks that SQLite is given: enough for its insert times; its sum is scaled by rows."""

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def bench_metrics(progress: Progress, *, products: int = PRODUCTS, days: int = DAYS) -> dict[str, Any]:
    """The contract's JSON."""
    draw = np.random.Generator(np.random.PCG64(1))
    skus = tuple(f"SKU-{place}" for place in range(products))
    ticks = days * TICKS_PER_DAY
    with tempfile.TemporaryDirectory(prefix="autopilot-") as folder:
        path = Path(folder) / "metrics.duckdb"
        with open_metrics(path) as store:
            inserts, insert_cpu = [], []
            for tick in range(ticks):
                at, rows = _tick(draw, tick, products)
                began = cpu_s()
                inserts.append(_timed(partial(_add, store, rows, skus=skus, at=at, tick=tick)))
                insert_cpu.append(cpu_s() - began)
                progress(0.7 * tick / ticks)
            began = cpu_s()
            store.by_day(Signal.ADS)
            sum_cpu_s = cpu_s() - began
            sums = [_timed(lambda: store.by_day(Signal.ADS)) for _ in range(3)]
            earlier = _timed(lambda: store.by_day(Signal.ADS, as_of=FIRST + timedelta(days=days / 2)))
        reopened = _timed(lambda: _touched(path))
        size_mb = path.stat().st_size / 1e6
        theirs, their_sum, their_rows = _sqlite(Path(folder) / "metrics.sqlite", draw, products, min(BASELINE_TICKS, ticks))
    progress(1.0)
    insert = {f"insert_p{share}_ms": float(np.percentile(inserts, share) * 1e3) for share in (50, 95, 99)}
    baseline = {f"sqlite_insert_p{share}_ms": float(np.percentile(theirs, share) * 1e3) for share in (50, 95, 99)}
    sum_s, their_sum_s = float(np.median(sums)), their_sum * ticks * products / their_rows
    return {
        "name": "metrics",
        "figures": {
            "products": products,
            "days": days,
            "rows": ticks * products,
            **insert,
            "insert_cpu_p99_ms": float(np.percentile(insert_cpu, 99) * 1e3),
            "sum_of_all_days_s": sum_s,
            "sum_of_all_days_cpu_s": sum_cpu_s,
            "sum_as_of_half_time_s": earlier,
            "open_and_close_s": reopened,
            "file_mb": size_mb,
            **baseline,
            "sqlite_sum_s_scaled": their_sum_s,
        },
        "ratios": {
            "sqlite_insert_over_ours": baseline["sqlite_insert_p50_ms"] / insert["insert_p50_ms"],
            "sqlite_sum_over_ours": their_sum_s / sum_s,
        },
    }


def _tick(draw: np.random.Generator, tick: int, products: int) -> tuple[datetime, MetricRows]:
    at = FIRST + timedelta(hours=tick)
    return at, MetricRows(
        signal=Signal.ADS,
        sku=np.arange(products),
        day=np.full(products, at.toordinal()),
        observed_at_s=np.full(products, at.timestamp()),
        version=np.full(products, tick),
        values=draw.integers(0, 100, (products, len(COLUMNS[Signal.ADS]))).astype(np.float64),
    )


def _add(store: MetricsStore, rows: MetricRows, *, skus: tuple[str, ...], at: datetime, tick: int) -> None:
    with store.at_once():
        store.add((rows,), skus=skus, seen_at=at, seq=tick + 1, doubted={})


def _touched(path: Path) -> None:
    with open_metrics(path) as store:
        store.fed_until()


def _timed(work: Callable[[], object]) -> float:
    """Seconds by the wall: what waits for the disk is waited for."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _sqlite(path: Path, draw: np.random.Generator, products: int, ticks: int) -> tuple[Floats, float, int]:
    """Seconds of each insert and of the sum, and the rows held."""
    names = COLUMNS[Signal.ADS]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        figures = ", ".join(f"{name} real" for name in names)
        connection.execute(
            f"create table ads (day integer, sku integer, version integer, {figures}, primary key (day, sku, version)) without rowid"
        )

        def insert(rows: MetricRows) -> None:
            with connection:
                connection.executemany(
                    f"insert into ads values (?, ?, ?, {', '.join('?' * len(names))})",  # noqa: S608 - names are ours
                    zip(rows.day.tolist(), rows.sku.tolist(), rows.version.tolist(), *rows.values.T.tolist(), strict=True),
                )

        times = []
        for tick in range(ticks):
            _, rows = _tick(draw, tick, products)
            times.append(_timed(partial(insert, rows)))
        sums = ", ".join(f"sum({name})" for name in names)
        newest = "select day, sku, max(version) as version from ads group by day, sku"
        query = f"select day, {sums} from ads natural join ({newest}) group by day"  # noqa: S608 - names are ours
        took = _timed(lambda: connection.execute(query).fetchall())
    return np.array(times), took, ticks * products
