"""Figures of the mechanics that a market may have on top of the basic ones, one optional section of the market file each.

A section that is absent switches its mechanic off. "Assumed" marks a figure without a published source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from sim.parameters.types import STRICT, AtLeastOne, BelowOne, Count, NonNegative, Positive, Share

_LARGEST_GAIN = 0.8
"""Most that rank and repeat purchase together may answer a lasting change of sales with: from 1 on sales would not settle. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossPrice:
    """``[cross_price]``: how the prices of others move the orders of a SKU.

    Attributes:
        elasticity_median, elasticity_log_sd: Cross-price elasticity towards rivals, lognormal over SKUs and seeds. 0.10 and 1.38, which
            give the mean 0.26 (Auer & Papies, J. of the Academy of Marketing Science 2019, 7,264 estimates: mean 0.26, median 0.10).
        elasticity_low, elasticity_high: It is cut to this range: 0.05–0.4.
        range_elasticity: Towards the mean price of the other SKUs of the same campaign, >= 0: cannibalisation. 0.10, the median above.
        rival_price_ar1: Day-to-day memory of the log of rivals' prices, [0, 1). Assumed 0.97: a price war lasts about a month.
        rival_price_cv: How far rivals' prices wander around their usual level (coefficient of variation). Assumed 0.06.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    elasticity_median: Positive
    elasticity_log_sd: NonNegative
    elasticity_low: NonNegative
    elasticity_high: NonNegative
    range_elasticity: NonNegative
    rival_price_ar1: BelowOne
    rival_price_cv: NonNegative


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """``[promotion]``: orders that a price under the regular one borrows from the weeks after it.

    One third of a promotion's bump comes from other brands, one third from other weeks and one third is growth (van Heerde, Leeflang &
    Wittink, Marketing Science 2004). The own-price elasticity gives the bump; what other brands lose inside the store's own range is
    ``CrossPrice.range_elasticity``; this section takes back the third that was borrowed.

    Attributes:
        borrowed_share: Part of the bump that is missing later: 1/3.
        payback_days: Time constant of the repayment, days, >= 1. Assumed 7, so that a week at −10 to −50 % leaves a dip of 4–17 %.
        dip_maximum: Largest part of a day's orders that can be missing: 0.25 (dips of 4–25 %, the same source).
        regular_price_half_life_days: How fast buyers take a new price for the regular one. Assumed 28.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    borrowed_share: Share
    payback_days: AtLeastOne
    dip_maximum: BelowOne
    regular_price_half_life_days: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOver:
    """``[carry_over]``: ad clicks bring orders without a click in the days after.

    Attributes:
        theta: Part of a day's adstock that is left on the next day, [0, 1): 0.1–0.3 (geometric adstock; Robyn's range for search and
            social).
        elasticity: Of organic orders towards adstock, where adstock is large: 0.1 (Sethuraman, Tellis & Briesch, J. of Marketing
            Research 2011: mean short-term ad elasticity 0.12).
        clicks_per_order: Daily clicks per usual daily order at which half of that elasticity is reached. Assumed 2: with 10 % of clicks
            ordering, ads that add 20 % of orders.
        effect_maximum: Ceiling of the factor on organic orders. Assumed 1.5.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    theta: BelowOne
    elasticity: NonNegative
    clicks_per_order: Positive
    effect_maximum: AtLeastOne


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """``[cold_start]``: a launched SKU is trusted with its first reviews, and is a novelty in its first weeks.

    Attributes:
        cvr_floor: Orders per visit without any review, as a share of what they are with enough: 0.27, since a purchase is 3.7 times as
            likely with five reviews as with none (Spiegel Research Center 2017; Askalidis & Malthouse 2016). 1 for no effect.
        reviews_low, reviews_high: A SKU's reviews are enough at a number between these: 5–10 (the same).
        reviews_per_order: Expected reviews of one order. Assumed 0.05.
        review_delay_days: Mean days from order to review, >= 1. Assumed 7: delivery and some use.
        launch_week_ratio: Organic visits of the first week over the mean of the first 16: 1.46 (fit, 383 launches of a
            business-to-business gift shop). 1 for no novelty.
        launch_decay_days: Time constant with which the novelty wears off, at most 28. Assumed 14.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    cvr_floor: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
    reviews_low: Count
    reviews_high: Count
    reviews_per_order: Share
    review_delay_days: AtLeastOne
    launch_week_ratio: Annotated[float, Field(ge=1.0, le=3.0, allow_inf_nan=False)]
    launch_decay_days: Annotated[float, Field(gt=0.0, le=28.0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganicRank:
    """``[organic_rank]``: what sold lately stands higher in unpaid search results, and is clicked more.

    Attributes:
        half_life_days: Of the sales that count: 7, so that a stockout's damage is healed within four weeks (ecomcrew).
        velocity_weight: Share of sales velocity in the log of the ranking score, [0, 1); the rest (relevance, price, ratings) stays as it
            is. Assumed 0.3. Below 1, so that rank and sales cannot drive each other up without end.
        usual_position_low, usual_position_high: Where a SKU stands at its usual sales, drawn per seed and SKU. Assumed 2–12.
        last_position: Nobody looks further; positions end here. Assumed 48, one page of results.
        evidence_orders: Usual orders that stand behind a SKU whatever it sold lately, so that one order of a slow seller moves it little.
            Assumed 5.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    half_life_days: Positive
    velocity_weight: BelowOne
    usual_position_low: AtLeastOne
    usual_position_high: AtLeastOne
    last_position: AtLeastOne
    evidence_orders: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """``[returns]``: units that are cancelled before delivery, or sent back after it, each refunded at the price paid.

    Attributes:
        cancel_rate: Share of units cancelled; 0.142 (fit, Amazon.in orders).
        cancel_delay_days: Whole days from order to cancellation, >= 1. Assumed 1.
        return_rate: Per SKU, share of the units not cancelled that come back: 0.169 of all retail sales (NRF & Happy Returns 2024),
            apparel 0.25–0.40, electronics 0.08–0.15, a business-to-business gift shop 0.026 (fit), Amazon.in 0.068 (fit).
        return_delay_low_days, return_delay_high_days: Whole days from order to return, evenly: 7–21.
        resalable_share: Part of the returned units that goes back into stock; cancelled ones always do. Assumed 0.8.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    cancel_rate: BelowOne
    cancel_delay_days: Count
    return_rate: tuple[BelowOne, ...]
    return_delay_low_days: Count
    return_delay_high_days: Count
    resalable_share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Baskets:
    """``[baskets]``: what a new customer buys beside the advertised SKU, and later.

    Attributes:
        companion_lines: Order lines of other SKUs that one ad order brings along, expected, >= 0. Assumed 0.2. (Companions of organic
            orders are already in the fitted order levels.)
        repeat_share: Share of orders that a further order of the same customer follows, [0, 1): 0.66 of the customers of a business-to-
            business gift shop come back (fit, Online Retail II). Also the share of usual orders that are repeat orders.
        repeat_mean_days: Mean time until then, >= 1. Assumed 60.
        repeat_effect_maximum: Ceiling of the factor on organic orders. Assumed 2: the circle of customers is finite.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    companion_lines: NonNegative
    repeat_share: BelowOne
    repeat_mean_days: AtLeastOne
    repeat_effect_maximum: AtLeastOne


@dataclass(frozen=True, slots=True, kw_only=True)
class Shocks:
    """``[shocks]``: days that are not like others.

    Attributes:
        event_days: Sales events announced long before, local dates.
        event_traffic_ratio, event_cpc_ratio, event_cvr_ratio: Searches and visits, cost of a click, and orders per visit on an event day
            over a usual one: 1.77, 1.23, 1.12. Together orders +98 % and spend × 2.2 (Sellics, Prime Day 2019).
        surprise_events_per_year: Event days that nobody announced, expected per store. Assumed 4.
        viral_per_sku_year: How often a SKU goes viral, expected. Assumed 0.3.
        viral_ratio: Its visits on the first day, as a multiple of the usual. Assumed 5.
        viral_half_life_days: How fast that fades. Assumed 2.
        platform_outages_per_year: Expected per store while none is going on; nothing is shown and nothing sold. Assumed 6.
        platform_outage_low_h, platform_outage_high_h: Hours it lasts, evenly. Assumed 1–6.
        tracking_outages_per_year: The same; orders go on, but conversions of ads are not recorded. Assumed 4.
        tracking_outage_low_h, tracking_outage_high_h: Hours it lasts, evenly. Assumed 6–48.
        tracking_recovered_share: Part of the conversions missed by tracking that reports show once it is over. Assumed 0.5.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    event_days: tuple[date, ...]
    event_traffic_ratio: Positive
    event_cpc_ratio: Positive
    event_cvr_ratio: Positive
    surprise_events_per_year: Annotated[float, Field(ge=0.0, le=365.0, allow_inf_nan=False)]
    viral_per_sku_year: Annotated[float, Field(ge=0.0, le=365.0, allow_inf_nan=False)]
    viral_ratio: AtLeastOne
    viral_half_life_days: Positive
    platform_outages_per_year: Annotated[float, Field(ge=0.0, le=365.0, allow_inf_nan=False)]
    platform_outage_low_h: Count
    platform_outage_high_h: Count
    tracking_outages_per_year: Annotated[float, Field(ge=0.0, le=365.0, allow_inf_nan=False)]
    tracking_outage_low_h: Count
    tracking_outage_high_h: Count
    tracking_recovered_share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanics:
    """The optional sections together; ``None`` is off."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    cross_price: CrossPrice | None = None
    promotion: Promotion | None = None
    carry_over: CarryOver | None = None
    cold_start: ColdStart | None = None
    organic_rank: OrganicRank | None = None
    returns: Returns | None = None
    baskets: Baskets | None = None
    shocks: Shocks | None = None


def mechanics_faults(mechanics: Mechanics, *, skus: int) -> list[str]:
    """What is wrong between fields, a line each: "section.field: expected …"."""
    cross_price, cold_start, organic_rank = mechanics.cross_price, mechanics.cold_start, mechanics.organic_rank
    returns, baskets, shocks = mechanics.returns, mechanics.baskets, mechanics.shocks
    rules: list[tuple[bool, str]] = []
    if cross_price is not None:
        rules += [(cross_price.elasticity_low <= cross_price.elasticity_high, "cross_price.elasticity_high: expected >= elasticity_low")]
    if cold_start is not None:
        rules += [(cold_start.reviews_low <= cold_start.reviews_high, "cold_start.reviews_high: expected >= reviews_low")]
    if organic_rank is not None:
        low, high, last = organic_rank.usual_position_low, organic_rank.usual_position_high, organic_rank.last_position
        rules += [
            (low <= high, "organic_rank.usual_position_high: expected >= usual_position_low"),
            (high <= last, "organic_rank.last_position: expected >= usual_position_high"),
        ]
    if returns is not None:
        found = len(returns.return_rate)
        rules += [
            (found == skus, f"returns.return_rate: expected {skus} entries, was {found}"),
            (
                returns.return_delay_low_days <= returns.return_delay_high_days,
                "returns.return_delay_high_days: expected >= return_delay_low_days",
            ),
        ]
    if baskets is not None and organic_rank is not None:
        gain = baskets.repeat_share + organic_rank.velocity_weight
        rules += [(gain <= _LARGEST_GAIN, f"baskets.repeat_share: expected <= {_LARGEST_GAIN} − organic_rank.velocity_weight")]
    if shocks is not None:
        platform = shocks.platform_outage_low_h <= shocks.platform_outage_high_h
        tracking = shocks.tracking_outage_low_h <= shocks.tracking_outage_high_h
        rules += [
            (len(set(shocks.event_days)) == len(shocks.event_days), "shocks.event_days: expected distinct dates"),
            (platform, "shocks.platform_outage_high_h: expected >= platform_outage_low_h"),
            (tracking, "shocks.tracking_outage_high_h: expected >= tracking_outage_low_h"),
        ]
    return [fault for sound, fault in rules if not sound]
