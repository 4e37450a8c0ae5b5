"""What one marketplace is like: every figure the simulator uses, with unit, range and source, read from a market file (TOML).

A file has two kinds of sections. ``[shop]``, ``[assortment]`` and ``[demand]`` are fitted to a store's order lines by
``sim.calibration.calibrate``; the others cannot be seen in order lines and are assumed, from the sources named at each field.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from sim.parameters.daily_demand import DailyDemand, daily_faults
from sim.parameters.faults import fault_line
from sim.parameters.mechanics import Mechanics, mechanics_faults
from sim.parameters.presets import filled
from sim.parameters.rivals import Rivals, rival_faults
from sim.parameters.store_spread import StoreSpread
from sim.parameters.types import STRICT, Cents, Count, NonNegative, OpenShare, Positive, Share

_SHARES_TOLERANCE = 1e-3


class MarketFileError(ValueError):
    """The market file cannot be used; the message names each field that is wrong. The reaction: correct the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Whose market it is.

    Attributes:
        name: Short id.
        currency: ISO 4217 code of every amount.
        timezone: IANA name; hours and days of the market are local to it.
        first_day: Local date on which a drive starts, and new products go on sale. A market may be opened earlier, to have a history.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: Annotated[str, Field(min_length=1)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    timezone: str
    first_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Assortment:
    """What is sold; one entry per SKU in every tuple but ``campaigns``.

    Attributes:
        skus: Ids.
        is_new: Launched within the last weeks of the order history; in the market, on ``Shop.first_day``.
        campaigns: Ids of the ad campaigns.
        campaign_of: Index into ``campaigns`` for each SKU.
        price_cents: Price in force when the history ended (fitted); demand figures refer to it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    skus: Annotated[tuple[str, ...], Field(min_length=1)]
    is_new: tuple[bool, ...]
    campaigns: Annotated[tuple[str, ...], Field(min_length=1)]
    campaign_of: tuple[Annotated[int, Field(ge=0)], ...]
    price_cents: tuple[Cents, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Orders that come without ads, fitted to order lines.

    Attributes:
        orders_per_day: Per SKU, orders a day of the average week and month, at the reference price.
        units_deciles: Per SKU, units in one order at the middle of each tenth of its distribution (quantiles 0.05, 0.15 … 0.95).
        dispersion: Per SKU, 1/r of the negative binomial: daily variance = mean + dispersion · mean²; 0 is Poisson. See ``day_dispersion``.
        elasticity: Per SKU, own-price elasticity as a magnitude: orders ∝ (price / reference)^−elasticity.
        elasticity_log_sd: Per SKU, standard deviation of the log of it; each seed draws its own truth with it.
        hour_shares: (24,) share of a day's orders per local hour; sums to 1.
        weekday_index: (7,) from Monday, 1 = mean day.
        month_index: (12,) from January, 1 = mean month.
        order_level_log_sd: How far a seed's order level of a SKU lies from the fitted one (log standard deviation). Assumed.
        price_effect_maximum: Ceiling of the factor by which a low price raises orders: a constant elasticity is not credible far
            from the prices it was fitted on. Assumed.
        day_dispersion: Variance of a gamma factor with mean 1 that all SKUs of a store share on a day; 0 is off. It is part of
            ``dispersion``, not on top of it: (1 + own) (1 + day) = 1 + dispersion. A SKU whose dispersion is below it has no luck of its
            own, and scatters as the day does. Fitted (``sim.calibration.day_luck_fit``); 0.067 in the first year of Online Retail II.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    orders_per_day: tuple[Positive, ...]
    units_deciles: tuple[Annotated[tuple[Count, ...], Field(min_length=10, max_length=10)], ...]
    dispersion: tuple[NonNegative, ...]
    elasticity: tuple[Positive, ...]
    elasticity_log_sd: tuple[NonNegative, ...]
    hour_shares: Annotated[tuple[NonNegative, ...], Field(min_length=24, max_length=24)]
    weekday_index: Annotated[tuple[NonNegative, ...], Field(min_length=7, max_length=7)]
    month_index: Annotated[tuple[NonNegative, ...], Field(min_length=12, max_length=12)]
    order_level_log_sd: NonNegative
    price_effect_maximum: Annotated[float, Field(ge=1.0, allow_inf_nan=False)]
    day_dispersion: NonNegative = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What the goods cost the merchant.

    Attributes:
        gross_margin_ratio: Per SKU, (price − unit cost) / price at the reference price. Assumed: order lines show no cost.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    gross_margin_ratio: tuple[OpenShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Auction:
    """The ad auction and the rivals in it.

    Attributes:
        exposures: Chance that a slot is seen, from the top, falling; 1 / 0.8 / 0.48 (AuctionNet, NeurIPS 2024).
        reserve_cents: Lowest price of a click.
        sampled_auctions: Auctions drawn per SKU and hour; each stands for an equal share of the hour's searches.
        rivals: Other advertisers on every SKU.
        median_bid_cents: Median of a rival's bid.
        bid_log_sd_between, bid_log_sd_within: Log standard deviation of bids between rival–SKU pairs, and within one from auction to
            auction; together 0.7–0.8, as the ratio p95/p50 = 3.2–3.7 of winning prices implies (iPinYou).
        rival_budget_low, rival_budget_high: A rival's daily budget lasts for between these shares of a usual day's spend;
            0.6–1.0 (AuctionNet: budgets end between 60 and 100 % of the day).
        rival_spend_cv: Variation of a rival's hourly spend around its share of traffic.
        cpc_drift_ar1, cpc_drift_cv: Daily AR(1) of log bids and its coefficient of variation; 0.94 and 0.34 (fitted to 15,408
            cell-days of display ads).
        bid_log_sd_sku: Log standard deviation between SKUs of the level of all rivals together: searches for one product are worth more
            than for another. 0.55 in a market whose winning prices spread by 0.7–0.8 over all SKUs (iPinYou); drawn per seed.
        first_price: The winner of a slot pays its own bid instead of the next one below.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    exposures: Annotated[tuple[Share, ...], Field(min_length=1)]
    reserve_cents: Cents
    sampled_auctions: Count
    rivals: Count
    median_bid_cents: Positive
    bid_log_sd_between: NonNegative
    bid_log_sd_within: NonNegative
    rival_budget_low: Positive
    rival_budget_high: Positive
    rival_spend_cv: NonNegative
    cpc_drift_ar1: Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)]
    cpc_drift_cv: NonNegative
    bid_log_sd_sku: NonNegative = 0.0
    first_price: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Searches in which an ad can be shown.

    Attributes:
        searches_per_order: Searches for each organic order of the SKU. Assumed, so that ads at their value add some 15–40 % of orders.
        minimum_searches_per_day: Of a SKU that hardly sells yet. Assumed.
        uniform_share: Part of the searches that is spread evenly over the week; the rest follows the orders' hours and weekdays.
            Assumed: people also look when they do not order.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    searches_per_order: Positive
    minimum_searches_per_day: NonNegative
    uniform_share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """From impression to order.

    Attributes:
        ctr, cvr: Median click per impression seen and order per click at the reference price: web search 4–8 % and 3–8 % (WordStream 2025).
        ctr_log_sd, cvr_log_sd: Spread between SKUs of one store. Assumed, within AuctionNet's value spread sd/mean 0.3–0.7.
        day_noise_cv: Variation of both from day to day. Assumed 15 %, the error of predicted rates in AuctionNet.
        cvr_maximum: Ceiling of an order per click, whatever the price.
        fast_share, fast_mean_minutes: Part of the conversions that comes at once, exponential: 35 %, 20 min (Chapelle, KDD 2014).
        day_share: Part that comes evenly over hours 1–24: 15 % (the same).
        slow_mean_days: The rest is exponential with this mean, cut at ``window_days``. 1.7 d and 7 d: on marketplaces at least 90 % of
            a 7-day window arrives within 4 d (Teikametrics).
        window_days: Attribution window.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    ctr: OpenShare
    ctr_log_sd: NonNegative
    cvr: OpenShare
    cvr_log_sd: NonNegative
    day_noise_cv: NonNegative
    cvr_maximum: OpenShare
    fast_share: Share
    fast_mean_minutes: Positive
    day_share: Share
    slow_mean_days: Positive
    window_days: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Replenishment: at midnight, when stock and what is on order fall to s days of sales, order up to S days.

    Attributes:
        reorder_days, order_up_to_days: s and S, in days of usual sales. Assumed.
        lead_time_low_days, lead_time_high_days: Delivery takes a whole number of days between these: 14–21.
        initial_low_days, initial_high_days: Stock on the first day. Assumed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    reorder_days: Positive
    order_up_to_days: Positive
    lead_time_low_days: Count
    lead_time_high_days: Count
    initial_low_days: NonNegative
    initial_high_days: NonNegative


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How late and how wrongly the ad platform tells.

    Attributes:
        lag_low_h, lag_high_h: An hour's figures become visible this many hours after its end: 1–12 (Amazon Ads, via BidX and Openbridge).
        withheld_share: Conversions that are shown only during restatement: 0.23, so that totals are revised by up to +30 %.
        doubled_share: Conversions counted twice until restatement removes one: 0.05, revisions of −5 % (the same sources).
        restated_for_h: Hours after which every conversion is shown exactly once: 72 (the same).
        kept_days: Days for which figures can be asked for, today included.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    lag_low_h: Count
    lag_high_h: Count
    withheld_share: Share
    doubled_share: Share
    restated_for_h: Count
    kept_days: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Daily budgets of campaigns.

    Attributes:
        overdelivery_ratio: A day may cost up to this many times the daily budget, >= 1; 1.25 (Amazon), 2.0 (Google Ads).
        initial_daily_budget_cents: Per campaign, in force when a drive starts.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    overdelivery_ratio: Annotated[float, Field(ge=1.0, allow_inf_nan=False)]
    initial_daily_budget_cents: tuple[Annotated[int, Field(ge=0)], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketParameters(Mechanics):
    """One whole market; see the sections. What is ``None``, absent from the file, is off."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    shop: Shop
    assortment: Assortment
    demand: Demand
    costs: Costs
    auction: Auction
    traffic: Traffic
    conversion: Conversion
    stock: Stock
    reporting: Reporting
    budget: Budget
    stores: StoreSpread | None = None
    rivals: Rivals | None = None
    daily_demand: DailyDemand | None = None


