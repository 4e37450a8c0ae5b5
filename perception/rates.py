"""Beliefs about rates from counts: conjugate posteriors per SKU, shrunk towards what the whole store shows.

The last axis is the SKU; leading axes, where there are any, are stores that know nothing of each other.
"""

from __future__ import annotations

import numpy as np

from perception.state import Estimate
from perception.units import Floats


def pooled(successes: Floats, exposure: Floats, *, prior: float, strength: float) -> Floats:
    """Rate of the whole store, (…, 1) > 0: its own counts beside ``strength`` imagined successes at the prior rate.

    Args:
        successes: (…, m) counts >= 0.
        exposure: (…, m) trials or days they were drawn from, >= 0.
        prior: Rate to assume without data, > 0.
        strength: Weight of that assumption in successes, > 0.
    """
    rate: Floats = (strength + successes.sum(axis=-1, keepdims=True)) / (strength / prior + exposure.sum(axis=-1, keepdims=True))
    return rate


_MOST = 1e12
"""More than any store will ever sell or be clicked."""


def beta_binomial(successes: Floats, trials: Floats, *, prior: Floats, spread: float) -> Estimate:
    """Posterior of a probability per SKU.

    Beta(k·p, k·(1 - p)) before the data, with k such that the prior's sd is ``spread`` times its mean; the standard conjugate update
    (Gelman et al., Bayesian Data Analysis, 2.4) after. Trials need not be whole: forgetting and maturity weigh them.

    Args:
        successes: (…, m) weighted successes, >= 0.
        trials: (…, m) weighted trials, >= 0; fewer than the successes counts as no failures.
        prior: (…, m) or (…, 1) prior means in (0, 1).
        spread: Prior sd as a share of the mean, > 0.
    """
    centre = np.clip(prior, 1e-6, 0.5)
    weight = np.maximum((1.0 - centre) / (centre * spread**2) - 1.0, 1.0)
    # a feed can claim any number: beyond this the prior would be lost in rounding, and a chance would become a certainty
    alpha = weight * centre + np.minimum(successes, _MOST)
    beta = weight * (1.0 - centre) + np.clip(trials - successes, 0.0, _MOST)
    total = alpha + beta
    return Estimate(mean=alpha / total, sd=np.sqrt(alpha * beta / (total + 1.0)) / total)


def gamma_poisson(counts: Floats, exposure: Floats, *, prior: Floats | float, shape: float) -> Estimate:
    """Posterior of a Poisson rate per SKU (Gelman et al., 2.6).

    Args:
        counts: (…, m) weighted events, >= 0.
        exposure: (…, m) weighted time, >= 0.
        prior: Prior mean rate, (…, 1) or one for all, > 0.
        shape: Shape of the gamma prior, > 0; its sd is prior / sqrt(shape).
    """
    alpha = shape + counts
    beta = shape / prior + exposure
    return Estimate(mean=alpha / beta, sd=np.sqrt(alpha) / beta)


def shrunk_ratio(total: Floats, count: Floats, *, prior: Floats | float, strength: float, spread: float) -> Estimate:
    """Posterior of a mean size, such as units per order, by credibility weighting (Bühlmann).

    Args:
        total: (…, m) weighted sum of sizes, >= 0.
        count: (…, m) weighted number of them, >= 0.
        prior: Mean size to assume without data, (…, 1) or one for all, > 0.
        strength: Weight of that assumption in observations, > 0.
        spread: Sd of a single size as a share of its mean.
    """
    weight = strength + count
    mean = (strength * prior + total) / weight
    return Estimate(mean=mean, sd=mean * spread / np.sqrt(weight))


def product(*factors: Estimate) -> Estimate:
    """Belief about a product of independent figures: means multiply, relative variances add (delta method)."""
    mean = np.ones_like(factors[0].mean)
    relative_variance = np.zeros_like(mean)
    for factor in factors:
        mean = mean * factor.mean
        relative_variance += (factor.sd / factor.mean) ** 2
    return Estimate(mean=mean, sd=np.abs(mean) * np.sqrt(relative_variance))
