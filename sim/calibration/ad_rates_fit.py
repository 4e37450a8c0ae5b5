"""Click and conversion rates of a store's ads, and how far they differ between products: a beta-binomial fitted to all products at once.

Counts of each product: k of n, k ~ BetaBinomial(n, mean, spread). The posterior over (mean, coefficient of variation) is summed on a grid;
its prior is wide and lies at the figures that would be assumed without reports, so that a few products fall back on them (partial pooling).
The market wants a lognormal: its median is mean / √(1 + cv²), its log standard deviation √log(1 + cv²).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, expit, logit

from perception.units import Floats, Ints
from sim.calibration.fitted_figures import Figure

_MEAN_LOG_SD = 1.5
_SPREAD_LOG_SD = 0.5
_MEAN_REACH = 1.2
"""How far the grid reaches to either side of the pooled rate, in log odds."""
_MEANS, _SPREADS = 121, 61
_SPREAD_LOW, _SPREAD_HIGH = 0.02, 2.5
_LEAST_SUM = 1e-3
"""Of the two parameters of a beta distribution; below it the distribution is two points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFit:
    """A rate over products: its median and its log standard deviation, each with a 95 % interval."""

    median: Figure
    log_sd: Figure


def fit_rate(successes: Ints, trials: Ints, *, assumed_median: float, assumed_log_sd: float, unit: str) -> RateFit:
    """Fit a rate and its spread.

    Args:
        successes, trials: (E,) per product; a product without trials says nothing, and successes beyond the trials are not counted.
        assumed_median, assumed_log_sd: Middle of the prior.
        unit: Of the rate, in words.
    """
    counted = trials > 0
    hits, tried = np.minimum(successes, trials)[counted].astype(np.float64), trials[counted].astype(np.float64)
    pooled = logit((hits.sum() + 0.5) / (tried.sum() + 1.0))
    log_odds = pooled + np.linspace(-_MEAN_REACH, _MEAN_REACH, _MEANS)
    cv = np.geomspace(_SPREAD_LOW, _SPREAD_HIGH, _SPREADS)
    mean = expit(log_odds)[:, None]
    # the two parameters of a beta distribution with this mean and coefficient of variation sum to this
    whole = np.maximum((1.0 - mean) / (mean * cv**2) - 1.0, _LEAST_SUM)
    alpha, beta = mean * whole, (1.0 - mean) * whole
    log_weight = _log_prior(log_odds, cv, assumed_median, assumed_log_sd)
    for hit, trial in zip(hits, tried, strict=True):
        log_weight = log_weight + betaln(alpha + hit, beta + trial - hit) - betaln(alpha, beta)
    weight = np.exp(log_weight - log_weight.max())
    median = mean / np.sqrt(1.0 + cv**2)
    log_sd = np.broadcast_to(np.sqrt(np.log1p(cv**2)), median.shape)
    return RateFit(
        median=weighted_figure(median, weight, f"{unit}, median of {int(counted.sum())}"),
        log_sd=weighted_figure(log_sd, weight, f"log standard deviation between {int(counted.sum())}"),
    )


def weighted_figure(values: Floats, weight: Floats, unit: str) -> Figure:
    """Median and 95 % interval of values under weights, same shape, any scale."""
    order = np.argsort(values, axis=None, kind="stable")
    cumulative = np.cumsum(weight.ravel()[order])
    places = np.searchsorted(cumulative, np.array([0.5, 0.025, 0.975]) * cumulative[-1])
    value, low, high = values.ravel()[order][np.minimum(places, values.size - 1)].tolist()
    return Figure(value=value, low=low, high=high, unit=unit)


def _log_prior(log_odds: Floats, cv: Floats, assumed_median: float, assumed_log_sd: float) -> Floats:
    far = (log_odds - logit(assumed_median)) / _MEAN_LOG_SD
    wide = (np.log(cv) - np.log(np.sqrt(np.expm1(assumed_log_sd**2)))) / _SPREAD_LOG_SD
    density: Floats = -0.5 * (far[:, None] ** 2 + wide**2)
    return density
