"""How a policy acts: it moves log bid and log price around what a base controller proposes, in bounded steps, and may always do nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from control.clipping import bid_ceiling, price_reach
from control.controller import Proposal
from control.laws import Laws, LawsTuning
from control.paced_bids import BID_DEADBAND_RATIO, settled
from control.sight import Sight
from perception.fields import Field
from perception.units import Floats

ACTIONS = ("log_bid", "log_price")
"""What the numbers of an action move, in order; each is in [-1, 1] and a share of the stride of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """How far an action of 1 moves a set-point from the base proposal.

    Attributes:
        log_bid: Log ratio of the bid, >= 0; 0.4 is half as much again.
        log_price: Log ratio of the price, >= 0; the gate lets a price move by 5 % at once.
        bid_deadband_ratio: Where a bid, moved or not, comes this close to the one in force, or within one minor unit, that one is left:
            every write costs trust and quota, and a policy has a new thought every hour. > 0.
        price_deadband_ratio: The same of a moved price.
    """

    log_bid: float = 0.7
    log_price: float = 0.04
    bid_deadband_ratio: float = BID_DEADBAND_RATIO
    price_deadband_ratio: float = 0.01


def undamped(tuning: LawsTuning) -> Laws:
    """The laws as the base of a policy: they name the bid they want at every tick, and the deadband comes after the policy's move.

    With a deadband before it, a move would start now from what the laws want and now from what stands, and bids would swing between the
    two: a constant action of 0.15 made seven times as many writes.
    """
    return Laws(tuning=replace(tuning, bid_deadband_ratio=0.0))


def around(proposal: Proposal, sight: Sight, action: NDArray[np.float32] | Floats, stride: Stride) -> Proposal:
    """The base proposal with bids and prices moved by the action.

    A set-point is moved from what the base proposes for it, or from what stands where the base leaves it alone. The result is clipped as
    the laws clip themselves: to one step's reach, the plan's highest bid, the price band and the price floor. What the base pauses (a bid
    of 0), what the plan does not cover, SKUs in doubt, and prices that moved too recently do not move. An action that is not a number is
    0. Around ``undamped`` laws an action of exactly 0 gives what the laws alone propose, bit for bit. Budgets are the base's.

    Args:
        proposal: Of the base controller.
        sight: What is seen.
        action: (n, m, 2) in the order of ``ACTIONS``; beyond [-1, 1] it is clipped.
        stride: How far an action of 1 goes.
    """
    moves = np.where(np.isnan(action), 0.0, np.minimum(np.maximum(action, -1.0), 1.0)).astype(np.float64)
    bids = _bids(proposal.setpoints.get(Field.BID), moves[:, :, 0], sight, stride)
    prices = _prices(proposal.setpoints.get(Field.PRICE), moves[:, :, 1], sight, stride)
    terms = {"bid_action": moves[:, :, 0], "price_action": moves[:, :, 1]}
    return Proposal(
        setpoints=proposal.setpoints | {Field.BID: bids, Field.PRICE: prices},
        terms=proposal.terms,
        sku_terms=proposal.sku_terms | terms,
    )


def _bids(base: Floats | None, move: Floats, s: Sight, stride: Stride) -> Floats:
    current = s.setpoints[Field.BID]
    _, start = _base(base, current)
    reached = np.minimum(np.minimum(start * np.exp(move * stride.log_bid), s.course.max_bid_cents), bid_ceiling(s))
    return settled(np.where((move != 0.0) & (start > 0.0), reached, start), s, deadband_ratio=stride.bid_deadband_ratio)


def _prices(base: Floats | None, move: Floats, s: Sight, stride: Stride) -> Floats:
    course, limits, current = s.course, s.reach.limits, s.setpoints[Field.PRICE]
    wished, start = _base(base, current)
    low, high = course.price_low_cents, course.price_high_cents
    rested = s.reach.price_age_s >= limits.price_min_interval_s
    may_move = course.covered & (low > 0.0) & (high > low) & rested & ~s.goods.suspect & (s.goods.cost_cents > 0.0)
    least, most = price_reach(s, step_ratio=limits.price_step_ratio)
    floor = np.ceil(s.goods.cost_cents / (1.0 - limits.min_margin_ratio))
    least, most = np.maximum(np.maximum(least, low), floor), np.minimum(most, high)
    # rounded here, within whole bounds, so that the gate has nothing left to round
    moved = np.minimum(np.maximum(np.rint(start * np.exp(move * stride.log_price)), np.ceil(least)), np.floor(most))
    near = np.abs(moved - current) < stride.price_deadband_ratio * current
    return np.where((move != 0.0) & may_move & (least <= most), np.where(near, np.nan, moved), wished)


def _base(base: Floats | None, current: Floats) -> tuple[Floats, Floats]:
    """(n, m) what the base wishes for, NaN where it leaves a set-point alone, and where a move starts from."""
    if base is None:
        return np.full_like(current, np.nan), current
    return base, np.where(np.isnan(base), current, base)
