"""A Shopify shop for the conformance suite: some variants, and buyers who come by the hour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import numpy as np

from autopilot.conformance.adapter import AdapterUnderTest
from tests.platforms.local_server import refusal
from tests.platforms.shopify.opened import HOUR, NOW, site
from tests.platforms.shopify.shop import Shop

HISTORY = timedelta(days=4)


class Buyers:
    """Place, and now and then cancel, what they order; the same in every run."""

    def __init__(self, shop: Shop, variants: tuple[str, ...], *, since: datetime) -> None:
        self._shop, self._variants, self._at = shop, variants, since
        self._luck = np.random.default_rng(7)

    def until(self, now: datetime) -> None:
        while self._at + HOUR <= now:
            self._at += HOUR
            for variant in self._variants:
                for _ in range(int(self._luck.poisson(0.6))):
                    self._shop.place(self._at - HOUR + timedelta(seconds=int(self._luck.integers(3600))), (variant, 1, "10.00"))
            if self._luck.random() < 0.5 and self._shop.orders:
                order = list(self._shop.orders)[int(self._luck.integers(len(self._shop.orders)))]
                self._shop.touch(order, self._at, cancelledAt="2026-11-22T12:00:00Z")


@contextmanager
def shopify() -> Iterator[AdapterUnderTest]:
    """Variants of several products, with four days of sales behind them."""
    with site() as opened, site() as broken:
        variants = [opened.shop.add_variant(sku=f"V{place}", product=f"gid://shopify/Product/{place // 2}") for place in range(7)]
        buyers = Buyers(opened.shop, tuple(variants), since=NOW - HISTORY)
        buyers.until(NOW)
        # tests ask again and again without letting time pass
        opened.shop.maximum = opened.shop.available = 1e9
        broken.shop.variants = opened.shop.variants
        out_of_reach = broken.adapter()
        out_of_reach.catalogue()
        broken.server.always = refusal(503)
        yield AdapterUnderTest(platform=opened.adapter(), out_of_reach=out_of_reach, now=NOW, until=buyers.until)
