"""Which figures are believed: every row that is not is dropped with the name of the check it failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from perception.history import NO_VERSION, History, cells_of, days_present, newest_per_cell, take, yardsticks
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
        sound = np.flatnonzero(verdicts == 0)
        among_sound = np.zeros(sound.size, dtype=np.int64)
        _mark(among_sound, _memory_checks(take(rows, sound), history, limits), first=1 + _FIGURE_CHECKS + _TIME_CHECKS)
    verdicts[sound] = among_sound
    return verdicts


def believed(rows: MetricRows, verdicts: Ints) -> MetricRows:
    """The rows that passed every check."""
    return rows if not verdicts.any() else take(rows, verdicts == 0)


def suspects(rows: MetricRows, verdicts: Ints, sku_count: int) -> Bools:
    """(m,) SKUs with an unsound figure among these rows."""
    unsound = [code for code, reason in enumerate(Reason, start=1) if reason in UNSOUND]
    marked = np.zeros(sku_count, dtype=np.bool_)
    marked[rows.sku[np.isin(verdicts, unsound)]] = True
    return marked


def rejections(rows: MetricRows, verdicts: Ints, *, limits: QualityLimits) -> tuple[Rejection, ...]:
    """One entry per rejected row; many of one reason on one day become a single entry with SKU -1 and their newest version."""
    listed: list[Rejection] = []
    for code, reason in enumerate(Reason, start=1):
        hit = np.flatnonzero(verdicts == code)
        for day in np.unique(rows.day[hit]) if hit.size else ():
            same_day = hit[rows.day[hit] == day]
            if same_day.size > limits.max_listed:
                listed.append(_rejection(rows.signal, -1, int(day), int(rows.version[same_day].max()), reason))
            else:
                listed += [_rejection(rows.signal, int(rows.sku[i]), int(day), int(rows.version[i]), reason) for i in same_day]
    return tuple(listed)


def _rejection(signal: Signal, sku: int, day: int, version: int, reason: Reason) -> Rejection:
    return Rejection(signal=signal, sku=sku, day=day, version=version, reason=reason.value)


_FIGURE_CHECKS = 4
_TIME_CHECKS = 2


def _mark(verdicts: Ints, checks: Iterator[Bools], *, first: int) -> None:
    """Number the rows that fail, each by the first check it fails."""
    for code, failed in enumerate(checks, start=first):
        verdicts[failed & (verdicts == 0)] = code


def _figure_checks(rows: MetricRows, history: History) -> Iterator[Bools]:
    """What a row says about itself, in the order of ``Reason``."""
    yield (rows.sku < 0) | (rows.sku >= history.sku_count)
    yield ~np.isfinite(rows.values).all(axis=1) | ~np.isfinite(rows.observed_at_s)
    yield (rows.values < 0.0).any(axis=1) | (rows.version < 0)
    yield _impossible(rows)


def _time_checks(rows: MetricRows, history: History, now_s: float, limits: QualityLimits) -> Iterator[Bools]:
    """Whether a row is of our time."""
    yield (rows.observed_at_s > now_s + limits.future_tolerance_s) | (rows.day > history.today)
    oldest = history.today - history.window_days + 1
    yield (rows.observed_at_s < now_s - limits.stale_after_s) | (rows.day < oldest)


def _memory_checks(rows: MetricRows, history: History, limits: QualityLimits) -> Iterator[Bools]:
    """How rows that are sound in themselves stand to what is held, and to each other."""
    version, observed_at_s, values = _held(rows, history)
    yield (rows.version < version) | ~newest_per_cell(rows, history.sku_count)
    equal = (rows.values == values).all(axis=1)
    same_version = rows.version == version
    yield same_version & equal & (rows.observed_at_s <= observed_at_s)
    yield same_version & ~equal
    yield _unit_jump(rows, values, history, limits)


def _impossible(rows: MetricRows) -> Bools:
    columns = COLUMNS[rows.signal]
    whole = [index for index, name in enumerate(columns) if name in WHOLE_COLUMNS]
    counts = rows.values[:, whole]
    failed: Bools = (counts != np.floor(counts)).any(axis=1)
    if rows.signal is Signal.ADS:
        failed |= rows.values[:, columns.index("clicks")] > rows.values[:, columns.index("impressions")]
    return failed


def _held(rows: MetricRows, history: History) -> tuple[Ints, Floats, Floats]:
    """Version, refresh and figures held for the cell of each row."""
    version = np.full(rows.sku.size, NO_VERSION, dtype=np.int64)
    observed_at_s = np.zeros(rows.sku.size)
    values = np.zeros_like(rows.values)
    for ordinal in days_present(rows.day):
        cells = cells_of(history, rows.signal, ordinal)
        if cells is not None:
            chosen = np.flatnonzero(rows.day == ordinal)
            sku = rows.sku[chosen]
            version[chosen] = cells.version[sku]
            observed_at_s[chosen] = cells.observed_at_s[sku]
            values[chosen] = cells.values[:, sku].T
    return version, observed_at_s, values


def _unit_jump(rows: MetricRows, held: Floats, history: History, limits: QualityLimits) -> Bools:
    """Up against the SKU's own earlier days; down against the same cell, where figures add up over the day (stock may run out in one)."""
    sizes, before = yardsticks(rows.signal, rows.values.T), yardsticks(rows.signal, held.T)
    least = np.array([_least_reference(name, limits) for name in COLUMNS[rows.signal]])[:, None]
    jumped = np.zeros(sizes.shape, dtype=np.bool_)
    if rows.signal is not Signal.STOCK:
        jumped |= (before >= limits.jump_ratio * least) & (sizes > 0.0) & (sizes * limits.jump_ratio <= before)
    peak = history.peak.get(rows.signal)
    if peak is not None:
        reference = peak[:, rows.sku]
        jumped |= (reference >= least) & (sizes >= limits.jump_ratio * reference)
    return np.asarray(jumped.any(axis=0))


def _least_reference(column: str, limits: QualityLimits) -> float:
    """The smallest earlier figure from which a jump can be told."""
    if column == "on_hand":
        return limits.jump_min_stock
    return 1.0 if column.endswith("_cents") else limits.jump_min_reference
