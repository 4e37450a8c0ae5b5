"""No sale is lost or counted twice, whatever happens to orders, pages, points and the process while they are read."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perception.observation import Signal
from perception.ports import PlatformError, RateLimited
from tests.platforms.local_server import refusal
from tests.platforms.shopify.opened import NEW_YORK, NOW, Site, site

TICK = timedelta(minutes=10)
MOST_WAITS = 60

happening = st.one_of(
    # so many orders within one second, that second
    st.tuples(st.just("place"), st.integers(1, 60), st.integers(0, 599)),
    st.tuples(st.just("cancel"), st.integers(0, 400), st.just(0)),
    st.tuples(st.just("refund"), st.integers(0, 400), st.just(0)),
)
during = st.sampled_from(["nothing", "moves", "fails", "killed", "poor"])
steps = st.lists(st.tuples(st.lists(happening, max_size=3), during), min_size=1, max_size=5)


class Course:
    """Plays what happens in the shop, and reads as the daemon does: it commits its cursor only after a reading that came through."""

    def __init__(self, opened: Site) -> None:
        self.site, self.shop = opened, opened.shop
        self.ids = [self.shop.add_variant(sku=sku) for sku in ("MUG", "CUP")]
        self.adapter = opened.adapter()
        self.adapter.catalogue()
        self.held: dict[tuple[int, int], tuple[int, list[float]]] = {}
        self.since: datetime | None = None

    def happens(self, what: str, number: int, second: int, now: datetime) -> None:
        if what == "place":
            at = now - TICK + timedelta(seconds=second)
            for place in range(number):
                self.shop.place(at, (self.ids[place % 2], 2, "20.00"))
        elif self.shop.orders:
            order = list(self.shop.orders)[number % len(self.shop.orders)]
            if what == "cancel":
                self.shop.touch(order, now - timedelta(seconds=number % 60), cancelledAt="2026-11-22T12:00:00Z")
            elif self.shop.orders[order]["lines"][0]["currentQuantity"]:
                self.shop.refund(order, now, 0, 1, "10.00")

    def read(self, now: datetime) -> None:
        rows = self.adapter.read(since=self.since, now=now)
        self.since = now
        shop = next(one for one in rows if one.signal is Signal.SHOP)
        for sku, day, version, values in zip(
            shop.sku.tolist(), shop.day.tolist(), shop.version.tolist(), shop.values.tolist(), strict=True
        ):
            before = self.held.get((sku, day), (-1, []))
            assert version > before[0] or values == before[1]
            self.held[sku, day] = (version, values)

    def tick(self, now: datetime, meanwhile: str) -> None:
        if meanwhile == "moves" and self.shop.orders:
            first = next(iter(self.shop.orders))
            self.shop.between_pages = [lambda: self.shop.touch(first, now)]
        if meanwhile in ("fails", "killed"):
            self.shop.between_pages = [lambda: self.site.server.faults.append(refusal(503))]
            with suppress(PlatformError):
                self.read(now)
            self.shop.between_pages = []
            self.site.server.faults.clear()
        if meanwhile == "poor":
            self.shop.available = 900.0
        if meanwhile == "killed":
            self.adapter.close()
            self.adapter = self.site.adapter(now=now)
        for _ in range(MOST_WAITS):
            try:
                self.read(now)
            except RateLimited as error:
                self.shop.passes(error.retry_after_s)
                now += timedelta(seconds=error.retry_after_s)
            else:
                break
        else:
            raise AssertionError("never comes to an end")
        self.shop.passes(TICK.total_seconds())

    def truth(self) -> dict[tuple[int, int], list[float]]:
        orders: Counter[tuple[int, int]] = Counter()
        for order in self.shop.orders.values():
            if order["cancelledAt"] is None:
                day = datetime.fromisoformat(order["processedAt"]).astimezone(NEW_YORK).date().toordinal()
                orders[self.ids.index(order["lines"][0]["variant"]["id"]), day] += 1
        return {cell: [count, 2 * count, 2000 * count] for cell, count in orders.items()}


@settings(max_examples=8, deadline=None)
@given(course=steps)
def test_figures_are_those_of_the_orders_that_stand(course: list[Any]) -> None:
    with site() as opened:
        played = Course(opened)
        now = NOW
        for events, meanwhile in course:
            now += TICK
            for what, number, second in events:
                played.happens(what, number, second, now)
            played.tick(now, meanwhile)

        assert {cell: values for cell, (_, values) in played.held.items() if any(values)} == played.truth()
