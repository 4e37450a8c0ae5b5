"""Amounts as platforms write them – "12.50", millionths of a unit – and as everything else here holds them: integer minor units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

import numpy as np

from perception.units import Floats, Ints

MINOR_DIGITS: Final = (
    dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0
    )
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)
"""Digits after the point of currencies that have not 2 of them (ISO 4217, list one, column "minor unit")."""

MICROS_DIGITS: Final = 6
"""Ad platforms count in millionths of the currency's unit, whatever its minor unit is."""

LARGEST_CENTS: Final = 2**53
"""Every whole number up to here is exact as a float, in which figures are summed up."""


def minor_digits(currency: str) -> int:
    """Digits after the point of amounts in this currency (ISO 4217), 0 … 4; 2 for a currency that the table does not name."""
    return MINOR_DIGITS.get(currency, 2)


def minor_units(amount: str | int | Decimal, currency: str) -> int:
    """An amount: "12.50" of USD → 1250; "1980" of JPY → 1980. Parts of a minor unit are rounded, a half away from zero, as shops round.

    Args:
        amount: In units of the currency, with a point before decimals and no separators; never a float, which is not exact.
        currency: ISO 4217 code.

    Raises:
        ValueError: It is no such number, or beyond ``LARGEST_CENTS``.
    """
    exact = _exactly(amount)
    cents = exact.scaleb(minor_digits(currency)) if abs(exact) <= LARGEST_CENTS else exact
    if not cents.is_finite():
        raise ValueError(f"expected an amount of {currency} such as '12.50', was {amount!r}")
    if abs(cents) > LARGEST_CENTS:
        raise ValueError(f"expected an amount of {currency} of at most {LARGEST_CENTS} minor units, was {amount!r}")
    return int(cents.to_integral_value(rounding=ROUND_HALF_UP))


def decimal_text(cents: int, currency: str) -> str:
    """1250 of USD → "12.50"; 1980 of JPY → "1980"; the inverse of ``minor_units``."""
    return f"{Decimal(cents).scaleb(-minor_digits(currency)):f}"


def micros(cents: int, currency: str) -> int:
    """Minor units → millionths of the currency's unit, exactly."""
    return cents * _micros_per_minor_unit(currency)


def minor_units_of_micros(amount: int, currency: str) -> int:
    """Millionths of the currency's unit → minor units, a half rounded away from zero: the inverse of ``micros``."""
    return minor_units(Decimal(amount).scaleb(-MICROS_DIGITS), currency)


def columns_of_micros(amounts: Ints, currency: str) -> Floats:
    """Sums in millionths, as reports give them, in minor units with their fractions: shape kept, float64; exact up to 2**53 millionths."""
    return amounts / np.float64(_micros_per_minor_unit(currency))


def major(cents: float, currency: str) -> float:
    """Minor units → pounds, euros, yen, for people to read."""
    return float(cents / 10 ** minor_digits(currency))


def _micros_per_minor_unit(currency: str) -> int:
    return int(10 ** (MICROS_DIGITS - minor_digits(currency)))


def _exactly(amount: Any) -> Decimal:
    """The number, or infinity for what is none."""
    if isinstance(amount, bool | float):
        return Decimal("Infinity")
    try:
        exact = Decimal(amount)
    except (InvalidOperation, TypeError, ValueError):
        return Decimal("Infinity")
    return exact if exact.is_finite() else Decimal("Infinity")
