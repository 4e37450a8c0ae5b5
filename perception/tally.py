"""Recent days added up per SKU: every day fades with its age, and is weighed by what it could have shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from perception.change import Rate, Shift
from perception.history import Day, History, cells_of, days_of
from perception.observation import COLUMNS, Signal
from perception.units import SECONDS_PER_DAY, Bools, Floats, Ints

_ADS = {name: index for index, name in enumerate(COLUMNS[Signal.ADS])}
_SHOP = {name: index for index, name in enumerate(COLUMNS[Signal.SHOP])}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionTally:
    """(…, m) faded sums over click days: what clicks brought.

    Attributes:
        conversions: As reported.
        trials: Clicks weighed by maturity and brought to today's price: what the conversions are to be divided by.
        expected_conversions: Conversions these clicks will have brought when all is reported, as far as the shop counted orders.
    """

    conversions: Floats
    trials: Floats
    expected_conversions: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AdTally(ConversionTally):
    """(…, m) faded sums over click days, with what came before the conversions: impressions and clicks as reported."""

    impressions: Floats
    clicks: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopTally:
    """(…, m) faded sums over order days.

    Attributes:
        orders, units: As reported.
        days: Days' worth of selling time at today's price: hours without stock and hours still to come do not count.
    """

    orders: Floats
    units: Floats
    days: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Fading:
    """How days are weighed against today.

    Attributes:
        half_life_days: Age at which a day counts half.
        log_price: (m,) log of the price in force.
        elasticity: (m,) magnitudes that bring a day's sales to today's price.
        shifts: Rates that may have changed; of others all days are of today's level.
    """

    half_life_days: float
    log_price: Floats
    elasticity: Floats
    shifts: Mapping[Rate, Shift] = field(default_factory=dict)
    _effects: dict[int, Floats | float] = field(default_factory=dict, init=False, repr=False)

    def weight(self, age_days: int) -> float:
        """2^(-age / half life)."""
        return float(0.5 ** (age_days / self.half_life_days))

    def events(self, rate: Rate, ordinal: int) -> Floats | float:
        """(m,) what the events of that day count for beside their age; 1 where its level was today's."""
        return self.shifts[rate].weight(ordinal) if rate in self.shifts else 1.0

    def exposure(self, rate: Rate, ordinal: int) -> Floats | float:
        """(m,) the same for what the events are divided by, brought to today's level."""
        return self.shifts[rate].exposure(ordinal) if rate in self.shifts else 1.0

    def price_effect(self, day: Day | None) -> Floats | float:
        """(m,) demand on that day against demand at today's price, (p_then / p_now)^-e; 1 where the price was not watched."""
        if day is None or day.exposure is None:
            return 1.0
        # clicks and orders ask for the same days
        if id(day) not in self._effects:
            self._effects[id(day)] = price_effect(self.log_price - day.exposure.mean_log_price(), self.elasticity)
        return self._effects[id(day)]


def price_effect(rise: Floats, elasticity: Floats) -> Floats | float:
    """(k,) demand before against demand after a rise of the log price, e^(elasticity · rise); 1 where no price has moved."""
    moved = np.flatnonzero(np.abs(rise) > _SAME_LOG_PRICE)
    if moved.size == 0:
        return 1.0
    effect = np.ones(rise.size)
    effect[moved] = np.exp(elasticity[moved] * rise[moved])
    return effect


_SAME_LOG_PRICE = 1e-9
"""What averaging a constant price over a day leaves behind."""


