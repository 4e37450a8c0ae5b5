"""What a policy sees: one row per SKU with its store's context, bounded and finite whatever the store looks like.

The daemon and the training environments call this one function on the same ``Sight``, so a policy meets in life what it met in training.
``FEATURES`` is the table behind the array, the observation space and the documentation. Ratios are compared as logarithms (a bid twice as
high and one half as high are equally far), counts of wide range as log(1 + x), everything is clipped to its documented range, and what is
not known stands at a neutral figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from control import pacing
from control.rows import campaign_sums
from control.sight import Sight
from perception.economics import unit_margin_cents
from perception.fields import Field
from perception.units import SECONDS_PER_DAY, Bools, Floats

Singles: TypeAlias = NDArray[np.float32]

_LEAST = np.float32(1e-6)
"""Stands in for zero under a logarithm and a division; every figure made with it is far outside its range and clipped."""

_NAN = np.float32(np.nan)

_CLICKS_TO_TELL = np.float32(2.0)
"""Clicks of seven days from which their mean cost is told."""

_LEAST_ELASTICITY = np.float32(1.05)
"""Just above 1, where the best price goes to infinity and the band's upper end is meant."""

_PADDING = 16
"""Figures between two rows of the buffer: a cache line of 64 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column of the observation.

    Attributes:
        name: Of the column.
        unit: Of the figure.
        low, high: Its bounds, both finite; figures beyond are clipped.
        unknown: What stands where it is not known, within the bounds.
        meaning: In one line.
        of: (n, m) or (n, 1) figures out of a sight, unbounded; NaN where not known.
    """

    name: str
    unit: str
    low: float
    high: float
    unknown: float = 0.0
    meaning: str
    of: Callable[[Sight], Singles]


def observe(sight: Sight) -> Singles:
    """The observation: (n, m, F) in the order of ``FEATURES``, each within its bounds; row i of a batch is what store i sees alone."""
    n, m = sight.setpoints[Field.BID].shape
    # a feature's figures lie together while they are worked out, and one transposition ends it: that beats F scattered columns, if rows do
    # not lie whole pages apart, which the padding sees to
    padded = np.empty((len(FEATURES), n * m + _PADDING), dtype=np.float32)
    seen = padded[:, : n * m]
    with np.errstate(all="ignore"):
        for row, feature in zip(seen, FEATURES, strict=True):
            row.reshape(n, m)[...] = np.clip(feature.of(sight), feature.low, feature.high)
    unknown = np.isnan(seen)
    if unknown.any():
        np.copyto(seen, _UNKNOWN, where=unknown)
    return np.ascontiguousarray(seen.T).reshape(n, m, len(FEATURES))


def lows() -> Singles:
    """(F,) least value of each feature."""
    return np.array([feature.low for feature in FEATURES], dtype=np.float32)


def highs() -> Singles:
    """(F,) greatest value of each feature."""
    return np.array([feature.high for feature in FEATURES], dtype=np.float32)


def _f(figures: Floats | Bools) -> Singles:
    """Single precision is enough to observe with, and half the work."""
    return figures.astype(np.float32)


def _log_ratio(upper: Floats, lower: Floats) -> Singles:
    """log(upper ÷ lower), nothing counting as ``_LEAST``."""
    ratio: Singles = np.log(np.maximum(_f(upper), _LEAST) / np.maximum(_f(lower), _LEAST))
    return ratio


def _log_count(figures: Singles) -> Singles:
    """log(1 + figures), of what is not below zero."""
    # not log1p: single-precision log is several times as fast, and near 0 nothing needs the digits
    count: Singles = np.log(np.maximum(figures, np.float32(0.0)) + np.float32(1.0))
    return count


def _ratio(upper: Singles, lower: Singles) -> Singles:
    ratio: Singles = np.divide(upper, np.maximum(lower, _LEAST))
    return ratio


def _margin_ratio(s: Sight) -> Singles:
    price = s.setpoints[Field.PRICE]
    return _ratio(_f(unit_margin_cents(price, s.goods.cost_cents, s.economics)), _f(price))


def _band_place(s: Sight) -> Singles:
    low, high = _f(s.course.price_low_cents), _f(s.course.price_high_cents)
    place = np.float32(2.0) * _ratio(_f(s.setpoints[Field.PRICE]) - low, high - low) - np.float32(1.0)
    return np.where((high > low) & (low > 0.0), place, _NAN)


def _bid_to_cap(s: Sight) -> Singles:
    cap = np.minimum(_f(s.course.max_bid_cents), np.float32(s.reach.limits.max_bid_cents))
    return _ratio(_f(s.setpoints[Field.BID]), cap)


def _cover(s: Sight) -> Singles:
    """log(1 + days that the stock lasts at the believed sales with and without ads)."""
    beliefs = s.beliefs
    by_ads = _f(s.reported.clicks_7d) * _f(beliefs.cvr.mean) * _f(beliefs.units_per_order.mean) / np.float32(7.0)
    return _log_count(_ratio(_f(beliefs.on_hand), _f(beliefs.organic_units_per_day.mean) + by_ads))


