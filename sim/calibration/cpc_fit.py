"""What clicks cost a store, from day to day: the level of rivals' bids behind it, and how that level drifts.

**Level.** In a generalised second price auction a click costs the next bid below. Reports do not show bids: the store is taken to hold its
own at the middle of its rivals'. Against so many rivals of so much scatter it then pays a known multiple of that; the multiple is summed
over drawn auctions. The mean level of a history is not the long-run one where the level drifts slowly; the interval says how far.

**Drift.** log CPC of product i on day t = a_i + d_t + noise, weighted by clicks. d_t is a stationary AR(1) seen through noise; its
likelihood by a Kalman filter with the mean left free (restricted likelihood), summed on a grid of persistence, spread and extra noise.
The prior lies at the figures fitted to 15,408 cell-days of display ads, so that a short history falls back on them. A store whose bids
stand still sees less of the drift than there is: where bids rise beyond its own, it is not shown.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from perception.units import Floats, Ints
from sim.calibration.ad_rates_fit import weighted_figure
from sim.calibration.fitted_figures import Figure
from sim.parameters.market import Auction
from sim.randomness import normals, split, uniforms

ASSUMED_AR1, ASSUMED_CV = 0.94, 0.34
_AR1_LOG_SD, _CV_LOG_SD = 1.0, 0.5
_AUCTIONS = 20_000
_ROUNDS = 30
_NORMAL_95 = 1.96
_NUGGETS = (0.0, 0.02, 0.05, 0.1, 0.2)
"""Candidates for the standard deviation of a day's own noise, log."""


def price_over_median_bid(auction: Auction) -> float:
    """Mean price of a click over the rivals' median bid, for a store that bids that median.

    Bids are lognormal with the scatter between and within rivals. A rival is present for as much of the day as its budget lasts.
    """
    keys = split(split(np.zeros(1, dtype=np.uint64), _AUCTIONS)[0], auction.rivals)
    bids = np.exp(np.hypot(auction.bid_log_sd_between, auction.bid_log_sd_within) * normals(keys))
    present_share = min(0.5 * (auction.rival_budget_low + auction.rival_budget_high), 1.0)
    present = uniforms(split(keys, 1)[..., 0]) < present_share
    rivals = np.where(present, bids, 0.0)
    rank = (rivals > 1.0).sum(axis=1)
    exposure = np.array([*auction.exposures, 0.0])[np.minimum(rank, len(auction.exposures))]
    price = np.where(rivals > 1.0, 0.0, rivals).max(axis=1)
    return float((exposure * price).sum() / exposure.sum())


def long_run(level: Figure, ar1: Figure, cv: Figure, *, days: int, factor: float, unit: str) -> Figure:
    """The long-run level behind the mean of so many days of an AR(1), times a factor.

    The variance of the mean of n days is about σ² (1 + ρ) / ((1 − ρ) n), and never more than σ², that of a single day.
    """
    shared = min((1.0 + ar1.value) / ((1.0 - ar1.value) * days), 1.0) * np.log1p(cv.value**2)
    below, above = (np.hypot(np.log(end / level.value), _NORMAL_95 * np.sqrt(shared)) for end in (level.low, level.high))
    value = factor * level.value
    return Figure(value=value, low=float(value * np.exp(-below)), high=float(value * np.exp(above)), unit=unit)


def fit_drift(entity: Ints, day: Ints, clicks: Ints, cost: Floats) -> tuple[Figure, Figure]:
    """Persistence from day to day and coefficient of variation of the CPC level.

    Args:
        entity, day, clicks: (n,) rows; those without clicks or cost say nothing.
        cost: (n,) any unit.
    """
    used = (clicks > 0) & (cost > 0.0)
    level, variance = _day_levels(entity[used], day[used] - day.min(), clicks[used].astype(np.float64), np.log(cost[used] / clicks[used]))
    ar1 = expit(np.linspace(logit(0.2), logit(0.995), 41))[:, None, None]
    cv = np.geomspace(0.02, 1.5, 41)[None, :, None]
    nugget = np.array(_NUGGETS)[None, None, :]
    log_weight = _log_likelihood(level, variance, ar1=ar1, spread=np.sqrt(np.log1p(cv**2)), nugget=nugget)
    log_weight = (
        log_weight - 0.5 * ((logit(ar1) - logit(ASSUMED_AR1)) / _AR1_LOG_SD) ** 2 - 0.5 * (np.log(cv / ASSUMED_CV) / _CV_LOG_SD) ** 2
    )
    weight = np.exp(log_weight - log_weight.max())
    days = int(np.isfinite(level).sum())
    return (
        weighted_figure(np.broadcast_to(ar1, weight.shape), weight, f"day to day, {days} days"),
        weighted_figure(np.broadcast_to(cv, weight.shape), weight, f"coefficient of variation, {days} days"),
    )


def _day_levels(entity: Ints, offset: Ints, weight: Floats, log_cpc: Floats) -> tuple[Floats, Floats]:
    """Level of each day, (T,), NaN on days without clicks, and the variance with which it is known: weighted two-way effects."""
    entities, days = int(entity.max()) + 1, int(offset.max()) + 1
    by_entity = np.bincount(entity, weights=weight, minlength=entities)
    by_day = np.bincount(offset, weights=weight, minlength=days)
    level = np.zeros(days)
    left = log_cpc
    for _ in range(_ROUNDS):
        own = np.bincount(entity, weights=weight * (log_cpc - level[offset]), minlength=entities) / np.maximum(by_entity, 1e-12)
        left = log_cpc - own[entity]
        level = np.bincount(offset, weights=weight * left, minlength=days) / np.maximum(by_day, 1e-12)
    free = max(log_cpc.size - np.unique(entity).size - np.unique(offset).size, 1)
    of_one_click = float((weight * (left - level[offset]) ** 2).sum()) / free
    seen = by_day > 0
    return np.where(seen, level, np.nan), np.where(seen, of_one_click / np.where(seen, by_day, 1.0), np.inf)


def _log_likelihood(level: Floats, variance: Floats, *, ar1: Floats, spread: Floats, nugget: Floats) -> Floats:
    """Restricted log likelihood on a grid: the filter runs over the levels and over a constant, whose coefficient is integrated out."""
    shape = np.broadcast_shapes(ar1.shape, spread.shape, nugget.shape)
    known, state_y, state_1 = np.broadcast_to(spread**2, shape), np.zeros(shape), np.zeros(shape)
    squares, crossed, constant, log_det = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for seen, noise in zip(level, variance, strict=True):
        if np.isfinite(seen):
            total = known + noise + nugget**2
            miss_y, miss_1 = seen - state_y, 1.0 - state_1
            squares, crossed, constant = squares + miss_y**2 / total, crossed + miss_y * miss_1 / total, constant + miss_1**2 / total
            log_det = log_det + np.log(total)
            gain = known / total
            state_y, state_1, known = state_y + gain * miss_y, state_1 + gain * miss_1, known * (1.0 - gain)
        state_y, state_1 = ar1 * state_y, ar1 * state_1
        known = ar1**2 * known + (1.0 - ar1**2) * spread**2
    likelihood: Floats = -0.5 * (log_det + np.log(constant) + squares - crossed**2 / constant)
    return likelihood
