"""Amounts as people write them."""

from __future__ import annotations

import math

from autopilot.platforms.money import major, minor_digits
from autopilot.report.figures import Unit

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "CNY": "CN¥", "INR": "₹"}
NOTHING = "–"
MINUS = "\u2212"
WHOLE_UNITS_FROM = 1000
"""From this many major units on, the minor ones are left out of a summary."""

NAMES = {
    "do_nothing": "do nothing",
    "fixed_bid": "fixed bid",
    "value_bid": "bid by value",
    "acos_rules": "ACOS rule book",
    "laws": "autopilot",
    "policy": "autopilot, learned",
}
"""Controllers in a merchant's words; any other is shown by its own name."""


def controller_name(name: str) -> str:
    """A controller in a merchant's words."""
    return NAMES.get(name, name.replace("_", " "))


def money(cents: float, currency: str, *, exact: bool = False) -> str:
    """As in "£1,250" or "£2.95"; ``exact`` keeps the minor units also where they are nothing or next to it."""
    if not math.isfinite(cents):
        return NOTHING
    amount = major(cents, currency)
    is_round = abs(amount) >= WHOLE_UNITS_FROM or amount.is_integer()
    digits = 0 if is_round and not exact else minor_digits(currency)
    return f"{MINUS if amount < 0 else ''}{SYMBOLS.get(currency, currency + ' ')}{abs(amount):,.{digits}f}"


def written(value: float, unit: Unit, currency: str) -> str:
    """A value in its unit; a dash where there is none."""
    if not math.isfinite(value):
        return NOTHING
    if unit is Unit.MONEY:
        return money(value, currency)
    if unit is Unit.COUNT:
        return f"{value:,.0f}"
    return percent(value, digits=1) if unit is Unit.SHARE else f"{value:.2f}"


def percent(share: float, *, digits: int = 0) -> str:
    """A share of one in percent, with a space that never breaks."""
    return f"{100 * share:.{digits}f}\u00a0%"
