"""Whether the level of a rate has changed: exact Bayes factors over every day it could have changed on, per SKU and for the whole store.

What was seen of a rate on day d are events c_d out of m_d expected at the rate's usual level, and c_d ~ Poisson(level · m_d). A window of
days either has a level of its own, or the level of all other days. Levels are Gamma(a, a), so both marginal likelihoods are known in
closed form (Gelman et al., Bayesian Data Analysis, 2.6), and so is the Bayes factor between them, which bounds the false alarms of one
look: P(BF >= T) <= 1 / T while nothing changes (Kass & Raftery, JASA 1995; Markov's inequality). Windows that reach to the newest day are
changes that last (the one-change case of Adams & MacKay 2007); short ones that ended before it are episodes, such as a sales event.

Days scatter more than Poisson. A day of which m_d events were expected and whose luck has the coefficient of variation v weighs
1 / (1 + v² m_d), as in quasi-likelihood (McCullagh & Nelder, 9.2); v comes from neighbouring days, which a change hardly tells apart.
Young days whose reports are mostly still to come weigh less, because how much is still to come is itself only expected.

Days come first: (d, …, m), leading axes between are stores that know nothing of each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, TypeVar

import numpy as np

from perception.units import AS_SETTINGS, Bools, Floats, Ints

Array = TypeVar("Array", Floats, Ints)


class Rate(StrEnum):
    """What may change: clicks per impression, orders per click, orders a day that ads did not bring."""

    CTR = "ctr"
    CVR = "cvr"
    ORGANIC = "organic_orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTuning:
    """When a change is believed.

    Attributes:
        alarm_odds: A look at one rate of a store in which nothing changes raises a false alarm at most once in this many, > 1; looks are
            daily. Lasting changes and episodes share them half and half; all SKUs together are allowed as many as the store.
        least_ratio: Smaller changes are left to plain forgetting, > 1: prices, lags and the mix of products are corrected for by
            estimates, and what these miss must not look like a change.
        store_day_cv, sku_day_cv: Least luck of a day, as the sd of a factor on its level, >= 0.
        late_cv: The same for what is still to be reported, as a share of it, >= 0.
        level_shape: Shape of the gamma prior of levels, >= 1; also how many events the days before a change still count for, at most.
        longest_episode_days: Longest sales event or rush, >= 1: a change is believed to last only once it has outlasted that.
        silent_below: A store whose ads bring less than this share of their usual conversions has lost its tracking, not its customers:
            that is a matter of quality, and no change, [0, 1).
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    alarm_odds: float = 100.0
    least_ratio: float = 1.25
    store_day_cv: float = 0.2
    sku_day_cv: float = 0.3
    late_cv: float = 0.5
    level_shape: float = 2.0
    longest_episode_days: int = 3
    silent_below: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one rate on d days that have ended, oldest first.

    Day by day, because wide stores hold days of ten thousand figures: stacked they would be copied through memory again and again.

    Attributes:
        events: (…, m) counts >= 0 of each day.
        exposure: (…, m) what they are to be divided by, >= 0, corrected for all that is known: lag, price, stock, day of the week.
        reported: (d, …, 1) share of the events that reports should show, [0, 1].
        shape: (…, m).
    """

    events: tuple[Floats, ...]
    exposure: tuple[Floats, ...]
    reported: Floats
    shape: tuple[int, ...]

    def of(self, days: tuple[Floats, ...], places: Ints) -> Floats:
        """(d, k) figures of some series, counted row by row."""
        picked = [day.reshape(-1)[places] for day in days]
        return np.array(picked).reshape(len(days), places.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best explanation by a change, (…, 1) of stores or (…, m) of SKUs.

    Attributes:
        since, until: Day ordinals of the window, ``since <= d < until``; both ``NEVER`` where no change is believed; until is ``LASTING``
            where the window reaches to the newest day.
        ratio: Level within over level outside, > 0; 1 where no change is believed.
        evidence: Log Bayes factor, less that of all the days it could have been; 0 where no change is believed.
    """

    since: Ints
    until: Ints
    ratio: Floats
    evidence: Floats


NEVER = -1
LASTING = 10_000_000
"""A day ordinal after all others (year 27,379)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How one rate has changed, and how days of another level count now.

    Where all of a store has moved, its days at the other level still tell how its SKUs compare with each other: their exposure is brought
    to today's level, and their evidence is discounted by how well the ratio of the levels is known. Where one SKU has moved, its days
    before tell hardly anything.

    Attributes:
        store: (…, 1) changes of whole stores.
        store_keep: (…, m) weight of days at the store's other level, (0, 1].
        skus: (…, m) lasting changes of SKUs.
        sku_keep: (…, m) weight of the days before, (0, 1].
        is_quiet: Whether nothing has changed in any of the stores.
    """

    store: Found
    store_keep: Floats
    skus: Found
    sku_keep: Floats
    is_quiet: bool

    def weight(self, day: int) -> Floats | float:
        """(…, m) what the events of that day count for, (0, 1]; 1.0 where all count fully."""
        if self.is_quiet:
            return 1.0
        return np.where(_elsewhere(self.store, day), self.store_keep, 1.0) * np.where(day < self.skus.since, self.sku_keep, 1.0)

    def exposure(self, day: int) -> Floats | float:
        """(…, m) the same for the exposure, brought to today's level."""
        if self.is_quiet:
            return 1.0
        return self.weight(day) * np.where(_elsewhere(self.store, day), _other_level(self.store), 1.0)


