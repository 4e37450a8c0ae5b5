"""What order lines cannot tell: the figures assumed instead, with their sources, as sections of a market file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

import numpy as np

from perception.units import Floats, Ints
from sim.parameters.market import Auction, Conversion, Reporting

CVR = 0.04
AD_FIGURES: dict[str, float] = {
    "ctr": 0.05,
    "ctr_log_sd": 0.3,
    "cvr": CVR,
    "cvr_log_sd": 0.4,
    "day_noise_cv": 0.15,
    "fast_share": 0.35,
    "day_share": 0.15,
    "slow_mean_days": 1.7,
    "cpc_drift_ar1": 0.94,
    "cpc_drift_cv": 0.34,
}
"""What ad reports tell where there are some; sources at the sections below."""
RIVAL_BID_SHARE = 0.55
"""Median rival bid as a share of what a click is worth for the median established SKU. Assumed: rivals sell like goods at like margins, and
bid below their value, as slots of a second-price auction leave them to."""
MARGIN_LOW, MARGIN_HIGH = 0.40, 0.62
AD_SHARE_OF_REVENUE = 0.065
LEAST_CAMPAIGN_SHARE = 0.1
_GOLDEN_RATIO = 0.6180339887498949

COULD_NOT_FIT: dict[str, str] = {
    "unit_cost": "orders show no cost; gross margins of 40-62 % of the price are assumed, by SKU",
    "order_level_log_sd": "one history is one draw; seeds differ by 20 % in a SKU's order level, assumed",
    "price_effect_maximum": "no price was far from its usual level; a low price raises orders at most 8 times, assumed",
    "ad_auction": "no ads seen; generalised second price, 3 slots seen with 1 / 0.8 / 0.48 (AuctionNet), 6 rivals, assumed",
    "rival_bids": "no auctions seen; log sd 0.72 in all (iPinYou: p95/p50 = 3.2-3.7), budgets end after 60-100 % of the day (AuctionNet)",
    "cpc_level": "no ads seen; rivals' median bid is 55 % of the value of a click of the median SKU, assumed",
    "cpc_drift": "no ads seen; daily AR(1) 0.94 and cv 0.34 (fitted to 15,408 cell-days of display ads)",
    "search_traffic": "no searches seen; 300 searches per organic order and at least 150 a day, assumed",
    "ctr": "no impressions seen; 5 % of seen ads (web search 4-8 %, WordStream 2025)",
    "cvr": "no clicks seen; 4 % of clicks (web search 3-8 %, WordStream 2025)",
    "conversion_delay": "no clicks seen; 35 % Exp(20 min), 15 % over 1-24 h, 50 % Exp(1.7 d) cut at 7 d (Chapelle 2014, Teikametrics)",
    "reporting_lag": "no ad reports seen; 1-12 h late, restated for 72 h by up to +30 % / -5 % (Amazon Ads via BidX, Openbridge)",
    "stock_and_lead_time": "no stock seen; reorder at 28 days of sales up to 60, lead time 14-21 days, 12-60 days at the start, assumed",
    "overdelivery": "no ads seen; a day may cost up to 1.25 times its budget (Amazon Ads)",
}

ASSUMED_SECTIONS = """\
# ======== ASSUMED: order lines do not show any of the following; sources at each section ========

[costs]
# Assumed, spread evenly over 0.40-0.62 of the price by a fixed rule: many prices are not at their optimum.
gross_margin_ratio = {gross_margin_ratio}

[auction]
# Exposures: AuctionNet (NeurIPS 2024). Bid spread: iPinYou winning prices, log sd 0.7-0.8 in all. Rival budgets: AuctionNet.
# Drift: fitted to 15,408 cell-days of display ads. Median bid: 55 % of a click's worth to the median SKU of this file, assumed.
{auction_note}exposures = [1.0, 0.8, 0.48]
reserve_cents = 1
sampled_auctions = 8
rivals = 6
median_bid_cents = {median_bid_cents}
bid_log_sd_between = 0.4
bid_log_sd_within = 0.6
rival_budget_low = 0.6
rival_budget_high = 1.0
rival_spend_cv = 0.2
cpc_drift_ar1 = {cpc_drift_ar1}
cpc_drift_cv = {cpc_drift_cv}

[traffic]
# Assumed, so that ads at their value add some 15-40 % of orders.
searches_per_order = 300.0
minimum_searches_per_day = 150.0
uniform_share = 0.15

