"""What is remembered of recent days: the newest version of every figure, the price in force and whether there was stock.

Only the days that new rows touch are copied, so a tick costs what it changes and not what is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from perception.memo import by_identity
from perception.observation import COLUMNS, MetricRows, Signal
from perception.units import Bools, Floats, Ints

Array = TypeVar("Array", Floats, Ints)

NO_VERSION = -1
"""Version of a cell that was never reported."""


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Cells:
    """The figures of one signal on one store-local day, for m SKUs.

    Attributes:
        values: (k, m) newest figures, one row per column of ``COLUMNS``; 0 where never reported.
        version: (m,) version they came with; ``NO_VERSION`` where never reported.
        observed_at_s: (m,) UTC epoch seconds at which the platform last confirmed that version; 0 where never reported.
    """

    values: Floats
    version: Ints
    observed_at_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Exposure:
    """What stood on the shelf while the loop watched a day.

    Attributes:
        watched_s: Seconds of the day that ticks covered, >= 0.
        log_price_s: (m,) integral of log(price in minor units) over those seconds.
        stocked_s: (m,) seconds in which the SKU could be bought.
    """

    watched_s: float
    log_price_s: Floats
    stocked_s: Floats

    def mean_log_price(self) -> Floats:
        """(m,) log of the geometric mean price while watched."""
        return self.log_price_s / self.watched_s

    def stocked_share(self) -> Floats:
        """(m,) share of the watched time in which the SKU could be bought, [0, 1]."""
        return self.stocked_s / self.watched_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One remembered day: signals that were never reported are absent, ``exposure`` is None where the loop did not run."""

    cells: dict[Signal, Cells]
    exposure: Exposure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last ``window_days`` store-local days, by ordinal; days of which nothing is known are absent.

    Attributes:
        sku_count: m.
        window_days: Days kept, today included.
        today: Ordinal of the newest day.
        days: What is known of each day.
        last_seen_s: Per signal the newest believed refresh, UTC epoch seconds; absent when never.
        last_change_s: Per signal the newest refresh that changed a figure; absent when never.
        peak: Per signal (k, m) the largest ``yardstick`` of the days before today, against which a jump of units shows.
    """

    sku_count: int
    window_days: int
    today: int
    days: dict[int, Day]
    last_seen_s: dict[Signal, float]
    last_change_s: dict[Signal, float]
    peak: dict[Signal, Floats]


def empty(sku_count: int, *, window_days: int, today: int) -> History:
    """A history that has seen nothing yet."""
    return History(sku_count=sku_count, window_days=window_days, today=today, days={}, last_seen_s={}, last_change_s={}, peak={})


def advance(history: History, day: int) -> History:
    """Move the window so that it ends with ``day``; a day that is not newer changes nothing, so a clock set back forgets nothing."""
    if day <= history.today:
        return history
    oldest = day - history.window_days + 1
    days = {ordinal: kept for ordinal, kept in history.days.items() if ordinal >= oldest}
    return replace(history, today=day, days=days, peak=_peaks(days))


def remember(history: History, rows: MetricRows, day: int) -> History:
    """Fold believed rows in; any order and any repetition of the same rows leaves the same cells.

    A row replaces a cell when its version is newer; the same version only confirms the cell (it moves ``observed_at_s`` on).
    Rows outside the window or the catalogue are ignored.

    Args:
        history: What was remembered before; not changed.
        rows: (n,) rows, any order; may hold several versions of one (SKU, day).
        day: Store-local day of the tick.
    """
    history = advance(history, day)
    rows = _newest_only(_within(history, rows), history)
    if rows.sku.size == 0:
        return history
    days = dict(history.days)
    changed_at_s = [history.last_change_s.get(rows.signal, 0.0)]
    figures = columns_of(rows)
    for ordinal, where in places_by_day(rows.day):
        before = days.get(ordinal, _UNKNOWN_DAY)
        cells = before.cells.get(rows.signal) or _no_cells(rows.signal, history.sku_count)
        cells, change_s = _fold(cells, rows, figures, where)
        changed_at_s.append(change_s)
        days[ordinal] = replace(before, cells={**before.cells, rows.signal: cells})
    seen_s = max(history.last_seen_s.get(rows.signal, 0.0), float(rows.observed_at_s.max()))
    return replace(
        history,
        days=days,
        last_seen_s={**history.last_seen_s, rows.signal: seen_s},
        last_change_s={**history.last_change_s, rows.signal: max(changed_at_s)},
    )


def watch(history: History, *, dt_s: float, price_cents: Floats, in_stock: Bools) -> History:
    """Add ``dt_s`` seconds of today during which these prices stood and these SKUs could be bought.

    Args:
        history: What was remembered before; not changed.
        dt_s: Seconds since the last tick that belong to today, >= 0.
        price_cents: (m,) prices in force, > 0.
        in_stock: (m,) whether the SKU could be bought.
    """
    if dt_s <= 0.0:
        return history
    before = history.days.get(history.today, _UNKNOWN_DAY)
    log_price_s = np.log(price_cents) * dt_s
    stocked_s = np.where(in_stock, dt_s, 0.0)
    watched_s = dt_s
    if before.exposure is not None:
        log_price_s += before.exposure.log_price_s
        stocked_s += before.exposure.stocked_s
        watched_s += before.exposure.watched_s
    exposure = Exposure(watched_s=watched_s, log_price_s=log_price_s, stocked_s=stocked_s)
    return replace(history, days={**history.days, history.today: replace(before, exposure=exposure)})


def latest_stock(history: History) -> Floats:
    """(m,) units on hand as last reported, NaN where never reported within the window."""
    stock = np.full(history.sku_count, np.nan)
    for ordinal in sorted(history.days, reverse=True):
        cells = history.days[ordinal].cells.get(Signal.STOCK)
        if cells is None:
            continue
        found = np.isnan(stock) & (cells.version > NO_VERSION)
        stock[found] = cells.values[0, found]
        if not np.isnan(stock).any():
            break
    return stock


def days_of(history: History, signal: Signal) -> list[int]:
    """Days since the signal was first reported, oldest first, today last; days in between without a row count: nothing happened."""
    reported = [ordinal for ordinal, day in history.days.items() if signal in day.cells]
    return list(range(min(reported), history.today + 1)) if reported else []


def cells_of(history: History, signal: Signal, ordinal: int) -> Cells | None:
    """The cells of one signal on one day, or None where nothing was reported."""
    day = history.days.get(ordinal)
    return None if day is None else day.cells.get(signal)


@by_identity
def mean_price_cents(exposure: Exposure) -> Floats:
    """(m,) geometric mean price while watched."""
    return np.exp(exposure.mean_log_price())


@by_identity
def column_totals(cells: Cells) -> tuple[float, ...]:
    """(k,) sums over the SKUs, one per column of ``COLUMNS``."""
    return tuple(float(column.sum()) for column in cells.values)


def days_present(days: Ints) -> list[int]:
    """Distinct ordinals in rising order; faster than sorting where the days lie close together, as they do."""
    if days.size == 0:
        return []
    first = int(days.min())
    return [first + int(offset) for offset in np.flatnonzero(np.bincount(days - first))]


def places_by_day(days: Ints) -> list[tuple[int, slice | Ints]]:
    """Distinct ordinals in rising order, each with its places: a slice where rows come day by day, as platforms send them."""
    if days.size == 0:
        return []
    steps = np.diff(days)
    if (steps < 0).any():
        return [(ordinal, np.flatnonzero(days == ordinal)) for ordinal in days_present(days)]
    ends = [*(np.flatnonzero(steps) + 1).tolist(), days.size]
    return [(int(days[start]), slice(start, end)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


@by_identity
def columns_of(rows: MetricRows) -> Floats:
    """(k, n) the figures with each column's together: numpy pays for every row of a reduction along a short last axis."""
    # a copy in any case: what is kept must not hold on to the rows
    return np.array(rows.values.T, order="C")


