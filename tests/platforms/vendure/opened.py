"""The adapter, opened on a local server as the daemon opens it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from autopilot.conformance.adapter import AdapterUnderTest
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.vendure.kind import KIND, VendureOptions, VendureSecrets, session_with
from autopilot.platforms.vendure.promotions import Promotions
from autopilot.platforms.vendure.shop import VendureShop
from control.command import Command
from perception.fields import Field
from perception.observation import MetricRows, Signal
from tests.platforms.graphql_server import GraphqlServer
from tests.platforms.local_server import Fault, Reply
from tests.platforms.vendure.admin import NOW, PASSWORD, USERNAME, Admin

LONDON = ZoneInfo("Europe/London")
PATH = "/admin-api"

IMPATIENT_S = 1.0
"""Of an adapter whose server loses answers on purpose; on a busy machine an answer takes a third of it."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A shop, the server it is behind, and where the adapter keeps its book."""

    admin: Admin
    server: GraphqlServer
    folder: Path
    opened: ExitStack

    def adapter(self, **options: str | float | None) -> VendureShop:
        """A process that has just started."""
        surroundings = Surroundings(store="s", currency="GBP", timezone=LONDON, folder=self.folder)
        adapter: VendureShop = KIND.open(self.options(**options), secrets(), surroundings)  # type: ignore[assignment]
        self.opened.callback(adapter.close)
        return adapter

    def promotions(self, **options: float) -> Promotions:
        session = session_with(self.options(**options), secrets())
        self.opened.callback(session.close)
        return Promotions(session, language="en")

    def options(self, **options: str | float | None) -> VendureOptions:
        known = {"url": f"{self.server.url}{PATH}", "cost_field": "unitCost", **options}
        return VendureOptions.model_validate(known)


def secrets(password: str = PASSWORD) -> VendureSecrets:
    return VendureSecrets.model_validate({"username": USERNAME, "password": password})


@contextmanager
def site(admin: Admin | None = None) -> Iterator[Site]:
    """A shop of one's own for one test."""
    admin = admin or stocked()
    with tempfile.TemporaryDirectory() as folder, GraphqlServer(admin.answer) as server, ExitStack() as opened:
        yield Site(admin=admin, server=server, folder=Path(folder), opened=opened)


def stocked(**others: object) -> Admin:
    """A shop with three things on sale."""
    admin = Admin(**others)  # type: ignore[arg-type]
    admin.add("MUG", 1000, cost=400)
    admin.add("TEAPOT", 2500, cost=1100)
    admin.add("CANDLE", 500)
    return admin


def price(adapter: VendureShop, sku: str, cents: int, *, intent: str = "") -> Command:
    index = adapter.catalogue().skus.index(sku)
    intent = intent or f"set-{sku}-{cents}"
    return Command(intent_id=intent, entity=sku, index=index, field=Field.PRICE, value=cents, previous=0, currency="GBP")


def prices(adapter: VendureShop, *, now: datetime = NOW) -> dict[str, float]:
    return dict(zip(adapter.catalogue().skus, adapter.readback(now=now).values[Field.PRICE].tolist(), strict=True))


def sales(adapter: VendureShop, *, now: datetime = NOW, since: datetime | None = None) -> dict[tuple[str, int], tuple[int, int, int]]:
    """{(SKU, days ago): (orders, units, revenue)} of days with sales, as read now."""
    return sales_in(adapter.read(since=since, now=now), adapter, today=now.astimezone(LONDON).date().toordinal())


def sales_in(rows: tuple[MetricRows, ...], adapter: VendureShop, *, today: int) -> dict[tuple[str, int], tuple[int, int, int]]:
    shop = next(one for one in rows if one.signal is Signal.SHOP)
    skus = adapter.catalogue().skus
    cells = zip(shop.sku.tolist(), shop.day.tolist(), shop.values.astype(int).tolist(), strict=True)
    return {(skus[sku], today - day): (orders, units, revenue) for sku, day, (orders, units, revenue) in cells if orders or units}


def stock(adapter: VendureShop, *, now: datetime = NOW) -> dict[str, float]:
    one = next(one for one in adapter.read(since=None, now=now) if one.signal is Signal.STOCK)
    return {adapter.catalogue().skus[sku]: float(values[0]) for sku, values in zip(one.sku, one.values, strict=True)}


@contextmanager
def vendure() -> Iterator[AdapterUnderTest]:
    """For the conformance suite: some days of sales, and more as time goes by."""
    admin = stocked()
    sold = [NOW - timedelta(days=3)]

    def until(at: datetime) -> None:
        while sold[0] < at:
            admin.now = sold[0]
            number = len(admin.orders)
            admin.sell(("1", 1 + number % 3), (str(1 + number % 2), 1))
            if number % 5 == 4:
                admin.cancel(admin.orders[str(number - 2)])
            sold[0] += timedelta(minutes=100)

    until(NOW)
    with site(admin) as here, site(admin) as elsewhere:
        platform, out_of_reach = here.adapter(), elsewhere.adapter()
        out_of_reach.catalogue()
        elsewhere.server.always = Fault(reply=Reply(status=503, body={}))
        yield AdapterUnderTest(platform=platform, out_of_reach=out_of_reach, now=NOW, until=until)
