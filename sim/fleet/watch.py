"""What perception remembers of a fleet beside the reports: prices and stock as they stood, and what each day's sales say of elasticity.

The daemon's estimator in batch: the formulas are those of ``perception``. Days before the window were not watched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception import elasticity
from perception.change import Rate, Shift
from perception.elasticity import Evidence
from perception.state import Estimate
from perception.tally import FEWEST_DAYS, LEAST_SCALED, relative_record
from perception.units import Bools, Floats, Ints
from sim.fleet.change import shifts_now
from sim.fleet.pages import page_of_age
from sim.fleet.terms import FleetTerms
from sim.fleet.watched_day import WatchedDay
from sim.moment import HOURS_PER_DAY
from sim.reporting import Reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What was watched since the window began.

    Attributes:
        log_anchor: (n, m) log of the merchant's own prices.
        log_price: (n, m) log of the prices in force.
        days: Whole days, oldest first.
        log_price_h, stocked_h: (n, m) sums over today's hours.
        hours: Today's hours so far.
        elasticity: Belief as of this morning.
        shifts: Levels that have changed, as of this morning.
    """

    log_anchor: Floats
    log_price: Floats
    days: tuple[WatchedDay, ...]
    log_price_h: Floats
    stocked_h: Floats
    hours: int
    elasticity: Estimate
    shifts: dict[Rate, Shift]


def open_watch(terms: FleetTerms, anchor_price_cents: Floats, reports: Reports, *, matured: Floats) -> Watch:
    """Nothing watched yet, the merchant's own prices in force; what was reported before tells of changes already.

    Args:
        terms: Constants.
        anchor_price_cents: (n, m) the merchant's own prices.
        reports: As they stand when the window begins.
        matured: As in ``sim.fleet.feeds``.
    """
    log_anchor, none = np.log(anchor_price_cents), np.zeros_like(anchor_price_cents)
    believed = elasticity.prior(anchor_price_cents.shape[1], terms.tuning.elasticity)
    return Watch(
        log_anchor=log_anchor,
        log_price=log_anchor,
        days=(),
        log_price_h=none,
        stocked_h=none,
        hours=0,
        elasticity=Estimate(mean=none + believed.mean, sd=none + believed.sd),
        shifts=shifts_now(terms, (), reports, matured=matured),
    )


def watched(watch: Watch, *, price_cents: Ints | None, on_hand: Ints, hour: int) -> Watch:
    """One more hour has passed.

    Args:
        watch: Before.
        price_cents: (n, m) in force during the hour; None where all stayed as they were.
        on_hand: (n, m) units left at its end.
        hour: Of the market, at its end. The hour that ends at midnight belongs to no day, as in the daemon, which looks at it a day later.
    """
    log_price = watch.log_price if price_cents is None else np.log(price_cents)
    if hour % HOURS_PER_DAY == 0:
        return replace(watch, log_price=log_price)
    return replace(
        watch,
        log_price=log_price,
        log_price_h=watch.log_price_h + log_price,
        stocked_h=watch.stocked_h + (on_hand > 0),
        hours=watch.hours + 1,
    )


def next_day(terms: FleetTerms, watch: Watch, reports: Reports, *, matured: Floats) -> Watch:
    """Close the day at midnight, renew beliefs about elasticity from whole days, look for changes; ``matured`` as in ``open_watch``."""
    none = np.zeros_like(watch.log_price_h)
    ended = WatchedDay(log_price=watch.log_price_h / watch.hours, stocked=watch.stocked_h / watch.hours, demand=none)
    days = (*watch.days, ended)[-terms.fading.size + 1 :]
    believed = _elasticity(terms, watch.elasticity, days, reports, matured)
    weighed = tuple(replace(day, demand=np.exp(believed.mean * (watch.log_anchor - day.log_price))) for day in days)
    shifts = shifts_now(terms, weighed, reports, matured=matured)
    return replace(watch, days=weighed, log_price_h=none, stocked_h=none, hours=0, elasticity=believed, shifts=shifts)


def _elasticity(terms: FleetTerms, before: Estimate, days: tuple[WatchedDay, ...], reports: Reports, matured: Floats) -> Estimate:
    """Belief of each store from its whole days; unchanged in stores where no price has moved, as in the daemon's estimator."""
    if len(days) < FEWEST_DAYS:
        return before
    prices = np.stack([day.log_price for day in days])
    stirred = np.flatnonzero((prices != prices[0]).any(axis=(0, 2)))
    if stirred.size == 0:
        return before
    of_stirred = matured if matured.ndim == 1 else matured[stirred]
    orders = np.stack([_organic_orders(reports, age, stirred, of_stirred[..., age, None]) for age in range(len(days), 0, -1)])
    stocked = np.stack([day.stocked[stirred] for day in days])
    own, told = _own_elasticity(terms, orders, prices[:, stirred], stocked)
    mean, sd = before.mean.copy(), before.sd.copy()
    mean[stirred[told]], sd[stirred[told]] = own.mean[told], own.sd[told]
    return Estimate(mean=mean, sd=sd)


def _own_elasticity(terms: FleetTerms, orders: Floats, log_price: Floats, stocked: Floats) -> tuple[Estimate, Bools]:
    """Beliefs, (n, m), from (d, n, m) days, and (n,) which stores have any evidence.

    Days come first in memory: sums over days are then sums of whole rows, several times faster than over a middle axis.
    """
    days, stores, skus = orders.shape
    tuning = terms.tuning.elasticity
    record = relative_record(*(np.moveaxis(figures, 0, 1) for figures in (orders, log_price, stocked)))
    orders_then, price_then, opportunity_then = (
        np.moveaxis(figures, 1, 0).reshape(days, -1) for figures in (record.orders, record.log_price, record.opportunity)
    )
    found = elasticity.evidence(orders_then, price_then, opportunity_then, tuning)
    # a SKU whose price stood still says nothing
    information = np.where(record.moved, found.information.reshape(stores, skus), 0.0)
    peak = found.peak.reshape(stores, skus)
    beliefs = [
        elasticity.pool(Evidence(peak=peak[at : at + _CHUNK], information=information[at : at + _CHUNK]), tuning).own
        for at in range(0, stores, _CHUNK)
    ]
    own = Estimate(mean=np.concatenate([part.mean for part in beliefs]), sd=np.concatenate([part.sd for part in beliefs]))
    told: Bools = np.any(record.moved, axis=-1)
    return own, told


_CHUNK = 128
"""Stores whose grids fit into a processor's cache."""


def _organic_orders(reports: Reports, age: int, stores: Ints, share: Floats) -> Floats:
    """Orders of one day that ads did not bring, as reported this morning, (stores, m); ``share`` of its conversions can be known."""
    page = page_of_age(reports, age)
    orders: Floats = page.shop[stores, :, 0] - page.conversions[stores, :, 0] / np.maximum(share, LEAST_SCALED)
    return np.maximum(orders, 0.0)


def demand_today(watch: Watch) -> Floats:
    """(n, m) demand at today's mean price against demand at the price in force."""
    if watch.hours == 0:
        return np.ones_like(watch.log_price)
    effect: Floats = np.exp(watch.elasticity.mean * (watch.log_price - watch.log_price_h / watch.hours))
    return effect


def demand_now(watch: Watch) -> Floats:
    """(n, m) demand at the merchant's own price against demand at the price in force, (price / anchor)^e."""
    effect: Floats = np.exp(watch.elasticity.mean * (watch.log_price - watch.log_anchor))
    return effect