def at_skus(array: Array, sku: Ints) -> Array:
    """(…, n) the entries of a (…, m) array for these SKUs; the array itself where they are all SKUs in their order."""
    count = array.shape[-1]
    if sku.size == count and (sku == np.arange(count)).all():
        return array
    return array[..., sku]


_UNKNOWN_DAY = Day(cells={}, exposure=None)


def _no_cells(signal: Signal, sku_count: int) -> Cells:
    return Cells(
        values=np.zeros((len(COLUMNS[signal]), sku_count)),
        version=np.full(sku_count, NO_VERSION, dtype=np.int64),
        observed_at_s=np.zeros(sku_count),
    )


def _within(history: History, rows: MetricRows) -> MetricRows:
    """Rows of known SKUs on days of the window."""
    oldest = history.today - history.window_days + 1
    inside = (rows.day >= oldest) & (rows.day <= history.today) & (rows.sku >= 0) & (rows.sku < history.sku_count)
    return rows if inside.all() else take(rows, inside)


def take(rows: MetricRows, chosen: Bools | Ints) -> MetricRows:
    """Some of the rows, by mask or by index."""
    return MetricRows(
        signal=rows.signal,
        sku=rows.sku[chosen],
        day=rows.day[chosen],
        observed_at_s=rows.observed_at_s[chosen],
        version=rows.version[chosen],
        values=rows.values[chosen],
    )


