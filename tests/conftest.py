"""What many tests need: the gift shop's settings, a market that is quick to open, and loops on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from autopilot import wiring
from autopilot.clock import SteppedClock
from autopilot.drive import open_loop
from autopilot.journal import DiscardingJournal, Journal
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.settings_sources import Loaded, load_store
from autopilot.ticking import slot_of

TICK_S = 3600


@cache
def opened_platform(market: str, seed: int) -> SimulatedPlatform:
    """A platform with its past behind it, to be forked: the past is the same for every test, and takes a second to play."""
    loaded = load_store("gift-shop", overrides={"platform.market": market, "platform.seed": seed}, environ={})
    parameters = wiring.market_of(loaded)
    platform = wiring.simulated_platform(loaded.settings, parameters, effects=MemoryEffects())
    platform.truth(now=opening_of(parameters))
    return platform


class Harness:
    """A loop on a simulated platform, driven tick by tick."""

    def __init__(self, loaded: Loaded, *, journal: Callable[[SteppedClock], Journal] | None = None) -> None:
        """Open the store of ``loaded``, armed."""
        self.loaded = loaded
        self.market = wiring.market_of(loaded)
        self.clock = SteppedClock(opening_of(self.market))
        self.platform = opened_platform(loaded.settings.platform.market, loaded.settings.platform.seed).fork(MemoryEffects())
        self.journal = journal(self.clock) if journal else DiscardingJournal()
        self.loop = open_loop(loaded, self.market, self.platform, clock=self.clock, journal=self.journal)

    def ticks(self, count: int) -> list[Any]:
        """Drive so many ticks and return what each did."""
        done = []
        for _ in range(count):
            done.append(self.loop.tick(slot_of(self.clock.now(), TICK_S)))
            self.clock.advance(TICK_S)
        return done


@pytest.fixture
def load() -> Callable[..., Loaded]:
    """Loads the gift shop with overrides and a clean environment."""

    def loading(overrides: Mapping[str, Any] | None = None) -> Loaded:
        return load_store("gift-shop", overrides=overrides, environ={})

    return loading


@pytest.fixture
def harness(load: Callable[..., Loaded]) -> Callable[..., Harness]:
    """Opens a driven store."""

    def opening(overrides: Mapping[str, Any] | None = None, *, journal: Callable[[SteppedClock], Journal] | None = None) -> Harness:
        return Harness(load(overrides), journal=journal)

    return opening


@pytest.fixture
def repository() -> Path:
    """Root of the checkout."""
    return Path(__file__).parent.parent
