"""How certain a figure of a store's history is: whole weeks drawn again, so that what clings together within a week stays together.

Weeks are drawn within strata (the months), so that every resample has every season, by the rescaled bootstrap of Rao & Wu (Journal of the
American Statistical Association 1988): of k weeks k − 1 are drawn with replacement and weigh k / (k − 1) each, which keeps the variance
right for strata as small as two. A stratum of one week is taken as it is. Draws are counter-based: the same history gives the same
intervals.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from perception.units import Floats, Ints
from sim.randomness import split, uniforms

RESAMPLES = 400
TAIL = 0.025
"""Beyond either end of a 95 % interval."""
WEEK_DAYS = 7
_MIDDLE_OF_WEEK = 3
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def weeks_of(days: int) -> Ints:
    """(days,) number of the week of each day of a history, from its first day; what is left at the end joins the last whole week."""
    return np.minimum(np.arange(days) // WEEK_DAYS, max(days // WEEK_DAYS - 1, 0))


def months_of_weeks(first_day: int, weeks: int) -> Ints:
    """(weeks,) month, 0 … 11, in which the middle of each week lies; ``first_day`` is a date ordinal."""
    return months_of(first_day + WEEK_DAYS * np.arange(weeks) + _MIDDLE_OF_WEEK)


def months_of(days: Ints) -> Ints:
    """Month, 0 … 11, of date ordinals."""
    months: Ints = (days - _EPOCH_DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return months


def week_weights(strata: Ints, *, resamples: int = RESAMPLES, stream: int = 0) -> Floats:
    """How much each week counts in each resample, (resamples, weeks), summing to the number of weeks.

    Args:
        strata: (weeks,) weeks of equal number are drawn for each other.
        resamples: How often.
        stream: Resamples of different streams are independent.
    """
    keys = split(split(np.array([stream], dtype=np.uint64), resamples)[0], strata.size)
    weights = np.zeros((resamples, strata.size))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        if members.size == 1:
            weights[:, members] = 1.0
            continue
        draws = (uniforms(keys[:, members[:-1]]) * members.size).astype(np.int64)
        counts = (draws[:, :, None] == np.arange(members.size)).sum(axis=1)
        weights[:, members] = counts * (members.size / (members.size - 1))
    return weights


def interval(resampled: Floats) -> tuple[float, float]:
    """The middle 95 % of the resampled figures that are finite; NaN when there are none."""
    finite = resampled[np.isfinite(resampled)]
    if not finite.size:
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [TAIL, 1.0 - TAIL])
    return float(low), float(high)
