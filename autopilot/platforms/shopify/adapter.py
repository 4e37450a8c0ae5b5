"""A Shopify shop behind the ports: sales, stock and prices, all without tax."""

from __future__ import annotations

import math
from datetime import datetime
from functools import cached_property
from typing import Literal

import numpy as np
import structlog

from autopilot.clock import Clock
from autopilot.platforms.goods import Goods, goods_of
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.order_book import OrderBook
from autopilot.platforms.patience import Unfinished
from autopilot.platforms.shopify import pricing
from autopilot.platforms.shopify.inventory import Inventory
from autopilot.platforms.shopify.ledger import Ledger
from autopilot.platforms.shopify.options import Options
from autopilot.platforms.shopify.session import Session
from autopilot.platforms.shopify.shelf import Look, Shelf
from autopilot.platforms.shopify.terms import Terms, terms_of
from autopilot.platforms.shopify.variants import Variant
from autopilot.platforms.today import stock_rows
from autopilot.platforms.writing import grouped, in_batches, objection_to
from control.command import Command
from control.ports import Acknowledgement
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.ports import RateLimited
from perception.units import day_of

log = structlog.get_logger()

BOOK, KEPT = "orders.sqlite", "variants.json"

Asker = Literal["read", "readback"]


class Shopify:
    """One shop. A price is what its variant costs, without tax; stock is read and never written."""

    name = "shopify"
    signals = frozenset({Signal.SHOP, Signal.STOCK})
    fields = frozenset({Field.PRICE})

    def __init__(self, session: Session, options: Options, surroundings: Surroundings, *, clock: Clock) -> None:
        """Asks nothing yet; ``clock`` is only for what is asked before the first tick."""
        self._session, self._options, self._surroundings, self._clock = session, options, surroundings, clock
        self._seen: tuple[Asker, datetime, Look] | None = None

    def catalogue(self) -> Catalogue:
        """What is for sale, read once.

        Raises:
            Unfinished: It is more than one bucket of points pays for; what was read is kept, and the next call goes on from there.
            PlatformError: Likewise.
            ConfigError: An option is missing.
        """
        return self._goods.catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Sales of the days that changed, and the stock of what there were points left to look at. Raises: PlatformError."""
        goods = self._goods
        self._ledger.update(self._book, self._worth, now=now)
        try:
            look = self._look("read", now)
        except RateLimited as error:
            # orders come first, and are all there: stock is looked at in the next tick
            log.info("stock_not_looked_at", reason=str(error))
            look = Look(standing={}, gone=frozenset())
        on_hand = np.array([self._on_hand(look, good) for good in goods.ids], dtype=np.float64)
        today = day_of(now, self._surroundings.timezone)
        return (self._book.rows(goods.ids, since=since, now=now), stock_rows(on_hand, today=today, now=now))

    def readback(self, *, now: datetime) -> Readback:
        """The prices that stand, without tax; NaN for what this look did not reach, or is for sale no longer. Raises: PlatformError."""
        look = self._look("readback", now)
        values = np.array([self._price(look, good) for good in self._goods.ids], dtype=np.float64)
        return Readback(at=now, values={Field.PRICE: values})

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Write prices, one answer each. Raises: PlatformError where the first request gets no answer."""
        goods, terms = self._goods, self._terms
        variants = {sku: self._variants[good] for sku, good in zip(goods.catalogue.skus, goods.ids, strict=True)}
        self._seen = None
        self._shelf.look_first_at(variants[command.entity].id for command in commands if command.entity in variants)
        return in_batches(
            commands,
            problem=lambda command: objection_to(command, catalogue=goods.catalogue, fields=self.fields),
            batches=lambda sound: grouped(sound, lambda command: variants[command.entity].product.id, at_most=pricing.MOST_AT_ONCE),
            write=lambda batch: pricing.write(self._session, batch, variants, terms, now=now),
        )

    def close(self) -> None:
        """Let go of connections and of the book."""
        self._session.close()
        if "_book" in self.__dict__:
            self._book.close()

    @cached_property
    def _terms(self) -> Terms:
        terms = terms_of(self._session, tax_percent=self._options.tax_percent, now=self._clock.now())
        if terms.timezone != self._surroundings.timezone.key:
            log.warning("timezone_is_not_the_shops", store=self._surroundings.timezone.key, shop=terms.timezone)
        return terms

    @cached_property
    def _inventory(self) -> Inventory:
        return Inventory(self._session, self._surroundings.folder / KEPT)

    @cached_property
    def _variants(self) -> dict[str, Variant]:
        try:
            found = self._inventory.variants(now=self._clock.now())
        except RateLimited as error:
            raise Unfinished(str(error), retry_after_s=error.retry_after_s) from None
        return {variant.id: variant for variant in found}

    @cached_property
    def _goods(self) -> Goods:
        terms = self._terms
        return goods_of([variant.good(terms) for variant in self._variants.values()], currency=terms.currency)

    @cached_property
    def _shelf(self) -> Shelf:
        return Shelf(self._session, self._goods.ids)

    @cached_property
    def _book(self) -> OrderBook:
        return OrderBook(self._surroundings.folder / BOOK, timezone=self._surroundings.timezone)

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(self._session, currency=self._terms.currency)

    @cached_property
    def _anchors(self) -> dict[str, int]:
        return {good: int(price) for good, price in zip(self._goods.ids, self._goods.catalogue.anchor_price_cents, strict=True)}

    def _worth(self, good: str) -> int:
        return self._anchors.get(good, 0)

    def _look(self, asker: Asker, now: datetime) -> Look:
        """The shelf now. Reading figures and reading back set-points in the same tick share one look."""
        seen, self._seen = self._seen, None
        if seen is not None and seen[0] != asker and seen[1] == now:
            return seen[2]
        look = self._shelf.look(now=now)
        self._seen = (asker, now, look)
        return look

    def _on_hand(self, look: Look, good: str) -> float:
        standing = look.standing.get(good)
        if standing is None:
            return 0.0 if good in look.gone else math.nan
        return standing.on_hand(tracked=self._variants[good].item.tracked)

    def _price(self, look: Look, good: str) -> float:
        standing = look.standing.get(good)
        cents = None if standing is None else standing.price_cents(self._terms)
        return math.nan if cents is None else float(self._terms.net(cents, taxable=self._variants[good].taxable))
