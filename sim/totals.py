"""What happened in one hour, and all of it added up since the start."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Ints
from sim.ad_orders import AdOrders
from sim.mechanics.feedback_state import DayDone
from sim.mechanics.returns import Comebacks

NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOutcome:
    """What happened in one hour, each (N, M) int64 unless said.

    Attributes:
        impressions, clicks, cost_cents: Of our ads.
        ad_orders: Orders that followed a click and arrived in this hour.
        organic_orders: Orders without a click.
        orders: Of both kinds.
        units, revenue_cents: Sold in this hour, by both kinds of order.
        lost_units: Wanted but out of stock.
        delivered: The ad orders one by one, with the units sold, > 0.
        tracked_from: (N, 1) hour of the market from which conversions are recorded, later than this one while tracking is down.
    """

    impressions: Ints
    clicks: Ints
    cost_cents: Ints
    ad_orders: Ints
    organic_orders: Ints
    orders: Ints
    units: Ints
    revenue_cents: Ints
    lost_units: Ints
    delivered: AdOrders
    tracked_from: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Truth since the start, each (N, M) int64.

    Attributes:
        impressions, clicks, cost_cents: Of our ads.
        orders: Served, of both kinds.
        ad_orders: Of them, those that followed a click.
        units, revenue_cents: Sold, whatever came back later.
        lost_units: Wanted but out of stock.
        cancelled_units, cancelled_cents: Cancelled, and refunded.
        returned_units, returned_cents: Sent back, and refunded.
        restocked_units: Of both, what went back into stock.
        first_order_hour: ``NEVER`` before the first order.
    """

    impressions: Ints
    clicks: Ints
    cost_cents: Ints
    orders: Ints
    ad_orders: Ints
    units: Ints
    revenue_cents: Ints
    lost_units: Ints
    cancelled_units: Ints
    cancelled_cents: Ints
    returned_units: Ints
    returned_cents: Ints
    restocked_units: Ints
    first_order_hour: Ints


def no_totals(shape: tuple[int, ...]) -> Totals:
    """Before the first hour; ``shape`` is (N, M)."""
    zeros = np.zeros(shape, dtype=np.int64)
    return Totals(
        impressions=zeros,
        clicks=zeros,
        cost_cents=zeros,
        orders=zeros,
        ad_orders=zeros,
        units=zeros,
        revenue_cents=zeros,
        lost_units=zeros,
        cancelled_units=zeros,
        cancelled_cents=zeros,
        returned_units=zeros,
        returned_cents=zeros,
        restocked_units=zeros,
        first_order_hour=np.full(shape, NEVER, dtype=np.int64),
    )


def with_hour(totals: Totals, outcome: HourOutcome, *, hour: int) -> Totals:
    """After one more hour."""
    first_order_hour, never = totals.first_order_hour, (totals.first_order_hour.ravel() == NEVER).nonzero()[0]
    if (begun := never[outcome.orders.take(never) > 0]).size:
        first_order_hour = first_order_hour.copy()
        first_order_hour.reshape(-1)[begun] = hour
    return Totals(
        impressions=totals.impressions + outcome.impressions,
        clicks=totals.clicks + outcome.clicks,
        cost_cents=totals.cost_cents + outcome.cost_cents,
        orders=totals.orders + outcome.orders,
        ad_orders=totals.ad_orders + outcome.ad_orders,
        units=totals.units + outcome.units,
        revenue_cents=totals.revenue_cents + outcome.revenue_cents,
        lost_units=totals.lost_units + outcome.lost_units,
        cancelled_units=totals.cancelled_units,
        cancelled_cents=totals.cancelled_cents,
        returned_units=totals.returned_units,
        returned_cents=totals.returned_cents,
        restocked_units=totals.restocked_units,
        first_order_hour=first_order_hour,
    )


def with_comebacks(totals: Totals, back: Comebacks) -> Totals:
    """After what came back at midnight."""
    return replace(
        totals,
        cancelled_units=totals.cancelled_units + back.cancelled_units,
        cancelled_cents=totals.cancelled_cents + back.cancelled_cents,
        returned_units=totals.returned_units + back.returned_units,
        returned_cents=totals.returned_cents + back.returned_cents,
        restocked_units=totals.restocked_units + back.restocked_units,
    )


def day_done(now: Totals, morning: Totals, *, price_cents: Ints) -> DayDone:
    """What happened between two midnights; ``price_cents`` (N, M) were in force in the last hour."""
    orders, ad_orders = now.orders - morning.orders, now.ad_orders - morning.ad_orders
    return DayDone(
        clicks=now.clicks - morning.clicks,
        orders=orders,
        organic_orders=orders - ad_orders,
        units=now.units - morning.units,
        revenue_cents=now.revenue_cents - morning.revenue_cents,
        price_cents=price_cents,
    )
