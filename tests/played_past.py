"""Platforms with their past behind them: it is the same for every test of one market, and takes a second to play."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from autopilot.platforms.effects import EffectLog, MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.settings import StoreSettings
from sim.parameters.market import MarketParameters


@cache
def past_of(market: MarketParameters, *, seed: int, history_days: int) -> SimulatedPlatform:
    """A platform as its market's first day begins, to be forked and never driven itself."""
    opens = opening_of(market)
    platform = SimulatedPlatform(market, seed=seed, opens=opens - timedelta(days=history_days), effects=MemoryEffects())
    platform.truth(now=opens)
    return platform


def platform_with_past(settings: StoreSettings, market: MarketParameters, *, effects: EffectLog) -> SimulatedPlatform:
    """What ``wiring.simulated_platform`` opens, its past played once and for all; nothing was ever set before the first day."""
    opens: datetime = opening_of(market)
    assert all(effect.at >= opens for effect in effects.all())
    return past_of(market, seed=settings.platform.seed, history_days=settings.platform.history_days).fork(effects)
