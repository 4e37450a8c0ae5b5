"""Fit the shape of demand to order lines: hours, weekdays, months, and each SKU's level, scatter, price and units per order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.calibration.elasticity_fit import list_price_lines, most_frequent
from sim.calibration.orders import OrderLines
from sim.moment import HOURS_PER_DAY

FEWEST_MONTHS = 11
"""A month index needs nearly a year; with less, season and growth cannot be told apart."""
LARGEST_DISPERSION = 3.0
_RECENT_DAYS = 56
_USUALLY_OPEN = 0.5
LEAST_FREE = 0.5
"""Of a day that makes up more than half of a SKU's history there is nothing to learn about scatter."""
DECILE_MIDDLES = (np.arange(10) + 0.5) / 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuOrders:
    """One row per order and SKU: (n,) index of the SKU, local day ordinal, hour of the day, units and revenue in major units."""

    sku: Ints
    day: Ints
    hour: Ints
    units: Ints
    revenue: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """When orders come.

    Attributes:
        first_day, last_day: Span of the history, date ordinals, both included.
        hour_shares: (24,) sums to 1.
        weekday_index: (7,) from Monday, mean 1.
        month_index: (12,) from January, mean 1; all 1 when ``has_months`` is False.
        has_months: Whether the history is long enough for a month index.
        counted: (days,) which days of the span the history covers.
        open_days: (days,) False on days without any order whose weekday usually has some: holidays, which say nothing of demand; and
            on days that are not counted.
        day_index: (days,) weekday × month index of each day, 0 when closed.
    """

    first_day: int
    last_day: int
    hour_shares: Floats
    weekday_index: Floats
    month_index: Floats
    has_months: bool
    counted: Bools
    open_days: Bools
    day_index: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuDemand:
    """Demand of each SKU, (S,) unless said otherwise.

    Attributes:
        orders: Orders that contain it.
        revenue: Major units.
        first_day, last_day: Of its orders, date ordinals.
        orders_per_day: Of an average open day since its first order.
        dispersion: Negative-binomial 1/r of daily orders by moments, in [0, 3]; see ``level_and_dispersion``.
        price: List price at the end of the history, major units.
        units_deciles: (S, 10) units in one order at quantiles 0.05 … 0.95.
    """

    orders: Ints
    revenue: Floats
    first_day: Ints
    last_day: Ints
    orders_per_day: Floats
    dispersion: Floats
    price: Floats
    units_deciles: Ints


def sku_orders(lines: OrderLines) -> SkuOrders:
    """Merge the lines of one order that name the same SKU, whatever their prices."""
    skus = len(lines.sku_names)
    keys, first, inverse = np.unique(lines.order * skus + lines.sku, return_index=True, return_inverse=True)
    return SkuOrders(
        sku=keys % skus,
        day=lines.day[first],
        hour=lines.hour[first],
        units=np.bincount(inverse, weights=lines.units).astype(np.int64),
        revenue=np.bincount(inverse, weights=lines.units * lines.price).astype(np.float64),
    )


def fit_shape(lines: OrderLines, orders: SkuOrders) -> Shape:
    """Hour, weekday and month shape of the orders of SKUs.

    An order that names five SKUs counts five times: what a market simulates are the orders of each SKU, and large orders are placed at
    other hours and on other days than small ones.
    """
    first_day, last_day, counted = lines.first_day, lines.last_day, lines.counted
    daily = np.bincount(orders.day - first_day, minlength=counted.size).astype(np.float64)
    dates = [date.fromordinal(ordinal) for ordinal in range(first_day, last_day + 1)]
    weekday = np.array([on.weekday() for on in dates])
    month = np.array([on.month - 1 for on in dates])
    usually_open = _mean_by(weekday[counted], (daily[counted] > 0).astype(np.float64), 7) > _USUALLY_OPEN
    open_days = counted & ((daily > 0) | ~usually_open[weekday])
    weekday_index = _normalised(_mean_by(weekday[open_days], daily[open_days], 7))
    has_months = np.unique(month[counted]).size >= FEWEST_MONTHS
    month_index = _month_index(month, daily, weekday_index[weekday] * open_days) if has_months else np.ones(12)
    return Shape(
        first_day=first_day,
        last_day=last_day,
        hour_shares=np.bincount(orders.hour, minlength=HOURS_PER_DAY) / orders.hour.size,
        weekday_index=weekday_index,
        month_index=month_index,
        has_months=bool(has_months),
        counted=counted,
        open_days=open_days,
        day_index=weekday_index[weekday] * month_index[month] * open_days,
    )


