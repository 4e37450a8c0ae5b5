"""Own-price elasticity per SKU from daily orders and prices, partially pooled over the store and never of the wrong sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.state import Estimate
from perception.units import Floats, Ints

_LOG_GRID = np.linspace(np.log(0.3), np.log(8.0), 61)
"""Magnitudes outside 0.3-8 are not believed: wider than the spread of 1,851 published estimates (Bijmolt et al. 2005)."""

_STORE_GRID = np.linspace(np.log(0.5), np.log(6.0), 41)
"""Candidates for a store's typical magnitude."""

_MODEL_SD = 0.1
"""Constant elasticity is itself an approximation: no amount of data is believed to fix it closer than this."""

_ROUNDS = 2
"""Newton rounds: within price swings of some tenths the log likelihood is a parabola to begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticityTuning:
    """Beliefs before data.

    Fits on real shops give 0.9-2.7, Bijmolt et al. 2005 a mean of 2.62; median 1.8 with 80 % in 0.8-3.5 covers both. The sd of the log is
    then ln(3.5 / 0.8) / 2.563 = 0.576 = hypot(0.40, 0.415).

    Attributes:
        median: Prior median of the magnitude, > 0.
        store_log_sd: How far a store's typical log elasticity lies from that, > 0.
        between_log_sd: How far the SKUs of one store lie from each other, > 0.
        dispersion: Variance of daily orders against Poisson, >= 1; discounts the evidence.
    """

    median: float = 1.8
    store_log_sd: float = 0.40
    between_log_sd: float = 0.415
    dispersion: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the orders of SKUs say about the magnitude, (…, m): a parabola each, by its peak (any sign) and curvature >= 0."""

    peak: Floats
    information: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Beliefs after data, (…, m), of the SKUs whose prices moved, and, (…, 1), of any other SKU of the same store."""

    own: Estimate
    other: Estimate


def prior(sku_count: int, tuning: ElasticityTuning) -> Estimate:
    """What is believed of every SKU before any price has moved."""
    belief = _moments(np.ones((1, _LOG_GRID.size)), _sku_prior(tuning) @ _store_prior(tuning))
    return Estimate(mean=np.full(sku_count, belief.mean[0]), sd=np.full(sku_count, belief.sd[0]))


def evidence(orders: Floats, log_price: Floats, exposure: Floats, tuning: ElasticityTuning) -> Evidence:
    """Poisson demand with one level per SKU: orders_d ~ level · exposure_d · price_d^-e.

    The level is removed by conditioning on the SKU's total (multinomial likelihood; equal to fixed effects, Cameron & Trivedi,
    Regression Analysis of Count Data, 9.3), so days without a sale need no logarithm.

    Args:
        orders: (…, d, m) orders per day, >= 0; leading axes are stores.
        log_price: (…, d, m) log of the price in force.
        exposure: (…, d, m) relative opportunity to sell (traffic, hours in stock), > 0.
        tuning: Dispersion, and where to start.
    """
    offset = log_price - log_price.mean(axis=-2, keepdims=True)
    total, weighed = orders.sum(axis=-2), (orders * offset).sum(axis=-2)
    peak = np.full(total.shape, tuning.median)
    information = np.zeros_like(peak)
    for _ in range(_ROUNDS):
        share = exposure * np.exp(-peak[..., None, :] * offset)
        share /= share.sum(axis=-2, keepdims=True)
        centre = (share * offset).sum(axis=-2)
        information = total * (share * (offset - centre[..., None, :]) ** 2).sum(axis=-2)
        step = np.divide(total * centre - weighed, information, out=np.zeros_like(peak), where=information > 0.0)
        peak = np.clip(peak + step, -_STEEPEST, _STEEPEST)
    return Evidence(peak=peak, information=information / tuning.dispersion)


_STEEPEST = 30.0
"""A peak this far out carries next to no information; the bound only keeps exponentials finite."""


def pool(found: Evidence, tuning: ElasticityTuning) -> Pooled:
    """Posterior moments by quadrature over log magnitude, the store's typical magnitude integrated out (empirical Bayes).

    On the log scale the wrong sign does not exist: evidence that points there only says "small", against the prior.

    Args:
        found: Evidence of the SKUs whose prices moved; a SKU without information is believed to be like the others.
        tuning: Prior spreads.
    """
    if found.peak.ndim == 1 and found.peak.size > AT_ONCE:
        return _pooled_in_parts(found, tuning)
    likelihood = _likelihood(found)
    weights = _sku_weights(_log_chances(likelihood, tuning) + np.log(_store_prior(tuning)), tuning)
    return Pooled(own=_moments(likelihood, weights), other=_moments(np.ones((1, _LOG_GRID.size)), weights))


AT_ONCE = 256
"""Products of one store whose grids are worked out together, where there are more: they stay in the cache of a core."""


def _pooled_in_parts(found: Evidence, tuning: ElasticityTuning) -> Pooled:
    """``pool`` for the many products of one store, in half the time: part by part, and without those that tell nothing."""
    telling = np.flatnonzero(found.information > 0.0)
    peak, spread = found.peak[telling, None], -2.0 * (1.0 / found.information[telling, None] + _MODEL_SD**2)
    by_store = _sku_prior(tuning)
    likelihood = np.empty((telling.size, _LOG_GRID.size))
    log_store = np.log(_store_prior(tuning))
    for start in range(0, telling.size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        exponent = np.exp(_LOG_GRID) - peak[part]
        np.divide(np.square(exponent, out=exponent), spread[part], out=exponent)
        exponent -= exponent.max(axis=-1, keepdims=True)
        np.exp(exponent, out=likelihood[part])
        log_store += np.log(likelihood[part] @ by_store).sum(axis=0)
    store = np.exp(log_store - log_store.max())
    weights = by_store @ (store / store.sum())
    other, own = _moments(np.ones((1, _LOG_GRID.size)), weights), _moments(likelihood, weights)
    mean, sd = np.full(found.peak.size, other.mean[0]), np.full(found.peak.size, other.sd[0])
    mean[telling], sd[telling] = own.mean, own.sd
    return Pooled(own=Estimate(mean=mean, sd=sd), other=other)


def before_data(tuning: ElasticityTuning) -> Floats:
    """(store grid,) log chances of the store's typical magnitude before any price has moved; ``gathered`` adds what SKUs say."""
    return np.log(_store_prior(tuning))


