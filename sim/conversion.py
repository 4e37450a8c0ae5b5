"""From search to order: clicks, orders per click with the price effect, and how long an order takes to arrive."""

from __future__ import annotations

import numpy as np

from perception.units import Floats, Ints
from sim.parameters.market import Conversion, MarketParameters
from sim.randomness import Draw, sku_normals

_STEPS_PER_HOUR = 60


def delay_shares(conversion: Conversion) -> Floats:
    """Chance that a conversion arrives l whole hours after the hour of its click, (window + 1,), sums to 1.

    Mixture of Chapelle (KDD 2014): a fast exponential, an even part over hours 1–24, a slow exponential cut at the window. The click falls
    at any minute of its hour, so the share of hour l is the mixture's distribution averaged over that minute.
    """
    window_h = conversion.window_days * 24
    minute = (np.arange(_STEPS_PER_HOUR) + 0.5) / _STEPS_PER_HOUR
    ends_h = np.minimum(np.arange(1, window_h + 1)[:, None] - minute[None, :], float(window_h))
    cumulative = _delay_distribution(ends_h, conversion).mean(axis=1)
    shares = np.diff(np.concatenate([[0.0], cumulative, [1.0]]))
    return np.maximum(shares, 0.0)


def _delay_distribution(delay_h: Floats, conversion: Conversion) -> Floats:
    """P(delay <= delay_h), hours, of the mixture conditional on arriving within the window."""
    window_h = conversion.window_days * 24.0
    slow_h = conversion.slow_mean_days * 24.0
    fast = -np.expm1(-delay_h * 60.0 / conversion.fast_mean_minutes)
    even = np.clip((delay_h - 1.0) / 23.0, 0.0, 1.0)
    slow = np.expm1(-delay_h / slow_h) / np.expm1(-window_h / slow_h)
    slow_share = 1.0 - conversion.fast_share - conversion.day_share
    mixed: Floats = conversion.fast_share * fast + conversion.day_share * even + slow_share * slow
    return mixed


def day_noise(parameters: MarketParameters, *, seeds: Ints, draw: Draw, day: int) -> Floats:
    """Today's factor on CTR or CVR of each SKU, (N, M), lognormal with mean 1."""
    log_sd = np.sqrt(np.log1p(parameters.conversion.day_noise_cv**2))
    deviates = sku_normals(seeds, draw, day, len(parameters.assortment.skus))
    factor: Floats = np.exp(log_sd * deviates - 0.5 * log_sd**2)
    return factor
