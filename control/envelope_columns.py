"""The gate over the many wishes of one store: the rules of ``control.envelope`` line by line, over columns, with their reasons.

A store of ten thousand products may wish for as many changes in one tick; the scalar gate takes a fifth of a second for those. It stays
the reference: a property test holds the two equal in outcome, value and reasons, and ``control.presenting`` has it judge a sample of the
wishes of every tick again. Bids and prices only: budgets depend on each other, and are few.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from control.batches import ADMITTED, DENIED, LIMITED, NEUTRAL
from control.limits import Limits
from control.mode import AUTHORITY, Authority
from control.standing import Reason, Standing
from perception.fields import Field
from perception.units import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingColumns:
    """What the gate must know of k entities of one field, (k,) each, as in ``Standing``; NaN stands for None.

    Attributes:
        common: What is the same for all of them; its figures of a single entity are not looked at. ``writes_last_hour`` is that before
            the first of them.
        last, acknowledged, overridden, unresolved, suspect: See ``Standing``.
        changed_age_s, day_anchor, unit_cost_cents, map_cents, price_low_cents, price_high_cents: Of prices.
    """

    common: Standing
    last: Floats
    acknowledged: Floats
    overridden: Bools
    unresolved: Bools
    suspect: Bools
    changed_age_s: Floats
    day_anchor: Floats
    unit_cost_cents: Floats
    map_cents: Floats
    price_low_cents: Floats
    price_high_cents: Floats

    def some(self, chosen: Bools | Ints) -> StandingColumns:
        """Those of some of the entities, by mask or by index."""
        columns = {name: getattr(self, name)[chosen] for name in self.__slots__ if name != "common"}
        return replace(self, **columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictColumns:
    """The gate's answers, (k,) each.

    Attributes:
        outcomes: Index into ``batches.OUTCOMES``.
        values: The set-point that may stand; -1 where what stands is unknown.
        reasons: Index into ``reason_sets``.
        reason_sets: Names of reasons that came together, in the order of the envelope; the empty set first.
        writes_before: Writes of the hour when each was judged.
    """

    outcomes: Ints
    values: Ints
    reasons: Ints
    reason_sets: tuple[tuple[str, ...], ...]
    writes_before: Ints


def judge_columns(field: Field, wishes: Floats, *, currency: str, standing: StandingColumns, limits: Limits) -> VerdictColumns:
    """Judge the wishes of one field one after the other: each that passes counts among the writes of those behind it. Pure.

    Args:
        field: BID or PRICE.
        wishes: (k,) as wished; may hold anything a faulty law can produce.
        currency: Of every wish.
        standing: The circumstances.
        limits: The envelope.
    """
    unknown = ~(standing.last >= 0.0)
    flaws = _flaws(wishes, currency, limits)
    target = np.rint(wishes) if field is Field.PRICE else np.floor(wishes)
    marks = np.where(unknown, _BIT[Reason.LAST_UNKNOWN], flaws)
    outcomes = np.where(marks != 0, DENIED, NEUTRAL)
    values = np.where(unknown, -1.0, standing.last)
    by_writes = np.zeros(wishes.size, dtype=np.bool_)
    for way, moves in ((1, target > standing.last), (-1, target < standing.last)):
        rows = np.flatnonzero(moves & (marks == 0))
        if rows.size:
            outcomes[rows], values[rows], marks[rows] = _judged(_Moves(field, way, target[rows], standing.some(rows), limits))
            by_writes[rows] = Reason.WRITE_BUDGET in _BARS[field, way]
    before = standing.common.writes_last_hour + _passed_before(outcomes)
    late = by_writes & (before >= limits.max_writes_per_hour)
    if late.any():
        # a count that has reached the limit never falls below it again, so the count without this bar tells who comes too late
        outcomes[late], values[late] = DENIED, standing.last[late]
        marks[late] = (marks[late] & _ANY_BAR) | _BIT[Reason.WRITE_BUDGET]
        before = standing.common.writes_last_hour + _passed_before(outcomes)
    reasons, reason_sets = _named(field, marks)
    return VerdictColumns(outcomes=outcomes, values=values.astype(np.int64), reasons=reasons, reason_sets=reason_sets, writes_before=before)


@dataclass(frozen=True, slots=True)
class _Moves:
    """Changes of one field in one direction: 1 up, -1 down."""

    field: Field
    way: int
    target: Floats
    standing: StandingColumns
    limits: Limits

    @property
    def authority(self) -> Authority:
        return AUTHORITY.get(self.standing.common.mode, Authority.NONE)

    @property
    def share(self) -> float:
        """Which share of every step and every cap the mode leaves."""
        return self.limits.transition_share if self.authority is Authority.QUARTER else 1.0

    def step(self, anchor: Floats, ratio: float) -> Floats:
        stepped: Floats = np.floor(anchor * ratio * self.share)
        return stepped


def _judged(move: _Moves) -> tuple[Ints, Floats, Ints]:
    """(outcomes, values, marks) of moves in one direction, the writes of the hour apart."""
    last, target = move.standing.last, move.target
    bars = np.zeros(last.size, dtype=np.int64)
    for reason, is_barred in _BARS[move.field, move.way].items():
        bars |= np.where(is_barred(move), _BIT[reason], 0)
    nearer = np.minimum if move.way > 0 else np.maximum
    broken, value = np.zeros(last.size, dtype=np.int64), target
    for reason, bound_of in _BOUNDS[move.field, move.way].items():
        bound = bound_of(move)
        broken |= np.where(nearer(bound, target) != target, _BIT[reason], 0)
        value = nearer(value, bound)
    denied = (bars != 0) | ((broken != 0) & (nearer(value, last) == value))
    outcomes = np.where(denied, DENIED, np.where(broken != 0, LIMITED, ADMITTED))
    return outcomes, np.where(denied, last, value), np.where(bars != 0, bars, broken)


def _flaws(wishes: Floats, currency: str, limits: Limits) -> Ints:
    """The mark of what makes a wish unfit to be judged at all, 0 for nothing."""
    foreign = 0 if currency == limits.currency else _BIT[Reason.FOREIGN_CURRENCY]
    marks = np.where(wishes < 0.0, _BIT[Reason.NEGATIVE], foreign)
    return np.where(np.isfinite(wishes), marks, _BIT[Reason.NON_FINITE])


def _passed_before(outcomes: Ints) -> Ints:
    passed = (outcomes == ADMITTED) | (outcomes == LIMITED)
    before: Ints = np.cumsum(passed) - passed
    return before


def _named(field: Field, marks: Ints) -> tuple[Ints, tuple[tuple[str, ...], ...]]:
    """Index of each mark's set of reasons, and the sets; the empty one first."""
    reasons = np.zeros(marks.size, dtype=np.int64)
    sets: list[tuple[str, ...]] = [()]
    for mark in np.unique(marks[marks != 0]).tolist():
        reasons[marks == mark] = len(sets)
        sets.append(tuple(reason.value for reason in _ORDER[field] if mark & _BIT[reason]))
    return reasons, tuple(sets)