def _elsewhere(store: Found, day: int | Ints) -> Bools:
    """Stores whose level was not today's on that day, or on those days."""
    before: Bools = (store.until == LASTING) & (day < store.since)
    within: Bools = (store.until != LASTING) & (store.since <= day) & (day < store.until)
    return before | within


def _other_level(store: Found) -> Floats:
    """The other level over today's."""
    return np.where(store.until == LASTING, 1.0 / store.ratio, store.ratio)


def nothing_found(shape: tuple[int, ...]) -> Found:
    """No change."""
    never = np.full(shape, NEVER, dtype=np.int64)
    return Found(since=never, until=never, ratio=np.ones(shape), evidence=np.zeros(shape))


def quiet(shape: tuple[int, ...]) -> Shift:
    """No change in any of the stores; ``shape`` is (…, m)."""
    store, skus, whole = nothing_found((*shape[:-1], 1)), nothing_found(shape), np.ones(shape)
    return Shift(store=store, store_keep=whole, skus=skus, sku_keep=whole, is_quiet=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """Of stores, before their SKUs are looked at one by one.

    Attributes:
        rate: (…, m) events per exposure over all days, shrunk towards the store's.
        found: (…, 1) changes of whole stores.
        silent_since: (…, 1) day from which hardly any event was seen, ``LASTING`` where that is not so.
        keep: (…, m) see ``Shift.store_keep``.
    """

    rate: Floats
    found: Found
    silent_since: Ints
    keep: Floats


def of_store(seen: Seen, *, first_day: int, tuning: ChangeTuning) -> Usual:
    """Changes that all SKUs of a store share; ``first_day`` is the ordinal of the first of the days."""
    rate = _usual_rate(seen, tuning.level_shape)
    days, one = len(seen.events), (*seen.shape[:-1], 1)
    events = np.array([_row_sum(day) for day in seen.events]).reshape(days, *one)
    expected = np.array([_row_sum(day * rate) for day in seen.exposure]).reshape(days, *one)
    windows = _windows(days, tuning.longest_episode_days, with_episodes=True)
    weight = _day_weights(events, expected, seen.reported, least_cv=tuning.store_day_cv, late_cv=tuning.late_cv)
    found, counts = _best(events * weight, expected * weight, windows, first_day, alarms=1, tuning=tuning)
    silent = (found.until == LASTING) & (found.ratio < tuning.silent_below)
    silent_since = np.where(silent, found.since, LASTING)
    found = _only(found, ~silent)
    there = _elsewhere(found, _ordinals(first_day, events))
    seen_there = _added([day * is_there for day, is_there in zip(seen.events, there, strict=True) if is_there.any()], seen.shape)
    doubt = (1.0 / counts).sum(axis=0)
    return Usual(rate=rate, found=found, silent_since=silent_since, keep=1.0 / (1.0 + seen_there * doubt))


def of_skus(seen: Seen, usual: Usual, *, first_day: int, skus: int, tuning: ChangeTuning) -> tuple[Found, Floats]:
    """Changes of single SKUs against their store, and what their days before still count for.

    Args:
        seen: (d, …, k) of some SKUs.
        usual: Of their stores; its arrays per SKU are of the same k.
        first_day: Ordinal of the first of the days.
        skus: m of the whole store: among more of them, more evidence is asked for.
        tuning: When a change is believed.
    """
    days, shape = len(seen.events), seen.shape
    # most SKUs of a store hardly ever sell, and say nothing
    telling = np.flatnonzero(_added(seen.events, shape) >= FEWEST_EVENTS)
    ordinals = _ordinals(first_day, seen.reported)
    level = np.where(_elsewhere(usual.found, ordinals), _other_level(usual.found), 1.0)
    level = np.where(ordinals >= usual.silent_since, 0.0, level)
    level = np.broadcast_to(level, (days, *shape)).reshape(days, math.prod(shape))[:, telling]
    events = np.where(level > 0.0, seen.of(seen.events, telling), 0.0)
    expected = seen.of(seen.exposure, telling) * usual.rate.reshape(-1)[telling] * level
    reported = np.broadcast_to(seen.reported, (days, *shape)).reshape(days, math.prod(shape))[:, telling]
    weight = _day_weights(events, expected, reported, least_cv=tuning.sku_day_cv, late_cv=tuning.late_cv)
    windows = _windows(days, tuning.longest_episode_days, with_episodes=False)
    weighed = events * weight, expected * weight
    worth_it = np.flatnonzero(_may_have_changed(*weighed, windows, alarms=skus, tuning=tuning))
    telling, events, expected = telling[worth_it], events[:, worth_it], expected[:, worth_it]
    best, _ = _best(weighed[0][:, worth_it], weighed[1][:, worth_it], windows, first_day, alarms=skus, tuning=tuning)
    # days on which nothing sold tell as much as those on which much did
    before = np.where(_ordinals(first_day, events) < best.since, np.maximum(events, expected), 0.0).sum(axis=0)
    never = nothing_found(shape)
    found = Found(
        since=_placed(never.since, telling, best.since),
        until=_placed(never.until, telling, best.until),
        ratio=_placed(never.ratio, telling, best.ratio),
        evidence=_placed(never.evidence, telling, best.evidence),
    )
    return found, _placed(np.ones(shape), telling, np.minimum(1.0, tuning.level_shape / np.maximum(before, tuning.level_shape)))


def _placed(whole: Array, places: Ints, values: Array) -> Array:
    """A copy with these values at these places, counted row by row."""
    renewed = whole.copy()
    renewed.reshape(-1)[places] = values
    return renewed


FEWEST_EVENTS = 5.0
"""A SKU with fewer events cannot have changed beyond doubt."""


def shift_of(usual: Usual, skus: Found, sku_keep: Floats) -> Shift:
    """Both levels together."""
    return Shift(
        store=usual.found,
        store_keep=usual.keep,
        skus=skus,
        sku_keep=sku_keep,
        is_quiet=bool((usual.found.since == NEVER).all() and (skus.since == NEVER).all()),
    )


def _ordinals(first_day: int, days: Floats) -> Ints:
    """(d, 1, …) ordinals that broadcast with the days."""
    return first_day + np.arange(days.shape[0]).reshape(-1, *[1] * (days.ndim - 1))


def _row_sum(day: Floats) -> Floats:
    """(…, 1) the same in any batch: in which order numpy adds up depends on the memory layout."""
    total: Floats = np.ascontiguousarray(day).sum(axis=-1, keepdims=True)
    return total


def _added(days: Sequence[Floats], shape: tuple[int, ...]) -> Floats:
    """The sum of the days."""
    total = np.zeros(shape)
    for day in days:
        total += day
    return total


def _usual_rate(seen: Seen, strength: float) -> Floats:
    """(…, m) events per exposure of each SKU, beside ``strength`` imagined events at the store's rate; 0 where the store has none."""
    events, exposure = _added(seen.events, seen.shape), _added(seen.exposure, seen.shape)
    total, trials = events.sum(axis=-1, keepdims=True), exposure.sum(axis=-1, keepdims=True)
    known = (total > 0.0) & (trials > 0.0)
    store = np.divide(total, trials, out=np.ones_like(total), where=known)
    return np.where(known, (strength + events) / (strength / store + exposure), 0.0)


def _day_weights(events: Floats, expected: Floats, reported: Floats, *, least_cv: float, late_cv: float) -> Floats:
    """1 / (1 + v² m) of every day.

    v² is the scatter of neighbouring days beyond Poisson, (r_d − r_{d−1})² / 2 less what counts alone explain, each pair weighed by how
    well it tells, at least ``least_cv``².
    """
    counted = np.where(expected > 0.0, 1.0 / np.maximum(expected, _TINY), np.inf)
    share = np.divide(events, expected, out=np.zeros_like(events), where=expected > 0.0)
    noise = counted[1:] + counted[:-1]
    told = 1.0 / (noise + 2.0 * least_cv**2) ** 2
    excess = np.where(np.isfinite(noise), (np.diff(share, axis=0) ** 2 - noise) / 2.0, 0.0)
    total = told.sum(axis=0)
    scatter = np.divide((told * excess).sum(axis=0), total, out=np.zeros_like(total), where=total > 0.0)
    late = late_cv * (1.0 - reported)
    weights: Floats = 1.0 / (1.0 + (np.maximum(scatter, least_cv**2) + late**2) * expected)
    return weights


_TINY = 1e-12


def _best(
    events: Floats, expected: Floats, windows: tuple[Ints, Ints, Ints], first_day: int, *, alarms: int, tuning: ChangeTuning
) -> tuple[Found, Floats]:
    """The window that explains the weighed days best, where it does beyond doubt; and (2, …) a + events within it and outside."""
    begins, ends, alternatives = windows
    shape = events.shape[1:]
    if begins.size == 0 or 0 in shape:
        return nothing_found(shape), np.full((2, *shape), tuning.level_shape)
    a = tuning.level_shape
    counts, means = _summed(events), _summed(expected)
    within, meant = counts[ends] - counts[begins], means[ends] - means[begins]
    total, whole = counts[-1], means[-1]
    # differences of sums may fall below 0 by rounding
    within, meant = np.clip(within, 0.0, total), np.clip(meant, 0.0, whole)
    factors = _marginal(a + within, a + meant) + _marginal(a + total - within, a + whole - meant)
    factors -= np.log(alternatives).reshape(-1, *[1] * len(shape))
    best = factors.argmax(axis=0)
    picked = best[None]
    evidence = np.take_along_axis(factors, picked, axis=0)[0] - _marginal(a + total, a + whole) - _marginal(np.array(a), np.array(a))
    inside = a + np.take_along_axis(within, picked, axis=0)[0]
    outside = a + total - (inside - a)
    meant_inside = a + np.take_along_axis(meant, picked, axis=0)[0]
    ratio = inside / meant_inside / (outside / (2.0 * a + whole - meant_inside))
    lasts = ends[best] == events.shape[0]
    may_be_over_soon = lasts & (events.shape[0] - begins[best] <= tuning.longest_episode_days)
    believed = ~may_be_over_soon & (evidence > np.log(tuning.alarm_odds * alarms)) & (np.abs(np.log(ratio)) > np.log(tuning.least_ratio))
    until = np.where(lasts, LASTING, first_day + ends[best])
    found = Found(since=first_day + begins[best], until=until, ratio=ratio, evidence=evidence)
    return _only(found, believed), np.stack([inside, outside])


def _may_have_changed(events: Floats, expected: Floats, windows: tuple[Ints, Ints, Ints], *, alarms: int, tuning: ChangeTuning) -> Bools:
    """(k,) series whose evidence may suffice, by a bound that needs no logarithm: of stationary ones hardly any passes.

    The likelihood ratio of a split is at most Pearson's X², because log x <= x − 1; a Bayes factor exceeds it by no more than what its
    single level loses by not being known beforehand, log √(1 + events ÷ a) (Laplace), allowed for with 2 to spare.
    """
    begins, ends, alternatives = windows
    if begins.size == 0:
        return np.zeros(events.shape[1:], dtype=np.bool_)
    counts, means = _summed(events), _summed(expected)
    total, whole = counts[-1], means[-1]
    meant = (means[ends] - means[begins]) * np.divide(total, whole, out=np.zeros_like(total), where=whole > 0.0)
    rest = total - meant
    surprise = (counts[ends] - counts[begins] - meant) ** 2
    pearson = np.divide(surprise * total, meant * rest, out=np.where(surprise > 0.0, np.inf, 0.0), where=(meant > 0.0) & (rest > 0.0))
    spare = 2.0 + 0.5 * np.log1p(total / tuning.level_shape)
    may: Bools = (pearson - np.log(alternatives)[:, None]).max(axis=0) + spare > np.log(tuning.alarm_odds * alarms)
    return may


def _only(found: Found, believed: Bools) -> Found:
    """The changes that are believed."""
    return Found(
        since=np.where(believed, found.since, NEVER),
        until=np.where(believed, found.until, NEVER),
        ratio=np.where(believed, found.ratio, 1.0),
        evidence=np.where(believed, found.evidence, 0.0),
    )


def _summed(days: Floats) -> Floats:
    """(d + 1, …) sums of the days before each."""
    return np.concatenate([np.zeros((1, *days.shape[1:])), np.cumsum(days, axis=0)])


def _marginal(shape: Floats, rate: Floats) -> Floats:
    """Log of ∫ λ^(shape − 1) e^(−rate · λ) dλ = log Γ(shape) − shape · log rate, shape >= 1, by Stirling's series to 1e-3 / shape^5."""
    inverse = 1.0 / shape
    series = inverse * (1.0 / 12.0 - inverse * inverse / 360.0)
    return (shape - 0.5) * np.log(shape) - shape + _HALF_LOG_2PI + series - shape * np.log(rate)


_HALF_LOG_2PI = 0.5 * float(np.log(2.0 * np.pi))


@lru_cache(maxsize=64)
def _windows(days: int, longest_episode: int, *, with_episodes: bool) -> tuple[Ints, Ints, Ints]:
    """(w,) beginnings and ends of windows, and among how many each is one: those that reach to the newest day, and short ones before."""
    lasting = [(begin, days) for begin in range(1, days)]
    lengths = range(1, longest_episode + 1) if with_episodes else ()
    episodes = [(begin, begin + length) for length in lengths for begin in range(1, days - length)]
    kinds, pairs = 2 if with_episodes else 1, np.array(lasting + episodes, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], np.repeat([kinds * len(lasting), kinds * len(episodes)], [len(lasting), len(episodes)])
