"""From a uniform to what is drawn: counts, delays and choices, each a pure function of its distribution and one uniform.

``poisson``, ``binomial`` and ``inverted`` invert a distribution function, ``whole_numbers`` and ``picked`` choose among equally likely
values, and ``shared_out`` samples systematically. The uniforms come from ``sim.randomness``.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, bdtrik, ndtri, pdtr

from perception.units import Floats, Ints

_SUMMED_TO = 4.0
"""Expected counts up to here are inverted by summing probabilities; above, expansions and exact distribution functions are faster."""
_MOST_SUMMED = 64
"""Counts end here where rates are summed: P(X >= 64) < 1e-45 at a rate of 4."""
_LEAST_LOG = -100.0
"""Binomial counts are summed up from a chance of none whose log is at least this; it must not vanish."""
_EXPANDED_TO = 3.0
"""Standard normals beyond which the expansion of the Poisson quantile is not trusted."""
_LEAST_WEIGHT = 1e-12
"""Weights that add up to less share nothing out: keeps the division defined."""


def whole_numbers(low: int, high: int, uniform: Floats) -> Ints:
    """One of ``low`` … ``high``, all equally likely, for each uniform in (0, 1)."""
    drawn: Ints = low + (uniform * (high - low + 1)).astype(np.int64)
    return drawn


def picked(values: Ints, row: Ints, uniform: Floats) -> Ints:
    """One of the equally likely values of each row.

    Args:
        values: (G, L) of G rows.
        row: (E,) which row.
        uniform: (E,) in (0, 1).
    """
    likely = values.shape[1]
    chosen: Ints = values.ravel().take(row * likely + (uniform * likely).astype(np.int64))
    return chosen


def inverted(cumulative: Floats, uniform: Floats) -> Ints:
    """The first place whose cumulative chance reaches the uniform, of any shape; the last one where rounding kept the sum below it."""
    place = np.searchsorted(cumulative, uniform, side="left")
    within: Ints = np.minimum(place, cumulative.size - 1).astype(np.int64)
    return within


def shared_out(counts: Ints, until: Floats, uniform: Floats) -> Ints:
    """Counts (E,) shared out over K places by systematic sampling, (K, E): each place gets its share, rounded up or down.

    So each has the right mean, and they add up.

    Args:
        counts: > 0.
        until: (K, E) weights of the places, added up so far.
        uniform: (E,) in (0, 1).
    """
    reached = until * (counts / np.maximum(until[-1], _LEAST_WEIGHT))
    reached += uniform
    marks: Ints = reached.astype(np.int64)
    # the last mark is the count itself, whatever the rounding
    marks[-1] = counts
    np.minimum(marks, counts, out=marks)
    marks[1:] -= marks[:-1].copy()
    return marks


def poisson(rate: Floats, uniform: Floats) -> Ints:
    """Poisson counts by inversion: the smallest k with P(X <= k) >= uniform.

    Monotone: under the same uniform a higher rate never gives a smaller count, so that actions which raise a rate only add events.

    Args:
        rate: Expected counts, finite, >= 0.
        uniform: In (0, 1), same shape.
    """
    small = rate <= _SUMMED_TO
    if small.all():
        return _poisson_by_summing(rate.ravel(), uniform.ravel()).reshape(rate.shape)
    counts = np.empty(rate.size, dtype=np.int64)
    few, many = np.flatnonzero(small), np.flatnonzero(~small)
    counts[few] = _poisson_by_summing(rate.take(few), uniform.take(few))
    counts[many] = _poisson_by_expansion(rate.take(many), uniform.take(many))
    return counts.reshape(rate.shape)


def _poisson_by_summing(rate: Floats, uniform: Floats) -> Ints:
    """(E,) rates up to a few: add probabilities until they reach the uniform; most are there at once."""
    counts = np.zeros(rate.size, dtype=np.int64)
    cumulative = np.exp(-rate)
    pending = (cumulative < uniform).nonzero()[0]
    rate, uniform, cumulative = rate.take(pending), uniform.take(pending), cumulative.take(pending)
    probability = cumulative.copy()
    for count in range(1, _MOST_SUMMED):
        if not pending.size:
            break
        counts[pending] = count
        probability *= rate
        probability *= 1.0 / count
        cumulative += probability
        more = (cumulative < uniform).nonzero()[0]
        pending, rate, uniform = pending.take(more), rate.take(more), uniform.take(more)
        probability, cumulative = probability.take(more), cumulative.take(more)
    return counts


def _poisson_by_expansion(rate: Floats, uniform: Floats) -> Ints:
    """(E,) rates above a few, exactly: the normal expansion, and the distribution function where the expansion is not sure.

    The count is the floor of a continuous quantile, of which Giles (ACM TOMS 42(1), 2016, "Algorithm 955") gives an expansion in
    powers of 1/sqrt(rate). Its error was measured to be below (0.04 + 0.009 w^4) / rate^1.5 for normals |w| <= 3 and rates >= 4.
    """
    normal = ndtri(uniform)
    square = normal * normal
    root = np.sqrt(rate)
    per_rate = 1.0 / rate
    quantile = square * (1.0 / 270.0)
    quantile += 7.0 / 810.0
    quantile *= square
    quantile -= 8.0 / 405.0
    quantile *= per_rate
    shift = square * (-1.0 / 72.0)
    shift -= 1.0 / 36.0
    shift *= per_rate
    shift += 1.0
    shift *= root
    shift *= normal
    quantile += shift
    quantile += square * (1.0 / 6.0)
    quantile += rate
    quantile += 1.0 / 3.0
    counts = np.floor(quantile)
    # where the error could carry it over a whole number, ask on which side of it the uniform lies
    nearest = np.rint(quantile)
    quantile -= nearest
    square *= square
    square *= 0.009
    square += 0.04
    square *= per_rate / root
    unsure = (np.abs(quantile) <= square).nonzero()[0]
    boundary = nearest[unsure]
    counts[unsure] = boundary - (pdtr(boundary - 1.0, rate[unsure]) >= uniform[unsure])
    far = (np.abs(normal) > _EXPANDED_TO).nonzero()[0]
    counts[far] = _poisson_settled(nearest[far], rate[far], uniform[far])
    return counts.astype(np.int64)


def _poisson_settled(guess: Floats, rate: Floats, uniform: Floats) -> Floats:
    """(E,) the exact quantiles near the guesses, by the distribution function: up while it is below the uniform, then down."""
    counts = np.maximum(guess, 0.0)
    low = (pdtr(counts, rate) < uniform).nonzero()[0]
    while low.size:
        counts[low] += 1.0
        low = low[pdtr(counts[low], rate[low]) < uniform[low]]
    high = (counts > 0.0).nonzero()[0]
    while high.size:
        high = high[pdtr(counts[high] - 1.0, rate[high]) >= uniform[high]]
        counts[high] -= 1.0
        high = high[counts[high] > 0.0]
    return counts


def binomial(trials: Ints, chance: Floats, uniform: Floats) -> Ints:
    """Binomial counts by inversion: the smallest k with P(X <= k) >= uniform.

    Monotone in ``trials`` and in ``chance`` under the same uniform.

    Args:
        trials: >= 0.
        chance: Of success, [0, 1), same shape.
        uniform: In (0, 1), same shape.
    """
    counts = np.zeros(trials.size, dtype=np.int64)
    tried = np.flatnonzero(trials)
    number, odds, level = trials.ravel()[tried].astype(np.float64), chance.ravel()[tried], uniform.ravel()[tried]
    log_none = number * np.log1p(-odds)
    small = log_none >= _LEAST_LOG
    if small.all():
        counts[tried] = _binomial_by_summing(number, odds, log_none, level)
    else:
        counts[tried[small]] = _binomial_by_summing(number[small], odds[small], log_none[small], level[small])
        counts[tried[~small]] = _binomial_by_root(number[~small], odds[~small], level[~small])
    return counts.reshape(trials.shape)


def _binomial_by_summing(trials: Floats, chance: Floats, log_none: Floats, uniform: Floats) -> Ints:
    """(E,) not many successes expected: add probabilities until they reach the uniform; most are there at once."""
    counts = np.zeros(trials.size, dtype=np.int64)
    cumulative = np.exp(log_none)
    pending = (cumulative < uniform).nonzero()[0]
    trials, chance, uniform, cumulative = (each.take(pending) for each in (trials, chance, uniform, cumulative))
    odds = chance / (1.0 - chance)
    probability, count = cumulative.copy(), 0
    while pending.size:
        probability *= odds * ((trials - count) / (count + 1.0))
        count += 1
        cumulative += probability
        counts[pending] = count
        # after the last trial the terms vanish: rounding left the sum just under the uniform
        more = ((cumulative < uniform) & (probability > 0.0) & (trials > count)).nonzero()[0]
        pending, trials, uniform = pending.take(more), trials.take(more), uniform.take(more)
        odds, probability, cumulative = odds.take(more), probability.take(more), cumulative.take(more)
    return counts


def _binomial_by_root(trials: Floats, chance: Floats, uniform: Floats) -> Ints:
    """(E,) many successes expected: exactly and slowly; rare, because an hour seldom brings so many orders of one SKU."""
    counts = np.clip(np.ceil(bdtrik(uniform, trials, chance)), 0.0, trials)
    # bdtrik finds the root to a tolerance: settle the last unit with the exact distribution function
    counts += (counts < trials) & (bdtr(counts, trials.astype(np.int64), chance) < uniform)
    counts -= (counts > 0) & (bdtr(np.maximum(counts - 1.0, 0.0), trials.astype(np.int64), chance) >= uniform)
    whole: Ints = counts.astype(np.int64)
    return whole
