"""Order lines of a shop that sells as the market of the simulator does, with known figures."""

from __future__ import annotations

from datetime import date

import numpy as np

from sim.calibration.orders import OrderLines

MONDAY = date(2024, 1, 1).toordinal()
WEEKDAYS = np.array([1.4, 1.3, 1.2, 1.1, 1.0, 0.0, 1.0])
HOURS = np.array([9, 11, 14, 17])


def made_orders(*, skus: int, weeks: int, seed: int, dispersion: float = 0.2, common: float = 0.0, turns: bool = False) -> OrderLines:
    """Negative-binomial orders of one line each.

    Args:
        skus: How many; levels fall from 6 orders a day.
        weeks: From a Monday.
        seed: Of the chance.
        dispersion: 1/r of each SKU's days.
        common: Coefficient of variation that all SKUs share from day to day.
        turns: Every second week has its weekdays and hours in reverse, and one SKU sells twenty times as much.
    """
    chance = np.random.default_rng(seed)
    days = weeks * 7
    level = 6.0 / (1.0 + 0.1 * np.arange(skus))
    day = np.arange(days)
    turned = turns & (day // 7 % 2 == 1)
    week = np.where(turned, WEEKDAYS[::-1][day % 7], WEEKDAYS[day % 7])
    luck = chance.gamma(1 / dispersion, dispersion, (skus, days)) if dispersion else np.ones((skus, days))
    shared = chance.gamma(1 / common**2, common**2, days) if common else np.ones(days)
    rate = level[:, None] * week * luck * shared
    rate[0] *= np.where(turned, 20.0, 1.0)
    sku, at = np.nonzero(counts := chance.poisson(rate))
    sku, at = np.repeat(sku, counts[sku, at]), np.repeat(at, counts[sku, at])
    by_day = np.argsort(at, kind="stable")
    sku, at = sku[by_day], at[by_day]
    place = chance.choice(4, sku.size, p=[0.1, 0.2, 0.3, 0.4])
    hour = np.where(turned[at], HOURS[::-1][place], HOURS[place])
    return OrderLines(
        sku_names=tuple(f"S{index:03d}" for index in range(skus)),
        first_day=MONDAY,
        counted=np.ones(days, dtype=np.bool_),
        order=np.arange(sku.size),
        sku=sku,
        day=MONDAY + at,
        hour=hour,
        units=chance.integers(1, 5, sku.size),
        price=np.round(2.0 + 0.5 * sku, 2),
        known_customer=np.ones(sku.size, dtype=np.bool_),
        repeat_customer_share=0.5,
        customers=200,
        dropped={},
        cancelled_value=chance.uniform(0.0, 20.0, days),
    )
