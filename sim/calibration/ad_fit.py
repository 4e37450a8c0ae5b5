"""What ad reports tell about a market: click and conversion rates, the cost of clicks and its drift, and how late orders come.

What they do not tell stays assumed (``sim.calibration.assumptions``): searches, slots, how many rivals there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.calibration.ad_rates_fit import fit_rate
from sim.calibration.ad_reports import AdReports
from sim.calibration.assumptions import assumed_sections
from sim.calibration.conversion_lag_fit import fit_lag, shares_of_lag
from sim.calibration.cpc_fit import fit_drift, long_run, price_over_median_bid
from sim.calibration.fitted_figures import Figure
from sim.calibration.week_bootstrap import interval, week_weights, weeks_of

_MINOR_UNITS = 100.0
_FEWEST_CLICKS = 30
"""Below which reports tell nothing that could be fitted."""


class TooFewClicksError(ValueError):
    """The ad reports hold too few clicks. The reaction: bring more of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdFit:
    """What ad reports tell.

    Attributes:
        fitted: Figures by name.
        sections: Values that take the place of assumed ones in the market file, by key.
        told: Names in ``COULD_NOT_FIT`` that are fitted now.
    """

    fitted: dict[str, Figure]
    sections: dict[str, float]
    told: frozenset[str]


def fit_ads(reports: AdReports, *, hour_shares: Floats) -> AdFit:
    """Fit everything that ad reports can tell.

    Args:
        reports: Of the store.
        hour_shares: (24,) shares of its orders by hour, which clicks follow in part.

    Raises:
        TooFewClicksError: Fewer than 30 clicks.
    """
    newest, settled, entities = reports.newest, reports.settled, len(reports.entities)
    if reports.clicks[newest].sum() < _FEWEST_CLICKS:
        message = f"clicks: expected at least {_FEWEST_CLICKS} in the ad reports, was {reports.clicks[newest].sum()}"
        raise TooFewClicksError(message)
    assumed = assumed_sections()
    conversion = assumed.conversion
    rates = {
        "ctr": fit_rate(
            _summed(reports.entity, reports.clicks, newest, entities),
            _summed(reports.entity, reports.impressions, newest, entities),
            assumed_median=conversion.ctr,
            assumed_log_sd=conversion.ctr_log_sd,
            unit="clicks per impression",
        )
    }
    fitted: dict[str, Figure] = {}
    if reports.clicks[settled].sum() >= _FEWEST_CLICKS:
        rates["cvr"] = fit_rate(
            _summed(reports.entity, reports.conversions, settled, entities),
            _summed(reports.entity, reports.clicks, settled, entities),
            assumed_median=conversion.cvr,
            assumed_log_sd=conversion.cvr_log_sd,
            unit="orders per click of settled days",
        )
    for name, rate in rates.items():
        fitted |= {name: rate.median, f"{name}_log_sd": rate.log_sd}
    fitted["day_noise_cv"] = _day_noise(reports)
    fitted["cpc"] = _cost_per_click(reports)
    multiple = price_over_median_bid(assumed.auction)
    clicked = (reports.entity[newest], reports.day[newest], reports.clicks[newest], reports.cost[newest])
    ar1, cv = fit_drift(*clicked)
    fitted |= {"cpc_drift_ar1": ar1, "cpc_drift_cv": cv}
    fitted["median_bid_cents"] = long_run(
        fitted["cpc"],
        ar1,
        cv,
        days=int(np.unique(reports.day[newest]).size),
        factor=_MINOR_UNITS / multiple,
        unit=f"of rivals, if this store bids at their middle: CPC / {multiple:.2f}",
    )
    told = {"ctr", "cpc_level", "cpc_drift"} | ({"cvr"} if "cvr" in rates else set())
    # as searches are spread over the day in the market
    click_hours = (1.0 - assumed.uniform_share) * hour_shares + assumed.uniform_share / hour_shares.size
    lag = fit_lag(reports, conversion, assumed.reporting, click_hours=click_hours) if reports.has_snapshots else None
    sections = {name: figure.value for name, figure in fitted.items() if name != "cpc"}
    if lag is not None:
        fitted |= {"slow_share": lag.slow_share, "slow_mean_days": lag.slow_mean_days}
        fast, day = shares_of_lag(conversion, lag.slow_share.value)
        sections |= {"fast_share": fast, "day_share": day, "slow_mean_days": lag.slow_mean_days.value}
        told.add("conversion_delay")
    return AdFit(fitted=fitted, sections=sections, told=frozenset(told))


def _summed(entity: Ints, counts: Ints, rows: Bools, entities: int) -> Ints:
    return np.bincount(entity[rows], weights=counts[rows], minlength=entities).astype(np.int64)


def _by_week(reports: AdReports, rows: Bools, values: Floats) -> tuple[Floats, Floats]:
    """(W,) sums by week, and (R, W) weights of weeks drawn again."""
    offset = reports.day[rows] - reports.day.min()
    week = weeks_of(int(offset.max()) + 1)[offset]
    weeks = int(week.max()) + 1
    return np.bincount(week, weights=values, minlength=weeks).astype(np.float64), week_weights(np.zeros(weeks, dtype=np.int64))


def _ratio(reports: AdReports, rows: Bools, above: Floats, below: Floats, unit: str) -> tuple[float, float, float, str]:
    top, weights = _by_week(reports, rows, above)
    bottom, _ = _by_week(reports, rows, below)
    low, high = interval((weights @ top) / np.maximum(weights @ bottom, 1e-12))
    return float(top.sum() / max(bottom.sum(), 1e-12)), low, high, unit


def _cost_per_click(reports: AdReports) -> Figure:
    rows = reports.newest
    value, low, high, unit = _ratio(reports, rows, reports.cost[rows], reports.clicks[rows].astype(np.float64), "major units per click")
    return Figure(value=value, low=low, high=high, unit=unit)


def _day_noise(reports: AdReports) -> Figure:
    """Variation of click rates from day to day, by moments: Σ((k − np)² − np(1 − p)) / Σ(np)², p the product's own rate over its days."""
    rows = reports.newest & (reports.impressions > 0)
    entity, clicks = reports.entity[rows], reports.clicks[rows].astype(np.float64)
    seen = reports.impressions[rows].astype(np.float64)
    entities = len(reports.entities)
    whole = np.bincount(entity, weights=seen, minlength=entities)
    rate = np.bincount(entity, weights=clicks, minlength=entities) / np.maximum(whole, 1.0)
    expected = seen * rate[entity]
    # the rate was fitted to the same days: what is left of each is smaller by its own share in the product's impressions
    kept = np.maximum(1.0 - seen / np.maximum(whole[entity], 1.0), 1e-9)
    excess = (clicks - expected) ** 2 / kept - expected * (1.0 - rate[entity])
    value, low, high, unit = _ratio(reports, rows, excess, expected**2, "coefficient of variation of a product's click rate, day to day")
    return Figure(value=max(value, 0.0) ** 0.5, low=max(low, 0.0) ** 0.5, high=max(high, 0.0) ** 0.5, unit=unit)
