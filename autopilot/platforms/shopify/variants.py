"""Variants of a Shopify shop as its answers show them."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BeforeValidator, Field

from autopilot.platforms.answers import Answer
from autopilot.platforms.goods import Good
from autopilot.platforms.money import minor_units
from autopilot.platforms.shopify.terms import Terms

SOLD = "product_status:ACTIVE gift_card:false"
"""Search term of what is for sale; a gift card is worth what is on it, whatever it costs."""

ON_AND_ON = "CONTINUE"
"""Inventory policy of what is sold although there is none."""

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Amount(Answer):
    """Money."""

    amount: Text
    currency: Text = Field(default="", alias="currencyCode")


class InventoryItem(Answer):
    """What a variant is in the warehouse."""

    tracked: bool
    unit_cost: Amount | None = Field(default=None, alias="unitCost")


class Reference(Answer):
    """Something by its id."""

    id: str


class Standing(Answer):
    """What changes of a variant."""

    id: str
    price: Text
    quantity: int | None = Field(default=None, alias="inventoryQuantity")
    policy: str = Field(alias="inventoryPolicy")

    def price_cents(self, terms: Terms) -> int | None:
        """As the shop keeps it; None for what is no price."""
        cents = _cents(self.price, terms.currency)
        return cents if cents and cents > 0 else None

    def on_hand(self, *, tracked: bool) -> float:
        """Units that can be sold; NaN where they are not counted, or do not matter."""
        if not tracked or self.policy == ON_AND_ON or self.quantity is None:
            return math.nan
        return float(max(self.quantity, 0))


class Variant(Standing):
    """What is to be known of a variant when the shop is opened."""

    sku: Text = ""
    taxable: bool
    product: Reference
    item: InventoryItem = Field(alias="inventoryItem")

    def good(self, terms: Terms) -> Good:
        """As part of the catalogue."""
        shelf = self.price_cents(terms)
        net = None if shelf is None else terms.net(shelf, taxable=self.taxable)
        return Good(id=self.id, sku=self.sku, price_cents=net, cost_cents=self._cost(terms))

    def _cost(self, terms: Terms) -> float:
        cost = self.item.unit_cost
        cents = _cents(cost.amount, terms.currency) if cost is not None and cost.currency == terms.currency else None
        return float(cents) if cents and cents > 0 else math.nan


def _cents(amount: str, currency: str) -> int | None:
    try:
        return minor_units(amount, currency)
    except ValueError:
        return None
