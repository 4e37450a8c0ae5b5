"""What kind of merchant this is, judged from the store's own history: how far along, what its profit rests on, and what it can afford.

A profile is written as a stage and its drivers, such as ``NSO``: a new store that lives from supply chain and operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from perception.units import Floats
from planning.ground import WEEK, Ground


class MerchantStage(StrEnum):
    """How far the store is along."""

    NEW = "N"
    ADVANCING = "A"
    MATURE = "M"


class Driver(StrEnum):
    """What the store's profit rests on."""

    SUPPLY = "S"
    OPERATION = "O"
    BRAND = "B"


class Strength(StrEnum):
    """How good the store is at something; unknown where its history does not show it."""

    WEAK = "weak"
    FAIR = "fair"
    STRONG = "strong"
    UNKNOWN = "unknown"


class MarginRegime(StrEnum):
    """What is left of revenue after goods, fees, returns and ads, before fixed costs: about 0-1 %, 4-5 %, or 7-8 % and more."""

    THIN = "0-1"
    MIDDLE = "4-5"
    FULL = "7-8"


NEW_BELOW_UNITS = 60.0
"""A store that sold less in four weeks, or has less than two weeks on record, is new: two sales a day tell nothing of a single product."""

NEW_BELOW_DAYS = 14

GROWTH_RATIO, GROWTH_Z = 1.15, 2.0
"""Advancing: the last two weeks sold this much more than the two before, and by as many standard deviations."""

SUPPLY_MARGIN = 0.40
"""Goods that leave this share of the price are bought or made better than usual (retail gross margins run at 25-35 %). Assumed."""

OPERATION_SHARE = 0.25
"""Ads that bring this share of revenue, and earn, are what the store lives from. Assumed."""

BRAND_ORGANIC_SHARE, BRAND_ELASTICITY = 0.75, 1.6
"""Customers who come by themselves and mind the price less than usual (median own-price elasticity 1.8, see docs/market.md). Assumed."""

LEAD_TIME_DAYS = 21.0
"""Stock for less than this runs out before new goods come (14-21 days)."""

STRONG_SUPPLY, FAIR_SUPPLY = 0.8, 0.5
"""Shares of revenue in products whose stock outlasts the lead time."""

STRONG_RETURN, FAIR_RETURN = 1.3, 0.9
"""Profit before ads per cent of ad spend."""

FEWEST_WEEKS = 2
"""To tell how much a weekday differs from week to week."""

REGIME_BOUNDS = (0.025, 0.06)
"""Net margins between the regimes."""

WILLING_BOUNDS = (0.03, 0.10)
"""Ad spend as shares of revenue, between low, middle and high willingness to spend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """What a profile is judged from; a figure that the history does not show is NaN.

    Attributes:
        days: Whole days on record.
        units_28d: Units sold on them.
        growth_ratio, growth_z: Units of the last 14 days over the 14 before, and by how many standard deviations they differ.
        margin_ratio: Unit margin over price, weighted by revenue.
        ad_share: Revenue that ads brought over all revenue.
        ad_return: Margin that ads brought over their cost.
        organic_share: Revenue that comes without ads over all revenue.
        elasticity: Own-price elasticity, weighted by revenue.
        supplied_share: Revenue in products whose stock outlasts the lead time.
        spend_ratio: Ad spend over revenue.
        net_margin_ratio: What is left of revenue after goods, fees, returns and ads.
    """

    days: float
    units_28d: float
    growth_ratio: float
    growth_z: float
    margin_ratio: float
    ad_share: float
    ad_return: float
    organic_share: float
    elasticity: float
    supplied_share: float
    spend_ratio: float
    net_margin_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """One judgement, and the names of the ``StoreFigures`` that led to it."""

    what: str
    value: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantProfile:
    """The judgement.

    Attributes:
        stage, drivers: Drivers in the order S, O, B; none where nothing stands out.
        operation: How much ads earn.
        production: How well stock follows demand.
        willingness: To spend on ads: weak, fair or strong.
        regime: What is left of revenue.
        conclusions: Each of them with its reasons.
    """

    stage: MerchantStage
    drivers: tuple[Driver, ...]
    operation: Strength
    production: Strength
    willingness: Strength
    regime: MarginRegime
    conclusions: tuple[Conclusion, ...]

    @property
    def code(self) -> str:
        """Such as ``NSO``."""
        return self.stage.value + "".join(driver.value for driver in self.drivers)


def store_figures(ground: Ground) -> StoreFigures:
    """Gather the figures of a store's own history."""
    state, record = ground.request.state, ground.record
    revenue = ground.revenue_per_day_cents
    recent = record[-WEEK:].sum(axis=0) * ground.price_cents / min(max(record.shape[0], 1), WEEK)
    whole_weeks = record.shape[0] >= 4 * WEEK - 1
    late, early = _fortnights(ground) if whole_weeks else (np.nan, np.nan)
    ads = float((ground.ad_units_per_day * ground.price_cents).sum())
    spend = float(state.ad_cost_7d_cents.sum()) / WEEK
    margin = _weighted(state.unit_margin_cents / np.maximum(ground.price_cents, 1.0), revenue)
    ad_share = min(_ratio(ads, float(recent.sum())), 1.0)
    spend_ratio = _ratio(spend, float(recent.sum()))
    rate = np.maximum(ground.units_per_day, 1e-9)
    supplied = np.where(np.isnan(state.on_hand), np.nan, (state.on_hand / rate >= LEAD_TIME_DAYS).astype(np.float64))
    return StoreFigures(
        days=float(record.shape[0]),
        units_28d=float(record.sum()),
        growth_ratio=_ratio(late, early),
        growth_z=(late - early) / np.sqrt(_two_weeks_variance(record)),
        margin_ratio=margin,
        ad_share=ad_share,
        ad_return=_ratio(float((ground.ad_units_per_day * np.nan_to_num(state.unit_margin_cents)).sum()), spend),
        organic_share=1.0 - ad_share,
        elasticity=_weighted(state.elasticity.mean, revenue),
        supplied_share=_weighted(supplied, revenue),
        spend_ratio=spend_ratio,
        net_margin_ratio=margin - spend_ratio,
    )


