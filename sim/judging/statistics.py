"""Robust averages with honest intervals: the inter-quartile mean and its stratified bootstrap.

Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021: the mean of the middle half is more
robust than the mean and less noisy than the median; stores are drawn again with replacement within each family, so that every family keeps
its weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    return joint_interval([stratum[None, :] for stratum in strata], lambda means: means[0], rng, resamples=resamples, level=level)


def joint_interval(
    strata: Sequence[Floats],
    statistic: Callable[[Floats], Floats],
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """A figure made of the inter-quartile means of several controllers on the same stores, with a percentile bootstrap interval.

    Every draw of stores is the same for all controllers, so what they share, the luck and the wealth of a store, does not widen the
    interval of a difference (paired bootstrap: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 8).

    Args:
        strata: One (c, k) array per family, k >= 1 stores of c controllers.
        statistic: From the (c, …) inter-quartile means over all strata to the figure, (…).
        rng: Draws the stores again.
        resamples: How often.
        level: Of the interval, (0, 1).

    Raises:
        ValueError: There is no value at all.
    """
    return _bootstrapped(strata, lambda drawn: statistic(interquartile_mean(np.concatenate(drawn, axis=-1))), rng, resamples, level)


def balanced_interval(
    strata: Sequence[Floats],
    statistic: Callable[[Floats], Floats],
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """As ``joint_interval``, of the means over families of each family's own inter-quartile mean.

    Where families differ more than stores do, the middle half of all stores leaves whole families out; this does not.
    """

    def found(drawn: Sequence[Floats]) -> Floats:
        means: Floats = np.mean([interquartile_mean(stratum) for stratum in drawn], axis=0)
        return statistic(means)

    return _bootstrapped(strata, found, rng, resamples, level)


def _bootstrapped(
    strata: Sequence[Floats], found: Callable[[Sequence[Floats]], Floats], rng: np.random.Generator, resamples: int, level: float
) -> Interval:
    """``found`` takes the strata, (c, …, k) each, and gives the figure, (…)."""
    filled = [stratum for stratum in strata if stratum.size]
    if not filled:
        raise ValueError("strata: expected at least one value, was none")
    drawn = [stratum[:, rng.integers(0, stratum.shape[1], size=(resamples, stratum.shape[1]))] for stratum in filled]
    tail = 0.5 * (1.0 - level)
    low, high = np.quantile(found(drawn), [tail, 1.0 - tail])
    return Interval(value=float(found(filled)), low=float(low), high=float(high))
