"""Rows that every adapter adds: of today, for every product, whether or not anything happened. Silence must not look like a dead feed."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from perception.observation import COLUMNS, MetricRows, Signal
from perception.units import Floats


def every_sku_today(rows: MetricRows, *, sku_count: int, today: int, now: datetime) -> MetricRows:
    """The rows, and one of zeros, version 0, for every product that has none today."""
    missing = np.setdiff1d(np.arange(sku_count, dtype=np.int64), rows.sku[rows.day == today])
    if missing.size == 0:
        return rows
    return MetricRows(
        signal=rows.signal,
        sku=np.concatenate([rows.sku, missing]),
        day=np.concatenate([rows.day, np.full(missing.size, today, dtype=np.int64)]),
        observed_at_s=np.concatenate([rows.observed_at_s, np.full(missing.size, now.timestamp())]),
        version=np.concatenate([rows.version, np.zeros(missing.size, dtype=np.int64)]),
        values=np.concatenate([rows.values, np.zeros((missing.size, rows.values.shape[1]))]),
    )


def nothing_of(signal: Signal) -> MetricRows:
    """No rows."""
    none = np.zeros(0, dtype=np.int64)
    return MetricRows(
        signal=signal, sku=none, day=none, observed_at_s=np.zeros(0), version=none, values=np.zeros((0, len(COLUMNS[signal])))
    )


def stock_rows(on_hand: Floats, *, today: int, now: datetime) -> MetricRows:
    """Units on hand now: (m,) in the order of the catalogue, NaN where the platform does not count them, which gives no row.

    The version is the second of the reading: a later look counts more.
    """
    sku = np.flatnonzero(~np.isnan(on_hand)).astype(np.int64)
    return MetricRows(
        signal=Signal.STOCK,
        sku=sku,
        day=np.full(sku.size, today, dtype=np.int64),
        observed_at_s=np.full(sku.size, now.timestamp()),
        version=np.full(sku.size, int(now.timestamp()), dtype=np.int64),
        values=on_hand[sku][:, None].astype(np.float64),
    )
