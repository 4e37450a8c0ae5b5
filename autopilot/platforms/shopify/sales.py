"""Orders of a Shopify shop, as the order book takes them: without tax, and with what came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import AwareDatetime, Field

from autopilot.platforms.answers import Answer
from autopilot.platforms.money import minor_units
from autopilot.platforms.order_book import Order, OrderLine
from autopilot.platforms.shopify.session import Page
from autopilot.platforms.shopify.variants import Amount, Reference
from perception.ports import BadAnswer

NEVER_LEFT = "CANCEL"
"""How units are put back that were refunded before they were sent: they were not sold."""


class Bag(Answer):
    """Money in the shop's currency, whatever the buyer paid in."""

    shop: Amount = Field(alias="shopMoney")

    def cents(self, currency: str) -> int:
        """Minor units. Raises: BadAnswer."""
        try:
            return minor_units(self.shop.amount, currency)
        except ValueError as error:
            raise BadAnswer(f"shopMoney: {error}") from None


class Line(Answer):
    """One variant of an order: what is left of it after refunds and removals, without tax."""

    id: str
    units: int = Field(alias="currentQuantity", ge=0)
    variant: Reference | None = None
    net: Bag = Field(alias="priceAfterAllDiscountsBeforeTaxesSet")


class Placed(Answer):
    """An order."""

    id: str
    updated_at: AwareDatetime = Field(alias="updatedAt")
    processed_at: AwareDatetime = Field(alias="processedAt")
    cancelled_at: AwareDatetime | None = Field(default=None, alias="cancelledAt")
    test: bool = False
    currency: str = Field(alias="currencyCode")
    taxes_included: bool = Field(alias="taxesIncluded")
    units: int = Field(alias="subtotalLineItemsQuantity")
    units_left: int = Field(alias="currentSubtotalLineItemsQuantity")
    lines: Page = Field(alias="lineItems")

    @property
    def counts(self) -> bool:
        """Whether it is a sale; what is not paid yet is one, until it is cancelled."""
        return self.cancelled_at is None and not self.test


class RefundLine(Answer):
    """Units of a line that the buyer gets money back for."""

    units: int = Field(alias="quantity", ge=0)
    restocked: str = Field(alias="restockType")
    line: Reference = Field(alias="lineItem")
    subtotal: Bag = Field(alias="subtotalSet")
    tax: Bag = Field(alias="totalTaxSet")


@dataclass(frozen=True, slots=True)
class _Back:
    units: int = 0
    cents: int = 0


Worth = Callable[[str], int]
"""What one of a variant is worth in the shop's currency, minor units; 0 where nobody knows."""


def sale(order: Placed, lines: Sequence[Line], refunds: Sequence[RefundLine], *, currency: str, worth: Worth) -> Order:
    """The order for the book.

    A line shows what is left of it; with what came back it is what was sold.

    Args:
        order: As the shop shows it.
        lines: All of its lines.
        refunds: All of their refunds.
        currency: The shop's; an order from when it kept another one is worth what its variants are worth now.
        worth: For such orders.

    Raises:
        BadAnswer: An amount cannot be read.
    """
    back: dict[str, _Back] = defaultdict(_Back)
    for refund in refunds:
        if refund.restocked != NEVER_LEFT:
            paid = refund.subtotal.cents(currency) - (refund.tax.cents(currency) if order.taxes_included else 0)
            before = back[refund.line.id]
            back[refund.line.id] = _Back(before.units + refund.units, before.cents + max(paid, 0))
    sold = []
    for line in lines:
        variant, came = "" if line.variant is None else line.variant.id, back[line.id]
        units = line.units + came.units
        revenue = max(line.net.cents(currency), 0) + came.cents if order.currency == currency else units * worth(variant)
        refunded = min(came.cents, revenue)
        sold.append(OrderLine(sku=variant, units=units, revenue_cents=revenue, returned_units=came.units, refunded_cents=refunded))
    return Order(id=order.id, modified=order.updated_at, placed=order.processed_at, counts=order.counts, lines=tuple(sold))
