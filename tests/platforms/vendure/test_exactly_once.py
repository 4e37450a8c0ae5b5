"""No sale is lost or counted twice: whatever changes while pages are read, whoever fails, and whenever the process is killed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import httpx
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from autopilot.platforms.http import Courier
from autopilot.platforms.order_book import OrderBook
from autopilot.platforms.vendure import listing
from autopilot.platforms.vendure.session import Session
from autopilot.platforms.vendure.shop import VendureShop
from perception.observation import Signal
from perception.ports import PlatformError
from tests.platforms.local_server import Request
from tests.platforms.vendure.admin import NOW, PASSWORD, USERNAME, Order
from tests.platforms.vendure.opened import LONDON, sales_in, stocked

MEMORY = next((place for place in ("/dev/shm",) if Path(place).is_dir()), None)  # noqa: S108 - for tests, see below
"""It is the process that is killed here, not the machine: nothing need reach a disk."""

TICK = timedelta(minutes=10)
PAGE = 3

happening = st.one_of(
    st.tuples(st.just("sell"), st.integers(1, 7)),
    st.tuples(st.just("fill a cart"), st.integers(1, 3)),
    st.tuples(st.just("pay for the oldest cart"), st.just(0)),
    st.tuples(st.just("cancel"), st.integers(0, 50)),
    st.tuples(st.just("cancel a unit"), st.integers(0, 50)),
    st.tuples(st.just("cancel without a trace"), st.integers(0, 50)),
)
tick = st.fixed_dictionaries(
    {
        # (seconds after the last tick, what): several may share a second
        "before": st.lists(st.tuples(st.integers(0, 599), happening), max_size=5),
        # after so many pages something happens while the rest is being read
        "meanwhile": st.lists(st.tuples(st.integers(1, 6), happening), max_size=3),
        # after so many requests the server fails, or the process is killed
        "ends": st.none() | st.tuples(st.sampled_from(["fails", "killed"]), st.integers(1, 8)),
    }
)


class Killed(BaseException):
    """Nothing of the process is left to handle it."""


class World:
    """A shop on which things happen, and a process that reads it every ten minutes."""

    def __init__(self, folder: Path) -> None:
        self.admin, self.folder = stocked(), folder
        self.admin.after_page = self._page_read
        self.meanwhile: list[tuple[int, tuple[str, int]]] = []
        self.ends: tuple[str, int] | None = None
        self.pages = self.asked = 0
        self.since: datetime | None = None
        self.held: dict[tuple[str, int], tuple[int, int, int]] = {}
        self.shop = self._opened()

    def _opened(self) -> VendureShop:
        client = httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://127.0.0.1")
        session = Session(Courier(client), "/admin-api", username=SecretStr(USERNAME), password=SecretStr(PASSWORD), channel=None)
        book = OrderBook(self.folder / "orders.sqlite", timezone=LONDON)
        return VendureShop(session, book, currency="GBP", timezone=LONDON, channel=None, cost_field="unitCost")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.ends is not None and self.asked > self.ends[1]:
            if self.ends[0] == "killed":
                raise Killed
            return httpx.Response(503)
        query = dict(request.url.params)
        known = Request(method="POST", path=request.url.path, query=query, headers=request.headers, body=orjson.loads(request.content))
        reply = self.admin.answer(known)
        return httpx.Response(reply.status, content=reply.content, headers=reply.headers)

    def _page_read(self) -> None:
        self.pages += 1
        for at, what in self.meanwhile:
            if at == self.pages:
                self.happens(what)

    def happens(self, what: tuple[str, int]) -> None:
        name, number = what
        admin = self.admin
        placed = [order for order in admin.orders.values() if order.placed is not None and order.state != "Cancelled"]
        carts = [order for order in admin.orders.values() if order.placed is None]
        if name == "sell":
            for place in range(number):
                admin.sell((str(1 + place % 3), 1 + place % 2))
        elif name == "fill a cart":
            admin.cart(("1", number))
        elif name == "pay for the oldest cart" and carts:
            admin.place(carts[0])
        elif name.startswith("cancel") and placed:
            self._cancel(placed[number % len(placed)], name)

    def _cancel(self, order: Order, how: str) -> None:
        """Without a trace: by a change of state alone, of which a server that saves the order twice keeps no time."""
        if how == "cancel without a trace":
            order.state = "Cancelled"
        else:
            self.admin.cancel(order, 1 if how == "cancel a unit" else None)

    def tick(self, now: datetime) -> None:
        """Read as the daemon does: what was read until when is noted only after a reading that came through."""
        self.pages = self.asked = 0
        try:
            rows = self.shop.read(since=self.since, now=now)
        except PlatformError:
            return
        except Killed:
            self.shop.close()
            self.shop = self._opened()
            return
        self.since = now
        self.held |= self._shown(rows)

    def _shown(self, rows: object) -> dict[tuple[str, int], tuple[int, int, int]]:
        """Of the rows given, every cell that ever held anything."""
        given = next(one for one in rows if one.signal is Signal.SHOP)  # type: ignore[attr-defined]
        skus = self.shop.catalogue().skus
        cells = zip(given.sku.tolist(), given.day.tolist(), given.values.astype(int).tolist(), strict=True)
        return {(skus[sku], day): (orders, units, revenue) for sku, day, (orders, units, revenue) in cells}

    def truth(self) -> dict[tuple[str, int], tuple[int, int, int]]:
        """Added up from the shop's own orders."""
        sums: dict[tuple[str, int], Counter[str]] = {}
        skus = {variant.id: variant.sku for variant in self.admin.variants.values()}
        for order in self.admin.orders.values():
            if order.placed is None or order.state == "Cancelled":
                continue
            day = order.placed.astimezone(LONDON).date().toordinal()
            for line in order.lines:
                figures = {"orders": 1, "units": line.quantity, "revenue": line.quantity * line.unit_price}
                sums.setdefault((skus[line.variant], day), Counter()).update(figures)
        return {cell: (found["orders"], found["units"], found["revenue"]) for cell, found in sums.items()}


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, patch.object(listing, "PAGE", PAGE):
        opened = World(Path(folder))
        opened.shop.catalogue()
        yield opened
        opened.shop.close()


