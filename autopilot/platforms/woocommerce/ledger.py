"""Reads a WooCommerce shop's orders into the order book: what changed since last time, and what was thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from autopilot.platforms.answers import all_parsed, parsed
from autopilot.platforms.money import minor_digits
from autopilot.platforms.order_book import KEPT_DAYS, OVERLAP, Order, OrderBook
from autopilot.platforms.paging import walk
from autopilot.platforms.woocommerce.api import PAGE_SIZE, Api
from autopilot.platforms.woocommerce.sales import REFUNDED, Placed, Refund, Worth, sale
from autopilot.platforms.woocommerce.times import modified_after

log = structlog.get_logger()

ANY = "any"
"""Every status but that of orders in the bin."""

BIN = "trash"


class Ledger:
    """The orders of one shop."""

    def __init__(self, api: Api, *, currency: str, not_sold: frozenset[str], timezone: ZoneInfo) -> None:
        """``timezone`` is the site's; orders of status ``not_sold`` are no sales."""
        self._api, self._currency, self._not_sold, self._timezone = api, currency, not_sold, timezone

    def update(self, book: OrderBook, worth: Worth, *, now: datetime) -> None:
        """Bring the book up to date.

        Orders in the bin are in no other list, and in some releases going there does not change an order's time: so all of them that
        could still matter are looked at every time. There are few, as WordPress empties its bin.

        Raises:
            PlatformError: What was read before is in the book.
        """
        settled = now - OVERLAP
        walk(
            lambda at, skip: self._page(ANY, at, skip, worth, now),
            after=book.read_from(now=now),
            page_size=PAGE_SIZE,
            take=lambda orders: book.take_page(orders, now=now),
            settled=settled,
        )
        walk(
            lambda at, skip: self._page(BIN, at, skip, worth, now),
            after=now - timedelta(days=KEPT_DAYS),
            page_size=PAGE_SIZE,
            take=lambda orders: book.take(orders, now=now, moves_on=False),
            settled=settled,
        )

    def _page(self, status: str, at: datetime, skip: int, worth: Worth, now: datetime) -> list[Order]:
        """A full page, or the last one."""
        params = {
            "status": status,
            "modified_after": modified_after(at, self._timezone),
            "dates_are_gmt": "true",
            "orderby": "modified",
            "order": "asc",
            "dp": minor_digits(self._currency),
        }
        found: list[Placed] = []
        number, last = skip // PAGE_SIZE, False
        while not last and len(found) < PAGE_SIZE:
            number += 1
            items, last, _ = self._api.page("/orders", params, number, now=now)
            found += all_parsed(Placed, items, "orders")
        return [self._order(placed, worth, now) for placed in found[:PAGE_SIZE]]

    def _order(self, placed: Placed, worth: Worth, now: datetime) -> Order:
        counts = placed.status not in self._not_sold and placed.status != BIN
        if counts and placed.currency != self._currency:
            log.warning("order_in_foreign_currency", order=placed.id, currency=placed.currency, valued_in=self._currency)
        refunds = self._refunds(placed.id, now) if counts and placed.refunds and placed.status != REFUNDED else ()
        return sale(placed, refunds, counts=counts, currency=self._currency, worth=worth, timezone=self._timezone)

    def _refunds(self, order: int, now: datetime) -> Sequence[Refund]:
        """Of one order. Those of all orders together cannot be asked for by order: that list takes ``parent`` and ignores it."""
        params = {"dp": minor_digits(self._currency), "orderby": "id", "order": "asc"}
        found = self._api.everything(f"/orders/{order}/refunds", params, now=now)
        return [parsed(Refund, refund, "refunds") for refund in found]
