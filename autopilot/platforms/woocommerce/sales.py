"""Orders of a WooCommerce shop, as the order book takes them: without tax, and with what came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, FiniteFloat

from autopilot.platforms.answers import Answer
from autopilot.platforms.money import minor_units
from autopilot.platforms.order_book import Order, OrderLine
from autopilot.platforms.woocommerce.terms import Text
from autopilot.platforms.woocommerce.times import instant, local_instant
from perception.ports import BadAnswer

REFUNDED = "refunded"
"""Status of an order of which everything came back, as a refund of single products or not."""

Id = Annotated[int, BeforeValidator(lambda value: value or 0)]
"""0, nothing or an empty text where there is none, as for a product that was deleted."""


class Line(Answer):
    """One product of an order, or of a refund: with negative figures there."""

    product_id: Id = 0
    variation_id: Id = 0
    quantity: FiniteFloat = 0.0
    total: Text = ""

    @property
    def item(self) -> str:
        """Id of what was sold; "0" for what is no longer known."""
        return str(self.variation_id or self.product_id)


class Refund(Answer):
    """Money back: for products, for anything else, or without saying for what."""

    line_items: tuple[Line, ...] = ()


class Placed(Answer):
    """An order."""

    id: int
    status: str
    currency: str
    date_created_gmt: str | None = None
    date_modified_gmt: str | None = None
    date_paid_gmt: str | None = None
    date_created: str | None = None
    line_items: tuple[Line, ...] = ()
    refunds: tuple[Any, ...] = ()


Worth = Callable[[str], int]
"""What one of an item is worth in the shop's currency, minor units; 0 where nobody knows."""


def sale(order: Placed, refunds: Sequence[Refund], *, counts: bool, currency: str, worth: Worth, timezone: ZoneInfo) -> Order:
    """The order for the book.

    Args:
        order: As the shop shows it.
        refunds: Of it, with their lines.
        counts: Whether orders of its status are sales.
        currency: The shop's; an order in another one is worth what its products are worth on the shelf.
        worth: For such orders.
        timezone: The site's, for orders that do not say in UTC when they were made.

    Raises:
        BadAnswer: Nothing says when it was made or changed.
    """
    modified = instant(order.date_modified_gmt)
    made = (instant(order.date_created_gmt), instant(order.date_paid_gmt), local_instant(order.date_created, timezone), modified)
    placed = next((known for known in made if known is not None), None)
    if placed is None:
        raise BadAnswer(f"order {order.id}: expected date_created_gmt or date_modified_gmt, was none")
    back: Counter[str] = Counter()
    money_back: Counter[str] = Counter()
    for line in (line for refund in refunds for line in refund.line_items):
        back[line.item] += round(abs(line.quantity))
        money_back[line.item] += abs(_cents(line, currency))
    whole = order.status == REFUNDED
    lines = []
    for line in order.line_items:
        units = max(round(line.quantity), 0)
        revenue = max(_cents(line, currency), 0) if order.currency == currency else units * worth(line.item)
        returned = units if whole else min(back[line.item], units)
        refunded = revenue if whole else min(money_back[line.item], revenue)
        back[line.item] -= returned
        money_back[line.item] -= refunded
        lines.append(OrderLine(sku=line.item, units=units, revenue_cents=revenue, returned_units=returned, refunded_cents=refunded))
    return Order(id=str(order.id), modified=modified or placed, placed=placed, counts=counts, lines=tuple(lines))


def _cents(line: Line, currency: str) -> int:
    """What a line costs without tax; nothing where it is not said, as where a plugin leaves it empty."""
    try:
        return minor_units(line.total, currency)
    except ValueError:
        return 0
