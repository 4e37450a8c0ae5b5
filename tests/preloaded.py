"""Loaded once by the server that ``tests.forked`` starts processes from: what the daemon imports, and the gift shop's past."""

from __future__ import annotations

from autopilot import wiring
from autopilot.cli import run
from autopilot.platforms.effects import MemoryEffects
from autopilot.settings_sources import load_store
from tests.played_past import platform_with_past
from tests.scenario import crash_child

__all__ = ["crash_child", "run"]

_shop = load_store("gift-shop", environ={})
platform_with_past(_shop.settings, wiring.market_of(_shop), effects=MemoryEffects())