def _newest_only(rows: MetricRows, history: History) -> MetricRows:
    """One row per (SKU, day): of several the newest version, of those the latest confirmed."""
    newest = newest_per_cell(rows, history.sku_count)
    return rows if newest.all() else take(rows, newest)


def newest_per_cell(rows: MetricRows, sku_count: int) -> Bools:
    """(n,) True for the one row of each (SKU, day) that has the newest version, the latest refresh among equals."""
    if rows.sku.size == 0:
        return np.ones(0, dtype=np.bool_)
    key = (rows.day - rows.day.min()) * sku_count + rows.sku
    # rising keys, as platforms send them, are distinct ones
    if (np.diff(key) > 0).all() or np.bincount(key).max() <= 1:
        return np.ones(key.size, dtype=np.bool_)
    order = np.lexsort((rows.observed_at_s, rows.version, key))
    last_of_key = np.ones(order.size, dtype=np.bool_)
    last_of_key[:-1] = key[order][1:] != key[order][:-1]
    newest = np.zeros(order.size, dtype=np.bool_)
    newest[order[last_of_key]] = True
    return newest


def _fold(cells: Cells, rows: MetricRows, figures: Floats, where: slice | Ints) -> tuple[Cells, float]:
    """Replace the cells that these rows renew; also the newest refresh that changed a figure, 0 when none did."""
    sku, version, observed_at_s, figures = rows.sku[where], rows.version[where], rows.observed_at_s[where], figures[:, where]
    held, held_version = at_skus(cells.values, sku), at_skus(cells.version, sku)
    newer = version > held_version
    differs = newer & (figures != held).any(axis=0)
    changed_at_s = float(observed_at_s[differs].max()) if differs.any() else 0.0
    if held is cells.values and newer.all():
        return Cells(values=figures.copy(), version=version.copy(), observed_at_s=observed_at_s.copy()), changed_at_s
    confirmed = newer | ((version == held_version) & (observed_at_s > at_skus(cells.observed_at_s, sku)))
    renewed = Cells(values=cells.values.copy(), version=cells.version.copy(), observed_at_s=cells.observed_at_s.copy())
    renewed.values[:, sku[newer]] = figures[:, newer]
    renewed.version[sku[newer]] = version[newer]
    renewed.observed_at_s[sku[confirmed]] = observed_at_s[confirmed]
    return renewed, changed_at_s


def yardstick(signal: Signal, values: Floats, index: int) -> Floats:
    """(n,) figures of one column, of a size that does not depend on how busy a day was, where there is such a size: amounts per event.

    Spend per click, value per conversion, revenue per unit; counts stand for themselves.

    Args:
        signal: Whose figures.
        values: (k, n) one row per column of ``COLUMNS``.
        index: Of the column.
    """
    count = _PER_EVENT[signal].get(index)
    figures: Floats = values[index]
    return figures if count is None else figures / np.maximum(values[count], 1.0)


_PER_EVENT: dict[Signal, dict[int, int]] = {
    signal: {COLUMNS[signal].index(amount): COLUMNS[signal].index(count) for amount, count in pairs.items()}
    for signal, pairs in {
        Signal.ADS: {"cost_cents": "clicks", "conversion_value_cents": "conversions"},
        Signal.SHOP: {"revenue_cents": "units"},
        Signal.STOCK: {},
    }.items()
}
"""Columns that hold an amount, and what they are an amount of."""


def _peaks(days: dict[int, Day]) -> dict[Signal, Floats]:
    """The largest yardsticks per signal, column and SKU."""
    peaks: dict[Signal, Floats] = {}
    for signal in Signal:
        reported = [cells.values for day in days.values() if (cells := day.cells.get(signal)) is not None]
        if reported:
            peak = peaks[signal] = np.full(reported[0].shape, -np.inf)
            for index, highest in enumerate(peak):
                for values in reported:
                    np.maximum(highest, yardstick(signal, values, index), out=highest)
    return peaks
