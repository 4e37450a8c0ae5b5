"""Measures of what a store sold: the same rules for the store and for its simulation, and for weeks drawn again.

Every measure takes many weightings of the weeks at once, (R, W), so that its sampling noise can be had by the bootstrap of weeks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.calibration.check_sales import Sales
from sim.calibration.demand_fit import LARGEST_DISPERSION
from sim.calibration.fitted_figures import head_share
from sim.calibration.week_bootstrap import WEEK_DAYS

LEVELS = np.arange(1, 20) / 20.0
"""At which a curve of a distribution is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is known of the days of a check before anything is measured, from the fit and the calendar.

    Attributes:
        weekday: (D,) 0 = Monday.
        open_days: (D,) days on which the store took orders; holidays count for neither side.
        exposure: (S, D) how busy each day is expected to be, 0 where the store was closed or the SKU not yet sold.
        many: (S,) SKUs with enough orders in the fit to tell dispersion from Poisson noise.
    """

    weekday: Ints
    open_days: Bools
    exposure: Floats
    many: Bools


Measure = Callable[[Sales, Frame, Floats], Floats]
"""Figure(s) of some sales under weightings of the weeks (R, W): (R, k) with k = 1 for a plain figure."""


def orders_per_day(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """Orders of SKUs on a day on which the store is open."""
    by_day = np.repeat(weights, WEEK_DAYS, axis=1) * frame.open_days
    mean: Floats = (by_day @ sales.orders.sum(axis=0)) / by_day.sum(axis=1)
    return mean[:, None]


def weekday_shares(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """(R, 7) orders of an open Monday, Tuesday … as shares of their sum."""
    by_day = np.repeat(weights, WEEK_DAYS, axis=1) * frame.open_days
    of_weekday = (frame.weekday[:, None] == np.arange(WEEK_DAYS)).astype(np.float64)
    mean = (by_day * sales.orders.sum(axis=0)) @ of_weekday / np.maximum(by_day @ of_weekday, 1e-12)
    return _shares(mean)


def hour_shares(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """(R, 24) shares of the orders by hour of the day."""
    return _shares((np.repeat(weights, WEEK_DAYS, axis=1) * frame.open_days) @ sales.hours)


def tail_share(sales: Sales, _frame: Frame, weights: Floats) -> Floats:
    """Share of revenue that the best tenth of the SKUs makes."""
    return head_share(weights @ sales.revenue.T)[:, None]


def sku_dispersion(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """Median over SKUs of 1/r of daily orders by moments, Σ((y − μ)² − μ) / Σ μ², around each SKU's own level in these weeks."""
    found = _sku_dispersions(sales, frame, weights)
    return np.median(found, axis=0)[:, None] if found.size else np.full((weights.shape[0], 1), np.nan)


def dispersion_curve(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """The same at ``LEVELS`` of its distribution over SKUs instead of the middle."""
    found = _sku_dispersions(sales, frame, weights)
    return np.quantile(found, LEVELS, axis=0).T if found.size else np.full((weights.shape[0], LEVELS.size), np.nan)


def tail_curve(sales: Sales, _frame: Frame, weights: Floats) -> Floats:
    """Share of revenue made by the best 5 %, 10 % … of the SKUs, as ``LEVELS``."""
    ranked = np.sort(weights @ sales.revenue.T, axis=1)[:, ::-1]
    best = np.maximum(np.rint(LEVELS * ranked.shape[1]).astype(np.int64), 1) - 1
    shares: Floats = np.cumsum(ranked, axis=1)[:, best] / ranked.sum(axis=1, keepdims=True)
    return shares


def value_curve(sales: Sales, _frame: Frame, weights: Floats) -> Floats:
    """Value of one SKU in one order, minor units, at ``LEVELS`` of its distribution."""
    return np.concatenate([_cell_quantile(sales, weights, sales.cell_revenue, level) for level in LEVELS.tolist()], axis=1)


def _sku_dispersions(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """(S with enough orders, R)."""
    exposure = frame.exposure[frame.many]
    orders = np.where(exposure > 0, sales.orders[frame.many], 0)
    rate = _rate(orders, exposure, weights)
    seen, crossed, squared = (_weekly(daily) @ weights.T for daily in (orders**2, orders * exposure, exposure**2))
    expected = rate * (_weekly(exposure) @ weights.T)
    excess = seen - 2.0 * rate * crossed + rate**2 * squared - expected
    squares = rate**2 * squared
    return np.clip(excess / np.where(squares > 0, squares, 1.0), 0.0, LARGEST_DISPERSION)


def store_dispersion(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """1/r of the daily orders of all SKUs together: what the days have in common."""
    by_day = np.repeat(weights, WEEK_DAYS, axis=1) * frame.open_days
    orders = np.where(frame.exposure > 0, sales.orders, 0)
    expected = _rate(orders, frame.exposure, weights).T @ frame.exposure
    excess = (by_day * ((orders.sum(axis=0) - expected) ** 2 - expected)).sum(axis=1)
    found: Floats = excess / (by_day * expected**2).sum(axis=1)
    return found[:, None]


def zero_share(sales: Sales, frame: Frame, weights: Floats) -> Floats:
    """Share of SKU-weeks without an order, once the SKU is sold."""
    alive = _weekly(frame.exposure) > 0
    zero = alive & (_weekly(sales.orders) == 0)
    share: Floats = (weights @ zero.sum(axis=0)) / (weights @ alive.sum(axis=0))
    return share[:, None]


def units_mean(sales: Sales, _frame: Frame, weights: Floats) -> Floats:
    """Mean units of one SKU in one order."""
    units, orders = (np.bincount(sales.cell_week, weights=of, minlength=weights.shape[1]) for of in (sales.cell_units, sales.cell_orders))
    mean: Floats = (weights @ units) / (weights @ orders)
    return mean[:, None]


def units_quantile(level: float) -> Measure:
    """Units of one SKU in one order; orders of the same SKU and hour count with their mean."""
    return lambda sales, _frame, weights: _cell_quantile(sales, weights, sales.cell_units.astype(np.float64), level)


def value_quantile(level: float) -> Measure:
    """Value of one SKU in one order, minor units; orders of the same SKU and hour count with their mean."""
    return lambda sales, _frame, weights: _cell_quantile(sales, weights, sales.cell_revenue, level)


def _cell_quantile(sales: Sales, weights: Floats, amounts: Floats, level: float) -> Floats:
    values, place = np.unique(np.rint(amounts / sales.cell_orders), return_inverse=True)
    weeks = weights.shape[1]
    orders = np.bincount(place * weeks + sales.cell_week, weights=sales.cell_orders, minlength=values.size * weeks)
    cumulative = np.cumsum(orders.reshape(values.size, weeks) @ weights.T, axis=0)
    reached = (cumulative < level * cumulative[-1]).sum(axis=0)
    found: Floats = values[np.minimum(reached, values.size - 1)]
    return found[:, None]


def _shares(amounts: Floats) -> Floats:
    shares: Floats = amounts / amounts.sum(axis=1, keepdims=True)
    return shares


def _weekly(daily: Floats | Ints) -> Floats:
    """(S, D) → (S, W) sums."""
    sums: Floats = daily.reshape(daily.shape[0], -1, WEEK_DAYS).sum(axis=2).astype(np.float64)
    return sums


def _rate(orders: Ints, exposure: Floats, weights: Floats) -> Floats:
    """(S, R) orders per unit of exposure; 0 where there is none."""
    whole = _weekly(exposure) @ weights.T
    rate: Floats = (_weekly(orders) @ weights.T) / np.where(whole > 0, whole, 1.0)
    return rate
