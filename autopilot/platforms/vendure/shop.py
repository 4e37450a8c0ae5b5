"""A Vendure shop as an adapter: what it sells and sold, what is left, and the prices that stand. All money is without tax."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from autopilot.clock import SystemClock
from autopilot.platforms.answers import parsed
from autopilot.platforms.goods import Good, Goods, goods_of
from autopilot.platforms.http import Refused
from autopilot.platforms.order_book import KEPT_DAYS, OrderBook, Returns
from autopilot.platforms.tax import with_tax
from autopilot.platforms.today import stock_rows
from autopilot.platforms.vendure.answers import Channel, M, Placed, Priced, Sold, Stocked, StockRules, items_of
from autopilot.platforms.vendure.documents import ORDERS, PRICES, SET_PRICE, SHOP, STOCK, goods
from autopilot.platforms.vendure.listing import Axis, Options, everything
from autopilot.platforms.vendure.sales import order_of
from autopilot.platforms.vendure.session import Session
from autopilot.platforms.writing import each, objection_to
from control.command import Command
from control.ports import Acknowledgement
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.observation import MetricRows, Readback, Signal
from perception.ports import BadAnswer
from perception.units import SECONDS_PER_HOUR, Floats, day_of, day_start

WHOLE_SHOP: Final = "__default_channel__"
"""Code of the channel that every server has: it holds what all others do."""

MONEY_DIGITS: Final = 2
"""Digits after the point of the amounts that settings are written in."""

NO_TAX: Final = Decimal(0)

READ_AGAIN: Final = timedelta(days=1)
"""Orders placed within this time are read again at every tick."""

ON_SALE: Final[Options] = {"enabled": {"eq": True}}
PLACED: Final[Options] = {"orderPlacedAt": {"isNull": False}}

MADE_AT: Final = Axis(name="createdAt", of=lambda variant: variant.created_at)
PLACED_AT: Final = Axis(name="orderPlacedAt", of=lambda order: order.order_placed_at)
UPDATED_AT: Final = Axis(name="updatedAt", of=lambda order: order.updated_at)


class VendureShop:
    """One channel of a Vendure server."""

    name = "vendure"
    signals = frozenset({Signal.SHOP, Signal.STOCK})
    fields = frozenset({Field.PRICE})

    def __init__(
        self, session: Session, book: OrderBook, *, currency: str, timezone: ZoneInfo, channel: str | None, cost_field: str | None
    ) -> None:
        """Asks nothing yet.

        Args:
            session: With the server.
            book: The shop's orders as far as they were read.
            currency: Of the prices to steer.
            timezone: Of the store's days.
            channel: Token of the channel that the session asks for; None for the default one.
            cost_field: Custom field of variants with what a unit costs, in minor units without tax; None where there is none.
        """
        self._session, self._book, self._currency, self._timezone = session, book, currency, timezone
        self._channel_token, self._cost_field = channel, cost_field
        self._opened: tuple[Channel, Goods] | None = None
        self._tax: dict[str, Decimal] = {}

    def catalogue(self) -> Catalogue:
        """What is sold, as of the first time it was asked for. Raises: PlatformError."""
        return self._goods(SystemClock().now()).catalogue

    def read(self, *, since: datetime | None, now: datetime) -> tuple[MetricRows, ...]:
        """Sales per day of the days on which anything changed, and stock. Raises: PlatformError; what was read of orders stays read."""
        goods = self._goods(now)
        self._read_orders(now)
        sales = self._book.rows(goods.ids, since=since, now=now)
        return (sales, stock_rows(self._on_hand(goods, now), today=day_of(now, self._timezone), now=now))

    def readback(self, *, now: datetime) -> Readback:
        """The prices that stand; NaN for what is not on sale any more. Raises: PlatformError."""
        goods = self._goods(now)
        prices, place = np.full(len(goods.ids), np.nan), goods.place

        def take(page: Sequence[Priced]) -> None:
            for variant in page:
                self._tax[variant.id] = variant.tax_rate_applied.share
                if variant.id in place:
                    prices[place[variant.id]] = variant.price if variant.price > 0 else np.nan

        page = self._variants(PRICES, Priced, now, currency=goods.catalogue.currency)
        everything(page, by=MADE_AT, where=ON_SALE, take=take)
        return Readback(at=now, values={Field.PRICE: prices})

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Set prices one by one: the server takes back a whole batch when one of it is wrong. Raises: PlatformError of the first."""
        if not commands:
            return ()
        goods = self._goods(now)
        ids = dict(zip(goods.catalogue.skus, goods.ids, strict=True))
        return each(
            commands,
            problem=lambda command: objection_to(command, catalogue=goods.catalogue, fields=self.fields),
            write=lambda command: self._set_price(ids[command.entity], command.value, now),
        )

    def returns(self) -> Returns:
        """What came back of what was sold, as far as it was read."""
        return self._book.returns()

    def close(self) -> None:
        """Let go of connections and of the book."""
        self._session.close()
        self._book.close()

    def _open(self, now: datetime) -> tuple[Channel, Goods]:
        if self._opened is None:
            channel = self._read_channel(now)
            currency = self._currency if self._currency in channel.available_currency_codes else channel.default_currency_code
            found: list[Sold] = []
            page = self._variants(goods(self._cost_field), Sold, now, currency=currency)
            everything(page, by=MADE_AT, where=ON_SALE, take=found.extend)
            self._tax.update({variant.id: variant.tax_rate_applied.share for variant in found})
            offered = [_good(variant, self._cost_field) for variant in found if variant.product.enabled]
            self._opened = (channel, goods_of(offered, currency=currency))
        return self._opened

    def _goods(self, now: datetime) -> Goods:
        return self._open(now)[1]

    def _read_channel(self, now: datetime) -> Channel:
        data = self._session.ask(SHOP, {}, now=now)
        channel = parsed(Channel, data.get("activeChannel"), "activeChannel")
        if self._channel_token not in {None, channel.token}:
            # a server that knows no such token answers for its default channel
            raise BadAnswer(f"channel: expected the token of a channel of this server, which answered for {channel.code!r}")
        digits = data.get("globalSettings", {}).get("serverConfig", {}).get("moneyStrategyPrecision")
        if digits != MONEY_DIGITS:
            raise BadAnswer(f"moneyStrategyPrecision: expected amounts with {MONEY_DIGITS} decimals, was {digits}")
        return channel

    def _variants(self, document: str, model: type[M], now: datetime, *, currency: str) -> Callable[[Options], list[M]]:
        def page(options: Options) -> list[M]:
            data = self._session.ask(document, {"options": options}, now=now, currency=currency)
            return items_of(model, data.get("productVariants"), "productVariants")

        return page

    def _read_orders(self, now: datetime) -> None:
        """What was placed and what changed since, and what changes without a trace.

        A placed order keeps the ``updatedAt`` of its cart, so that new orders are found by ``orderPlacedAt``. A refund, and some changes of
        state, move neither, so that what was placed within the last day is read again each time, and of older days one after the other.
        The first reading has seen all that is kept by when it was placed.
        """
        channel, goods = self._open(now)
        currency, parts_count = goods.catalogue.currency, channel.code != WHOLE_SHOP
        reached = [since := self._book.read_from(now=now)]

        def page(options: Options) -> list[Placed]:
            return items_of(Placed, self._session.ask(ORDERS, {"options": options}, now=now).get("orders"), "orders")

        def take(orders: Sequence[Placed]) -> None:
            taken = [order_of(placed, currency=currency, parts_count=parts_count) for placed in orders]
            self._book.take(taken, now=now, moves_on=False)

        def take_and_note(axis: Axis) -> Callable[[Sequence[Placed]], None]:
            def take_page(orders: Sequence[Placed]) -> None:
                take(orders)
                reached.extend(axis.of(placed) for placed in orders)

            return take_page

        everything(page, by=PLACED_AT, after=since - READ_AGAIN, take=take_and_note(PLACED_AT))
        if since > now - timedelta(days=KEPT_DAYS):
            everything(page, by=UPDATED_AT, after=since, where=PLACED, take=take_and_note(UPDATED_AT))
        self._book.reach(max(reached))
        everything(page, by=UPDATED_AT, where={PLACED_AT.name: _within(self._day_to_revisit(now))}, take=take)

    def _day_to_revisit(self, now: datetime) -> tuple[datetime, datetime]:
        """Beginning and end: today, then each hour a day further back, and around again."""
        back = int(now.timestamp() // SECONDS_PER_HOUR) % KEPT_DAYS
        day = day_of(now, self._timezone) - back
        return day_start(day, self._timezone), day_start(day + 1, self._timezone)

    def _on_hand(self, goods: Goods, now: datetime) -> Floats:
        """(m,) units that can still be sold; NaN where nobody counts them."""
        on_hand, place = np.full(len(goods.ids), np.nan), goods.place

        def page(options: Options) -> list[Stocked]:
            data = self._session.ask(STOCK, {"options": options}, now=now)
            rules = parsed(StockRules, data.get("globalSettings"), "globalSettings")
            items = items_of(Stocked, data.get("productVariants"), "productVariants")
            for variant in items:
                if variant.id in place:
                    on_hand[place[variant.id]] = _saleable(variant, rules)
            return items

        everything(page, by=MADE_AT, where=ON_SALE, take=lambda _: None)
        return on_hand

    def _set_price(self, variant: str, net_cents: int, now: datetime) -> str:
        channel, goods = self._open(now)
        cents = with_tax(net_cents, self._tax.get(variant, NO_TAX)) if channel.prices_include_tax else net_cents
        currency = goods.catalogue.currency
        price: dict[str, Any] = {"id": variant, "prices": [{"currencyCode": currency, "price": cents}]}
        data = self._session.ask(SET_PRICE, {"input": [price]}, now=now, currency=currency)
        items = data.get("updateProductVariants")
        item = items[0] if isinstance(items, list) and len(items) == 1 else None
        if item is None:
            raise Refused(f"updateProductVariants: variant {variant} was not changed", status=200, body=items)
        stands = item.get("price") if isinstance(item, dict) else None
        if stands != net_cents:
            raise BadAnswer(f"updateProductVariants: expected price {net_cents}, was {stands}")
        return f"price of variant {variant} is {net_cents}"


def _good(variant: Sold, cost_field: str | None) -> Good:
    cost = None if cost_field is None else (variant.custom_fields or {}).get(cost_field)
    known = isinstance(cost, int | float) and not isinstance(cost, bool) and math.isfinite(cost)
    return Good(
        id=variant.id,
        sku=variant.sku,
        price_cents=variant.price if variant.price > 0 else None,
        cost_cents=float(cost) if known and cost is not None else math.nan,
    )


def _within(stretch: tuple[datetime, datetime]) -> dict[str, str]:
    """Filter on a time from the first instant, inclusive, to the second, exclusive."""
    first, end = stretch
    return {"after": (first - timedelta(milliseconds=1)).isoformat(), "before": end.isoformat()}


def _saleable(variant: Stocked, rules: StockRules) -> float:
    tracked = rules.track_inventory if variant.track_inventory == "INHERIT" else variant.track_inventory == "TRUE"
    if not tracked:
        return np.nan
    threshold = rules.out_of_stock_threshold if variant.use_global_out_of_stock_threshold else variant.out_of_stock_threshold
    free = sum(level.stock_on_hand - level.stock_allocated for level in variant.stock_levels)
    return float(max(free - threshold, 0))
