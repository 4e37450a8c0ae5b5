"""A shop that is known only from tables. It can be watched, and advised; nothing can be written to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from autopilot.clock import Clock
from autopilot.findings import Finding, Level
from autopilot.platforms.order_book import KEPT_DAYS, OrderBook
from autopilot.platforms.tables.columns import OrderTable, ProductTable, StockColumns
from autopilot.platforms.tables.left_out import LeftOut
from autopilot.platforms.tables.orders import orders_of
from autopilot.platforms.tables.products import Product, catalogue_of, products_of, stock_of
from autopilot.platforms.tables.source import Table, Told, told
from autopilot.platforms.tables.values import Dialect
from autopilot.platforms.today import stock_rows
from autopilot.platforms.writing import objection_to
from control.command import Command
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.ports import BadAnswer
from perception.units import Floats, day_of, day_start

log = structlog.get_logger()

_ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAt:
    """Where stock is known from, and in which columns."""

    table: Table
    columns: StockColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopTables:
    """Where a shop's tables are, and what they mean.

    Attributes:
        orders, products: The tables themselves …
        order_table, product_table: … and what is in them.
        stock: Likewise of stock; None where it is not known.
    """

    orders: Table
    order_table: OrderTable
    products: Table
    product_table: ProductTable
    stock: StockAt | None


@dataclass(slots=True)
class _Seen:
    """How far a table was read: when something new was found in it last, and when that was written."""

    found_at: datetime | None = None
    as_of: datetime | None = None

    def note(self, as_of: datetime, now: datetime) -> None:
        self.found_at, self.as_of = now, as_of if self.as_of is None else max(self.as_of, as_of)

    def is_news(self, since: datetime | None) -> bool:
        return since is None or (self.found_at is not None and self.found_at > since)


class TableShop:
    """One shop."""

    fields: frozenset[Field] = frozenset()

    def __init__(self, name: str, tables: ShopTables, *, dialect: Dialect, timezone: ZoneInfo, folder: Path, clock: Clock) -> None:
        """Nothing is read yet.

        Args:
            name: For journal and logs.
            tables: Where everything is.
            dialect: How values are written.
            timezone: In which the store's days begin and end.
            folder: For the book of orders.
            clock: For the one call that is not told the time.
        """
        self.name, self._tables, self._dialect, self._zone, self._clock = name, tables, dialect, timezone, clock
        self.signals = frozenset({Signal.SHOP} if tables.stock is None else {Signal.SHOP, Signal.STOCK})
        self._book = OrderBook(folder / "orders.sqlite", timezone=timezone)
        self._left_out = {table: LeftOut(table) for table in ("orders", "products", "stock")}
        self._catalogue: Catalogue | None = None
        self._prices: Floats = np.zeros(0)
        self._on_hand: Floats = np.zeros(0)
        self._orders_seen, self._stock_seen = _Seen(), _Seen()
        self._newest_day = 0

    @property
    def history(self) -> Mapping[str, Told]:
        """All of its tables."""
        of = self._tables
        stock = {} if of.stock is None else {"stock": told(of.stock.table, of.stock.columns)}
        return {
            "orders": told(of.orders, of.order_table.columns),
            "products": told(of.products, of.product_table.columns),
            **stock,
        }

    def catalogue(self) -> Catalogue:
        """What the table of products holds, as it was when first asked for. Raises: PlatformError."""
        if self._catalogue is None:
            products: dict[str, Product] = {}
            for batch in self._tables.products.all(now=self._clock.now()):
                products |= products_of(batch, self._tables.product_table, self._dialect, left_out=self._left_out["products"])
            self._say("products")
            if not products:
                raise BadAnswer(f"{self.name}: expected products with a code and a price, was none; {_first(self._left_out['products'])}")
            self._catalogue = catalogue_of(products, currency=self._dialect.currency)
            self._prices = self._catalogue.anchor_price_cents.copy()
            self._on_hand = np.full(len(products), np.nan)
        return self._catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Orders and stock as far as the tables go. Of a table that shows the past, nothing is said of what came after.

        Raises:
            PlatformError: What could be read is kept, and given the next time.
        """
        skus = self.catalogue().skus
        self._take_orders(now)
        rows = []
        if self._tables.orders.live or self._orders_seen.is_news(since):
            rows.append(self._book.rows(skus, since=since, now=self._orders_until(now)))
        if self._tables.stock is not None:
            self._take_stock(self._tables.stock, now)
            live = self._tables.stock.table.live
            at = now if live else min(now, self._stock_seen.as_of or now)
            if live or self._stock_seen.is_news(since):
                rows.append(stock_rows(self._on_hand, today=day_of(at, self._zone), now=at))
        return tuple(rows)

    def readback(self, *, now: datetime) -> Readback:
        """The prices that the newest table of products says. They cannot be written, but what would be done to them can be judged."""
        places = {sku: place for place, sku in enumerate(self.catalogue().skus)}
        for batch in self._tables.products.fresh(now=now):
            found = products_of(batch, self._tables.product_table, self._dialect, left_out=LeftOut("products"))
            for sku, product in found.items():
                if sku in places:
                    self._prices[places[sku]] = product.price_cents
        return Readback(at=now, values={Field.PRICE: self._prices.copy()})

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Nothing can be written to a table."""
        del now
        return tuple(
            Acknowledgement(
                intent_id=command.intent_id,
                effect=Effect.REJECTED,
                detail=objection_to(command, catalogue=self.catalogue(), fields=self.fields),
            )
            for command in commands
        )

    def examine(self, *, now: datetime) -> Iterator[Finding]:
        """How far the tables go, and what was left out of them."""
        until = self._orders_until(now).astimezone(self._zone)
        detail = f"known until {until:%Y-%m-%d %H:%M}, as far as the tables go"
        yield Finding(name="orders", level=Level.OK, detail=detail)
        for left_out in self._left_out.values():
            yield from left_out.findings()

    def _take_orders(self, now: datetime) -> None:
        tables, left_out = self._tables, self._left_out["orders"]
        known = frozenset(self.catalogue().skus)
        left_out.clear()
        for batch in tables.orders.fresh(now=now):
            orders = orders_of(batch, tables.order_table, self._dialect, oldest=now - timedelta(days=KEPT_DAYS), left_out=left_out)
            self._book.take(orders, now=now)
            self._orders_seen.note(batch.as_of, now)
            self._newest_day = max([self._newest_day, *(day_of(order.placed, self._zone) for order in orders)])
            for sku in (line.sku for order in orders for line in order.lines if line.sku not in known):
                left_out.add("lines of products that are not among the products (kept, not shown)", sku)
        self._say("orders")

    def _orders_until(self, now: datetime) -> datetime:
        """Up to when it is known what was ordered.

        Files are exported when somebody gets round to it: of the day after the last order in them it is not known that nothing was sold.
        """
        if self._tables.orders.live:
            return now
        until = min(now, self._orders_seen.as_of or now)
        return min(until, day_start(self._newest_day + 1, self._zone) - _ONE_SECOND) if self._newest_day else until

    def _take_stock(self, stock: StockAt, now: datetime) -> None:
        left_out = self._left_out["stock"]
        left_out.clear()
        for batch in stock.table.fresh(now=now):
            found = stock_of(batch, stock.columns, self._dialect, skus=self.catalogue().skus, left_out=left_out)
            self._on_hand = np.where(np.isnan(found), self._on_hand, found)
            self._stock_seen.note(batch.as_of, now)
        self._say("stock")

    def _say(self, table: str) -> None:
        left_out = self._left_out[table]
        if left_out:
            log.warning("rows_left_out", platform=self.name, table=table, what=list(left_out.words()))


def _first(left_out: LeftOut) -> str:
    return next(iter(left_out.words()), "the table is empty")
