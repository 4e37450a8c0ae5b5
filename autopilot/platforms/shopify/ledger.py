"""Reads a Shopify shop's orders into the order book: what changed since last time, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from autopilot.platforms.answers import all_parsed
from autopilot.platforms.order_book import Order, OrderBook
from autopilot.platforms.shopify.documents import LINES, ORDERS, REFUND_LINES, REFUNDS
from autopilot.platforms.shopify.sales import Line, Placed, RefundLine, Worth, sale
from autopilot.platforms.shopify.session import Session
from autopilot.platforms.shopify.variants import Reference
from perception.ports import BadAnswer

log = structlog.get_logger()

ORDERS_AT_ONCE, LINES_AT_ONCE = 20, 10
"""One query may cost 1,000 points, and lists within lists multiply."""

MORE_AT_ONCE = 100
"""Lines of one order."""


class Ledger:
    """The orders of one shop."""

    def __init__(self, session: Session, *, currency: str) -> None:
        """``currency`` is the shop's."""
        self._session, self._currency = session, currency
        self._broken_off: tuple[str, str | None] | None = None
        """Search and cursor of a reading that has not come to its end: what was changed lately may be more than one bucket pays for."""

    def update(self, book: OrderBook, worth: Worth, *, now: datetime) -> None:
        """Bring the book up to date. Raises: PlatformError; what was read before is in the book, and the next call goes on from there."""
        query, after = self._broken_off or (_since(book.read_from(now=now)), None)
        self._broken_off = query, after
        variables = {"query": query, "lines": LINES_AT_ONCE}
        for page in self._session.pages(ORDERS, variables, of=("orders",), size=ORDERS_AT_ONCE, after=after, now=now):
            found = all_parsed(Placed, list(page.nodes), "orders")
            book.take_page([self._order(placed, worth, now) for placed in found], now=now)
            self._broken_off = query, page.info.end or after
        self._broken_off = None

    def _order(self, placed: Placed, worth: Worth, now: datetime) -> Order:
        if placed.counts and placed.currency != self._currency:
            log.warning("order_in_foreign_currency", order=placed.id, currency=placed.currency, valued_in=self._currency)
        shown = list(placed.lines.nodes)
        if placed.lines.info.more:
            shown += self._all(LINES, placed.id, ("order", "lineItems"), now, after=placed.lines.info.end)
        lines = all_parsed(Line, shown, "lineItems")
        changed = placed.counts and placed.units_left != placed.units
        refunds = list(self._refunds(placed.id, now)) if changed else []
        return sale(placed, lines, refunds, currency=self._currency, worth=worth)

    def _refunds(self, order: str, now: datetime) -> Iterator[RefundLine]:
        shown: Mapping[str, Any] | None = self._session.ask(REFUNDS, {"id": order}, now=now).get("order")
        if not isinstance(shown, Mapping):
            raise BadAnswer(f"order {order}: expected its refunds, was none")
        for refund in all_parsed(Reference, shown.get("refunds"), "refunds"):
            yield from all_parsed(RefundLine, list(self._all(REFUND_LINES, refund.id, ("node", "refundLineItems"), now)), "refundLineItems")

    def _all(self, document: str, of: str, where: tuple[str, ...], now: datetime, *, after: str | None = None) -> Iterator[Any]:
        for page in self._session.pages(document, {"id": of}, of=where, size=MORE_AT_ONCE, after=after, now=now):
            yield from page.nodes


def _since(at: datetime) -> str:
    return f"updated_at:>='{at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}'"