def _click_cost(s: Sight) -> Singles:
    """log(what a click costs ÷ bid); not known below two clicks."""
    clicks = _f(s.reported.clicks_7d)
    paid = _log_ratio(s.reported.cost_7d_cents / np.maximum(s.reported.clicks_7d, 1.0), s.setpoints[Field.BID])
    return np.where(clicks >= _CLICKS_TO_TELL, paid, _NAN)


def _price_to_best(s: Sight) -> Singles:
    """log(price ÷ the best constant-elasticity price at the believed elasticity, held to the plan's band): c/(1−fee)·ε/(ε−1), Lerner."""
    elasticity = np.maximum(_f(s.beliefs.elasticity.mean), _LEAST_ELASTICITY)
    low, high = _f(s.course.price_low_cents), _f(s.course.price_high_cents)
    best = _f(s.goods.cost_cents) / np.float32(1.0 - s.economics.fee_ratio) * elasticity / (elasticity - np.float32(1.0))
    return np.where(high > low, _log_ratio(s.setpoints[Field.PRICE], np.minimum(np.maximum(best, low), high)), _NAN)


def _share_planned(s: Sight) -> Floats:
    course = s.course
    return pacing.planned_share(
        s.now_days, starts=course.starts_days, ends=course.ends_days, daily_shares=course.daily_shares, hour_shares=course.hour_shares
    )


def _pacing_error(s: Sight) -> Singles:
    day_cents = s.course.ad_budget_cents / max(s.course.ends_days - s.course.starts_days, 1.0)
    ahead = _share_planned(s) * s.course.ad_budget_cents - s.reported.spent_cents
    return _ratio(_f(ahead), _f(day_cents))[:, None]


def _window_passed(s: Sight) -> Singles:
    passed = (s.now_days - s.course.starts_days) / (s.course.ends_days - s.course.starts_days)
    return _everywhere(s, passed)


def _budget_left(s: Sight) -> Singles:
    return _ratio(_f(s.course.ad_budget_cents - s.reported.spent_cents), _f(s.course.ad_budget_cents))[:, None]


def _budget_used(s: Sight) -> Singles:
    """Of the SKU's campaign: what its clicks of seven days cost a day, per daily budget."""
    budget, campaign_of = s.setpoints[Field.DAILY_BUDGET], s.goods.campaign_of
    cost = campaign_sums(s.reported.cost_7d_cents, campaign_of, campaigns=budget.shape[1])
    used = _ratio(_f(cost) / np.float32(7.0), _f(budget))
    return used[:, campaign_of]


def _hour(s: Sight, wave: Callable[[float], float]) -> Singles:
    return _everywhere(s, wave(math.tau * (s.now_days % 1.0)))


def _traffic(s: Sight) -> Singles:
    shares = s.course.hour_shares
    hour = int((s.now_days % 1.0) * shares.shape[1])
    return _f(shares[:, hour] * shares.shape[1])[:, None]


def _roas_to_target(s: Sight) -> Singles:
    target = s.course.target_roas
    return np.where(target > 0.0, _log_ratio(s.reported.roas, target), _NAN)[:, None]


def _everywhere(s: Sight, figure: float) -> Singles:
    return np.full((s.course.ad_budget_cents.size, 1), figure, dtype=np.float32)


