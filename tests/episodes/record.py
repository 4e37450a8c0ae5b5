"""Records the committed episodes anew: ``make episodes``. Closed loop, from market seeds; run it only when behaviour was meant to change.

python tests/episodes/record.py --reason "why the behaviour changed"
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autopilot import refs_lock, wiring
from autopilot.clock import SteppedClock
from autopilot.drive import open_loop
from autopilot.episode import SUFFIX, read_episode, write_episode
from autopilot.fold import EngagementOrder
from autopilot.journal import Record, SqlJournal, Topic, sqlite_url
from autopilot.loop import Loop
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.replay import replay
from autopilot.settings_sources import load_store
from autopilot.ticking import slot_of
from control.engagement import Event
from perception.fields import Field
from sim.parameters.market import MarketParameters

FOLDER = Path(__file__).parent
BAD = FOLDER / "bad"
TICK_S = 3600

Meanwhile = Callable[[int, SimulatedPlatform, Loop], None]


def nothing(tick: int, platform: SimulatedPlatform, loop: Loop) -> None:
    """Nobody else touches the platform."""
    del tick, platform, loop


def reprice_by_hand(tick: int, platform: SimulatedPlatform, loop: Loop) -> None:
    """A person sets a price of their own at noon of the first day."""
    if tick == 12:
        platform.edit(Field.PRICE, "G02", 300, by="a person", now=loop.ports.clock.now())


def order_about(tick: int, platform: SimulatedPlatform, loop: Loop) -> None:
    """A person stops the store, lets it watch, lets it shadow, and arms it again."""
    del platform
    orders = {10: Event.STOP, 14: Event.ARM, 20: Event.OBSERVE, 22: Event.SHADOW, 28: Event.ARM}
    if tick in orders:
        loop.engage(EngagementOrder(event=orders[tick], at=loop.ports.clock.now(), by="Ann", reason="a recorded order"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One episode: what is set, how long, on which market, and what happens meanwhile."""

    hours: int
    overrides: Mapping[str, Any] = field(default_factory=dict)
    market: Callable[[MarketParameters], MarketParameters] = lambda market: market
    meanwhile: Meanwhile = nothing


def short_of_stock(market: MarketParameters) -> MarketParameters:
    """A shop that opens the recorded stretch with next to nothing on its shelves and waits weeks for more."""
    return replace(market, stock=replace(market.stock, initial_low_days=26.0, initial_high_days=29.0, reorder_days=0.1))


SCENES = {
    "normal_day": Scene(hours=36),
    "stock_out": Scene(hours=48, market=short_of_stock),
    "api_outage": Scene(
        hours=48,
        overrides={"platform.faults.rate_5xx": 1.0, "platform.faults.from_hour": 12, "platform.faults.until_hour": 20},
    ),
    "stale_metrics": Scene(
        hours=60,
        overrides={"platform.faults.stale_metrics": 1.0, "platform.faults.from_hour": 9, "platform.faults.until_hour": 34},
    ),
    "price_floor_pressure": Scene(hours=72, overrides={"envelope.min_margin_ratio": 0.45, "estimator.elasticity.median": 4.0}),
    "unknown_outcomes": Scene(
        hours=36, overrides={"platform.faults.timeout_after_apply": 0.3, "platform.faults.timeout_before_apply": 0.3}
    ),
    "nan_metrics": Scene(hours=36, overrides={"platform.faults.nan_metrics": 0.3}),
    "gate_at_work": Scene(
        hours=36,
        overrides={"envelope.max_writes_per_hour": 12},
    ),
    "orders_of_a_person": Scene(hours=40, meanwhile=order_about),
    "loss_limits": Scene(hours=60, overrides={"envelope.max_loss_24h_cents": 1, "envelope.max_loss_7d_cents": 400}),
    "short_windows": Scene(
        hours=72, overrides={"budget.window_days": 2, "budget.ad_spend_cents": 8_000, "planning.learning_budget_cents": 0}
    ),
    "edited_by_a_person": Scene(hours=36, meanwhile=reprice_by_hand),
}


def record(name: str, scene: Scene, folder: Path) -> Path:
    """Drive a scene and write its episode into ``folder``."""
    loaded = load_store("gift-shop", overrides=scene.overrides, environ={})
    market = scene.market(wiring.market_of(loaded))
    clock = SteppedClock(opening_of(market))
    with tempfile.TemporaryDirectory() as scratch:
        journal = SqlJournal(sqlite_url(Path(scratch) / "journal.sqlite"), clock=clock, durable=False)
        platform = wiring.simulated_platform(loaded.settings, market, effects=MemoryEffects())
        loop = open_loop(loaded, market, platform, clock=clock, journal=journal)
        for tick in range(scene.hours):
            scene.meanwhile(tick, platform, loop)
            loop.tick(slot_of(clock.now(), TICK_S))
            clock.advance(TICK_S)
        path = folder / f"{name}{SUFFIX}"
        write_episode(path, journal.records())
        journal.close()
    return path


def spoilt(records: Iterable[Record]) -> Iterable[Record]:
    """The same records with one price command that was never decided: what a replay must find."""
    done = False
    for entry in records:
        prices = [c for c in entry.val["commands"] if c["field"] == "price"] if entry.topic is Topic.DECISION else []
        if prices and not done:
            prices[0]["value"] = 1
            done = True
        yield entry


def main() -> None:
    """Record every scene, pin it, and write the known-bad episode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reason", required=True)
    reason = parser.parse_args().reason
    BAD.mkdir(exist_ok=True)
    for name, scene in SCENES.items():
        path = record(name, scene, FOLDER)
        replayed = replay(path)
        sys.stdout.write(f"{path.name}: {replayed.decisions} decisions, {path.stat().st_size:,} bytes\n")
        refs_lock.pin(replayed, reason=reason)
    good = read_episode(FOLDER / f"price_floor_pressure{SUFFIX}")
    write_episode(BAD / f"known_bad{SUFFIX}", spoilt(good.records))


if __name__ == "__main__":
    main()
