"""A gift shop on a real Vendure: its catalogue, its past, its orders, and the store file with which autopilot drives it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch
from zoneinfo import ZoneInfo

from tests.e2e.vendure.people import Buyer, Json, Merchant
from tests.e2e.vendure.running import PASSWORD, USERNAME, Server, running

CURRENCY, TAX_PERCENT, LONDON = "GBP", 20.0, ZoneInfo("Europe/London")

GOODS = {"MUG": (1999, 700), "TEAPOT": (3999, 1300), "BUNTING": (1250, 480), "LANTERN": (2665, 900), "CANDLE": (899, None)}
"""{SKU: (price, what a unit costs)}, pence without tax; what a candle costs nobody knows."""

PAST_DAYS = 10

AUTOPILOT, ITS_PASSWORD = "autopilot@shop.example", "a-password-of-its-own"
MAY = ("ReadCatalog", "UpdateCatalog", "ReadOrder")
"""What docs/platforms/vendure.md says that autopilot needs."""

Sales: TypeAlias = Mapping[tuple[str, int], tuple[int, int, int]]
"""{(SKU, store-local day): (orders, units, revenue)}."""


class GiftShop:
    """The shop as the people see it who run it and buy in it."""

    def __init__(self, server: Server) -> None:
        self.server, self.address = server, server.address
        self.merchant = Merchant(self.address, username=USERNAME, password=PASSWORD)
        self.merchant.open_shop(currency=CURRENCY, tax_percent=TAX_PERCENT)
        self.merchant.hire(username=AUTOPILOT, password=ITS_PASSWORD, permissions=MAY)
        self.variants = {
            sku: self.merchant.add_product(sku.title(), sku=sku, price=price, stock=5_000, unit_cost=cost)
            for sku, (price, cost) in GOODS.items()
        }
        self._served = 0

    def live_through(self, days: int) -> None:
        """Days on which something of everything but candles was sold, up to yesterday."""
        skus = [sku for sku in self.variants if sku != "CANDLE"]
        for back in range(days, 0, -1):
            self.server.shift_clock(timedelta(days=-back))
            for place in range(3):
                self.sell({skus[(back + place) % len(skus)]: 1 + place % 2, skus[(back + place + 1) % len(skus)]: 1})
        self.server.shift_clock(timedelta(0))

    def sell(self, basket: Mapping[str, int]) -> Json:
        """One order: {SKU: units}."""
        (order,) = self.sell_at_once([basket])
        return order

    def sell_at_once(self, baskets: Sequence[Mapping[str, int]]) -> list[Json]:
        """Several buyers who pay in the same moment."""
        with ExitStack() as visits:
            buyers = [visits.enter_context(self._buyer()) for _ in baskets]
            for buyer, basket in zip(buyers, baskets, strict=True):
                buyer.fill_cart([(self.variants[sku], units) for sku, units in basket.items()])
            with ThreadPoolExecutor(len(buyers)) as counters:
                return list(counters.map(Buyer.pay, buyers))

    def order(self, placed: Json) -> Json:
        """As the merchant sees it now."""
        (found,) = (order for order in self.merchant.orders() if order["id"] == placed["id"])
        return found

    def sales(self) -> Sales:
        """Added up by hand from what the server shows, cancelled units left out."""
        sums: dict[tuple[str, int], Counter[str]] = {}
        skus = {variant: sku for sku, variant in self.variants.items()}
        for order in self.merchant.orders():
            if order["state"] == "Cancelled":
                continue
            day = datetime.fromisoformat(order["orderPlacedAt"]).astimezone(LONDON).date().toordinal()
            for line in order["lines"]:
                figures = {"orders": 1, "units": line["quantity"], "revenue": line["proratedLinePrice"]}
                sums.setdefault((skus[line["productVariant"]["id"]], day), Counter()).update(figures)
        return {cell: (found["orders"], found["units"], found["revenue"]) for cell, found in sums.items()}

    def _buyer(self) -> Buyer:
        self._served += 1
        return Buyer(self.address, f"Buyer{self._served}")


@contextmanager
def open_gift_shop(folder: Path) -> Iterator[GiftShop]:
    """A shop with a past, on a server of its own."""
    with running(folder) as server:
        shop = GiftShop(server)
        with shop.merchant:
            shop.live_through(PAST_DAYS)
            yield shop


@contextmanager
def signed_in() -> Iterator[None]:
    """The environment in which autopilot knows how to sign in."""
    prefix = "AUTOPILOT__SECRETS__PLATFORM__"
    with patch.dict(os.environ, {f"{prefix}USERNAME": AUTOPILOT, f"{prefix}PASSWORD": ITS_PASSWORD}):
        yield


def edited(text: str, address: str, state: Path, **options: str | float) -> str:
    """The store's file as the merchant completes it."""
    for was, now in (
        ('url = "https://shop.example.com/admin-api"', f'url = "{address}/admin-api"'),
        ("# cost_field =", "cost_field ="),
        ("tick_s = 3600", f'tick_s = 3600\nstate_dir = "{state}"'),
        *((f"# {name} =", f"{name} = {value!r} # was") for name, value in options.items()),
    ):
        assert was in text, was
        text = text.replace(was, now)
    return text