_ADAPTER: TypeAdapter[MarketParameters] = TypeAdapter(MarketParameters)


def load_market(path: Path) -> MarketParameters:
    """Read a market file.

    Raises:
        MarketFileError: The file is missing, is not TOML, has unknown keys, or a field is missing or out of range.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise MarketFileError(message) from error
    return parse_market(text, origin=str(path))


def parse_market(text: str, *, origin: str) -> MarketParameters:
    """Parse the text of a market file; ``origin`` names it in messages. Raises: MarketFileError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{origin}: is not TOML: {error}"
        raise MarketFileError(message) from error
    return market_from(raw, origin=origin)


def market_from(raw: Mapping[str, Any], *, origin: str) -> MarketParameters:
    """Validate the tables of a market file; ``origin`` names it in messages. Raises: MarketFileError."""
    try:
        parameters = _ADAPTER.validate_python(filled(raw))
    except ValidationError as error:
        faults = [fault_line(dict(item)) for item in error.errors()]
        raise MarketFileError("\n".join(f"{origin}: {fault}" for fault in faults)) from error
    faults = [
        *_length_faults(parameters),
        *_order_faults(parameters),
        *rival_faults(parameters.rivals, expected=parameters.auction.rivals),
        *daily_faults(parameters.daily_demand, skus=len(parameters.assortment.skus)),
        *mechanics_faults(parameters, skus=len(parameters.assortment.skus)),
    ]
    if faults:
        raise MarketFileError("\n".join(f"{origin}: {fault}" for fault in faults))
    return parameters


