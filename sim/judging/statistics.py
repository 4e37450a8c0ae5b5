"""Robust averages with honest intervals: the inter-quartile mean and its stratified bootstrap.

Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021: the mean of the middle half is more
robust than the mean and less noisy than the median; stores are drawn again with replacement within each family, so that every family keeps
its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perception.units import Floats

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with its bootstrap interval, ``low <= value <= high`` but for the luck of few stores."""

    value: float
    low: float
    high: float


def interquartile_mean(values: Floats) -> Floats:
    """Mean of the middle half along the last axis; the two values that straddle a quartile count in part.

    Args:
        values: (…, k), k >= 1, finite.
    """
    ordered = np.sort(values, axis=-1)
    count = ordered.shape[-1]
    # the share of each order statistic's cell [i, i + 1) / k that lies within [1/4, 3/4]
    edges = np.arange(count + 1) / count
    inside = np.clip(edges[1:], 0.25, 0.75) - np.clip(edges[:-1], 0.25, 0.75)
    weights: Floats = inside / inside.sum()
    mean: Floats = ordered @ weights
    return mean


def interval(strata: Sequence[Floats], rng: np.random.Generator, *, resamples: int = RESAMPLES, level: float = LEVEL) -> Interval:
    """Inter-quartile mean over all stores of all strata, with a percentile bootstrap interval.

    Args:
        strata: One (k,) array per family, each k >= 1.
        rng: Draws the stores again.
        resamples: How often.
        level: Of the interval, (0, 1).

    Raises:
        ValueError: There is no value at all.
    """
    if not sum(stratum.size for stratum in strata):
        raise ValueError("strata: expected at least one value, was none")
    drawn = [stratum[rng.integers(0, stratum.size, size=(resamples, stratum.size))] for stratum in strata if stratum.size]
    means = interquartile_mean(np.concatenate(drawn, axis=1))
    tail = 0.5 * (1.0 - level)
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return Interval(value=float(interquartile_mean(np.concatenate(strata))), low=float(low), high=float(high))
