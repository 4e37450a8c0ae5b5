"""The adapter, opened on a local shop as the daemon opens it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autopilot.clock import SteppedClock
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.shopify.adapter import Shopify
from autopilot.platforms.shopify.kind import opened as open_shopify
from autopilot.platforms.shopify.options import Options, Secrets
from control.command import Command
from perception.fields import Field
from perception.observation import MetricRows, Signal
from tests.platforms.local_server import PATIENT_S, LocalServer
from tests.platforms.shopify.shop import TOKEN, Shop

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, kw_only=True)
class Site:
    """A shop, the server it is behind, and where the adapter keeps its files."""

    shop: Shop
    server: LocalServer
    folder: Path
    opened: ExitStack

    def adapter(self, *, now: datetime = NOW, keys: dict[str, str] | None = None, **options: Any) -> Shopify:
        """A process that has just started."""
        known = Options(url=self.server.url, **{"timeout_s": PATIENT_S, **options})
        surroundings = Surroundings(store="s", currency=self.shop.currency, timezone=NEW_YORK, folder=self.folder)
        secrets = Secrets.model_validate(keys or {"access_token": TOKEN})
        adapter = open_shopify(known, secrets, surroundings, clock=SteppedClock(now))
        self.opened.callback(adapter.close)
        return adapter


@contextmanager
def site(shop: Shop | None = None) -> Iterator[Site]:
    """A shop of one's own for one test."""
    shop = shop or Shop()
    with tempfile.TemporaryDirectory() as folder, LocalServer(shop.answer) as local, ExitStack() as opened:
        yield Site(shop=shop, server=local, folder=Path(folder), opened=opened)
        assert shop.problems == []


def price(sku: str, cents: int, *, currency: str = "USD") -> Command:
    return Command(intent_id=f"set-{sku}-{cents}", entity=sku, index=0, field=Field.PRICE, value=cents, previous=0, currency=currency)


def sales(rows: tuple[MetricRows, ...], adapter: Shopify) -> dict[tuple[str, int], tuple[int, int, int]]:
    """{(SKU, day): (orders, units, revenue)} of days with sales."""
    shop = next(one for one in rows if one.signal is Signal.SHOP)
    skus = adapter.catalogue().skus
    cells = zip(shop.sku.tolist(), shop.day.tolist(), shop.values.astype(int).tolist(), strict=True)
    return {(skus[sku], day): tuple(values) for sku, day, values in cells if any(values)}


def stock(rows: tuple[MetricRows, ...], adapter: Shopify) -> dict[str, float]:
    one = next(one for one in rows if one.signal is Signal.STOCK)
    return {adapter.catalogue().skus[sku]: float(values[0]) for sku, values in zip(one.sku, one.values, strict=True)}


def prices(adapter: Shopify, *, now: datetime = NOW) -> dict[str, float]:
    return dict(zip(adapter.catalogue().skus, adapter.readback(now=now).values[Field.PRICE].tolist(), strict=True))
