"""Own-price elasticity per SKU from daily units and prices, partially pooled over the store and never of the wrong sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from perception.state import Estimate
from perception.units import AS_SETTINGS, Floats, Ints

_LOW, _HIGH = float(np.log(0.3)), float(np.log(8.0))
"""Magnitudes outside 0.3-8 are not believed: wider than the spread of 1,851 published estimates (Bijmolt 2005, market.md)."""

_ROUNDS = 4
"""Newton rounds; the posterior is one-dimensional and nearly quadratic, and yesterday's belief is where they start."""

_LARGEST_STEP = 0.5
"""A round moves log elasticity by at most this, so that a flat likelihood cannot throw it far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticityTuning:
    """Beliefs before data. Median 1.8 and 80 % in 0.8-3.5 (market.md) make an sd of ln(3.5 / 0.8) / 2.563 = 0.576 = hypot(0.40, 0.415).

    Attributes:
        median: Prior median of the magnitude, > 0.
        store_log_sd: How far a store's typical log elasticity lies from that, > 0.
        between_log_sd: How far the SKUs of one store lie from each other, > 0.
        dispersion: Variance of daily orders against Poisson, >= 1; discounts the evidence.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    median: float = 1.8
    store_log_sd: float = 0.40
    between_log_sd: float = 0.415
    dispersion: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogElasticity:
    """Belief about the log of the elasticity's magnitude: (m,) mean and (m,) sd of a normal."""

    mean: Floats
    sd: Floats

    def magnitude(self) -> Estimate:
        """The same belief about the magnitude itself: mean and sd of the lognormal."""
        mean = np.exp(self.mean + 0.5 * self.sd**2)
        return Estimate(mean=mean, sd=mean * np.sqrt(np.expm1(self.sd**2)))


def prior(sku_count: int, tuning: ElasticityTuning) -> LogElasticity:
    """What is believed of every SKU before any price has moved."""
    sd = float(np.hypot(tuning.store_log_sd, tuning.between_log_sd))
    return LogElasticity(mean=np.full(sku_count, np.log(tuning.median)), sd=np.full(sku_count, sd))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Beliefs after data: of the SKUs whose prices moved, and of any other SKU of the same store."""

    own: LogElasticity
    store_mean: float
    store_sd: float


def posterior(orders: Floats, log_price: Floats, exposure: Floats, *, guess: Floats, tuning: ElasticityTuning) -> Pooled:
    """Laplace posterior of a Poisson demand model with one level per SKU: orders_d ~ level · exposure_d · price_d^-e.

    The level is removed by conditioning on the SKU's total (multinomial likelihood; equal to fixed effects, Cameron & Trivedi,
    Regression Analysis of Count Data, 9.3), so days without a sale need no log. The SKUs' own estimates move the store's typical
    elasticity, which is the prior of each (empirical Bayes). Working in log elasticity makes the wrong sign impossible: such data
    only say "small", against the prior.

    Args:
        orders: (d, m) orders per day, >= 0.
        log_price: (d, m) log of the price in force.
        exposure: (d, m) relative opportunity to sell (traffic, hours in stock), > 0.
        guess: (m,) log elasticity to start from, such as yesterday's.
        tuning: Prior and dispersion.
    """
    between = tuning.between_log_sd**-2
    prior_mean, prior_precision = float(np.log(tuning.median)), tuning.store_log_sd**-2
    offset = log_price - log_price.mean(axis=0)
    theta = np.clip(guess, _LOW, _HIGH)
    for _ in range(_ROUNDS):
        score, information = _evidence(theta, orders, offset, exposure, tuning.dispersion)
        own = np.clip(theta + score / np.maximum(information, 1e-9), _LOW, _HIGH)
        weight = information / (1.0 + information / between)
        store_precision = prior_precision + float(weight.sum())
        store = (prior_mean * prior_precision + float((weight * own).sum())) / store_precision
        step = (score - (theta - store) * between) / (information + between)
        theta = np.clip(theta + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP), _LOW, _HIGH)
    shrinkage = between / (information + between)
    store_sd = store_precision**-0.5
    sd = np.hypot((information + between) ** -0.5, shrinkage * store_sd)
    return Pooled(own=LogElasticity(mean=theta, sd=sd), store_mean=store, store_sd=store_sd)


def spread_over(pooled: Pooled, picked: Ints, sku_count: int, tuning: ElasticityTuning) -> LogElasticity:
    """Beliefs of the whole assortment: own evidence where there is some, the store's typical elasticity elsewhere.

    Args:
        pooled: From ``posterior``.
        picked: Indices of the SKUs it was computed for.
        sku_count: m.
        tuning: How far SKUs lie from each other.
    """
    mean = np.full(sku_count, pooled.store_mean)
    sd = np.full(sku_count, np.hypot(pooled.store_sd, tuning.between_log_sd))
    mean[picked], sd[picked] = pooled.own.mean, pooled.own.sd
    return LogElasticity(mean=mean, sd=sd)


def _evidence(theta: Floats, orders: Floats, offset: Floats, exposure: Floats, dispersion: float) -> tuple[Floats, Floats]:
    """Slope and expected curvature of the log likelihood in log elasticity, (m,) each, discounted for overdispersion."""
    elasticity = np.exp(theta)
    share = exposure * np.exp(-elasticity * offset)
    share /= share.sum(axis=0)
    centre = (share * offset).sum(axis=0)
    total = orders.sum(axis=0)
    score = elasticity * (total * centre - (orders * offset).sum(axis=0))
    information = elasticity**2 * total * (share * (offset - centre) ** 2).sum(axis=0)
    return score / dispersion, information / dispersion