def tally_ads(history: History, fading: Fading, *, maturity: dict[int, float], orders_counted: dict[int, float] | None = None) -> AdTally:
    """Add up the click days for which a maturity is given; orders that the shop did not count are not expected in its figures."""
    counted = {} if orders_counted is None else orders_counted
    sums = np.zeros((5, history.sku_count))
    part = np.empty(history.sku_count)
    for ordinal, share in maturity.items():
        cells = cells_of(history, Signal.ADS, ordinal)
        if cells is None:
            continue
        weight = fading.weight(history.today - ordinal)
        clicks, conversions = cells.values[_ADS["clicks"]], cells.values[_ADS["conversions"]]
        sums[0] += _scaled(np.multiply(weight, cells.values[_ADS["impressions"]], out=part), fading.exposure(Rate.CTR, ordinal))
        sums[1] += _scaled(np.multiply(weight, clicks, out=part), fading.events(Rate.CTR, ordinal))
        sums[2] += _scaled(np.multiply(weight, conversions, out=part), fading.events(Rate.CVR, ordinal))
        trials = _scaled(np.multiply(weight * share, clicks, out=part), fading.price_effect(history.days.get(ordinal)))
        sums[3] += _scaled(trials, fading.exposure(Rate.CVR, ordinal))
        expected = np.multiply(weight * counted.get(ordinal, 1.0) / max(share, LEAST_SCALED), conversions, out=part)
        sums[4] += _scaled(expected, fading.events(Rate.ORGANIC, ordinal))
    return AdTally(impressions=sums[0], clicks=sums[1], conversions=sums[2], trials=sums[3], expected_conversions=sums[4])


def _scaled(figures: Floats, effect: Floats | float) -> Floats:
    """The figures times the effect, in place; most days have none."""
    if isinstance(effect, float):
        return figures if effect == 1.0 else np.multiply(figures, effect, out=figures)
    return np.multiply(figures, effect, out=figures)


LEAST_SCALED = 0.25
"""A day of which less than this has matured is not scaled up further: a single early order would count as dozens."""


def tally_shop(history: History, fading: Fading, *, passed: dict[int, float]) -> ShopTally:
    """Add up the order days.

    Args:
        history: What is remembered.
        fading: How days are weighed.
        passed: Share of each day's activity that the report covers, [0, 1]; a day without rows sold nothing.
    """
    sums = np.zeros((3, history.sku_count))
    part = np.empty(history.sku_count)
    for ordinal, share in passed.items():
        day = history.days.get(ordinal)
        weight = fading.weight(history.today - ordinal)
        cells = cells_of(history, Signal.SHOP, ordinal)
        if cells is not None:
            events = fading.events(Rate.ORGANIC, ordinal)
            sums[0] += _scaled(np.multiply(weight, cells.values[_SHOP["orders"]], out=part), events)
            sums[1] += _scaled(np.multiply(weight, cells.values[_SHOP["units"]], out=part), events)
        exposure = fading.exposure(Rate.ORGANIC, ordinal)
        if day is None or day.exposure is None:
            sums[2] += weight * share * exposure
        else:
            np.multiply(weight * share, day.exposure.stocked_share(), out=part)
            sums[2] += _scaled(_scaled(part, fading.price_effect(day)), exposure)
    return ShopTally(orders=sums[0], units=sums[1], days=sums[2])


def column_by_day(history: History, signal: Signal, name: str) -> dict[int, Floats]:
    """{day: (m,) figures of one column} of the days that were reported."""
    index = COLUMNS[signal].index(name)
    return {d: cells.values[index] for d in sorted(history.days) if (cells := cells_of(history, signal, d)) is not None}


def ads_since(history: History, name: str, first_day: int) -> Floats:
    """(m,) unweighted sum of one ads column from ``first_day`` on."""
    total = np.zeros(history.sku_count)
    for ordinal in history.days:
        cells = cells_of(history, Signal.ADS, ordinal)
        if cells is not None and ordinal >= first_day:
            total += cells.values[_ADS[name]]
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRecord:
    """Whole watched days before today on which both sales and prices are known: (…, d, m) each.

    Orders stand for units: how many units an order holds scatters far more than it answers to price.

    Attributes:
        orders: Organic orders >= 0: the shop's, less what ads will have brought, since bids move at the same times as prices.
        log_price: Log price relative to the store's own price level of the day (weighed by orders), which moves all its sales alike.
        opportunity: Time in stock times the store's orders of the day against their mean, > 0: a busy day is no price effect, nor is a
            day on which every price rose. Only prices that moved against each other tell.
        moved: (…, m) SKUs whose own price moved.
    """

    orders: Floats
    log_price: Floats
    opportunity: Floats
    moved: Bools


