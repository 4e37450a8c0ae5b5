"""No sale is lost or counted twice, whatever happens to orders, pages and the process while they are read."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from autopilot.platforms.woocommerce.adapter import WooCommerce
from autopilot.platforms.woocommerce.options import NOT_SOLD
from perception.observation import Signal
from perception.ports import PlatformError
from tests.platforms.local_server import Fault, Reply, refusal
from tests.platforms.woocommerce import opened
from tests.platforms.woocommerce.opened import BERLIN, NOW, Site, site

TICK = timedelta(minutes=10)
SKUS = ("MUG", "CUP")

happening = st.one_of(
    # so many orders within one second, that second
    st.tuples(st.just("place"), st.integers(1, 120), st.integers(0, 599)),
    # an order is changed: which, to what, when
    st.tuples(st.just("change"), st.integers(0, 400), st.sampled_from(["completed", "cancelled", "processing", "refunded", "trash"])),
    st.tuples(st.just("refund"), st.integers(0, 400), st.just("")),
)
during = st.sampled_from(["nothing", "moves", "moves while it is loaded", "fails", "killed"])
steps = st.lists(st.tuples(st.lists(happening, max_size=4), during), min_size=1, max_size=5)


class Course:
    """Plays what happens on the site, and reads as the daemon does: it commits its cursor only after a reading that came through."""

    def __init__(self, opened_site: Site) -> None:
        self.site, self.shop = opened_site, opened_site.shop
        self.ids = [self.shop.add_product(sku=sku, regular_price="10.00") for sku in SKUS]
        self.adapter = opened_site.adapter()
        self.adapter.catalogue()
        self.held: dict[tuple[int, int], tuple[int, list[float]]] = {}
        self.since: datetime | None = None

    def happens(self, what: str, number: int, how: Any, now: datetime) -> None:
        if what == "place":
            at = now - TICK + timedelta(seconds=how)
            for place in range(number):
                self.shop.place(at, (self.ids[place % 2], 1, "10.00"))
        elif self.shop.orders:
            order = list(self.shop.orders)[number % len(self.shop.orders)]
            if what == "change":
                self.shop.touch(order, now - timedelta(seconds=number % 60), status=how)
            elif self.shop.orders[order]["status"] != "trash":
                item = self.shop.orders[order]["line_items"][0]
                self.shop.refund(order, now, (item["product_id"], 1, item["total"]))

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
        if meanwhile == "moves while it is loaded" and self.shop.orders:
            last = list(self.shop.orders)[min(99, len(self.shop.orders) - 1)]
            self.shop.while_loading = [lambda: self.shop.touch(last, now)]
        if meanwhile in ("fails", "killed"):
            self.shop.between_pages = [lambda: self.site.server.faults.append(refusal(503))]
            with suppress(PlatformError):
                self.read(now)
            self.shop.between_pages = []
            self.site.server.faults.clear()
        if meanwhile == "killed":
            self.adapter.close()
            self.adapter = self.site.adapter(now=now)
        self.read(now)

    def truth(self) -> dict[tuple[int, int], list[float]]:
        orders: Counter[tuple[int, int]] = Counter()
        for order in self.shop.orders.values():
            if order["status"] not in (*NOT_SOLD, "trash"):
                placed = datetime.fromisoformat(order["date_created_gmt"] + "Z")
                orders[self.ids.index(order["line_items"][0]["product_id"]), placed.astimezone(BERLIN).date().toordinal()] += 1
        return {cell: [count, count, count * 1000] for cell, count in orders.items()}


@settings(max_examples=8, deadline=None)
@given(course=steps)
def test_figures_are_those_of_the_orders_that_stand(course: list[Any]) -> None:
    with site() as opened_site:
        played = Course(opened_site)
        now = NOW
        for events, meanwhile in course:
            now += TICK
            for what, number, how in events:
                played.happens(what, number, how, now)
            played.tick(now, meanwhile)

        assert {cell: values for cell, (_, values) in played.held.items() if any(values)} == played.truth()
        assert opened_site.shop.problems == []


@settings(max_examples=5, deadline=None)
@given(until=st.integers(1, 4), lost=st.booleans())
def test_what_is_read_but_not_committed_is_given_again(until: int, *, lost: bool) -> None:
    """Killed after reading and before the journal has the rows: the next reading has the same cursor, and the same figures."""
    with site() as opened_site:
        shop = opened_site.shop
        mug = shop.add_product(sku="MUG", regular_price="10.00")
        adapter: WooCommerce = opened_site.adapter()
        adapter.read(since=None, now=NOW)
        for place in range(until * 60):
            shop.place(NOW + timedelta(seconds=place % 7), (mug, 1, "10.00"))
        later = NOW + TICK
        if lost:
            opened_site.server.faults.append(Fault(reply=Reply(status=500, body={})))
            opened_site.server.faults.append(Fault(reply=Reply(status=500, body={})))
        for _ in range(3):
            with suppress(PlatformError):
                adapter.read(since=NOW, now=later)

        again = opened_site.adapter(now=later)
        found = opened.sales(again.read(since=NOW, now=later + TICK), again)

        assert list(found.values()) == [(until * 60, until * 60, until * 60_000)]
