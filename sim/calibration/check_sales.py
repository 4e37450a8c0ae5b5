"""What a store sold in the weeks of a check, observed or simulated, in one form: so that both are measured by the same rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from perception.units import Floats, Ints
from sim.calibration.demand_fit import SkuOrders
from sim.calibration.week_bootstrap import WEEK_DAYS
from sim.market import Setpoints, initial_setpoints, start, step
from sim.moment import HOURS_PER_DAY
from sim.parameters.market import MarketParameters

_AMPLE_DAYS = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """Sales of S SKUs in W weeks of D = 7 W days. A cell is an hour in which a SKU sold.

    Attributes:
        orders: (S, D) orders that contain the SKU.
        hours: (D, 24) the same, of all SKUs by hour of the day.
        revenue: (S, W) minor units.
        cell_week, cell_orders, cell_units: (cells,) week, orders and units of each cell.
        cell_revenue: (cells,) minor units.
    """

    orders: Ints
    hours: Ints
    revenue: Floats
    cell_week: Ints
    cell_orders: Ints
    cell_units: Ints
    cell_revenue: Floats


def observed_sales(orders: SkuOrders, chosen: Ints, week_starts: Ints) -> Sales:
    """What the chosen SKUs sold in the weeks that begin on the given date ordinals, (W,) rising."""
    place = np.full(int(max(orders.sku.max(), chosen.max())) + 1, -1)
    place[chosen] = np.arange(chosen.size)
    week = np.searchsorted(week_starts, orders.day, side="right") - 1
    within = (week >= 0) & (orders.day - week_starts[np.maximum(week, 0)] < WEEK_DAYS) & (place[orders.sku] >= 0)
    day = week[within] * WEEK_DAYS + orders.day[within] - week_starts[week[within]]
    key = (place[orders.sku[within]] * (week_starts.size * WEEK_DAYS) + day) * HOURS_PER_DAY + orders.hour[within]
    cells, of_cell, count = np.unique(key, return_inverse=True, return_counts=True)
    return _sales(
        cells,
        orders=count,
        units=np.bincount(of_cell, weights=orders.units[within]).astype(np.int64),
        revenue=np.rint(100.0 * np.bincount(of_cell, weights=orders.revenue[within])),
        shape=(chosen.size, week_starts.size),
    )


def simulated_sales(
    parameters: MarketParameters,
    *,
    week_starts: Ints,
    price_cents: Ints,
    sold_from: Ints,
    stores: int,
    progress: Callable[[float], None] = lambda _done: None,
) -> list[Sales]:
    """What a market sells in those weeks without ads, at the prices given, with stock for all; one entry per store.

    Every store has the fitted figures themselves: seeds differ by luck, not in their levels and elasticities. Every week is a market of
    its own with seeds of its own, as days of the basic market are independent of each other.

    Args:
        parameters: The fitted market.
        week_starts: (W,) date ordinals.
        price_cents: (M, W) price in force in each week.
        sold_from: (M,) date ordinal of the first order that the fit has seen: what the market would sell before does not count.
        stores: How many independent copies of the weeks.
        progress: Told how much is done, 0 … 1.
    """
    ample = _as_fitted(parameters)
    found = []
    for week, first_day in enumerate(week_starts.tolist()):
        seeds = week * stores + np.arange(stores)
        found.append(_week(ample, seeds=seeds, first_day=first_day, price_cents=price_cents[:, week], sold_from=sold_from))
        progress((week + 1) / week_starts.size)
    shape = (price_cents.shape[0], week_starts.size)
    return [_joined([weeks[store] for weeks in found], shape) for store in range(stores)]


def _as_fitted(parameters: MarketParameters) -> MarketParameters:
    demand = replace(parameters.demand, order_level_log_sd=0.0, elasticity_log_sd=tuple(0.0 for _ in parameters.demand.elasticity_log_sd))
    stock = replace(parameters.stock, initial_low_days=_AMPLE_DAYS, initial_high_days=_AMPLE_DAYS)
    # nobody advertises here, and auctions that we do not take part in are dear to hold
    auction = replace(parameters.auction, sampled_auctions=1, rivals=1)
    return replace(parameters, demand=demand, stock=stock, auction=auction)


_Week = tuple[Ints, Ints, Ints, Ints]
"""Hours with sales of one store: key of SKU and hour of the week, orders, units, revenue."""


def _week(parameters: MarketParameters, *, seeds: Ints, first_day: int, price_cents: Ints, sold_from: Ints) -> list[_Week]:
    stores, hours = seeds.size, WEEK_DAYS * HOURS_PER_DAY
    standing = initial_setpoints(parameters, seeds=seeds)
    setpoints = Setpoints(
        bid_cents=np.zeros_like(standing.bid_cents),
        price_cents=np.tile(price_cents, (stores, 1)),
        daily_budget_cents=standing.daily_budget_cents,
    )
    state = start(parameters, seeds=seeds, first_day=first_day)
    rows: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
    for hour in range(hours):
        state, outcome = step(parameters, state, setpoints)
        orders = outcome.organic_orders * (sold_from <= first_day + hour // HOURS_PER_DAY)
        store, sku = np.nonzero(orders)
        rows.append((store, sku * hours + hour, orders[store, sku], outcome.units[store, sku], outcome.revenue_cents[store, sku]))
    store, key, orders, units, revenue = (np.concatenate(column) for column in zip(*rows, strict=True))
    return [(key[of], orders[of], units[of], revenue[of]) for of in (store == number for number in range(stores))]


def _joined(weeks: list[_Week], shape: tuple[int, int]) -> Sales:
    """The weeks of one store, one after the other."""
    in_week, in_all = WEEK_DAYS * HOURS_PER_DAY, shape[1] * WEEK_DAYS * HOURS_PER_DAY
    keys = [(key // in_week) * in_all + number * in_week + key % in_week for number, (key, *_) in enumerate(weeks)]
    orders, units, revenue = (np.concatenate([week[column] for week in weeks]) for column in (1, 2, 3))
    return _sales(np.concatenate(keys), orders=orders, units=units, revenue=revenue.astype(np.float64), shape=shape)


def _sales(cells: Ints, *, orders: Ints, units: Ints, revenue: Floats, shape: tuple[int, int]) -> Sales:
    """``cells`` number the hours of SKU 0 first, then those of SKU 1; ``shape`` is (S, W)."""
    skus, weeks = shape
    days = weeks * WEEK_DAYS
    sku, day, hour = cells // (days * HOURS_PER_DAY), cells // HOURS_PER_DAY % days, cells % HOURS_PER_DAY
    week = day // WEEK_DAYS
    return Sales(
        orders=np.bincount(sku * days + day, weights=orders, minlength=skus * days).reshape(skus, days).astype(np.int64),
        hours=np.bincount(day * HOURS_PER_DAY + hour, weights=orders, minlength=days * HOURS_PER_DAY)
        .reshape(days, HOURS_PER_DAY)
        .astype(np.int64),
        revenue=np.bincount(sku * weeks + week, weights=revenue, minlength=skus * weeks).reshape(skus, weeks).astype(np.float64),
        cell_week=week,
        cell_orders=orders,
        cell_units=units,
        cell_revenue=revenue,
    )
