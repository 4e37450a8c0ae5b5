"""The adapters that the conformance suite runs over. To test another one, write how to open it and add a line to ``ADAPTERS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import pytest

from autopilot import wiring
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.faults import FaultRates, FaultyPlatform, Platform
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.settings_sources import load_store
from control.command import Command
from perception.catalogue import Catalogue
from perception.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One adapter under test.

    Attributes:
        platform: In a working state, advertised, with some days of figures behind it.
        out_of_reach: The same kind of adapter whose platform does not answer.
        now: The first instant to ask at, aware UTC; later ones may follow.
    """

    platform: Platform
    out_of_reach: Platform
    now: datetime

    @property
    def catalogue(self) -> Catalogue:
        """What it sells."""
        return self.platform.catalogue()

    def command(self, field: Field, index: int, value: int, *, entity: str = "", currency: str = "", intent_id: str = "") -> Command:
        """A command for the entity at ``index`` of its field; by default a sound one."""
        return Command(
            intent_id=intent_id or f"{field}-{index}-{value}",
            entity=entity or self.catalogue.entities(field)[index],
            index=index,
            field=field,
            value=value,
            previous=0,
            currency=currency or self.catalogue.currency,
        )


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


def _behind(platform: Platform, rates: FaultRates, *, now: datetime) -> FaultyPlatform:
    return FaultyPlatform(platform, rates=rates, seed=1, opens=now - HISTORY)


def simulated() -> Adapter:
    """The simulated platform."""
    platform, now = _market_with_history()
    return Adapter(platform=platform, out_of_reach=_behind(platform, FaultRates(rate_5xx=1.0), now=now), now=now)


def behind_faults() -> Adapter:
    """The simulated platform behind faults that never strike, and out of reach behind one that always does."""
    platform, now = _market_with_history()
    return Adapter(
        platform=_behind(platform, FaultRates(), now=now), out_of_reach=_behind(platform, FaultRates(rate_429=1.0), now=now), now=now
    )


ADAPTERS: dict[str, Callable[[], Adapter]] = {
    "simulated": simulated,
    "behind_faults": behind_faults,
}


@pytest.fixture(params=list(ADAPTERS))
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Each adapter in turn, freshly opened."""
    return ADAPTERS[request.param]()
