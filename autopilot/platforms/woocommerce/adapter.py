"""A WooCommerce shop behind the ports: sales, stock and prices, all without tax."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal

import numpy as np

from autopilot.clock import Clock
from autopilot.platforms.goods import Goods, goods_of
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.order_book import OrderBook
from autopilot.platforms.today import stock_rows
from autopilot.platforms.woocommerce import pricing
from autopilot.platforms.woocommerce.api import Api
from autopilot.platforms.woocommerce.ledger import Ledger
from autopilot.platforms.woocommerce.options import Options
from autopilot.platforms.woocommerce.shelf import Item, shelf_of
from autopilot.platforms.woocommerce.terms import Terms, terms_of
from autopilot.platforms.writing import grouped, in_batches, objection_to
from control.command import Command
from control.ports import Acknowledgement
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.units import Floats, day_of

BOOK = "orders.sqlite"

Asker = Literal["read", "readback"]


class WooCommerce:
    """One shop. The price is what buyers pay, without tax; it is steered by the regular price, and left alone while a sale stands."""

    name = "woocommerce"
    signals = frozenset({Signal.SHOP, Signal.STOCK})
    fields = frozenset({Field.PRICE})

    def __init__(self, api: Api, options: Options, surroundings: Surroundings, *, clock: Clock) -> None:
        """Asks nothing yet; ``clock`` is only for what is asked before the first tick."""
        self._api, self._options, self._surroundings, self._clock = api, options, surroundings, clock
        self._shelf: Mapping[str, Item] = {}
        self._seen: tuple[Asker, datetime] | None = None

    def catalogue(self) -> Catalogue:
        """What is published and has a price, read once. Raises: PlatformError."""
        return self._goods.catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Sales of the days that changed, and stock. Raises: PlatformError."""
        goods = self._goods
        self._ledger.update(self._book, self._worth, now=now)
        shelf = self._look("read", now)
        on_hand = np.array([shelf[good].on_hand if good in shelf else 0.0 for good in goods.ids], dtype=np.float64)
        today = day_of(now, self._surroundings.timezone)
        return (self._book.rows(goods.ids, since=since, now=now), stock_rows(on_hand, today=today, now=now))

    def readback(self, *, now: datetime) -> Readback:
        """The prices that buyers pay, without tax; NaN for what was taken off the shelf. Raises: PlatformError."""
        goods, shelf = self._goods, self._look("readback", now)
        return Readback(at=now, values={Field.PRICE: self._prices(goods, shelf)})

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Write prices, one answer each. Raises: PlatformError where the first request gets no answer."""
        goods, terms = self._goods, self._terms
        items = {sku: self._shelf[good] for sku, good in zip(goods.catalogue.skus, goods.ids, strict=True) if good in self._shelf}

        def problem(command: Command) -> str:
            senseless = objection_to(command, catalogue=goods.catalogue, fields=self.fields)
            return senseless or pricing.objection_to_item(items.get(command.entity), command.value, terms)

        self._seen = None
        return in_batches(
            commands,
            problem=problem,
            batches=lambda sound: grouped(sound, lambda command: items[command.entity].parent, at_most=pricing.MOST_AT_ONCE),
            write=lambda batch: pricing.write(self._api, batch, items, terms, now=now),
        )

    def close(self) -> None:
        """Let go of connections and of the book."""
        self._api.close()
        if "_book" in self.__dict__:
            self._book.close()

    @cached_property
    def _terms(self) -> Terms:
        return terms_of(self._api, now=self._clock.now())

    @cached_property
    def _goods(self) -> Goods:
        self._shelf = shelf_of(self._api, self._terms, cost_meta=self._options.cost_meta, now=self._clock.now())
        return goods_of([item.good(self._terms) for item in self._shelf.values()], currency=self._terms.currency)

    @cached_property
    def _book(self) -> OrderBook:
        return OrderBook(self._surroundings.folder / BOOK, timezone=self._surroundings.timezone)

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(self._api, currency=self._terms.currency, not_sold=self._options.not_sold, timezone=self._surroundings.timezone)

    @cached_property
    def _anchors(self) -> dict[str, int]:
        return {good: int(price) for good, price in zip(self._goods.ids, self._goods.catalogue.anchor_price_cents, strict=True)}

    def _worth(self, good: str) -> int:
        return self._anchors.get(good, 0)

    def _look(self, asker: Asker, now: datetime) -> Mapping[str, Item]:
        """The shelf now. Reading figures and reading back set-points in the same tick share one look."""
        seen, self._seen = self._seen, None
        if seen is None or seen[0] == asker or seen[1] != now:
            self._shelf = shelf_of(self._api, self._terms, cost_meta=self._options.cost_meta, now=now)
            self._seen = (asker, now)
        return self._shelf

    def _prices(self, goods: Goods, shelf: Mapping[str, Item]) -> Floats:
        return np.array([_price(shelf.get(good), self._terms) for good in goods.ids], dtype=np.float64)


def _price(item: Item | None, terms: Terms) -> float:
    paid = None if item is None else item.paid_cents
    return math.nan if item is None or paid is None else float(terms.net(paid, item.rate))