def _length_faults(parameters: MarketParameters) -> list[str]:
    skus, campaigns = len(parameters.assortment.skus), len(parameters.assortment.campaigns)
    expected = {
        ("assortment", "is_new"): skus,
        ("assortment", "campaign_of"): skus,
        ("assortment", "price_cents"): skus,
        ("demand", "orders_per_day"): skus,
        ("demand", "units_deciles"): skus,
        ("demand", "dispersion"): skus,
        ("demand", "elasticity"): skus,
        ("demand", "elasticity_log_sd"): skus,
        ("costs", "gross_margin_ratio"): skus,
        ("budget", "initial_daily_budget_cents"): campaigns,
    }
    found = {key: len(getattr(getattr(parameters, key[0]), key[1])) for key in expected}
    return [f"{a}.{b}: expected {expected[a, b]} entries, was {found[a, b]}" for a, b in expected if found[a, b] != expected[a, b]]


def _order_faults(parameters: MarketParameters) -> list[str]:
    assortment, demand, auction = parameters.assortment, parameters.demand, parameters.auction
    stock, reporting, conversion = parameters.stock, parameters.reporting, parameters.conversion
    campaigns = len(assortment.campaigns)
    rules = [
        (len(set(assortment.skus)) == len(assortment.skus), "assortment.skus: expected distinct ids"),
        (len(set(assortment.campaigns)) == campaigns, "assortment.campaigns: expected distinct ids"),
        (all(c < campaigns for c in assortment.campaign_of), f"assortment.campaign_of: expected < {campaigns}"),
        (abs(sum(demand.hour_shares) - 1.0) <= _SHARES_TOLERANCE, f"demand.hour_shares: expected sum 1, was {sum(demand.hour_shares):g}"),
        (list(auction.exposures) == sorted(auction.exposures, reverse=True), "auction.exposures: expected to fall from the top slot"),
        (auction.rival_budget_low <= auction.rival_budget_high, "auction.rival_budget_high: expected >= rival_budget_low"),
        (conversion.fast_share + conversion.day_share <= 1.0, "conversion.day_share: expected fast_share + day_share <= 1"),
        (stock.reorder_days <= stock.order_up_to_days, "stock.order_up_to_days: expected >= reorder_days"),
        (stock.lead_time_low_days <= stock.lead_time_high_days, "stock.lead_time_high_days: expected >= lead_time_low_days"),
        (stock.initial_low_days <= stock.initial_high_days, "stock.initial_high_days: expected >= initial_low_days"),
        (reporting.lag_low_h <= reporting.lag_high_h, "reporting.lag_high_h: expected >= lag_low_h"),
        (_is_timezone(parameters.shop.timezone), f"shop.timezone: expected an IANA name, was {parameters.shop.timezone!r}"),
    ]
    return [fault for sound, fault in rules if not sound]


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
