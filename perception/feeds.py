"""The watch over one store's feeds: which of them lose events now, and what the reports can hold in spite of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from perception import tracking
from perception.beliefs import Coverage
from perception.history import History, cells_of, column_totals
from perception.observation import COLUMNS, Signal
from perception.outage import Vigil, listen, open_vigil
from perception.tracking import Tally, Totals
from perception.tuning import EstimatorTuning
from perception.units import Floats, day_start


class Feed(StrEnum):
    """What a platform may stop counting while the store goes on."""

    CONVERSIONS = "conversions"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """What the watch remembers; one store."""

    tally: Tally
    conversions: Vigil
    orders: Vigil

    def out(self) -> tuple[Feed, ...]:
        """Feeds that lose events now: their silence is not believed."""
        vigils = {Feed.CONVERSIONS: self.conversions, Feed.ORDERS: self.orders}
        return tuple(feed for feed, vigil in vigils.items() if vigil.out[0])


def attend(
    before: Feeds | None, history: History, coverage: Coverage, *, now_s: float, tuning: EstimatorTuning, timezone: ZoneInfo
) -> tuple[Feeds, Coverage]:
    """Take in one look.

    Args:
        before: As of the last tick, None at the first.
        history: With this tick's rows.
        coverage: What the reports could hold if every event had been counted.
        now_s: UTC epoch seconds of the tick.
        tuning: Of the estimator.
        timezone: Of the store.

    Returns:
        The memory, and the coverage without the times in which events were not counted.
    """
    ads_s, shop_s = (min(history.last_seen_s.get(signal, now_s), now_s) for signal in (Signal.ADS, Signal.SHOP))
    ordinals = [history.today - age for age in range(history.window_days)]
    start_s = np.array([day_start(day, timezone).timestamp() for day in ordinals])
    maturity = np.array([coverage.maturity.get(day, 1.0) for day in ordinals])

    def matured(vigil: Vigil) -> Floats:
        if not vigil.blind.any():
            return maturity
        shares = tracking.matured_share(
            tuning.maturity,
            maturity,
            vigil.blind,
            start_s=start_s,
            now_s=ads_s,
            hour_shares=tuning.shape.hour_shares(),
            recovered=tuning.outage.recovered_share,
        )
        of_store: Floats = shares[0]
        return of_store

    conversions = open_vigil(1) if before is None else before.conversions
    orders = open_vigil(1) if before is None else before.orders
    heard, tally = tracking.look(
        None if before is None else before.tally,
        _totals(history, ordinals),
        day=history.today,
        at_s=ads_s,
        maturity=maturity,
        matured=matured(conversions),
        passed=coverage.shop_passed.get(history.today, 0.0),
        tuning=tuning.outage,
    )
    last_s = ads_s if before is None else before.tally.at_s
    turned = tracking.turned(heard, cautious_sd=tuning.outage.cautious_sd, usual=tally.orders_per_day)
    conversions = listen(conversions, heard, now_s=ads_s, last_s=last_s, lag=tuning.maturity, tuning=tuning.outage)
    orders = listen(orders, turned, now_s=ads_s, last_s=last_s, lag=tuning.maturity, tuning=tuning.outage)
    after = Feeds(tally=tally, conversions=conversions, orders=orders)
    if conversions.blind.any():
        shares = matured(conversions)
        coverage = replace(coverage, maturity={day: float(shares[history.today - day]) for day in coverage.maturity})
    if orders.blind.any():
        blind = tracking.blind_share(orders.blind, start_s=start_s, until_s=shop_s)[0]
        counted = {day: 1.0 - float(share) for day, share in zip(ordinals, blind, strict=True)}
        passed = {day: share * counted[day] for day, share in coverage.shop_passed.items()}
        coverage = replace(coverage, shop_passed=passed, orders_counted=counted)
    return after, coverage


def _totals(history: History, ordinals: list[int]) -> Totals:
    """(1, k) sums over the SKUs by age of the day."""

    def column(signal: Signal, name: str) -> Floats:
        index = COLUMNS[signal].index(name)
        cells = (cells_of(history, signal, day) for day in ordinals)
        return np.array([[0.0 if held is None else column_totals(held)[index] for held in cells]])

    return Totals(conversions=column(Signal.ADS, "conversions"), clicks=column(Signal.ADS, "clicks"), orders=column(Signal.SHOP, "orders"))
