"""Our adapters under test, as ``adapters`` in pyproject.toml names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from autopilot import wiring
from autopilot.conformance.adapter import AdapterUnderTest
from autopilot.platforms.combined import CombinedPlatform, NoAds
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.faults import FaultRates, FaultyPlatform
from autopilot.platforms.kinds import Adapter
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.settings_sources import load_store
from perception.fields import Field
from perception.observation import Signal
from tests.conformance.part_of import PartOf

HISTORY = timedelta(days=4)
"""Long enough for clicks to convert, and for conversions to be restated."""


@cache
def _past() -> tuple[SimulatedPlatform, datetime]:
    """Played once, to be forked."""
    loaded = load_store("gift-shop", environ={})
    market = wiring.market_of(loaded)
    opens = opening_of(market)
    platform = SimulatedPlatform(market, seed=1, opens=opens, effects=MemoryEffects())
    for sku in platform.catalogue().skus:
        platform.edit(Field.BID, sku, 60, by="a person", now=opens)
    for campaign in platform.catalogue().campaigns:
        platform.edit(Field.DAILY_BUDGET, campaign, 5_000, by="a person", now=opens)
    platform.truth(now=opens + HISTORY)
    return platform, opens + HISTORY


def _market_with_history() -> tuple[SimulatedPlatform, datetime]:
    past, now = _past()
    effects = MemoryEffects()
    effects.append(past.effects())
    return past.fork(effects), now


def _behind(platform: Adapter, rates: FaultRates, *, now: datetime) -> FaultyPlatform:
    return FaultyPlatform(platform, rates=rates, seed=1, opens=now - HISTORY)


@contextmanager
def simulated() -> Iterator[AdapterUnderTest]:
    """The simulated platform."""
    platform, now = _market_with_history()
    yield AdapterUnderTest(platform=platform, out_of_reach=_behind(platform, FaultRates(rate_5xx=1.0), now=now), now=now)


@contextmanager
def behind_faults() -> Iterator[AdapterUnderTest]:
    """The simulated platform behind faults that never strike, and out of reach behind one that always does."""
    platform, now = _market_with_history()
    working, failing = (_behind(platform, rates, now=now) for rates in (FaultRates(), FaultRates(rate_429=1.0)))
    yield AdapterUnderTest(platform=working, out_of_reach=failing, now=now)


@contextmanager
def shop_and_ads() -> Iterator[AdapterUnderTest]:
    """The simulated platform taken apart into a shop and an ad platform, and put together again."""
    platform, now = _market_with_history()
    yield AdapterUnderTest(platform=_joined(platform), out_of_reach=_joined(_behind(platform, FaultRates(rate_5xx=1.0), now=now)), now=now)


@contextmanager
def shop_without_ads() -> Iterator[AdapterUnderTest]:
    """The shop alone: nothing is advertised, and nothing can be."""
    platform, now = _market_with_history()
    working, failing = (
        CombinedPlatform(shop, NoAds(shop.catalogue(), timezone=ZoneInfo("Europe/London")))
        for shop in (_shop(platform), _shop(_behind(platform, FaultRates(rate_5xx=1.0), now=now)))
    )
    yield AdapterUnderTest(platform=working, out_of_reach=failing, now=now)


def _shop(platform: Adapter) -> PartOf:
    return PartOf(platform, signals=frozenset({Signal.SHOP, Signal.STOCK}), fields=frozenset({Field.PRICE}))


def _joined(platform: Adapter) -> CombinedPlatform:
    ads = PartOf(platform, signals=frozenset({Signal.ADS}), fields=frozenset({Field.BID, Field.DAILY_BUDGET}))
    return CombinedPlatform(_shop(platform), ads)