def price_record(history: History, *, maturity: dict[int, float]) -> PriceRecord | None:
    """Gather the record; None while it is shorter than a few days."""
    watched = _watched_days(history, maturity)
    if len(watched) < FEWEST_DAYS:
        return None
    return relative_record(*(np.array(figures) for figures in zip(*watched, strict=True)))


def price_record_of(part: Ints, history: History, *, maturity: dict[int, float]) -> PriceRecord | None:
    """``price_record`` of some SKUs, (d, k), as it stands in that of all, without gathering that; None also where no price moved."""
    watched = _watched_days(history, maturity)
    if len(watched) < FEWEST_DAYS:
        return None
    orders, log_price, stocked = zip(*watched, strict=True)
    if not (np.maximum.reduce(log_price) - np.minimum.reduce(log_price) > MOVED).any():
        return None
    level = np.array([day.sum() for day in orders]) + 1.0
    weight = np.add.reduce(orders) + 1.0 / history.sku_count
    mean = np.add.reduce(log_price) / len(log_price)
    common = np.array([(day - mean) @ weight for day in log_price]) / weight.sum()
    own = np.array([day[part] for day in log_price])
    return PriceRecord(
        orders=np.array([day[part] for day in orders]),
        log_price=own - mean[part] - common[:, None],
        opportunity=np.maximum(np.array([day[part] for day in stocked]), LEAST_STOCKED) * (level / level.mean())[:, None],
        moved=np.ptp(own, axis=0) > MOVED,
    )


def _watched_days(history: History, maturity: dict[int, float]) -> list[tuple[Floats, Floats, Floats]]:
    """Organic orders, log price and stocked share, (m,) each, of every whole watched day before today."""
    found = []
    for ordinal in days_of(history, Signal.SHOP)[:-1]:
        day = history.days.get(ordinal)
        if day is not None and day.exposure is not None and day.exposure.watched_s >= WHOLE_DAY_S:
            orders = _organic_orders(day, history.sku_count, maturity.get(ordinal, 1.0))
            found.append((orders, day.exposure.mean_log_price(), day.exposure.stocked_share()))
    return found


def relative_record(orders: Floats, log_price: Floats, stocked: Floats) -> PriceRecord:
    """The record from what was seen on d days, (…, d, m) each; leading axes are stores.

    Args:
        orders: Organic orders, >= 0.
        log_price: Mean log price in force.
        stocked: Share of the day in which the SKU could be bought, [0, 1].
    """
    level = orders.sum(axis=-1) + 1.0
    weight = orders.sum(axis=-2) + 1.0 / orders.shape[-1]
    own = log_price - log_price.mean(axis=-2, keepdims=True)
    common = np.matmul(own, weight[..., None])[..., 0] / weight.sum(axis=-1, keepdims=True)
    return PriceRecord(
        orders=orders,
        log_price=own - common[..., None],
        opportunity=np.maximum(stocked, LEAST_STOCKED) * (level / level.mean(axis=-1, keepdims=True))[..., None],
        moved=np.ptp(log_price, axis=-2) > MOVED,
    )


def _organic_orders(day: Day, sku_count: int, maturity: float) -> Floats:
    """(m,) orders of one day that ads did not bring."""
    shop, ads = day.cells.get(Signal.SHOP), day.cells.get(Signal.ADS)
    orders = np.zeros(sku_count) if shop is None else shop.values[_SHOP["orders"]]
    by_ads = 0.0 if ads is None else ads.values[_ADS["conversions"]] / max(maturity, LEAST_SCALED)
    return np.maximum(orders - by_ads, 0.0)


WHOLE_DAY_S = 0.8 * SECONDS_PER_DAY
"""A day that was watched for less tells of no price: sales of the rest of it happened at who knows which."""

FEWEST_DAYS = 4
"""Days below which there is no record."""

LEAST_STOCKED = 0.02
"""Even a SKU that was out of stock all day had some chance to sell: shares stay positive."""

MOVED = 0.005
"""Prices within half a percent carry no evidence about elasticity."""
