"""The set-points that can be written; standard library only, so that the gate may name them."""

from __future__ import annotations

from enum import StrEnum


class Field(StrEnum):
    """A set-point that a platform lets us write; the value is always an absolute amount of minor units."""

    PRICE = "price"
    """Shelf price of one unit of a SKU."""
    BID = "bid"
    """Highest cost per click offered for a SKU; 0 means: not advertised."""
    DAILY_BUDGET = "daily_budget"
    """What a campaign may spend in one day, before the platform's over-delivery."""
