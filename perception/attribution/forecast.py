"""What was to be expected: each leaf (one element of every dimension) by its own past at the same times of day and the store's weekdays.

A forecast is additive: what is expected of a region is the sum over its leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.attribution.facts import HOURS_PER_DAY, Facts, Window
from perception.units import Floats, Ints

MOST_DAYS = 56
"""Days before the change that are looked at: eight weeks know each weekday well, and older ones are another season."""

_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """The facts by leaf; the time of day is part of the leaf.

    Attributes:
        codes: (k, l) element of each leaf by dimension.
        time: (l,) hour of the day; 0 where facts do not tell.
        leaf: (n,) leaf of each fact, facts in the order of time. ``hour``, ``value``, ``base``: (n,) as in the facts.
    """

    codes: Ints
    time: Ints
    leaf: Ints
    hour: Ints
    value: Floats
    base: Floats | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The hours that tell what is usual, and the sums over them by leaf, (l,)."""

    window: Window
    value: Floats
    base: Floats | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What happened in a window by leaf, (l,), and what was to be expected.

    Attributes:
        actual, expected: Of the figure. For a rate: expected of the window's own base at the past's rates.
        least: What half an event in the past would have led to expect: no region is expected to be emptier.
        mix: For a rate, what its total would have changed by the mix of leaves alone, in units of the figure; 0 otherwise.
    """

    actual: Floats
    expected: Floats
    least: float
    mix: float


def leaves_of(facts: Facts) -> Leaves:
    """Group facts of the same elements and time of day."""
    time = facts.hour % HOURS_PER_DAY
    key = time.copy()
    for row, names in zip(facts.codes, facts.elements, strict=True):
        key = key * len(names) + row
    _, first, leaf = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(facts.hour, kind="stable")
    return Leaves(
        codes=facts.codes[:, first],
        time=time[first],
        leaf=leaf.astype(np.int64)[order],
        hour=facts.hour[order],
        value=facts.value[order],
        base=None if facts.base is None else facts.base[order],
    )


def past_of(leaves: Leaves, window: Window) -> Past:
    """Add up the past, once for all windows."""
    return Past(
        window=window,
        value=_by_leaf(leaves, leaves.value, window),
        base=None if leaves.base is None else _by_leaf(leaves, leaves.base, window),
    )


def _by_leaf(leaves: Leaves, figures: Floats, window: Window) -> Floats:
    """(l,) sums over a window."""
    begins, ends = np.searchsorted(leaves.hour, (window.begins, max(window.ends, window.begins)))
    sums = np.bincount(leaves.leaf[begins:ends], weights=figures[begins:ends], minlength=leaves.time.size)
    return sums.astype(np.float64)


def compare(leaves: Leaves, window: Window, before: Past) -> Compared:
    """Set the window against the rest of the past.

    Args:
        leaves: The facts.
        window: What to explain; may lie within the past, which then counts without it.
        before: What tells what is usual.
    """
    past, within = before.window, _common(window, before.window)
    positive = leaves.value[leaves.value > 0.0]
    least = 0.5 * (float(np.quantile(positive, 0.25)) if positive.size else 1.0) * window.hours / max(past.hours - within.hours, 1)
    actual = _by_leaf(leaves, leaves.value, window)
    value_then = np.maximum(before.value - _by_leaf(leaves, leaves.value, within), 0.0)
    if leaves.base is None or before.base is None:
        weekday = _weekday_factors(leaves, past, window)
        ahead, behind = _exposure(window, weekday), np.maximum(_exposure(past, weekday) - _exposure(within, weekday), 0.0)
        scale = np.divide(ahead, behind, out=np.zeros(HOURS_PER_DAY), where=behind > 0.0)
        return Compared(actual=actual, expected=value_then * scale[leaves.time], least=least, mix=0.0)
    base_now, base_then = _by_leaf(leaves, leaves.base, window), before.base - _by_leaf(leaves, leaves.base, within)
    expected = base_now * _rates(leaves, value_then, base_then)
    usual = base_now.sum() * value_then.sum() / max(base_then.sum(), 1e-12)
    return Compared(actual=actual, expected=expected, least=least, mix=float(expected.sum() - usual))


def _rates(leaves: Leaves, value: Floats, base: Floats) -> Floats:
    """(l,) past rate of each leaf, shrunk towards the product of its elements' rates: most leaves alone know too little."""
    total = value.sum() / max(base.sum(), 1e-12)
    model = np.full(value.size, total)
    for row in leaves.codes:
        values, bases = np.bincount(row, weights=value), np.bincount(row, weights=base)
        weight = bases.sum() / max(bases.size, 1) * 0.1
        rate = (values + weight * total) / np.maximum(bases + weight, 1e-12)
        model *= (rate / max(total, 1e-12))[row]
    model *= value.sum() / max((model * base).sum(), 1e-12)
    # the weight of about ten events
    weight = 10.0 / max(total, 1e-12)
    return np.asarray((value + weight * model) / (base + weight), dtype=np.float64)


def _weekday_factors(leaves: Leaves, past: Window, window: Window) -> Floats:
    """(7,) activity by day modulo 7 against the mean, shrunk as far as days of one weekday differ; ones below two weeks."""
    first, last = -(-past.begins // HOURS_PER_DAY), past.ends // HOURS_PER_DAY
    days = np.arange(first, last)
    days = days[(days * HOURS_PER_DAY + HOURS_PER_DAY <= window.begins) | (days * HOURS_PER_DAY >= window.ends)]
    if days.size < 2 * _WEEK:
        return np.ones(_WEEK)
    begins, ends = np.searchsorted(leaves.hour, (first * HOURS_PER_DAY, last * HOURS_PER_DAY))
    by_day = np.bincount(leaves.hour[begins:ends] // HOURS_PER_DAY - first, weights=leaves.value[begins:ends], minlength=last - first)
    totals = by_day[days - first]
    weekday = days % _WEEK
    counts = np.bincount(weekday, minlength=_WEEK)
    means = np.bincount(weekday, weights=totals, minlength=_WEEK) / np.maximum(counts, 1)
    mean = totals.mean()
    if mean <= 0.0 or (counts == 0).any():
        return np.ones(_WEEK)
    within = ((totals - means[weekday]) ** 2).sum() / max(days.size - _WEEK, 1)
    between = means.var(ddof=1)
    kept = max(1.0 - within / counts.mean() / max(between, 1e-12), 0.0)
    factors: Floats = np.maximum(1.0 + kept * (means / mean - 1.0), 0.01)
    return factors


def _exposure(window: Window, weekday: Floats) -> Floats:
    """(24,) how often each time of day lies in a window, weighed by weekday."""
    hours = np.arange(window.begins, window.ends)
    return np.bincount(hours % HOURS_PER_DAY, weights=weekday[hours // HOURS_PER_DAY % _WEEK], minlength=HOURS_PER_DAY).astype(np.float64)


def _common(window: Window, past: Window) -> Window:
    begins = max(window.begins, past.begins)
    return Window(begins=begins, ends=max(min(window.ends, past.ends), begins))