@settings(max_examples=40)
@given(ticks=st.lists(tick, min_size=1, max_size=6))
def test_what_was_shown_adds_up_to_what_was_sold(ticks: list[dict[str, object]]) -> None:
    with world() as course:
        now = NOW
        for one in ticks:
            for second, what in sorted(one["before"]):  # type: ignore[call-overload]
                course.admin.now = now + timedelta(seconds=second)
                course.happens(what)
            now += TICK
            course.admin.now = now
            course.meanwhile, course.ends = one["meanwhile"], one["ends"]  # type: ignore[assignment]
            course.tick(now)
        course.meanwhile, course.ends = [], None

        # what happened while the last one was being read is read by the next
        course.admin.now = now + TICK
        course.tick(now + TICK)

        assert {cell: figures for cell, figures in course.held.items() if any(figures)} == course.truth()
        everything = course.shop.read(since=None, now=now + TICK)
        again = sales_in(everything, course.shop, today=0)
        assert {(sku, -day): figures for (sku, day), figures in again.items()} == course.truth()


def test_the_world_would_notice_a_reading_by_time_of_change_alone() -> None:
    """The proof that the trap is set: the cart is older than what was read, and its order is found all the same."""
    with world() as course:
        course.admin.now = NOW - timedelta(hours=20)
        course.happens(("fill a cart", 1))
        course.admin.now = NOW
        course.happens(("sell", 2))
        course.tick(NOW)
        course.admin.now = NOW + timedelta(minutes=1)
        course.happens(("pay for the oldest cart", 0))
        course.tick(NOW + TICK)

        order = next(iter(course.admin.orders.values()))
        assert order.placed is not None
        assert order.updated < NOW - timedelta(hours=19)
        assert course.held == course.truth() | {cell: figures for cell, figures in course.held.items() if not any(figures)}
