"""A real store's days, read from its daily orders per SKU, as factors that a market can replay.

A count of orders is luck around a level. What is replayed is the level: its expected value after the count was seen, when the level of a
day is its usual one times a gamma factor of mean 1 and variance phi (the same model by which ``sim.demand`` draws days):

    E[factor | orders] = (1 / phi + orders) / (1 / phi + expected)

(gamma-Poisson conjugacy, e.g. Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6.) It is taken twice: for the whole store, where
phi is 1 (a day with hardly any expected orders says little, a closed day much), and then for each SKU against the store's day, with its
fitted dispersion. Replaying the counts themselves as rates would count their luck twice.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np

from perception.units import Floats
from sim.demand import day_index
from sim.parameters.daily_demand import DailyDemand
from sim.parameters.market import MarketFileError, MarketParameters

STORE_DAY_VARIANCE = 1.0
"""Variance of a whole store's day around weekday and month, before anything is seen: wide, so that holidays and rushes show."""

PLACES = 4
"""Decimals of a factor."""


def daily_demand(path: Path, market: MarketParameters) -> DailyDemand:
    """The days of a file of daily orders, from its first to its last.

    Args:
        path: CSV with the columns sku, day (ISO date) and orders (whole, >= 0); a SKU without a row had no orders that day.
        market: Its SKUs and the levels that the days are measured against; the file must know every SKU.

    Raises:
        MarketFileError: The file is missing, a column or a value does not fit, or it knows another set of SKUs.
    """
    counts = _counts(path, market.assortment.skus)
    first, last = min(counts), max(counts)
    none = np.zeros(len(market.assortment.skus))
    orders = np.array([counts.get(day, none) for day in range(first, last + 1)])
    season = np.array([day_index(market.demand, day) for day in range(first, last + 1)])
    factors = _factors(orders, season[:, None] * np.array(market.demand.orders_per_day), np.array(market.demand.dispersion))
    rows = tuple(tuple(round(float(factor), PLACES) for factor in row) for row in factors)
    return DailyDemand(first_day=date.fromordinal(first), index=rows)


def _factors(orders: Floats, expected: Floats, dispersion: Floats) -> Floats:
    """(D, M) levels relative to the expected ones; see the module. ``orders`` and ``expected`` are (D, M), ``dispersion`` is (M,)."""
    store = _posterior_mean(orders.sum(axis=1), expected.sum(axis=1), STORE_DAY_VARIANCE)[:, None]
    factors: Floats = store * _posterior_mean(orders, expected * store, dispersion)
    return factors


def _posterior_mean(orders: Floats, expected: Floats, variance: Floats | float) -> Floats:
    # multiplied out, so that a variance of 0 gives 1
    factor: Floats = (1.0 + variance * orders) / (1.0 + variance * expected)
    return factor


def _counts(path: Path, skus: tuple[str, ...]) -> dict[int, Floats]:
    """Orders of each SKU, (M,), by date ordinal."""
    counts: dict[int, Floats] = {}
    seen: set[str] = set()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                sku, day, orders = _row(row, f"{path}: line {line}")
                if sku not in skus:
                    raise MarketFileError(f"{path}: line {line}: sku: expected one of the market's, was {sku!r}")
                seen.add(sku)
                counts.setdefault(day, np.zeros(len(skus)))[skus.index(sku)] += orders
    except (OSError, UnicodeDecodeError) as error:
        raise MarketFileError(f"{path}: cannot be read: {error}") from error
    unknown = sorted(set(skus) - seen)
    if unknown:
        raise MarketFileError(f"{path}: sku: expected every SKU of the market, was without {', '.join(unknown)}")
    return counts


def _row(row: dict[str, str], where: str) -> tuple[str, int, int]:
    try:
        sku, day, orders = row["sku"], date.fromisoformat(row["day"]).toordinal(), int(row["orders"])
    except (KeyError, TypeError, ValueError) as error:
        raise MarketFileError(f"{where}: expected the columns sku, day (2010-03-15) and orders (a whole number), was {row}") from error
    if orders < 0:
        raise MarketFileError(f"{where}: orders: expected >= 0, was {orders}")
    return sku, day, orders
