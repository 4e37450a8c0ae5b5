"""What many tests need: the gift shop's settings, a market that is quick to open, and loops on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from autopilot import wiring
from autopilot.clock import SteppedClock
from autopilot.drive import open_loop
from autopilot.journal import DiscardingJournal, Journal
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import opening_of
from autopilot.settings_sources import Loaded, load_store
from autopilot.ticking import slot_of
from tests.played_past import platform_with_past

TICK_S = 3600

# how long an example takes is the machine's affair: a busy one must not fail a test
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

HERE = Path(__file__).parent
UNMEASURED = (
    "property",
    "scenario",
    "unit/autopilot/test_reopened_platform.py",
    "unit/sim/test_calibration_check.py",
    "unit/sim/test_fleet_beliefs.py",
    "unit/sim/test_informed.py",
    "unit/sim/test_market_batches.py",
    "unit/sim/test_market_economics.py",
    "unit/sim/test_scenarios.py",
)
"""Tests of many cases or many hours. They pass over the same lines thousands of times, and to watch them do so would take as long again:
coverage is measured by the tests of single things alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Takes what is ``UNMEASURED`` out of the coverage."""
    for item in items:
        if any(item.path.is_relative_to(HERE / place) for place in UNMEASURED):
            item.add_marker("no_cover")


class Harness:
    """A loop on a simulated platform, driven tick by tick."""

    def __init__(self, loaded: Loaded, *, journal: Callable[[SteppedClock], Journal] | None = None) -> None:
        """Open the store of ``loaded``, armed."""
        self.loaded = loaded
        self.market = wiring.market_of(loaded)
        self.clock = SteppedClock(opening_of(self.market))
        self.platform = platform_with_past(loaded.settings, self.market, effects=MemoryEffects())
        self.journal = journal(self.clock) if journal else DiscardingJournal()
        self.loop = open_loop(loaded, self.market, self.platform, clock=self.clock, journal=self.journal)

    def ticks(self, count: int) -> list[Any]:
        """Drive so many ticks and return what each did."""
        done = []
        for _ in range(count):
            done.append(self.loop.tick(slot_of(self.clock.now(), TICK_S)))
            self.clock.advance(TICK_S)
        return done


@pytest.fixture(scope="session")
def load() -> Callable[..., Loaded]:
    """Loads the gift shop with overrides and a clean environment."""

    def loading(overrides: Mapping[str, Any] | None = None) -> Loaded:
        return load_store("gift-shop", overrides=overrides, environ={})

    return loading


@pytest.fixture(scope="session")
def harness(load: Callable[..., Loaded]) -> Callable[..., Harness]:
    """Opens a driven store."""

    def opening(overrides: Mapping[str, Any] | None = None, *, journal: Callable[[SteppedClock], Journal] | None = None) -> Harness:
        return Harness(load(overrides), journal=journal)

    return opening


@pytest.fixture
def played_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every platform that the test opens has its past behind it, played once for all tests."""
    monkeypatch.setattr(wiring, "simulated_platform", platform_with_past)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return Path(__file__).parent.parent
