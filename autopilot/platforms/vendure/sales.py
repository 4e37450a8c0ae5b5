"""Orders of a Vendure shop as the order book takes them: units as they stand after cancellations, money without tax."""

from __future__ import annotations

from collections import Counter

from autopilot.platforms.order_book import Order, OrderLine
from autopilot.platforms.vendure.answers import Line, Placed

CANCELLED = "Cancelled"
"""State of an order of which nothing is left."""

FAILED = "Failed"
"""State of a refund that gave nothing back."""

SELLER = "Seller"
"""Type of an order that is a seller's part of another one, in a marketplace."""


def order_of(placed: Placed, *, currency: str, parts_count: bool) -> Order:
    """The order, by the ids of its variants: SKUs may be renamed, ids stay.

    Args:
        placed: As Vendure shows it.
        currency: Of the prices that are steered: an order in another one is a sale of another market.
        parts_count: Whether a seller's part of an order is a sale: in the seller's own channel, not in the one that has the whole order.
    """
    refunded: Counter[str] = Counter()
    for refund in placed.refunds:
        if refund.state != FAILED:
            refunded.update({line.order_line_id: line.quantity for line in refund.lines})
    return Order(
        id=placed.id,
        modified=placed.modified,
        placed=placed.order_placed_at,
        counts=placed.state != CANCELLED and placed.currency_code == currency and (parts_count or placed.type != SELLER),
        lines=tuple(_line(line, refunded[line.id]) for line in placed.lines),
    )


def _line(line: Line, refunded: int) -> OrderLine:
    """Refunds of what was cancelled before it left are no returns."""
    returned = min(max(refunded - (line.order_placed_quantity - line.quantity), 0), line.quantity)
    return OrderLine(
        sku=line.product_variant.id,
        units=line.quantity,
        revenue_cents=max(line.prorated_line_price, 0),
        returned_units=returned,
        refunded_cents=returned * max(line.prorated_unit_price, 0),
    )