def _fortnights(ground: Ground) -> tuple[float, float]:
    """Units of the last 14 days and of those before, each as if its days were mean days of 14: of the earlier ones a day may be missing."""
    days = ground.record.shape[0]
    past = np.arange(ground.request.state.day - days, ground.request.state.day)
    factors = np.maximum(ground.forecast.weekdays[(past - 1) % WEEK], 1e-9)
    total = ground.record.sum(axis=1)
    late, early = (
        2 * WEEK * float(total[part].sum() / factors[part].sum()) for part in (slice(-2 * WEEK, None), slice(-4 * WEEK, -2 * WEEK))
    )
    return late, early


def _two_weeks_variance(record: Floats) -> float:
    """Variance of the difference of two fortnights: of the store's days about their weekday, at least that of counts."""
    days = record.sum(axis=1)
    whole = min(days.size // WEEK, 4)
    if whole < FEWEST_WEEKS:
        return max(4 * WEEK * float(days.mean()) if days.size else 0.0, 1.0)
    weeks = days[-whole * WEEK :].reshape(-1, WEEK)
    about_weekday = weeks - weeks.mean(axis=0)
    scatter = float((about_weekday**2).sum()) / max((weeks.shape[0] - 1) * WEEK, 1)
    return float(max(4 * WEEK * max(scatter, float(days.mean())), 1.0))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else np.nan


def _weighted(figures: Floats, weights: Floats) -> float:
    """Mean of the figures that are known, weighted; evenly where nothing was sold; NaN where none is known."""
    known = np.isfinite(figures)
    if not known.any():
        return np.nan
    weight = weights[known] if weights[known].sum() > 0.0 else np.ones(int(known.sum()))
    return float(np.average(figures[known], weights=weight))


def profile_of(figures: StoreFigures) -> MerchantProfile:
    """Judge. A figure that is not known speaks for nothing."""
    f = figures
    stage = _stage(f)
    supply, operation, brand = (
        f.margin_ratio >= SUPPLY_MARGIN,
        f.ad_share >= OPERATION_SHARE and f.ad_return >= 1.0,
        f.organic_share >= BRAND_ORGANIC_SHARE and f.elasticity <= BRAND_ELASTICITY,
    )
    drivers = tuple(driver for driver, found in zip(Driver, (supply, operation, brand), strict=True) if found)
    strengths = (
        _strength(f.ad_return, FAIR_RETURN, STRONG_RETURN),
        _strength(f.supplied_share, FAIR_SUPPLY, STRONG_SUPPLY),
        _strength(f.spend_ratio, *WILLING_BOUNDS),
    )
    regime = tuple(MarginRegime)[int(np.searchsorted(REGIME_BOUNDS, np.nan_to_num(f.net_margin_ratio), side="right"))]
    growth = () if stage is MerchantStage.NEW else ("growth_ratio", "growth_z")
    conclusions = (
        Conclusion(what="stage", value=stage.value, because=("days", "units_28d", *growth)),
        Conclusion(what="supply", value=_said(found=supply), because=("margin_ratio",)),
        Conclusion(what="operation_driver", value=_said(found=operation), because=("ad_share", "ad_return")),
        Conclusion(what="brand", value=_said(found=brand), because=("organic_share", "elasticity")),
        Conclusion(what="operation", value=strengths[0].value, because=("ad_return",)),
        Conclusion(what="production", value=strengths[1].value, because=("supplied_share",)),
        Conclusion(what="willingness", value=strengths[2].value, because=("spend_ratio",)),
        Conclusion(what="regime", value=regime.value, because=("net_margin_ratio",)),
    )
    return MerchantProfile(
        stage=stage,
        drivers=drivers,
        operation=strengths[0],
        production=strengths[1],
        willingness=strengths[2],
        regime=regime,
        conclusions=conclusions,
    )


def _stage(f: StoreFigures) -> MerchantStage:
    if f.days < NEW_BELOW_DAYS or f.units_28d < NEW_BELOW_UNITS:
        return MerchantStage.NEW
    rising = f.growth_ratio >= GROWTH_RATIO and f.growth_z >= GROWTH_Z
    return MerchantStage.ADVANCING if rising else MerchantStage.MATURE


def _strength(figure: float, fair: float, strong: float) -> Strength:
    if np.isnan(figure):
        return Strength.UNKNOWN
    return Strength.STRONG if figure >= strong else Strength.FAIR if figure >= fair else Strength.WEAK


def _said(*, found: bool) -> str:
    return "yes" if found else "no"
