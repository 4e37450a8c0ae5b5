"""A small shop's account on the local server, and the adapter opened on it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from autopilot.clock import SteppedClock
from autopilot.conformance.adapter import AdapterUnderTest
from autopilot.platforms.google_ads.adapter import GoogleAds, Scope
from autopilot.platforms.google_ads.client import AdsClient, Credentials, channel_to
from autopilot.platforms.google_ads.operations import OperationBudget
from perception.catalogue import Catalogue
from tests.platforms.google_ads.server import FakeGoogle, serving

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
LONDON = ZoneInfo("Europe/London")
CREDENTIALS = Credentials(developer_token="dev-token", client_id="id", client_secret="hush", refresh_token="refresh")

MUG, LAMP, SCARF, CLOCK = range(4)
SKUS = ("MUG-1", "LAMP-2", "SCARF-3", "CLOCK-4")


def sold(skus: tuple[str, ...] = SKUS, currency: str = "GBP") -> Catalogue:
    m = len(skus)
    return Catalogue(
        currency=currency,
        skus=skus,
        campaigns=("all",),
        campaign_of=np.zeros(m, dtype=np.int64),
        cost_cents=np.full(m, 400.0),
        map_cents=np.zeros(m),
        anchor_price_cents=np.full(m, 1_000.0),
        is_new=np.zeros(m, dtype=np.bool_),
    )


def account() -> FakeGoogle:
    """Mug and lamp have ad groups of their own, the scarf is shown from a feed, the clock is not advertised."""
    google = FakeGoogle()
    google.campaign(11, "Kitchen", budget=91, pounds=20.0)
    google.campaign(12, "Living room", budget=92, pounds=30.0)
    google.campaign(13, "Feed", budget=93, pounds=40.0, strategy="MAXIMIZE_CONVERSION_VALUE", channel="PERFORMANCE_MAX")
    google.ad_group(101, "mug-1", campaign=11, pence=45)
    google.ad_group(102, "Lamp-2", campaign=12, pence=60)
    google.ad_group(103, "Brand", campaign=12, pence=80)
    for age in range(4):
        play(google, TODAY - timedelta(days=age), hour=12)
    return google


def play(google: FakeGoogle, day: date, *, hour: int) -> None:
    """One hour's activity on a day, and a late conversion of an earlier one."""
    for group in (101, 102):
        figures = google.figures[day.isoformat(), group]
        figures["impressions"] += 40 + hour
        figures["clicks"] += 3
        figures["cost_micros"] += 1_234_567
        figures["conversions"] += 0.5
        figures["conversions_value"] += 9.99
    feed = google.shown[day.isoformat(), "scarf-3", 13]
    feed["impressions"] += 100
    feed["clicks"] += 5
    feed["cost_micros"] += 2_000_001
    google.figures[(day - timedelta(days=2)).isoformat(), 101]["conversions"] += 1.0


def client_on(endpoint: str, **limits: Any) -> AdsClient:
    channel = channel_to(endpoint, credentials=CREDENTIALS, login_customer_id="1112223333")
    return AdsClient(channel, customer_id="1234567890", **limits)


@contextmanager
def opened(
    google: FakeGoogle,
    folder: Path,
    *,
    skus: tuple[str, ...] = SKUS,
    per_day: int | None = None,
    limits: dict[str, float] | None = None,
    **options: Any,
) -> Iterator[GoogleAds]:
    """The adapter on the account."""
    with serving(google) as endpoint:
        client = client_on(endpoint, **(limits or {}))
        try:
            yield adapter_on(client, folder, skus=skus, per_day=per_day, **options)
        finally:
            client.close()


def adapter_on(client: AdsClient, folder: Path, *, skus: tuple[str, ...] = SKUS, per_day: int | None = None, **options: Any) -> GoogleAds:
    return GoogleAds(
        client,
        sold=sold(skus),
        timezone=LONDON,
        folder=folder,
        operations=OperationBudget(folder / "operations.json", per_day=per_day),
        clock=SteppedClock(NOW),
        scope=Scope(**options),
    )


@contextmanager
def google_ads() -> Iterator[AdapterUnderTest]:
    """For the conformance suite: hours pass on the local server, conversions come late."""
    google = account()
    played = [NOW]

    def until(now: datetime) -> None:
        while played[0] < now:
            played[0] += timedelta(hours=1)
            play(google, played[0].astimezone(LONDON).date(), hour=played[0].hour)

    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there, opened(google, Path(here)) as adapter:
        with serving(account()) as gone:
            lonely = client_on(gone)
            broken = adapter_on(lonely, Path(there))
            broken.catalogue()
        yield AdapterUnderTest(platform=adapter, out_of_reach=broken, now=NOW, until=until)
        lonely.close()
