"""The gate: one pure judgement of every set-point before it is written, deny by default, standard library only.

It judges and does not steer. A wish is first examined for what it is, then *barred* or not by the circumstances, then *bounded* by
every limit on the side it moves to. ``_BARS`` and ``_BOUNDS`` are the whole envelope, one rule a line, each under the name it gives
as its reason. A wish that equals the value in force asks for nothing and always stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import TypeGuard

from control.command import Outcome, Verdict, Wish
from control.limits import Limits
from control.mode import AUTHORITY, Authority
from control.standing import Reason, Standing
from perception.fields import Field

__all__ = ["Reason", "Standing", "judge"]


def judge(wish: Wish, *, standing: Standing, limits: Limits) -> Verdict:
    """Judge one wish. Pure, and idempotent: what it lets stand, it admits when wished again.

    Rounds once: budgets and bids down, prices to the nearest (ties to even), every bound towards the value in force.

    Args:
        wish: What a controller would like; may hold anything a faulty law can produce.
        standing: The circumstances, fresh for this wish.
        limits: The envelope.

    Returns:
        A verdict whose value lies between the value in force and the rounded wish, both included; a bid or budget is never above
        both. ``reasons`` are ``Reason`` values in the order of the envelope: every bar that denies it, or else every bound it broke.
    """
    last = standing.last
    if not _is_amount(last):
        return Verdict(outcome=Outcome.DENIED, value=-1, reasons=(Reason.LAST_UNKNOWN.value,))
    flaw = _flaw(wish, limits)
    if flaw is not None:
        return Verdict(outcome=Outcome.DENIED, value=last, reasons=(flaw.value,))
    target = round(wish.value) if wish.field is Field.PRICE else math.floor(wish.value)
    way = _way(last, target)
    if way is _Way.STAY:
        return Verdict(outcome=Outcome.NEUTRAL, value=last, reasons=())
    move = _Move(wish.field, way, last, target, standing, limits)
    bars = tuple(reason.value for reason, is_barred in _BARS[wish.field, way] if is_barred(move))
    return Verdict(outcome=Outcome.DENIED, value=last, reasons=bars) if bars else _bounded(move)


class _Way(StrEnum):
    """Where a wish would take the set-point."""

    DOWN = "down"
    STAY = "stay"
    UP = "up"


@dataclass(frozen=True, slots=True)
class _Move:
    """A change under judgement: from ``last`` to ``target``, two different amounts of minor units."""

    field: Field
    way: _Way
    last: int
    target: int
    standing: Standing
    limits: Limits


def _is_amount(value: object) -> TypeGuard[int]:
    # not isinstance: a bool is an int to Python, but never an amount
    return type(value) is int and value >= 0


def _flaw(wish: Wish, limits: Limits) -> Reason | None:
    """Name what makes the wish unfit to be judged at all, if anything does."""
    if not isinstance(wish.field, Field):
        return Reason.UNKNOWN_FIELD
    if isinstance(wish.value, bool) or not isinstance(wish.value, int | float):
        return Reason.NOT_A_NUMBER
    # before any clamp: min(5.0, nan) is 5.0. Comparing also takes an int too large for math.isfinite.
    if not -math.inf < wish.value < math.inf:
        return Reason.NON_FINITE
    if wish.value < 0:
        return Reason.NEGATIVE
    return Reason.FOREIGN_CURRENCY if wish.currency != limits.currency else None


def _way(last: int, target: int) -> _Way:
    if target > last:
        return _Way.UP
    return _Way.DOWN if target < last else _Way.STAY


def _bounded(move: _Move) -> Verdict:
    """Hold the move to every bound on the side it moves to; denied if that leaves no way to go."""
    nearer: Callable[[Iterable[int]], int] = min if move.way is _Way.UP else max
    bounds = [(reason, bound(move)) for reason, bound in _BOUNDS[move.field, move.way]]
    broken = tuple(reason.value for reason, bound in bounds if nearer((bound, move.target)) != move.target)
    if not broken:
        return Verdict(outcome=Outcome.ADMITTED, value=move.target, reasons=())
    value = nearer(bound for _, bound in bounds)
    if nearer((value, move.last)) == value:
        return Verdict(outcome=Outcome.DENIED, value=move.last, reasons=broken)
    return Verdict(outcome=Outcome.LIMITED, value=value, reasons=broken)


# Bars: does this circumstance forbid the move?


def _mode_forbids_writes(move: _Move) -> bool:
    return _authority(move) is Authority.NONE


def _override(move: _Move) -> bool:
    ours = move.standing.acknowledged
    return move.standing.overridden or (ours is not None and ours != move.last)


def _unresolved(move: _Move) -> bool:
    return move.standing.unresolved


def _readback_stale(move: _Move) -> bool:
    return not 0 <= move.standing.readback_age_s <= move.limits.max_readback_age_s


def _figures_invalid(move: _Move) -> bool:
    return not all(_is_amount(figure) for figure in _FIGURES(move.standing))


def _signal_stale(move: _Move) -> bool:
    return not 0 <= move.standing.signal_age_s <= move.limits.max_signal_age_s


def _suspect(move: _Move) -> bool:
    return move.standing.suspect


def _write_budget(move: _Move) -> bool:
    return move.standing.writes_last_hour >= move.limits.max_writes_per_hour


def _canary_pending(move: _Move) -> bool:
    return not (move.standing.canary_passed or move.standing.is_canary)


def _price_interval(move: _Move) -> bool:
    return not move.standing.changed_age_s >= move.limits.price_min_interval_s


def _cost_unknown(move: _Move) -> bool:
    return not 0 < move.standing.unit_cost_cents < math.inf


def _band_missing(move: _Move) -> bool:
    return not 0 < move.standing.price_low_cents <= move.standing.price_high_cents


# Bounds: how far towards the target may the set-point go?


def _mode_only_reduces(move: _Move) -> int:
    return _safest(move) if _authority(move) is Authority.REDUCE else move.target


def _loss_24h(move: _Move) -> int:
    return _safest(move) if move.standing.loss_24h_cents >= move.limits.max_loss_24h_cents else move.target


def _loss_7d(move: _Move) -> int:
    return _safest(move) if move.standing.loss_7d_cents >= move.limits.max_loss_7d_cents else move.target


def _bid_cap(move: _Move) -> int:
    return math.floor(move.limits.max_bid_cents * _share(move))


def _bid_step(move: _Move) -> int:
    # measured from the bid alone, a bid of 0 could never rise again
    first = math.floor(move.limits.first_bid_cents * _share(move))
    return max(first, move.last + _step(move, move.last, move.limits.bid_up_per_change_ratio))


def _budget_step(move: _Move) -> int:
    return move.last + _step(move, move.last, move.limits.budget_up_per_change_ratio)


def _budget_day(move: _Move) -> int:
    low = move.standing.low_24h
    if not _is_amount(low):
        return move.last
    low = min(low, move.last)
    return low + _step(move, low, move.limits.budget_up_per_day_ratio)


def _budget_cap(move: _Move) -> int:
    return math.floor(move.limits.max_daily_budget_cents * _share(move))


def _store_day_cap(move: _Move) -> int:
    worst_day = move.limits.max_store_daily_cents * _share(move) / move.limits.overdelivery_day_ratio
    return math.floor(worst_day) - move.standing.store_daily_others_cents


def _store_month_cap(move: _Move) -> int:
    left = move.limits.max_store_month_cents * _share(move) - move.standing.month_committed_cents
    return math.floor(left / move.limits.overdelivery_day_ratio)


def _store_month_standing(move: _Move) -> int:
    worst_month = move.limits.max_store_month_cents * _share(move) / move.limits.overdelivery_month_days
    return math.floor(worst_month) - move.standing.store_daily_others_cents


def _grant(move: _Move) -> int:
    left = move.standing.granted_cents * _share(move) - move.standing.committed_cents
    return math.floor(left / move.limits.overdelivery_day_ratio)


def _price_step(move: _Move) -> int:
    return _towards(move, move.last, _step(move, move.last, move.limits.price_step_ratio))


def _price_day(move: _Move) -> int:
    anchor = move.standing.day_anchor
    if not _is_amount(anchor):
        return move.last
    return _towards(move, anchor, _step(move, anchor, move.limits.price_day_ratio))


def _price_band(move: _Move) -> int:
    return move.standing.price_high_cents if move.way is _Way.UP else move.standing.price_low_cents


def _price_floor(move: _Move) -> int:
    earning = move.standing.unit_cost_cents / (1.0 - move.limits.min_margin_ratio)
    return max(math.ceil(earning), move.standing.map_cents)


# What the rules share.


def _authority(move: _Move) -> Authority:
    return AUTHORITY.get(move.standing.mode, Authority.NONE)


def _share(move: _Move) -> float:
    """Which share of every step and every exposure cap the mode leaves."""
    return move.limits.transition_share if _authority(move) is Authority.QUARTER else 1.0


def _step(move: _Move, anchor: int, ratio: float) -> int:
    return math.floor(anchor * ratio * _share(move))


def _towards(move: _Move, anchor: int, step: int) -> int:
    return anchor + step if move.way is _Way.UP else anchor - step


def _safest(move: _Move) -> int:
    """How far a move may go where it must lower risk: spend not up at all, a price up to its floor and never down."""
    return max(move.last, _price_floor(move)) if move.field is Field.PRICE else move.last


_FIGURES: Callable[[Standing], tuple[object, ...]] = attrgetter(
    "map_cents",
    "price_low_cents",
    "price_high_cents",
    "committed_cents",
    "granted_cents",
    "store_daily_others_cents",
    "month_committed_cents",
    "loss_24h_cents",
    "loss_7d_cents",
    "writes_last_hour",
)

_ANY_CHANGE = (
    (Reason.MODE_FORBIDS_WRITES, _mode_forbids_writes),
    (Reason.OVERRIDE, _override),
    (Reason.UNRESOLVED, _unresolved),
    (Reason.READBACK_STALE, _readback_stale),
)
_UNLESS_SPEND_FALLS = (
    (Reason.FIGURES_INVALID, _figures_invalid),
    (Reason.SIGNAL_STALE, _signal_stale),
    (Reason.SUSPECT, _suspect),
    (Reason.WRITE_BUDGET, _write_budget),
    (Reason.CANARY_PENDING, _canary_pending),
)
_PRICE_CHANGE = (
    (Reason.PRICE_INTERVAL, _price_interval),
    (Reason.COST_UNKNOWN, _cost_unknown),
    (Reason.BAND_MISSING, _band_missing),
)
_BARS: dict[tuple[Field, _Way], tuple[tuple[Reason, Callable[[_Move], bool]], ...]] = {
    (Field.BID, _Way.DOWN): _ANY_CHANGE,
    (Field.BID, _Way.UP): _ANY_CHANGE + _UNLESS_SPEND_FALLS,
    (Field.DAILY_BUDGET, _Way.DOWN): _ANY_CHANGE,
    (Field.DAILY_BUDGET, _Way.UP): _ANY_CHANGE + _UNLESS_SPEND_FALLS,
    (Field.PRICE, _Way.DOWN): _ANY_CHANGE + _UNLESS_SPEND_FALLS + _PRICE_CHANGE,
    (Field.PRICE, _Way.UP): _ANY_CHANGE + _UNLESS_SPEND_FALLS + _PRICE_CHANGE,
}
"""The circumstances that forbid a change, by field and direction. Spending less is always possible where a write is."""

_ONLY_SAFER = (
    (Reason.MODE_ONLY_REDUCES, _mode_only_reduces),
    (Reason.LOSS_24H, _loss_24h),
    (Reason.LOSS_7D, _loss_7d),
)
_PRICE_EITHER_WAY = (
    (Reason.PRICE_STEP, _price_step),
    (Reason.PRICE_DAY, _price_day),
    (Reason.PRICE_BAND, _price_band),
)
_BOUNDS: dict[tuple[Field, _Way], tuple[tuple[Reason, Callable[[_Move], int]], ...]] = {
    (Field.BID, _Way.DOWN): (),
    (Field.BID, _Way.UP): (*_ONLY_SAFER, (Reason.BID_STEP, _bid_step), (Reason.BID_CAP, _bid_cap)),
    (Field.DAILY_BUDGET, _Way.DOWN): (),
    (Field.DAILY_BUDGET, _Way.UP): (
        *_ONLY_SAFER,
        (Reason.BUDGET_STEP, _budget_step),
        (Reason.BUDGET_DAY, _budget_day),
        (Reason.BUDGET_CAP, _budget_cap),
        (Reason.STORE_DAY_CAP, _store_day_cap),
        (Reason.STORE_MONTH_CAP, _store_month_cap),
        (Reason.STORE_MONTH_STANDING, _store_month_standing),
        (Reason.GRANT, _grant),
    ),
    (Field.PRICE, _Way.DOWN): (*_ONLY_SAFER, *_PRICE_EITHER_WAY, (Reason.PRICE_FLOOR, _price_floor)),
    (Field.PRICE, _Way.UP): (*_ONLY_SAFER, *_PRICE_EITHER_WAY),
}
"""How far a change may go, by field and direction. A bound on the value in force itself leaves no way, one beyond it all of it."""
