"""A WooCommerce shop for the conformance suite: some products, and buyers who come by the hour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import numpy as np

from autopilot.conformance.adapter import AdapterUnderTest
from tests.platforms.local_server import refusal
from tests.platforms.woocommerce.opened import NOW, site
from tests.platforms.woocommerce.shop import Shop

HISTORY = timedelta(days=4)
HOUR = timedelta(hours=1)


class Buyers:
    """Place, and now and then cancel or send back, what they order; the same in every run."""

    def __init__(self, shop: Shop, items: tuple[int, ...], *, since: datetime) -> None:
        self._shop, self._items, self._at = shop, items, since
        self._luck = np.random.default_rng(7)

    def until(self, now: datetime) -> None:
        while self._at + HOUR <= now:
            self._at += HOUR
            for item in self._items:
                for _ in range(int(self._luck.poisson(0.6))):
                    self._shop.place(self._at - HOUR + timedelta(seconds=int(self._luck.integers(3600))), (item, 1, "10.00"))
            if self._luck.random() < 0.5 and self._shop.orders:
                self._shop.touch(int(self._luck.choice(list(self._shop.orders))), self._at, status="cancelled")


@contextmanager
def woocommerce() -> Iterator[AdapterUnderTest]:
    """Simple products and variations, with four days of sales behind them."""
    with site() as opened, site() as broken:
        items = [opened.shop.add_product(sku=f"P{number}", regular_price=f"{number + 5}.00") for number in range(4)]
        parent = opened.shop.add_product(type="variable", regular_price="", variations=[])
        items += [opened.shop.add_variation(parent, sku=f"V{number}", regular_price="20.00") for number in range(3)]
        buyers = Buyers(opened.shop, tuple(items), since=NOW - HISTORY)
        buyers.until(NOW)
        broken.shop.products, broken.shop.variations = opened.shop.products, opened.shop.variations
        out_of_reach = broken.adapter()
        out_of_reach.catalogue()
        broken.server.always = refusal(503)
        yield AdapterUnderTest(platform=opened.adapter(), out_of_reach=out_of_reach, now=NOW, until=buyers.until)
        assert opened.shop.problems == []
