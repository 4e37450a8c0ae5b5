"""The adapter, opened on a local shop as the daemon opens it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autopilot.clock import SteppedClock
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.woocommerce.adapter import WooCommerce
from autopilot.platforms.woocommerce.api import Api
from autopilot.platforms.woocommerce.options import Options, Secrets
from control.command import Command
from perception.fields import Field
from perception.observation import MetricRows, Signal
from tests.platforms.local_server import PATIENT_S, LocalServer
from tests.platforms.woocommerce.shop import KEY, SECRET, Shop

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A shop, the server it is behind, and where the adapter keeps its book."""

    shop: Shop
    server: LocalServer
    folder: Path
    opened: ExitStack

    def adapter(self, *, now: datetime = NOW, url: str = "", **options: Any) -> WooCommerce:
        """A process that has just started."""
        known = Options(url=url or self.server.url, **{"timeout_s": PATIENT_S, **options})
        surroundings = Surroundings(store="s", currency=self.shop.currency, timezone=self.shop.timezone, folder=self.folder)
        clock = SteppedClock(now)
        adapter = WooCommerce(Api(known, keys(), clock=clock), known, surroundings, clock=clock)
        self.opened.callback(adapter.close)
        return adapter


def keys() -> Secrets:
    return Secrets.model_validate({"consumer_key": KEY, "consumer_secret": SECRET})


@contextmanager
def site(shop: Shop | None = None, **server: Any) -> Iterator[Site]:
    """A shop of one's own for one test."""
    shop = shop or Shop()
    with tempfile.TemporaryDirectory() as folder, LocalServer(shop.answer, **server) as local, ExitStack() as opened:
        yield Site(shop=shop, server=local, folder=Path(folder), opened=opened)


def price(sku: str, cents: int, *, currency: str = "EUR", intent: str = "") -> Command:
    return Command(
        intent_id=intent or f"set-{sku}-{cents}", entity=sku, index=0, field=Field.PRICE, value=cents, previous=0, currency=currency
    )


def sales(rows: tuple[MetricRows, ...], adapter: WooCommerce) -> dict[tuple[str, int], tuple[int, int, int]]:
    """{(SKU, day): (orders, units, revenue)} of days with sales."""
    shop = next(one for one in rows if one.signal is Signal.SHOP)
    skus = adapter.catalogue().skus
    cells = zip(shop.sku.tolist(), shop.day.tolist(), shop.values.astype(int).tolist(), strict=True)
    return {(skus[sku], day): tuple(values) for sku, day, values in cells if any(values)}


def stock(rows: tuple[MetricRows, ...], adapter: WooCommerce) -> dict[str, float]:
    one = next(one for one in rows if one.signal is Signal.STOCK)
    return {adapter.catalogue().skus[sku]: float(values[0]) for sku, values in zip(one.sku, one.values, strict=True)}


def prices(adapter: WooCommerce, *, now: datetime = NOW) -> dict[str, float]:
    return dict(zip(adapter.catalogue().skus, adapter.readback(now=now).values[Field.PRICE].tolist(), strict=True))


BERLIN = ZoneInfo("Europe/Berlin")
