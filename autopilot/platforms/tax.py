"""Prices with and without tax. Here every price, revenue and cost is without; shops may keep theirs with it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def with_tax(net_cents: int, rate: Decimal) -> int:
    """Minor units with tax of ``rate`` >= 0 (0.19 for 19 %), a half rounded up. Taking it off again gives ``net_cents`` back, always."""
    return int((Decimal(net_cents) * (1 + rate)).to_integral_value(rounding=ROUND_HALF_UP))


def without_tax(gross_cents: int, rate: Decimal) -> int:
    """Minor units without the tax of ``rate`` >= 0 that is in them, a half rounded up."""
    return int((Decimal(gross_cents) / (1 + rate)).to_integral_value(rounding=ROUND_HALF_UP))
