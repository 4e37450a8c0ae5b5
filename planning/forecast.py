"""What the window will bring if nothing changes: traffic by day and hour, and units per SKU with an upper bound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from scipy.special import nbdtrik

from perception.shape import ActivityShape, elapsed_share
from perception.state import StoreState
from perception.units import SECONDS_PER_DAY, Floats, day_fraction, day_of, day_start

UPPER_QUANTILE = 0.95
"""Units in the window stay below the upper bound with this probability."""

WEEKDAY_STRENGTH = 2.0
"""Weeks that the assumed weekday shape weighs against the store's own record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsForecast:
    """(m,) units over the window with nothing changed: expected, and at the upper quantile (whole)."""

    mean: Floats
    upper: Floats


def weekday_factors(state: StoreState, shape: ActivityShape) -> Floats:
    """(7,) sales per weekday from Monday against the mean, from whole days on record, shrunk to the assumed shape."""
    assumed = np.array([shape.weekday_factor(day) for day in range(1, 8)])
    totals = {day: float(units.sum()) for day, units in state.units_by_day.items() if day < state.day}
    mean = sum(totals.values()) / len(totals) if totals else 0.0
    if mean <= 0.0:
        return assumed
    weighed, weeks = assumed * WEEKDAY_STRENGTH, np.full(7, WEEKDAY_STRENGTH)
    for day, total in totals.items():
        weighed[(day - 1) % 7] += total / mean
        weeks[(day - 1) % 7] += 1.0
    factors: Floats = weighed / weeks
    factors *= 7.0 / factors.sum()
    return factors


def window_end(now: datetime, *, window_days: int, timezone: ZoneInfo) -> datetime:
    """The local midnight that ends the window, today counting as its first day."""
    return day_start(day_of(now, timezone) + window_days, timezone)


def daily_shares(now: datetime, *, window_days: int, weekdays: Floats, hour_shares: Floats, timezone: ZoneInfo) -> tuple[float, ...]:
    """Share of the window's traffic on each of its local days; of today only what is still to come. Sums to 1."""
    today = day_of(now, timezone)
    traffic = np.array([weekdays[(day - 1) % 7] for day in range(today, today + window_days)])
    passed = elapsed_share(hour_shares, np.array([day_fraction(now, timezone) * SECONDS_PER_DAY]))
    traffic[0] *= 1.0 - float(passed[0])
    return tuple(float(share) for share in traffic / traffic.sum()) if traffic.sum() > 0.0 else _even(window_days)


def _even(days: int) -> tuple[float, ...]:
    return tuple([1.0 / days] * days)


def baseline_units(state: StoreState, record: Floats, *, window_days: int) -> UnitsForecast:
    """Units per SKU over the window: the larger of organic demand as believed and the plain record, ads included.

    Negative binomial with the mean W·rate and the variance W·scatter·rate + (W·sd of the rate)²: days scatter, and the rate is uncertain.

    Args:
        state: Beliefs.
        record: (d, m) units sold on each whole day on record.
        window_days: W.
    """
    days = max(record.shape[0], 1)
    recorded = record.sum(axis=0) / days
    scatter = daily_scatter(record)
    rate = np.maximum(state.organic_units_per_day.mean, recorded)
    sd = np.maximum(state.organic_units_per_day.sd, np.sqrt(scatter * recorded / days))
    mean = rate * window_days
    excess = np.maximum((scatter - 1.0) * mean + (sd * window_days) ** 2, 1e-6 * mean)
    shape = np.clip(mean**2 / excess, 1e-3, 1e6)
    return UnitsForecast(mean=mean, upper=np.ceil(nbdtrik(UPPER_QUANTILE, shape, shape / (shape + mean)) - 1e-9))


def daily_scatter(record: Floats) -> Floats:
    """(m,) variance of a day's units over their mean, >= 1, shrunk to the store's; above 1 because orders hold several units."""
    if record.shape[0] < _FEWEST_DAYS:
        return np.full(record.shape[1], _ASSUMED_SCATTER)
    mean, variance = record.mean(axis=0), record.var(axis=0, ddof=1)
    store = (float(variance.sum()) + _ASSUMED_SCATTER) / (float(mean.sum()) + 1.0)
    scatter: Floats = (variance + store * _SCATTER_STRENGTH) / (mean + _SCATTER_STRENGTH)
    return np.maximum(scatter, 1.0)


_FEWEST_DAYS = 7
_ASSUMED_SCATTER = 2.0
_SCATTER_STRENGTH = 0.5
"""Units a day that the store's scatter weighs against the SKU's own."""