def fit_skus(lines: OrderLines, orders: SkuOrders, shape: Shape) -> SkuDemand:
    """Level, scatter, price and units per order of every SKU."""
    skus = len(lines.sku_names)
    counts = np.bincount(orders.sku, minlength=skus)
    first, last = np.full(skus, shape.last_day + 1), np.full(skus, shape.first_day - 1)
    np.minimum.at(first, orders.sku, orders.day)
    np.maximum.at(last, orders.sku, orders.day)
    rate, dispersion = level_and_dispersion(orders.sku, orders.day - shape.first_day, shape.day_index, skus=skus)
    return SkuDemand(
        orders=counts,
        revenue=np.bincount(orders.sku, weights=orders.revenue, minlength=skus).astype(np.float64),
        first_day=first,
        last_day=last,
        orders_per_day=rate,
        dispersion=dispersion,
        price=_current_prices(lines, shape.last_day),
        units_deciles=_unit_deciles(orders, skus),
    )


def level_and_dispersion(sku: Ints, offset: Ints, day_index: Floats, *, skus: int) -> tuple[Floats, Floats]:
    """Orders of an average day, and dispersion, of each SKU from its first order to the end of the history.

    Args:
        sku: (n,) SKU of each order.
        offset: (n,) its day, counted from the first of the history.
        day_index: (days,) how busy each day is expected to be; 0 where the shop was closed.
        skus: Number of SKUs.

    Returns:
        (skus,) orders / Σ index, and Σ((y − μ)² / (1 − h) − μ) / Σ μ² within [0, 3]; 0 for a SKU without orders. The level μ was fitted to
        the same days: h, a day's share of all exposure, is by how much that brings it nearer to each of them.
    """
    days = day_index.size
    daily = np.bincount(sku * days + offset, minlength=skus * days).reshape(skus, days)
    alive = np.cumsum(daily, axis=1) > 0
    exposure = alive * day_index
    whole = exposure.sum(axis=1)
    rate = np.where(whole > 0, daily.sum(axis=1) / np.where(whole > 0, whole, 1.0), 0.0)
    expected = rate[:, None] * exposure
    counted = np.where(exposure > 0, daily, 0)
    free = 1.0 - exposure / np.where(whole > 0, whole, 1.0)[:, None]
    excess = ((counted - expected) ** 2 / np.maximum(free, LEAST_FREE) - expected).sum(axis=1)
    squares = (expected**2).sum(axis=1)
    dispersion = np.where(squares > 0, excess / np.where(squares > 0, squares, 1.0), 0.0)
    return rate, np.clip(dispersion, 0.0, LARGEST_DISPERSION)


def _mean_by(group: Ints, values: Floats, groups: int) -> Floats:
    means: Floats = np.bincount(group, weights=values, minlength=groups) / np.maximum(np.bincount(group, minlength=groups), 1)
    return means


def _normalised(index: Floats) -> Floats:
    scaled: Floats = index / index.mean()
    return scaled


def _month_index(month: Ints, daily: Floats, exposure: Floats) -> Floats:
    """Orders per unit of weekday exposure by month, mean 1; a month without days takes the mean of the others."""
    whole = np.bincount(month, weights=exposure, minlength=12)
    known = whole > 0
    level = np.bincount(month, weights=daily * (exposure > 0), minlength=12) / np.where(known, whole, 1.0)
    return _normalised(np.where(known, level, level[known].mean()))


def _current_prices(lines: OrderLines, last_day: int) -> Floats:
    """Most frequent list price of the last eight weeks, or of the whole history for SKUs not sold since."""
    skus, shows = len(lines.sku_names), list_price_lines(lines)
    recent = shows & (lines.day > last_day - _RECENT_DAYS)
    latest = most_frequent(lines.sku[recent], lines.price[recent], skus)
    ever = most_frequent(lines.sku, lines.price, skus)
    return np.where(np.isfinite(latest), latest, ever)


def _unit_deciles(orders: SkuOrders, skus: int) -> Ints:
    """Units of one order at the middle of each tenth, (skus, 10): the smallest observed value that reaches the quantile."""
    by_size = np.lexsort((orders.units, orders.sku))
    counts = np.bincount(orders.sku, minlength=skus)
    rank = np.ceil(DECILE_MIDDLES[None, :] * counts[:, None]).astype(np.int64) - 1
    place = (np.cumsum(counts) - counts)[:, None] + np.maximum(rank, 0)
    deciles: Ints = orders.units[by_size][np.minimum(place, orders.units.size - 1)]
    return deciles