# Bars, as in the scalar gate.


def _mode_forbids_writes(move: _Moves) -> bool:
    return move.authority is Authority.NONE


def _override(move: _Moves) -> Bools:
    ours = move.standing.acknowledged
    touched: Bools = ~np.isnan(ours) & (ours != move.standing.last)
    return move.standing.overridden | touched


def _unresolved(move: _Moves) -> Bools:
    return move.standing.unresolved


def _readback_stale(move: _Moves) -> bool:
    return not 0 <= move.standing.common.readback_age_s <= move.limits.max_readback_age_s


def _figures_invalid(move: _Moves) -> Bools:
    common, standing = move.standing.common, move.standing
    of_the_store = (
        common.committed_cents,
        common.granted_cents,
        common.store_daily_others_cents,
        common.month_committed_cents,
        common.loss_24h_cents,
        common.loss_7d_cents,
        common.writes_last_hour,
    )
    sound: Bools = (standing.map_cents >= 0.0) & (standing.price_low_cents >= 0.0) & (standing.price_high_cents >= 0.0)
    return ~sound if all(figure >= 0 for figure in of_the_store) else np.ones_like(sound)


def _signal_stale(move: _Moves) -> bool:
    return not 0 <= move.standing.common.signal_age_s <= move.limits.max_signal_age_s


def _suspect(move: _Moves) -> Bools:
    return move.standing.suspect


def _write_budget(_move: _Moves) -> bool:
    """Counted once all moves are judged: see ``judge_columns``."""
    return False


def _canary_pending(move: _Moves) -> bool:
    return not (move.standing.common.canary_passed or move.standing.common.is_canary)


def _price_interval(move: _Moves) -> Bools:
    return ~(move.standing.changed_age_s >= move.limits.price_min_interval_s)


def _cost_unknown(move: _Moves) -> Bools:
    return ~((move.standing.unit_cost_cents > 0.0) & (move.standing.unit_cost_cents < np.inf))


def _band_missing(move: _Moves) -> Bools:
    return ~((move.standing.price_low_cents > 0.0) & (move.standing.price_low_cents <= move.standing.price_high_cents))


# Bounds, as in the scalar gate.


def _mode_only_reduces(move: _Moves) -> Floats:
    return _safest(move) if move.authority is Authority.REDUCE else move.target


def _loss_24h(move: _Moves) -> Floats:
    return _safest(move) if move.standing.common.loss_24h_cents >= move.limits.max_loss_24h_cents else move.target


