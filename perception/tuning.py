"""What the estimator assumes before data, and how fast it forgets; every number with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from perception.change import ChangeTuning
from perception.elasticity import ElasticityTuning
from perception.maturity import MaturityCurve
from perception.outage import OutageTuning
from perception.quality import QualityLimits
from perception.shape import ActivityShape
from perception.units import AS_SETTINGS, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorTuning:
    """Priors, memory and the shape of a normal day.

    Attributes:
        tick_s: Configured tick length, used as ``dt_s`` of the first tick, > 0.
        window_days: Days remembered, today included, >= 8 (the loss of seven days needs them).
        half_life_days: Age at which a day counts half, > 0.
        ctr_prior, ctr_spread: Prior click rate and its sd as a share of it. Marketplace search 0.3-0.7 % (AdBadger), cv 0.26 (fit,
            1,143 real ads).
        cvr_prior, cvr_spread: Prior orders per click. Marketplaces 8-12 % (AdBadger), web 3-8 % (WordStream 2025).
        pooled_strength: Successes that the prior weighs against the store's own counts, > 0.
        new_cvr_ratio: Optimism about launches: their prior CVR over the store's, >= 1. Their true one is 0.27-1 of a known product's
            before its first reviews (Spiegel/Askalidis 2016), but an estimate that starts low is never corrected, because nothing
            is won and no evidence comes; evidence corrects one that starts high, and the learning budget bounds what that costs.
        units_per_order_prior, units_per_order_strength, units_per_order_spread: Prior mean >= 1, its weight in orders, and the sd of
            one order's units as a share of the mean: about 1 in a B2B shop, whose products differ as widely (fit, Online Retail II).
        organic_prior_per_day, organic_shape: Prior units a day and SKU; shape of the gamma prior around the store's mean. Below 1
            because sales are top-heavy: a tenth of the SKUs make 60 % of revenue (fit, Online Retail II).
        elasticity: See ``ElasticityTuning``.
        change: When the level of a rate is believed to have changed.
        maturity: When conversions come and are reported.
        quality: What figures are believed.
        outage: When a feed that falls silent has stopped counting.
        shape: Activity over day and week.
        spend_settles_after_s: No spend is reported later than this after its day, >= 0: reports come 1-12 h late (Amazon Ads, via BidX
            and Openbridge), hour by hour.
        frozen_after_s: Shop or stock figures that stand still for less than this are never called frozen, > 0.
        ads_frozen_after_s: The same for ads, whose reports may rest for a night and a lag, > 0.
        frozen_events: ... and only when this many events were to be expected since: 14 leave a chance of e^-14 = 1e-6.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    tick_s: float = 300.0
    window_days: int = 28
    half_life_days: float = 14.0
    ctr_prior: float = 0.005
    ctr_spread: float = 0.5
    cvr_prior: float = 0.08
    cvr_spread: float = 0.6
    pooled_strength: float = 20.0
    new_cvr_ratio: float = 1.25
    units_per_order_prior: float = 1.2
    units_per_order_strength: float = 2.0
    units_per_order_spread: float = 1.0
    organic_prior_per_day: float = 0.2
    organic_shape: float = 0.5
    elasticity: ElasticityTuning = field(default_factory=ElasticityTuning)
    change: ChangeTuning = field(default_factory=ChangeTuning)
    maturity: MaturityCurve = field(default_factory=MaturityCurve)
    quality: QualityLimits = field(default_factory=QualityLimits)
    outage: OutageTuning = field(default_factory=OutageTuning)
    shape: ActivityShape = field(default_factory=ActivityShape)
    spend_settles_after_s: float = 13.0 * SECONDS_PER_HOUR
    frozen_after_s: float = 6.0 * SECONDS_PER_HOUR
    ads_frozen_after_s: float = 24.0 * SECONDS_PER_HOUR
    frozen_events: float = 14.0
