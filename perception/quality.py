"""Which figures are believed: every row that is not is dropped with the name of the check it failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from perception.history import (
    NO_VERSION,
    History,
    at_skus,
    cells_of,
    columns_of,
    newest_per_cell,
    places_by_day,
    take,
    yardstick,
)
from perception.observation import COLUMNS, MetricRows, Signal
from perception.state import Rejection
from perception.units import AS_SETTINGS, SECONDS_PER_DAY, Bools, Floats, Ints


class Reason(StrEnum):
    """Names of the checks, in the order they are made: the first that fails names the rejection."""

    UNKNOWN_SKU = "unknown_sku"
    NON_FINITE = "non_finite"
    NEGATIVE = "negative"
    IMPOSSIBLE = "impossible"
    FUTURE = "future"
    STALE = "stale"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    UNIT_JUMP = "unit_jump"


UNSOUND = frozenset({Reason.NON_FINITE, Reason.NEGATIVE, Reason.IMPOSSIBLE, Reason.CONFLICT, Reason.UNIT_JUMP})
"""Reasons that cast doubt on the SKU itself; the others only say that a row brings nothing new."""

WHOLE_COLUMNS = frozenset({"impressions", "clicks", "orders", "units", "on_hand"})
"""Counts that come in ones. Conversions do not: data-driven attribution splits them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """What is still believed.

    Attributes:
        future_tolerance_s: How far ahead of our clock a platform's clock may run, >= 0.
        stale_after_s: Rows last refreshed longer ago than this are history the window no longer needs.
        jump_ratio: A count of a day, or an amount per event, this many times the largest of the SKU's earlier days changed its unit
            (cents sent as units, or the reverse, are x100), > 1.
        jump_min_reference: That largest earlier count must be at least this for the comparison to mean anything; amounts per event
            hardly vary, one cent is enough.
        jump_min_stock: The same for stock, which is refilled in lots: the first delivery after a lean month is no fault.
        max_listed: More rejections than this of one reason on one day are listed as one, with SKU -1.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    future_tolerance_s: float = 300.0
    stale_after_s: float = 35.0 * SECONDS_PER_DAY
    jump_ratio: float = 50.0
    jump_min_reference: float = 5.0
    jump_min_stock: float = 100.0
    max_listed: int = 50


def accept(rows: MetricRows, *, history: History, now_s: float, limits: QualityLimits) -> tuple[MetricRows, tuple[Rejection, ...]]:
    """Split rows into those believed and the reasons against the rest.

    Args:
        rows: As they came; may hold anything.
        history: What is held already, its window ending today.
        now_s: UTC epoch seconds of the tick.
        limits: What is still believed.

    Returns:
        The believed rows, in their order, and the rejections.
    """
    verdicts = judge(rows, history=history, now_s=now_s, limits=limits)
    return believed(rows, verdicts), rejections(rows, verdicts, limits=limits)


def judge(rows: MetricRows, *, history: History, now_s: float, limits: QualityLimits) -> Ints:
    """(n,) 0 for a believed row, else 1 + the index of its ``Reason``."""
    verdicts = np.zeros(rows.sku.size, dtype=np.int64)
    if rows.sku.size == 0:
        return verdicts
    with np.errstate(invalid="ignore"):
        _mark(verdicts, _figure_checks(rows, history), first=1)
        _mark(verdicts, _time_checks(rows, history, now_s, limits), first=1 + _FIGURE_CHECKS)
        first = 1 + _FIGURE_CHECKS + _TIME_CHECKS
        if not verdicts.any():
            _mark(verdicts, _memory_checks(rows, history, limits), first=first)
            return verdicts
        sound = np.flatnonzero(verdicts == 0)
        among_sound = np.zeros(sound.size, dtype=np.int64)
        _mark(among_sound, _memory_checks(take(rows, sound), history, limits), first=first)
    verdicts[sound] = among_sound
    return verdicts


def believed(rows: MetricRows, verdicts: Ints) -> MetricRows:
    """The rows that passed every check."""
    return rows if not verdicts.any() else take(rows, verdicts == 0)


def suspects(rows: MetricRows, verdicts: Ints, sku_count: int) -> Bools:
    """(m,) SKUs with an unsound figure among these rows."""
    marked = np.zeros(sku_count, dtype=np.bool_)
    if verdicts.any():
        unsound = [code for code, reason in enumerate(Reason, start=1) if reason in UNSOUND]
        marked[rows.sku[np.isin(verdicts, unsound)]] = True
    return marked


def rejections(rows: MetricRows, verdicts: Ints, *, limits: QualityLimits) -> tuple[Rejection, ...]:
    """One entry per rejected row; many of one reason on one day become a single entry with SKU -1 and their newest version."""
    listed: list[Rejection] = []
    if not verdicts.any():
        return ()
    for code, reason in enumerate(Reason, start=1):
        hit = np.flatnonzero(verdicts == code)
        for day in np.unique(rows.day[hit]) if hit.size else ():
            same_day = hit[rows.day[hit] == day]
            if same_day.size > limits.max_listed:
                newest = int(rows.version[same_day].max())
                listed.append(_rejection(rows.signal, -1, int(day), newest, reason, count=same_day.size))
            else:
                listed += [_rejection(rows.signal, int(rows.sku[i]), int(day), int(rows.version[i]), reason) for i in same_day]
    return tuple(listed)


def _rejection(signal: Signal, sku: int, day: int, version: int, reason: Reason, *, count: int = 1) -> Rejection:
    return Rejection(signal=signal, sku=sku, day=day, version=version, reason=reason.value, count=count)


_FIGURE_CHECKS = 4
_TIME_CHECKS = 2


def _mark(verdicts: Ints, checks: Iterator[Bools], *, first: int) -> None:
    """Number the rows that fail, each by the first check it fails."""
    for code, failed in enumerate(checks, start=first):
        if failed.any():
            verdicts[failed & (verdicts == 0)] = code


def _figure_checks(rows: MetricRows, history: History) -> Iterator[Bools]:
    """What a row says about itself, in the order of ``Reason``."""
    figures = columns_of(rows)
    yield (rows.sku < 0) | (rows.sku >= history.sku_count)
    yield ~np.isfinite(figures).all(axis=0) | ~np.isfinite(rows.observed_at_s)
    yield (figures < 0.0).any(axis=0) | (rows.version < 0)
    yield _impossible(rows.signal, figures)


def _time_checks(rows: MetricRows, history: History, now_s: float, limits: QualityLimits) -> Iterator[Bools]:
    """Whether a row is of our time."""
    yield (rows.observed_at_s > now_s + limits.future_tolerance_s) | (rows.day > history.today)
    oldest = history.today - history.window_days + 1
    yield (rows.observed_at_s < now_s - limits.stale_after_s) | (rows.day < oldest)


def _memory_checks(rows: MetricRows, history: History, limits: QualityLimits) -> Iterator[Bools]:
    """How rows that are sound in themselves stand to what is held, and to each other."""
    version, observed_at_s, values = _held(rows, history)
    figures = columns_of(rows)
    yield (rows.version < version) | ~newest_per_cell(rows, history.sku_count)
    equal = (figures == values).all(axis=0)
    same_version = rows.version == version
    yield same_version & equal & (rows.observed_at_s <= observed_at_s)
    yield same_version & ~equal
    yield _unit_jump(rows, figures, values, history, limits)


def _impossible(signal: Signal, figures: Floats) -> Bools:
    """(n,) whether (k, n) figures can be none of that signal."""
    columns = COLUMNS[signal]
    failed = np.zeros(figures.shape[1], dtype=np.bool_)
    for index, name in enumerate(columns):
        if name in WHOLE_COLUMNS:
            failed |= figures[index] != np.floor(figures[index])
    if signal is Signal.ADS:
        failed |= figures[columns.index("clicks")] > figures[columns.index("impressions")]
    return failed


def _held(rows: MetricRows, history: History) -> tuple[Ints, Floats, Floats]:
    """(n,) version, (n,) refresh and (k, n) figures held for the cell of each row."""
    days = places_by_day(rows.day)
    if len(days) == 1:
        cells = cells_of(history, rows.signal, days[0][0])
        if cells is not None:
            return at_skus(cells.version, rows.sku), at_skus(cells.observed_at_s, rows.sku), at_skus(cells.values, rows.sku)
    version = np.full(rows.sku.size, NO_VERSION, dtype=np.int64)
    observed_at_s = np.zeros(rows.sku.size)
    values = np.zeros((rows.values.shape[1], rows.sku.size))
    for ordinal, where in days:
        cells = cells_of(history, rows.signal, ordinal)
        if cells is not None:
            sku = rows.sku[where]
            version[where] = at_skus(cells.version, sku)
            observed_at_s[where] = at_skus(cells.observed_at_s, sku)
            values[:, where] = at_skus(cells.values, sku)
    return version, observed_at_s, values


def _unit_jump(rows: MetricRows, figures: Floats, held: Floats, history: History, limits: QualityLimits) -> Bools:
    """Up against the SKU's own earlier days; down against the same cell, where figures add up over the day (stock may run out in one)."""
    peak = history.peak.get(rows.signal)
    reference = None if peak is None else at_skus(peak, rows.sku)
    jumped = np.zeros(rows.sku.size, dtype=np.bool_)
    for index, name in enumerate(COLUMNS[rows.signal]):
        size, least = yardstick(rows.signal, figures, index), _least_reference(name, limits)
        if rows.signal is not Signal.STOCK:
            before = yardstick(rows.signal, held, index)
            jumped |= (before >= limits.jump_ratio * least) & (size > 0.0) & (size * limits.jump_ratio <= before)
        if reference is not None:
            jumped |= (reference[index] >= least) & (size >= limits.jump_ratio * reference[index])
    return jumped


def _least_reference(column: str, limits: QualityLimits) -> float:
    """The smallest earlier figure from which a jump can be told."""
    if column == "on_hand":
        return limits.jump_min_stock
    return 1.0 if column.endswith("_cents") else limits.jump_min_reference