def gathered(log_store: Floats, found: Evidence, tuning: ElasticityTuning) -> Floats:
    """Log chances of the store's typical magnitude with the evidence of some more SKUs: taken part by part, all of it is ``pool``'s."""
    return log_store + _log_chances(_likelihood(found), tuning)


def pool_under(log_store: Floats, found: Evidence, tuning: ElasticityTuning) -> Pooled:
    """As ``pool``, the store's typical magnitude being believed with these log chances, whatever these SKUs say of it."""
    weights = _sku_weights(log_store, tuning)
    return Pooled(own=_moments(_likelihood(found), weights), other=_moments(np.ones((1, _LOG_GRID.size)), weights))


def _likelihood(found: Evidence) -> Floats:
    """(…, m, grid) of the magnitude, 1 at its peak on the grid."""
    variance = np.divide(1.0, found.information, out=np.full_like(found.information, np.inf), where=found.information > 0.0) + _MODEL_SD**2
    distance = np.exp(_LOG_GRID) - found.peak[..., None]
    exponent: Floats = distance**2 / (-2.0 * variance[..., None])
    exponent -= exponent.max(axis=-1, keepdims=True)
    return np.exp(exponent, out=exponent)


def _log_chances(likelihood: Floats, tuning: ElasticityTuning) -> Floats:
    """(…, store grid) log chance of what all SKUs show, given the store's typical magnitude."""
    chances: Floats = np.log(likelihood @ _sku_prior(tuning)).sum(axis=-2)
    return chances


def _sku_weights(log_store: Floats, tuning: ElasticityTuning) -> Floats:
    """(…, grid) chance of a SKU's magnitude, from (…, store grid) log chances of the store's."""
    store = np.exp(log_store - log_store.max(axis=-1, keepdims=True))
    return _per_store(_sku_prior(tuning), store / store.sum(axis=-1, keepdims=True))


def spread_over(pooled: Pooled, picked: Ints, sku_count: int) -> Estimate:
    """Beliefs of the whole assortment: own evidence where there is some, the store's typical elasticity elsewhere.

    Args:
        pooled: From ``pool``.
        picked: Indices of the SKUs it was computed for.
        sku_count: m.
    """
    mean, sd = np.full(sku_count, pooled.other.mean[0]), np.full(sku_count, pooled.other.sd[0])
    mean[picked], sd[picked] = pooled.own.mean, pooled.own.sd
    return Estimate(mean=mean, sd=sd)


def _sku_prior(tuning: ElasticityTuning) -> Floats:
    """(grid, store grid) chance of a SKU's magnitude given the store's, columns summing to 1."""
    density = np.exp(-0.5 * ((_LOG_GRID[:, None] - _STORE_GRID[None, :]) / tuning.between_log_sd) ** 2)
    share: Floats = density / density.sum(axis=0)
    return share


def _store_prior(tuning: ElasticityTuning) -> Floats:
    """(store grid,) chance of the store's typical magnitude, summing to 1."""
    density = np.exp(-0.5 * ((_STORE_GRID - np.log(tuning.median)) / tuning.store_log_sd) ** 2)
    share: Floats = density / density.sum()
    return share


def _moments(likelihood: Floats, weights: Floats) -> Estimate:
    """Mean and sd of the magnitude, one per row of ``likelihood``, (…, m, grid), under the grid's prior ``weights``, (…, grid)."""
    magnitude = np.exp(_LOG_GRID)
    total = _per_store(likelihood, weights)
    mean = _per_store(likelihood, weights * magnitude) / total
    square = _per_store(likelihood, weights * magnitude**2) / total
    return Estimate(mean=mean, sd=np.sqrt(np.maximum(square - mean**2, 0.0)))


def _per_store(matrix: Floats, vectors: Floats) -> Floats:
    """(…, a) product of (…, a, b) with each store's own (…, b): one small product per store, so that no store feels its neighbours."""
    product: Floats = np.matmul(matrix, vectors[..., None])[..., 0]
    return product
