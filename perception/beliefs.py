"""The rates of the store as counts and priors together suggest them, each with its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from perception import rates
from perception.catalogue import Catalogue
from perception.change import Rate, Shift
from perception.economics import Economics, unit_margin_cents
from perception.history import History, days_of
from perception.maturity import expected_maturity
from perception.observation import Signal
from perception.shape import elapsed_share
from perception.state import Estimate
from perception.tally import AdTally, ConversionTally, Fading, ShopTally, tally_ads, tally_shop
from perception.tuning import EstimatorTuning
from perception.units import Bools, Floats, day_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What reports can hold by now, per store-local day.

    Attributes:
        maturity: Share of a click day's conversions that should have been reported, (0, 1].
        shop_passed: Share of an order day that the shop's report covers, [0, 1].
        orders_counted: Share of a day's orders that the shop counted, [0, 1]; a day that is absent was counted in full.
    """

    maturity: dict[int, float]
    shop_passed: dict[int, float]
    orders_counted: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What beliefs are drawn under: (m,) price in force, units on hand (NaN unknown), elasticity, the coverage of reports, and changes."""

    price_cents: Floats
    on_hand: Floats
    elasticity: Estimate
    coverage: Coverage
    shifts: Mapping[Rate, Shift]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a click, an order and a day are worth, (…, m) each, as in ``StoreState``."""

    cvr: Estimate
    units_per_order: Estimate
    organic_units_per_day: Estimate
    unit_margin_cents: Floats
    value_per_click_cents: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What stands in the shop, (…, m) each: price in force, units on hand (NaN unknown), unit cost (NaN unknown), launched lately."""

    price_cents: Floats
    on_hand: Floats
    cost_cents: Floats
    is_new: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """(m,) each, as in ``StoreState``."""

    ctr: Estimate
    worth: Worth


def coverage(history: History, *, now_s: float, tuning: EstimatorTuning, timezone: ZoneInfo) -> Coverage:
    """How far the reports reach: up to the newest refresh of their signal, which every day had the chance to take part in."""
    hour_shares = tuning.shape.hour_shares()
    ads, ads_elapsed_s = _elapsed_s(history, Signal.ADS, now_s, timezone)
    shop, shop_elapsed_s = _elapsed_s(history, Signal.SHOP, now_s, timezone)
    matured = expected_maturity(tuning.maturity, elapsed_s=ads_elapsed_s, hour_shares=hour_shares)
    passed = elapsed_share(hour_shares, shop_elapsed_s)
    return Coverage(
        maturity={day: float(share) for day, share in zip(ads, matured, strict=True)},
        shop_passed={day: float(share) for day, share in zip(shop, passed, strict=True)},
    )


def _elapsed_s(history: History, signal: Signal, now_s: float, timezone: ZoneInfo) -> tuple[list[int], Floats]:
    """Days of a signal, and the seconds from the start of each to the signal's newest refresh."""
    days = days_of(history, signal)
    as_of_s = min(history.last_seen_s.get(signal, now_s), now_s)
    return days, as_of_s - np.array([day_start(day, timezone).timestamp() for day in days])


def believe(history: History, view: View, *, catalogue: Catalogue, economics: Economics, tuning: EstimatorTuning) -> Beliefs:
    """All rates from the remembered days."""
    fading = Fading(
        half_life_days=tuning.half_life_days, log_price=np.log(view.price_cents), elasticity=view.elasticity.mean, shifts=view.shifts
    )
    ads = tally_ads(history, fading, maturity=view.coverage.maturity, orders_counted=view.coverage.orders_counted)
    shop = tally_shop(history, fading, passed=view.coverage.shop_passed)
    shelf = Shelf(price_cents=view.price_cents, on_hand=view.on_hand, cost_cents=catalogue.cost_cents, is_new=catalogue.is_new)
    return Beliefs(ctr=_ctr(ads, tuning), worth=worth_of(ads, shop, shelf, economics=economics, tuning=tuning))


def worth_of(ads: ConversionTally, shop: ShopTally, shelf: Shelf, *, economics: Economics, tuning: EstimatorTuning) -> Worth:
    """Rates and the worth of a click from added-up days, (…, m); pooled over the last axis, so leading axes are stores of their own."""
    cvr = _cvr(ads, shelf.is_new, tuning)
    units_per_order = _units_per_order(shop, tuning)
    margin = unit_margin_cents(shelf.price_cents, shelf.cost_cents, economics)
    return Worth(
        cvr=cvr,
        units_per_order=units_per_order,
        organic_units_per_day=_organic(ads, shop, units_per_order, tuning),
        unit_margin_cents=margin,
        value_per_click_cents=_value_per_click(cvr, units_per_order, margin, sellable=~(shelf.on_hand <= 0.0)),
    )


def _ctr(ads: AdTally, tuning: EstimatorTuning) -> Estimate:
    store = rates.pooled(ads.clicks, ads.impressions, prior=tuning.ctr_prior, strength=tuning.pooled_strength)
    return rates.beta_binomial(ads.clicks, ads.impressions, prior=store, spread=tuning.ctr_spread)


def _cvr(ads: ConversionTally, is_new: Bools, tuning: EstimatorTuning) -> Estimate:
    """New products start above the store: see ``EstimatorTuning.new_cvr_ratio``."""
    store = rates.pooled(ads.conversions, ads.trials, prior=tuning.cvr_prior, strength=tuning.pooled_strength)
    prior = np.where(is_new, tuning.new_cvr_ratio * store, store)
    return rates.beta_binomial(ads.conversions, ads.trials, prior=prior, spread=tuning.cvr_spread)


def _units_per_order(shop: ShopTally, tuning: EstimatorTuning) -> Estimate:
    strength = tuning.units_per_order_strength
    units, orders = shop.units.sum(axis=-1, keepdims=True), shop.orders.sum(axis=-1, keepdims=True)
    store = (strength * tuning.units_per_order_prior + units) / (strength + orders)
    return rates.shrunk_ratio(shop.units, shop.orders, prior=store, strength=strength, spread=tuning.units_per_order_spread)


def _organic(ads: ConversionTally, shop: ShopTally, units_per_order: Estimate, tuning: EstimatorTuning) -> Estimate:
    """Shop orders less those that ads will have brought, times units per order; both counts are uncertain, so both scatter."""
    organic = np.maximum(shop.orders - ads.expected_conversions, 0.0)
    prior = tuning.organic_prior_per_day / tuning.units_per_order_prior
    store = rates.pooled(organic, shop.days, prior=prior, strength=tuning.organic_shape)
    orders = rates.gamma_poisson(organic, shop.days, prior=store, shape=tuning.organic_shape)
    doubt = np.sqrt((tuning.organic_shape + organic + ads.expected_conversions) / (tuning.organic_shape + organic))
    return rates.product(Estimate(mean=orders.mean, sd=orders.sd * doubt), units_per_order)


def _value_per_click(cvr: Estimate, units_per_order: Estimate, margin_cents: Floats, *, sellable: Bools) -> Estimate:
    """Orders per click × units per order × margin; 0 where nothing can be sold, or nothing would be earned, or nobody knows."""
    units = rates.product(cvr, units_per_order)
    worth = np.where(sellable, np.maximum(np.nan_to_num(margin_cents), 0.0), 0.0)
    return Estimate(mean=units.mean * worth, sd=units.sd * worth)