def _loss_7d(move: _Moves) -> Floats:
    return _safest(move) if move.standing.common.loss_7d_cents >= move.limits.max_loss_7d_cents else move.target


def _bid_step(move: _Moves) -> Floats:
    first, last = math.floor(move.limits.first_bid_cents * move.share), move.standing.last
    return np.maximum(float(first), last + move.step(last, move.limits.bid_up_per_change_ratio))


def _bid_cap(move: _Moves) -> Floats:
    return np.full_like(move.target, math.floor(move.limits.max_bid_cents * move.share))


def _price_step(move: _Moves) -> Floats:
    last = move.standing.last
    return last + move.way * move.step(last, move.limits.price_step_ratio)


def _price_day(move: _Moves) -> Floats:
    anchor = move.standing.day_anchor
    return np.where(anchor >= 0.0, anchor + move.way * move.step(anchor, move.limits.price_day_ratio), move.standing.last)


def _price_band(move: _Moves) -> Floats:
    return move.standing.price_high_cents if move.way > 0 else move.standing.price_low_cents


def _price_floor(move: _Moves) -> Floats:
    return np.maximum(np.ceil(move.standing.unit_cost_cents / (1.0 - move.limits.min_margin_ratio)), move.standing.map_cents)


def _safest(move: _Moves) -> Floats:
    """How far a move may go where it must lower risk: a bid not up at all, a price up to its floor and never down."""
    last = move.standing.last
    return np.maximum(last, _price_floor(move)) if move.field is Field.PRICE else last


_Bar: TypeAlias = Callable[[_Moves], Bools | bool]
_Bound: TypeAlias = Callable[[_Moves], Floats]

_ANY_CHANGE: dict[Reason, _Bar] = {
    Reason.MODE_FORBIDS_WRITES: _mode_forbids_writes,
    Reason.OVERRIDE: _override,
    Reason.UNRESOLVED: _unresolved,
    Reason.READBACK_STALE: _readback_stale,
}
_UNLESS_SPEND_FALLS: dict[Reason, _Bar] = {
    Reason.FIGURES_INVALID: _figures_invalid,
    Reason.SIGNAL_STALE: _signal_stale,
    Reason.SUSPECT: _suspect,
    Reason.WRITE_BUDGET: _write_budget,
    Reason.CANARY_PENDING: _canary_pending,
}
_PRICE_CHANGE: dict[Reason, _Bar] = {
    Reason.PRICE_INTERVAL: _price_interval,
    Reason.COST_UNKNOWN: _cost_unknown,
    Reason.BAND_MISSING: _band_missing,
}
_BARS: dict[tuple[Field, int], dict[Reason, _Bar]] = {
    (Field.BID, -1): _ANY_CHANGE,
    (Field.BID, 1): _ANY_CHANGE | _UNLESS_SPEND_FALLS,
    (Field.PRICE, -1): _ANY_CHANGE | _UNLESS_SPEND_FALLS | _PRICE_CHANGE,
    (Field.PRICE, 1): _ANY_CHANGE | _UNLESS_SPEND_FALLS | _PRICE_CHANGE,
}

_ONLY_SAFER: dict[Reason, _Bound] = {
    Reason.MODE_ONLY_REDUCES: _mode_only_reduces,
    Reason.LOSS_24H: _loss_24h,
    Reason.LOSS_7D: _loss_7d,
}
_PRICE_EITHER_WAY: dict[Reason, _Bound] = {
    Reason.PRICE_STEP: _price_step,
    Reason.PRICE_DAY: _price_day,
    Reason.PRICE_BAND: _price_band,
}
_BOUNDS: dict[tuple[Field, int], dict[Reason, _Bound]] = {
    (Field.BID, -1): {},
    (Field.BID, 1): _ONLY_SAFER | {Reason.BID_STEP: _bid_step, Reason.BID_CAP: _bid_cap},
    (Field.PRICE, -1): _ONLY_SAFER | _PRICE_EITHER_WAY | {Reason.PRICE_FLOOR: _price_floor},
    (Field.PRICE, 1): _ONLY_SAFER | _PRICE_EITHER_WAY,
}

_BIT = {reason: 1 << place for place, reason in enumerate(Reason)}
_ANY_BAR = sum(_BIT[reason] for reason in _ANY_CHANGE | _UNLESS_SPEND_FALLS | _PRICE_CHANGE)
_UNFIT = (Reason.LAST_UNKNOWN, Reason.NON_FINITE, Reason.NEGATIVE, Reason.FOREIGN_CURRENCY)
_ORDER = {field: (*_UNFIT, *_BARS[field, 1], *(_BOUNDS[field, 1] | _BOUNDS[field, -1])) for field in (Field.BID, Field.PRICE)}
"""Reasons of each field in the order in which the scalar gate names them."""