FEATURES: tuple[Feature, ...] = (
    Feature(
        name="bid_to_value",
        unit="log ratio",
        low=-5.0,
        high=5.0,
        meaning="bid ÷ value of a click",
        of=lambda s: _log_ratio(s.setpoints[Field.BID], s.beliefs.value_per_click_cents.mean),
    ),
    Feature(name="bid_to_cap", unit="ratio", low=0.0, high=2.0, meaning="bid ÷ highest bid worth offering", of=_bid_to_cap),
    Feature(
        name="price_to_anchor",
        unit="log ratio",
        low=-1.0,
        high=1.0,
        meaning="price ÷ the merchant's own",
        of=lambda s: _log_ratio(s.setpoints[Field.PRICE], s.goods.anchor_price_cents),
    ),
    Feature(name="band_place", unit="share", low=-1.0, high=1.0, meaning="price in its band, -1 at its low end", of=_band_place),
    Feature(
        name="price_to_best",
        unit="log ratio",
        low=-1.0,
        high=1.0,
        meaning="price ÷ the band's best at the believed elasticity",
        of=_price_to_best,
    ),
    Feature(name="margin_ratio", unit="ratio", low=-1.0, high=1.0, meaning="margin ÷ price, with fees and returns", of=_margin_ratio),
    Feature(
        name="elasticity",
        unit="1",
        low=0.0,
        high=6.0,
        unknown=1.8,  # the median own-price elasticity of the markets' assortments
        meaning="believed own-price elasticity, magnitude",
        of=lambda s: _f(s.beliefs.elasticity.mean),
    ),
    Feature(
        name="elasticity_doubt",
        unit="1",
        low=0.0,
        high=3.0,
        unknown=3.0,
        meaning="standard deviation of that belief",
        of=lambda s: _f(s.beliefs.elasticity.sd),
    ),
    Feature(
        name="value_per_click",
        unit="log(1 + minor units)",
        low=0.0,
        high=8.0,
        meaning="what one more click is believed to be worth",
        of=lambda s: _log_count(_f(s.beliefs.value_per_click_cents.mean)),
    ),
    Feature(
        name="cvr_doubt",
        unit="ratio",
        low=0.0,
        high=2.0,
        unknown=2.0,
        meaning="standard deviation ÷ mean of orders per click",
        of=lambda s: _ratio(_f(s.beliefs.cvr.sd), _f(s.beliefs.cvr.mean)),
    ),
    Feature(
        name="clicks_7d",
        unit="log(1 + clicks)",
        low=0.0,
        high=10.0,
        meaning="reported clicks of seven days",
        of=lambda s: _log_count(_f(s.reported.clicks_7d)),
    ),
    Feature(
        name="acos_7d",
        unit="ratio",
        low=0.0,
        high=4.0,
        meaning="reported ad cost ÷ ad revenue of seven days; 4 for cost without revenue",
        of=lambda s: _ratio(_f(s.reported.cost_7d_cents), _f(s.reported.revenue_7d_cents)),
    ),
    Feature(
        name="click_cost",
        unit="log ratio",
        low=-3.0,
        high=0.5,
        unknown=-0.5,  # a click of a second-price auction costs some 60 % of the bid
        meaning="mean cost of seven days' clicks ÷ bid in force: how far the next rival is",
        of=_click_cost,
    ),
    Feature(
        name="organic_units",
        unit="log(1 + units a day)",
        low=0.0,
        high=8.0,
        meaning="believed sales without ads",
        of=lambda s: _log_count(_f(s.beliefs.organic_units_per_day.mean)),
    ),
    Feature(name="cover", unit="log(1 + days)", low=0.0, high=6.0, unknown=6.0, meaning="how long the stock lasts", of=_cover),
    Feature(
        name="price_age",
        unit="log(1 + days)",
        low=0.0,
        high=4.0,
        unknown=4.0,
        meaning="since the price last changed; 4 for never",
        of=lambda s: _log_count(_f(s.reach.price_age_s) / np.float32(SECONDS_PER_DAY)),
    ),
    Feature(name="is_new", unit="flag", low=0.0, high=1.0, meaning="launched for this window", of=lambda s: _f(s.goods.is_new)),
    Feature(name="covered", unit="flag", low=0.0, high=1.0, meaning="the plan may touch it", of=lambda s: _f(s.course.covered)),
    Feature(name="held", unit="flag", low=0.0, high=1.0, meaning="its figures were rejected: to be held", of=lambda s: _f(s.goods.suspect)),
    Feature(
        name="budget_used",
        unit="ratio",
        low=0.0,
        high=2.0,
        meaning="its campaign's cost a day ÷ daily budget; from about 1 the budget limits",
        of=_budget_used,
    ),
    Feature(name="pacing_error", unit="days of spend", low=-3.0, high=3.0, meaning="planned less reported spend", of=_pacing_error),
    Feature(name="window_passed", unit="share", low=0.0, high=1.0, meaning="of the window", of=_window_passed),
    Feature(name="budget_left", unit="share", low=-0.5, high=1.0, meaning="of the ad budget, as reported", of=_budget_left),
    Feature(name="hour_sin", unit="1", low=-1.0, high=1.0, meaning="sine of the local time of day", of=lambda s: _hour(s, math.sin)),
    Feature(name="hour_cos", unit="1", low=-1.0, high=1.0, meaning="cosine of the local time of day", of=lambda s: _hour(s, math.cos)),
    Feature(name="traffic", unit="ratio", low=0.0, high=6.0, unknown=1.0, meaning="expected traffic of this hour, 1 = mean", of=_traffic),
    Feature(
        name="roas_to_target",
        unit="log ratio",
        low=-3.0,
        high=3.0,
        meaning="reported ROAS, corrected for lag, ÷ target; 0 without a target",
        of=_roas_to_target,
    ),
    Feature(
        name="roas_target",
        unit="log(1 + ratio)",
        low=0.0,
        high=4.0,
        meaning="attributed revenue per ad spend to keep at least; 0 without a target",
        of=lambda s: _log_count(_f(s.course.target_roas))[:, None],
    ),
    Feature(
        name="evidence",
        unit="log(1 + conversions)",
        low=0.0,
        high=10.0,
        meaning="conversions expected of the store's clicks of seven days",
        of=lambda s: _log_count(_f(s.reported.expected_sales))[:, None],
    ),
)
"""The columns of the observation, in order. Those of the store repeat in each of its rows."""

_UNKNOWN = np.array([feature.unknown for feature in FEATURES], dtype=np.float32)[:, None]
