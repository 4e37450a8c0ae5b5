"""Units per SKU and day with nothing changed, with intervals: many products sell only now and then, so every day is a count.

A SKU's day is negative binomial about level · weekday. The level is an exponentially weighted mean of the days on record, each over its
weekday's factor, shrunk to the store's typical product; scatter is the variance of a day over its mean, shrunk to the store's. The further
ahead, the less certain the level: it walks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import nbdtrik

from perception.units import Floats, Ints

MEMORY_DAYS = 21.0
"""Mean age of the days that a level rests on, if there were no end to the record. Chosen on training data by ``planning.backtest``."""

WEEKDAY_STRENGTH = 2.0
"""Weeks that the assumed weekday shape weighs against the store's own record."""

LEVEL_STRENGTH_DAYS = 0.5
"""Days of record that the store's typical product weighs against the SKU's own."""

SCATTER_STRENGTH = 0.5
"""Units a day that the store's scatter weighs against the SKU's own."""

ASSUMED_SCATTER = 2.0
"""Variance over mean of a day's units before anything is known."""

ASSUMED_WALK, WALK_STRENGTH = 0.02, 10.0
"""Relative variance that a level gains per day ahead, to assume before the record says otherwise, and how many comparisons of two weeks
that weighs."""

WEEKS_APART = 14.0 / 3.0
"""Variance of the difference of the means of two weeks in a row, of a walk that gains 1 per day."""

