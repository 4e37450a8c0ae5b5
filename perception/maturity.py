"""How much of a click day's conversions a report should already hold: conversions come late, and so do reports of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from perception.shape import elapsed_share
from perception.units import AS_SETTINGS, SECONDS_PER_DAY, SECONDS_PER_HOUR, Floats

STEP_S = SECONDS_PER_HOUR / 4.0
"""Grid over which delays are averaged: fine against reporting lags of hours; a test holds the error against a simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityCurve:
    """Delay from click to conversion, then from conversion to report, then restatement.

    The delay is a mixture: some buy at once, some within the day, some sleep over it. Default weights and times are Chapelle 2014's;
    ``days_mean_s`` and ``horizon_s`` are set so that 90 % of a 7-day window is in within 4 days (marketplaces, Teikametrics). The lag is
    1-12 h (Amazon Ads, via BidX and Openbridge), for clicks and conversions alike; restatement moves a report by +30 % / -5 % within 72 h
    (the same): 23 % of the conversions are withheld at first (1 / 1.30) and 5 % shown twice.

    Attributes:
        minutes_weight, minutes_mean_s: Share that follows Exp(mean), and its mean.
        day_weight, day_low_s, day_high_s: Share that is uniform between the two delays.
        days_mean_s: Mean of the exponential that the rest follows, cut at ``horizon_s``, > 0.
        horizon_s: Attribution window: no conversion comes later.
        lag_low_s, lag_high_s: A report shows a click or conversion this long after it happened, uniformly distributed, high > low.
        fresh_share: What a fresh report shows of the conversions it could know, > 0: 1 - 0.23 + 0.05.
        restated_within_s: Age of a conversion at which that has come to 1, linearly.
        least: Lower limit of the share, so that dividing by it stays harmless, > 0.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    minutes_weight: float = 0.35
    minutes_mean_s: float = 1200.0
    day_weight: float = 0.15
    day_low_s: float = SECONDS_PER_HOUR
    day_high_s: float = SECONDS_PER_DAY
    days_mean_s: float = 3.2 * SECONDS_PER_DAY
    horizon_s: float = 7.0 * SECONDS_PER_DAY
    lag_low_s: float = SECONDS_PER_HOUR
    lag_high_s: float = 12.0 * SECONDS_PER_HOUR
    fresh_share: float = 0.82
    restated_within_s: float = 72.0 * SECONDS_PER_HOUR
    least: float = 0.02


def converted_share(curve: MaturityCurve, age_s: Floats) -> Floats:
    """(…,) share of the conversions of a click that have happened ``age_s`` seconds after it; 0 before the click."""
    minutes = -np.expm1(-np.maximum(age_s, 0.0) / curve.minutes_mean_s)
    within_day = np.clip((age_s - curve.day_low_s) / (curve.day_high_s - curve.day_low_s), 0.0, 1.0)
    cut = np.clip(age_s, 0.0, curve.horizon_s)
    days = np.expm1(-cut / curve.days_mean_s) / np.expm1(-curve.horizon_s / curve.days_mean_s)
    share: Floats = curve.minutes_weight * minutes + curve.day_weight * within_day + (1.0 - curve.minutes_weight - curve.day_weight) * days
    return share


def settled_after_s(curve: MaturityCurve) -> float:
    """Age of a click after which nothing more can be reported of it."""
    return max(curve.horizon_s, curve.day_high_s) + max(curve.lag_high_s, curve.restated_within_s)


def mean_lag_s(curve: MaturityCurve) -> float:
    """How late a report shows what happened, on average."""
    return 0.5 * (curve.lag_low_s + curve.lag_high_s)


def expected_maturity(curve: MaturityCurve, *, elapsed_s: Floats, hour_shares: Floats) -> Floats:
    """(d,) share of the conversions of the clicks reported so far that the report should already show, in [least, 1].

    The clicks of a day are spread over its hours, evenly within an hour; those the report cannot show yet do not count.

    Args:
        curve: Delay, lag and restatement.
        elapsed_s: (d,) seconds from the start of each click day to the report.
        hour_shares: (24,) share of a day's clicks per store-local hour.
    """
    young = elapsed_s < SECONDS_PER_DAY + settled_after_s(curve)
    click_s = (np.arange(96) + 0.5) * STEP_S
    age_s = elapsed_s[young, None] - click_s[None, :]
    clicks = np.repeat(hour_shares, 4)[None, :] * _visible(curve, age_s)
    table = reported_by_age(curve)
    seen = np.interp(age_s, np.arange(table.size) * STEP_S, table)
    total = clicks.sum(axis=1)
    shares = np.ones_like(elapsed_s)
    shares[young] = np.divide((clicks * seen).sum(axis=1), total, out=np.zeros_like(total), where=total > 0.0)
    return np.clip(shares, curve.least, 1.0)


@lru_cache(maxsize=16)
def reported_by_age(curve: MaturityCurve) -> Floats:
    """Share of a click's conversions that reports show, by age of the click in steps of ``STEP_S`` from 0 until all is settled.

    The chance of converting within each step, convolved with what reports show of a conversion of a given age.
    """
    age_s: Floats = np.arange(int(np.ceil(settled_after_s(curve) / STEP_S)) + 2, dtype=np.float64) * STEP_S
    arriving = np.diff(converted_share(curve, age_s), prepend=0.0)
    restated = curve.fresh_share + (1.0 - curve.fresh_share) * np.clip(age_s / curve.restated_within_s, 0.0, 1.0)
    return np.convolve(arriving, _visible(curve, age_s) * restated)[: age_s.size]


def _visible(curve: MaturityCurve, age_s: Floats) -> Floats:
    """Chance that something of this age is in the report."""
    return np.clip((age_s - curve.lag_low_s) / (curve.lag_high_s - curve.lag_low_s), 0.0, 1.0)


def never_reported(
    curve: MaturityCurve, *, from_s: Floats, to_s: Floats, start_s: Floats, now_s: float, hour_shares: Floats, recovered: float
) -> Floats:
    """(n, d) share of the conversions of the clicks reported so far that should be reported by now, but happened while nobody counted.

    To be taken off ``expected_maturity``: clicks whose conversions could not be counted say nothing of the conversion rate. The lag is
    taken at its mean, restatement at the middle of each stretch.

    Args:
        curve: Delay, lag and restatement.
        from_s, to_s: (n, q) stretches in which conversions were not counted; NaN for none, ``to_s`` infinity while one lasts.
        start_s: (d,) start of each click day, on the same clock.
        now_s: Of the report, on that clock.
        hour_shares: (24,) share of a day's clicks per store-local hour.
        recovered: Share of what was lost that is counted once a stretch is over, [0, 1].
    """
    known_s = now_s - mean_lag_s(curve)
    table = _happened_in_day(curve, tuple(hour_shares.tolist()))
    grid_s = np.arange(table.size) * STEP_S
    until_s = np.minimum(to_s, known_s)

    def happened(at_s: Floats) -> Floats:
        shares: Floats = np.interp(at_s[:, :, None] - start_s, grid_s, table)
        return shares

    age_s = now_s - 0.5 * (from_s + until_s)
    shown = curve.fresh_share + (1.0 - curve.fresh_share) * np.clip(age_s / curve.restated_within_s, 0.0, 1.0)
    lost = np.maximum(happened(until_s) - happened(from_s), 0.0) * (shown * np.where(np.isinf(to_s), 1.0, 1.0 - recovered))[:, :, None]
    reported = elapsed_share(hour_shares, known_s - start_s)
    share: Floats = np.nansum(lost, axis=1) / np.maximum(reported, curve.least)
    return share


@lru_cache(maxsize=16)
def _happened_in_day(curve: MaturityCurve, hour_shares: tuple[float, ...]) -> Floats:
    """Share of a click day's conversions that have happened, by time since the day's start in steps of ``STEP_S``."""
    steps = int(np.ceil((SECONDS_PER_DAY + max(curve.horizon_s, curve.day_high_s)) / STEP_S)) + 1
    at_s = np.arange(steps) * STEP_S
    click_s = (np.arange(96) + 0.5) * STEP_S
    shares: Floats = converted_share(curve, at_s[:, None] - click_s) @ np.repeat(np.array(hour_shares), 4)
    shares /= shares[-1]
    return shares
