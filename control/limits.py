"""The numbers of the envelope, checked when they are made; standard library only, like the gate that obeys them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the gate holds every write to. Amounts have no default: only the merchant can say how much money is too much.

    A limit of zero is a limit: a cap of 0 admits no rise at all. Amounts are minor units of ``currency``, plain integers.
    Ratios are shares of the value they are measured from, [0, 1]; ``0.05`` is five percent.

    Attributes:
        currency: ISO 4217 code, three capital letters; a wish in another currency is denied.
        max_bid_cents: Highest cost per click of any SKU, >= 0.
        first_bid_cents: How far a bid may rise in one change however low it stands, >= 0 and <= ``max_bid_cents``. A rise
            that is a ratio of the bid in force would never leave 0.
        max_daily_budget_cents: Highest daily budget of one campaign, >= 0 and <= ``max_store_daily_cents``.
        max_store_daily_cents: Most that all campaigns together may spend in one day, worst case, >= 0 and
            <= ``max_store_month_cents``.
        max_store_month_cents: Most that all campaigns together may spend in one month, worst case, >= 0.
        min_margin_ratio: Least share of the price that must be left above the unit cost, [0, 1).
        max_loss_24h_cents: Loss against the baseline over 24 hours at which only risk may still be reduced, >= 0 and
            <= ``max_loss_7d_cents``. 0 is reached from the start.
        max_loss_7d_cents: The same over 7 days, >= 0.
        max_signal_age_s: Oldest figures a change may rest on, seconds, >= 0.
        max_readback_age_s: Oldest read-back at which a set-point still counts as known, seconds, >= 0.
        max_writes_per_hour: Writes of the whole store in a rolling hour, >= 0.
        overdelivery_day_ratio: How many daily budgets the platform may spend on one day, >= 1. 2 by Google's daily spending
            limit, https://support.google.com/google-ads/answer/6385083.
        overdelivery_month_days: How many daily budgets it may spend in one month, >= 1. 30.4 (365 / 12) by Google's monthly
            spending limit, ibid.
        budget_up_per_change_ratio: Rise of a daily budget in one change, of the budget in force; rule 3 of the envelope.
        budget_up_per_day_ratio: Rise of a daily budget above its lowest value of the last 24 hours, >=
            ``budget_up_per_change_ratio``; rule 3 of the envelope.
        bid_up_per_change_ratio: Rise of a bid in one change, of the bid in force. What it may cost is held by the budgets.
        price_step_ratio: Change of a price in either direction, of the price in force; rule 4 of the envelope.
        price_day_ratio: Distance of a price from where it stood 24 hours ago, >= ``price_step_ratio``; rule 4 of the envelope.
        price_min_interval_s: Least time between two changes of a price, seconds, >= 0; rule 4 of the envelope (4 hours).
        transition_share: Share of every step and of every exposure cap that holds in TRANSITION; a quarter by the table of modes.

    Raises:
        ValueError: A limit is of the wrong type, out of its range, or contradicts another one; the message names it.
    """

    currency: str
    max_bid_cents: int
    first_bid_cents: int
    max_daily_budget_cents: int
    max_store_daily_cents: int
    max_store_month_cents: int
    min_margin_ratio: float
    max_loss_24h_cents: int
    max_loss_7d_cents: int
    max_signal_age_s: float
    max_readback_age_s: float
    max_writes_per_hour: int
    overdelivery_day_ratio: float = 2.0
    overdelivery_month_days: float = 30.4
    budget_up_per_change_ratio: float = 0.20
    budget_up_per_day_ratio: float = 0.30
    bid_up_per_change_ratio: float = 0.50
    price_step_ratio: float = 0.05
    price_day_ratio: float = 0.10
    price_min_interval_s: float = 14_400.0
    transition_share: float = 0.25

    def __post_init__(self) -> None:
        """Refuse limits that cannot be meant."""
        for expected, (is_met, names) in _EXPECTED.items():
            for name in names:
                _require(name, getattr(self, name), is_met, expected)
        for lower, upper in ORDERED:
            _require_order(lower, getattr(self, lower), upper, getattr(self, upper))


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: object) -> TypeGuard[float]:
    # a bool is an int to Python, but never a limit
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_duration(value: object) -> bool:
    return _is_number(value) and 0 <= value < math.inf


def _is_multiple(value: object) -> bool:
    return _is_number(value) and 1 <= value < math.inf


def _is_ratio(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_margin(value: object) -> bool:
    return _is_number(value) and 0 <= value < 1


_EXPECTED: dict[str, tuple[Callable[[object], bool], tuple[str, ...]]] = {
    "three capital letters": (_is_currency, ("currency",)),
    "an integer >= 0": (
        _is_count,
        (
            "max_bid_cents",
            "first_bid_cents",
            "max_daily_budget_cents",
            "max_store_daily_cents",
            "max_store_month_cents",
            "max_loss_24h_cents",
            "max_loss_7d_cents",
            "max_writes_per_hour",
        ),
    ),
    "a finite number >= 0": (_is_duration, ("max_signal_age_s", "max_readback_age_s", "price_min_interval_s")),
    "a finite number >= 1": (_is_multiple, ("overdelivery_day_ratio", "overdelivery_month_days")),
    "a number >= 0 and < 1": (_is_margin, ("min_margin_ratio",)),
    "a number >= 0 and <= 1": (
        _is_ratio,
        (
            "budget_up_per_change_ratio",
            "budget_up_per_day_ratio",
            "bid_up_per_change_ratio",
            "price_step_ratio",
            "price_day_ratio",
            "transition_share",
        ),
    ),
}

ORDERED: tuple[tuple[str, str], ...] = (
    ("first_bid_cents", "max_bid_cents"),
    ("max_daily_budget_cents", "max_store_daily_cents"),
    ("max_store_daily_cents", "max_store_month_cents"),
    ("max_loss_24h_cents", "max_loss_7d_cents"),
    ("budget_up_per_change_ratio", "budget_up_per_day_ratio"),
    ("price_step_ratio", "price_day_ratio"),
)
"""Pairs (lower, upper) of which the first may not exceed the second."""


def _require(name: str, value: object, is_met: Callable[[object], bool], expected: str) -> None:
    if not is_met(value):
        raise ValueError(f"{name}: expected {expected}, was {value!r}")


def _require_order(lower: str, low: float, upper: str, high: float) -> None:
    if low > high:
        raise ValueError(f"{lower}: expected at most {upper} ({high!r}), was {low!r}")