[conversion]
# CTR and CVR: web search, WordStream 2025. Day noise: prediction error in AuctionNet. Delay: Chapelle (KDD 2014); slow part as on
# marketplaces (Teikametrics).
{conversion_note}ctr = {ctr}
ctr_log_sd = {ctr_log_sd}
cvr = {cvr}
cvr_log_sd = {cvr_log_sd}
day_noise_cv = {day_noise_cv}
cvr_maximum = 0.4
fast_share = {fast_share}
fast_mean_minutes = 20.0
day_share = {day_share}
slow_mean_days = {slow_mean_days}
window_days = 7

[stock]
# Lead time 14-21 days, and an (s, S) rule, assumed.
reorder_days = 28.0
order_up_to_days = 60.0
lead_time_low_days = 14
lead_time_high_days = 21
initial_low_days = 12.0
initial_high_days = 60.0

[reporting]
# Amazon Ads, via BidX and Openbridge: 1-12 h late, restated for 72 h, +30 % / -5 %.
lag_low_h = 1
lag_high_h = 12
withheld_share = 0.23
doubled_share = 0.05
restated_for_h = 72
kept_days = 35

[budget]
# Over-delivery within a day: Amazon Ads 1.25. Initial budgets: 6.5 % of this market's expected revenue, by campaign, assumed.
overdelivery_ratio = 1.25
initial_daily_budget_cents = {initial_daily_budget_cents}
"""


RETURNS_SECTION = """
# ======== MECHANICS fitted to order lines ========

[returns]
# Rate: cancelled and returned value over sold value, {returns_note}. Order lines do not tell cancelled from returned: all
# count as returned, 7-21 days later; 80 % can be sold again, assumed.
cancel_rate = 0.0
cancel_delay_days = 1
return_rate = {return_rate}
return_delay_low_days = 7
return_delay_high_days = 21
resalable_share = 0.8
"""

LAUNCH_SECTION = """
[cold_start]
# Novelty: first week over the mean of the first 16, {launch_note}; it wears off within 14 days, assumed.
# Order lines show no reviews: the floor of 1 switches their effect off.
cvr_floor = 1.0
reviews_low = 5
reviews_high = 10
reviews_per_order = 0.05
review_delay_days = 7.0
launch_week_ratio = {launch_week_ratio}
launch_decay_days = 14.0
"""
LAUNCH_RATIO_LOW, LAUNCH_RATIO_HIGH = 1.0, 3.0
"""What the market takes; a launch that starts slowly has no novelty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedSections:
    """What a fit to ad reports starts from: sections, and the share of searches that is even over the day.

    The level of rivals' bids is of no matter to it.
    """

    auction: Auction
    conversion: Conversion
    reporting: Reporting
    uniform_share: float


def assumed_sections() -> AssumedSections:
    """The sections as they are without ad reports."""
    unknown = {
        "gross_margin_ratio": "[]",
        "initial_daily_budget_cents": "[]",
        "median_bid_cents": 1,
        "auction_note": "",
        "conversion_note": "",
    }
    raw = tomllib.loads(ASSUMED_SECTIONS.format(**unknown, **AD_FIGURES))
    return AssumedSections(
        auction=Auction(**{**raw["auction"], "exposures": tuple(raw["auction"]["exposures"])}),
        conversion=Conversion(**raw["conversion"]),
        reporting=Reporting(**raw["reporting"]),
        uniform_share=raw["traffic"]["uniform_share"],
    )


def gross_margin_ratios(skus: int) -> Floats:
    """A margin per SKU, 0.40–0.62, spread evenly and without relation to rank (multiples of the golden ratio modulo 1)."""
    place = (np.arange(1, skus + 1) * _GOLDEN_RATIO) % 1.0
    return np.round(MARGIN_LOW + (MARGIN_HIGH - MARGIN_LOW) * place, 3)


def rival_median_bid_cents(price_cents: Floats, mean_units: Floats, margin_ratio: Floats) -> int:
    """``RIVAL_BID_SHARE`` of the median worth of a click, CVR × units × price × margin, at least one minor unit."""
    worth = CVR * mean_units * price_cents * margin_ratio
    return max(round(RIVAL_BID_SHARE * float(np.median(worth))), 1)


def initial_daily_budgets_cents(daily_revenue_cents: Floats, campaign_of: Ints) -> list[int]:
    """A day's budget of each campaign: its share of revenue, at least a tenth of the whole, in full major units."""
    revenue = np.bincount(campaign_of, weights=daily_revenue_cents)
    share = np.maximum(revenue / revenue.sum(), LEAST_CAMPAIGN_SHARE)
    budgets = AD_SHARE_OF_REVENUE * revenue.sum() * share / share.sum()
    return [max(round(budget / 100.0) * 100, 100) for budget in budgets]