LOWER, UPPER = 0.1, 0.9
"""Ends of the 80 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyForecast:
    """Units per day of the window and SKU: (w, m) each.

    Attributes:
        mean, variance: Of a day's units.
        weekdays: (7,) factors from Monday that were used.
        scatter: (m,) variance of a day over its mean at a known level.
        level, level_sd: (m,) units on a mean day, and how far that is known.
        walk: Relative variance that levels gain per day ahead.
    """

    mean: Floats
    variance: Floats
    weekdays: Floats
    scatter: Floats
    level: Floats
    level_sd: Floats
    walk: float

    @property
    def lower(self) -> Floats:
        """(w, m) lower ends of the 80 % intervals, whole."""
        return quantile(self.mean, self.variance, LOWER)

    @property
    def upper(self) -> Floats:
        """(w, m) upper ends of the 80 % intervals, whole."""
        return quantile(self.mean, self.variance, UPPER)

    def total(self) -> tuple[Floats, Floats]:
        """(m,) mean and (m,) variance of the whole window's units: days scatter apart, the level's error and walk are shared."""
        days = self.mean.shape[0]
        shared = self.mean.sum(axis=0)
        relative = np.divide(self.level_sd, self.level, out=np.zeros_like(self.level), where=self.level > 0.0)
        # the mean of a walk over n days has a third of the variance it ends with
        return shared, self.scatter * shared + shared**2 * (relative**2 + self.walk * days / 3.0)


def forecast(record: Floats, *, last_day: int, days: int, assumed_weekdays: Floats) -> DailyForecast:
    """The days after the record.

    Args:
        record: (d, m) units sold on each whole day, oldest first; no day at all is allowed.
        last_day: Ordinal of the record's last day.
        days: To look ahead, >= 1.
        assumed_weekdays: (7,) factors from Monday to assume before the record says otherwise.
    """
    past = np.arange(last_day - record.shape[0] + 1, last_day + 1)
    ahead = np.arange(last_day + 1, last_day + 1 + days)
    weekdays = weekday_factors(record, past, assumed_weekdays)
    level, level_sd, scatter = levels(record, weekdays[(past - 1) % 7])
    mean = weekdays[(ahead - 1) % 7][:, None] * level
    relative = np.divide(level_sd, level, out=np.zeros_like(level), where=level > 0.0)
    walk = _walk(record, weekdays[(past - 1) % 7], scatter)
    walked = walk * np.arange(1, days + 1)[:, None]
    return DailyForecast(
        mean=mean,
        variance=scatter * mean + mean**2 * (relative**2 + walked),
        weekdays=weekdays,
        scatter=scatter,
        level=level,
        level_sd=level_sd,
        walk=walk,
    )


def _walk(record: Floats, factors: Floats, scatter: Floats) -> float:
    """Relative variance a day by which levels of this store wander: what the weeks differ by beyond the scatter of their days.

    By moments, pooled over the products, those that sell most counting most; shrunk to ``ASSUMED_WALK``.
    """
    weeks = record.shape[0] // 7
    if weeks < 2 or record[-weeks * 7 :].sum() <= 0.0:  # noqa: PLR2004 - two weeks to compare
        return ASSUMED_WALK
    size = np.maximum(factors[-weeks * 7 :].reshape(weeks, 7).sum(axis=1), 1e-9)[:, None]
    rate = record[-weeks * 7 :].reshape(weeks, 7, -1).sum(axis=1) / size
    mean = rate.mean(axis=0)
    excess = np.diff(rate, axis=0) ** 2 - scatter * mean * (1.0 / size[1:] + 1.0 / size[:-1])
    found = max(float(excess.sum()), 0.0) / (WEEKS_APART * (weeks - 1) * float((mean**2).sum()))
    products: float = float((mean**2).sum()) ** 2 / float((mean**4).sum())
    comparisons = products * (weeks - 1)
    return float((found * comparisons + ASSUMED_WALK * WALK_STRENGTH) / (comparisons + WALK_STRENGTH))


def weekday_factors(record: Floats, days: Ints, assumed: Floats) -> Floats:
    """(7,) sales per weekday from Monday against the mean, of the whole store, shrunk to the assumed shape."""
    total = record.sum(axis=1)
    if total.sum() <= 0.0:
        return assumed
    weighed, weeks = assumed * WEEKDAY_STRENGTH, np.full(7, WEEKDAY_STRENGTH)
    np.add.at(weighed, (days - 1) % 7, total / total.mean())
    np.add.at(weeks, (days - 1) % 7, 1.0)
    factors: Floats = weighed / weeks
    factors *= 7.0 / factors.sum()
    return factors


def levels(record: Floats, factors: Floats) -> tuple[Floats, Floats, Floats]:
    """(m,) units on a mean day, its standard deviation, and the scatter of a day.

    Args:
        record: (d, m) units.
        factors: (d,) of the weekday of each day.
    """
    count, skus = record.shape
    if count == 0 or record.sum() <= 0.0:
        # nothing sold yet: less than one unit in the days seen
        none = np.full(skus, 0.5 / (count + 1.0))
        return none, none, np.full(skus, ASSUMED_SCATTER)
    weight = (1.0 - 1.0 / MEMORY_DAYS) ** np.arange(count - 1, -1, -1)
    exposure = weight * factors
    typical = float((weight[:, None] * record).sum() / (exposure.sum() * skus))
    level = (weight @ record + LEVEL_STRENGTH_DAYS * typical) / (exposure.sum() + LEVEL_STRENGTH_DAYS)
    expected = factors[:, None] * level
    variance = (weight[:, None] * (record - expected) ** 2).sum(axis=0) / weight.sum()
    # weights leave fewer days than there are, and one of them went into the level
    effective = max(weight.sum() ** 2 / (weight**2).sum(), 2.0)
    variance *= effective / (effective - 1.0)
    store = (variance.sum() + ASSUMED_SCATTER) / (level.sum() + 1.0)
    scatter = np.maximum((variance + store * SCATTER_STRENGTH) / (level + SCATTER_STRENGTH), 1.0)
    sd = np.sqrt(scatter * level * (weight**2 @ factors)) / exposure.sum()
    return level, sd, scatter


def quantile(mean: Floats, variance: Floats, probability: float) -> Floats:
    """Smallest whole count that a negative binomial of this mean and variance stays at or below with this probability."""
    shape, success = shape_of(mean, variance)
    whole: Floats = np.ceil(nbdtrik(probability, shape, success) - 1e-9)
    return np.where(mean > 0.0, np.maximum(np.nan_to_num(whole), 0.0), 0.0)


def shape_of(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Parameters n and p of the negative binomial of this mean and variance; one hardly wider than Poisson where variance <= mean."""
    excess = np.maximum(variance - mean, 1e-6 * np.maximum(mean, 1e-12))
    shape = np.clip(mean**2 / excess, 1e-3, 1e6)
    return shape, shape / (shape + mean)
