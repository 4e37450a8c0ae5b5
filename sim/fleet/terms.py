"""What all stores and all episodes of a scenario share: the window, its calendar, and how perception weighs days."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from perception.maturity import MaturityCurve, expected_maturity
from perception.shape import ActivityShape, elapsed_share
from perception.tuning import EstimatorTuning
from perception.units import SECONDS_PER_HOUR, Bools, Floats, Ints
from sim.moment import HOURS_PER_DAY
from sim.parameters.market import MarketParameters
from sim.scenarios import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetTerms:
    """The constants of a fleet.

    Attributes:
        scenario: Market, window and the merchant's terms.
        tuning: Of perception.
        hours: Length of the window.
        first_day: Ordinal of the first local day of the market, ``history_days`` before the window.
        campaign_of: (m,) campaign of each SKU.
        members: (m, c) 1.0 where the SKU is in the campaign.
        is_new: (m,) launched when the window begins.
        daily_shares: (d,) share of the window's traffic by local day, sums to 1.
        hour_shares: (24,) share of a day's traffic by local hour, sums to 1.
        fading: (k,) weight of a day by its age, today first; k days are remembered.
        maturity: (24, k) share of a click day's conversions that reports should show, by hour of day and age of the day.
        passed: (24,) share of today's activity that the shop's report covers, by hour of day.
        changing_days: Days, today included, whose ad figures may still change.
    """

    scenario: Scenario
    tuning: EstimatorTuning
    hours: int
    first_day: int
    campaign_of: Ints
    members: Floats
    is_new: Bools
    daily_shares: Floats
    hour_shares: Floats
    fading: Floats
    maturity: Floats
    passed: Floats
    changing_days: int

    @property
    def market(self) -> MarketParameters:
        """The market's parameters."""
        return self.scenario.market

    @property
    def settles_h(self) -> int:
        """Hours after a day's end by which all of its spend has been reported."""
        return math.ceil(self.tuning.spend_settles_after_s / SECONDS_PER_HOUR)

    def month_index(self, day: int) -> int:
        """Index, counted from the market's first day and maybe negative, of the first day of the calendar month of day index ``day``."""
        ordinal = self.first_day + day
        return date.fromordinal(ordinal).replace(day=1).toordinal() - self.first_day


def fleet_terms(scenario: Scenario) -> FleetTerms:
    """Work out the constants of a scenario."""
    market = scenario.market
    tuning = tuning_for(market)
    kept = min(tuning.window_days, market.reporting.kept_days)
    start = market.shop.first_day.toordinal()
    hour_shares = tuning.shape.hour_shares()
    elapsed_s = SECONDS_PER_HOUR * (np.arange(float(HOURS_PER_DAY))[:, None] + HOURS_PER_DAY * np.arange(kept))
    matured = [expected_maturity(tuning.maturity, elapsed_s=row, hour_shares=hour_shares) for row in elapsed_s]
    traffic = np.array([tuning.shape.weekday_factor(day) for day in range(start, start + scenario.days)])
    campaign_of = np.array(market.assortment.campaign_of, dtype=np.int64)
    return FleetTerms(
        scenario=scenario,
        tuning=tuning,
        hours=scenario.days * HOURS_PER_DAY,
        first_day=start - scenario.history_days,
        campaign_of=campaign_of,
        members=(campaign_of[:, None] == np.arange(len(market.assortment.campaigns))).astype(np.float64),
        is_new=np.array(market.assortment.is_new, dtype=np.bool_),
        daily_shares=traffic / traffic.sum() if traffic.sum() > 0.0 else np.full(scenario.days, 1.0 / scenario.days),
        hour_shares=hour_shares,
        fading=0.5 ** (np.arange(float(kept)) / tuning.half_life_days),
        maturity=np.array(matured),
        passed=elapsed_share(hour_shares, elapsed_s[:, 0]),
        changing_days=min(kept, _changing_days(market)),
    )


def tuning_for(market: MarketParameters) -> EstimatorTuning:
    """Perception for a store of this market: the shop's own hours and weekdays, and the lag that the ad platform documents."""
    late = market.reporting
    lag = {"lag_low_s": late.lag_low_h * SECONDS_PER_HOUR, "lag_high_s": max(late.lag_high_h, late.lag_low_h + 1) * SECONDS_PER_HOUR}
    return EstimatorTuning(
        tick_s=SECONDS_PER_HOUR,
        maturity=replace(MaturityCurve(), **lag),
        shape=ActivityShape(hours=market.demand.hour_shares, weekdays=market.demand.weekday_index),
        # an hour's spend is shown when its lag has passed, counted from the hour's end
        spend_settles_after_s=(late.lag_high_h + 1) * SECONDS_PER_HOUR,
    )


def _changing_days(market: MarketParameters) -> int:
    """Click days, today included, on which something may still be reported: attribution window, restatement and lag, rounded up."""
    late = market.reporting
    return market.conversion.window_days + math.ceil((late.restated_for_h + late.lag_high_h) / HOURS_PER_DAY) + 2
