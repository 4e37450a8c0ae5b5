"""What the store sells and where it advertises: the entities that every other message refers to."""

from __future__ import annotations

from dataclasses import dataclass

from perception.fields import Field
from perception.units import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Catalogue:
    """The products and campaigns of one store; all arrays have one row per SKU, in the order of ``skus``.

    Attributes:
        currency: ISO 4217 code of every amount of this store.
        skus: m distinct SKU ids.
        campaigns: c distinct campaign ids.
        campaign_of: Index into ``campaigns`` for each SKU.
        cost_cents: What one unit costs the merchant, > 0; NaN where unknown (then its price is never changed).
        map_cents: Minimum advertised price; 0 where there is none.
        anchor_price_cents: The price the merchant last set by hand, from which price bands are measured.
        is_new: Launched within the store's launch window: no sales history to speak of.
    """

    currency: str
    skus: tuple[str, ...]
    campaigns: tuple[str, ...]
    campaign_of: Ints
    cost_cents: Floats
    map_cents: Floats
    anchor_price_cents: Floats
    is_new: Bools

    def entities(self, field: Field) -> tuple[str, ...]:
        """The ids that carry this field, in the order of every array that holds it."""
        return self.campaigns if field is Field.DAILY_BUDGET else self.skus
