"""Opens a store for the daemon: journal, platform, recovery, in the order that a start needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from autopilot import failpoints, wiring
from autopilot.clock import Clock, ScaledClock, SystemClock
from autopilot.config_record import record_of
from autopilot.daemon import Daemon
from autopilot.journal import Entry, Journal, SqlJournal, Topic, sqlite_url
from autopilot.lease import Lease
from autopilot.loop import Loop, Ports
from autopilot.platforms.effects import FileEffects
from autopilot.platforms.simulated import opening_of
from autopilot.recovery import reconcile, recovered
from autopilot.settings_sources import Loaded, load_store
from autopilot.store_journal import journal_path
from autopilot.versions import about_this_build
from control.decision import LoopConfig
from perception.catalogue import Catalogue

EFFECTS = "platform.jsonl"
"""In the state folder: what was ever set on the simulated platform, which outlives the daemon as a real platform would."""


@contextmanager
def opened(loaded: Loaded, *, ticks: int | None = None, clock: Clock | None = None) -> Iterator[Daemon]:
    """A daemon for this store, recovered and ready to run, holding the store's lock.

    Args:
        loaded: The store's settings.
        ticks: End after so many ticks; None to run until told.
        clock: Another clock than the market's own, as tests have.

    Raises:
        StoreLocked, JournalUnavailable, ConfigError, PlatformError.
    """
    state_dir = loaded.settings.store.state_dir
    with Lease(state_dir):
        market = wiring.market_of(loaded)
        path = journal_path(loaded)
        clock = clock or market_clock(loaded)
        reached = failpoints.armed(os.environ)
        journal = SqlJournal(sqlite_url(path), clock=clock, reached=reached)
        path.chmod(0o600)
        platform = wiring.simulated_platform(loaded.settings, market, effects=FileEffects(state_dir / EFFECTS))
        faulty = wiring.with_faults(platform, loaded.settings, market)
        catalogue = platform.catalogue()
        config = wiring.loop_config(loaded.settings, catalogue)
        ports = Ports(sources=(faulty,), setpoints=faulty, actuator=faulty, journal=journal, clock=clock, reached=reached)
        _journal_setup(journal, loaded, catalogue)
        folded = recovered(journal, config, now=clock.now(), about=about_this_build(seed=loaded.settings.platform.seed))
        loop = Loop(ports=ports, keeper=wiring.plan_keeper(loaded.settings), config=config, folded=folded)
        reconcile(loop)
        try:
            yield Daemon(loop, state_dir=state_dir, reload=lambda: _reloaded(loaded, catalogue), ticks=ticks)
        finally:
            journal.close()


def wake_every_s(loaded: Loaded) -> float:
    """Seconds of wall clock between two wake-ups: often enough that no tick starts later than a tenth of its length, at most 1 s."""
    tick_wall_s = loaded.settings.store.tick_s / loaded.settings.platform.time_scale
    return min(max(tick_wall_s / 10.0, 0.02), 1.0)


def market_clock(loaded: Loaded) -> Clock:
    """The market's clock: it goes on where the journal ends, and from the market's first day where there is none."""
    path, last = journal_path(loaded), None
    if path.is_file():
        journal = SqlJournal(sqlite_url(path), clock=SystemClock())
        last = journal.last(Topic.OBSERVATION)
        journal.close()
    origin = opening_of(wiring.market_of(loaded)) if last is None else datetime.fromisoformat(last.val["at"])
    return ScaledClock(SystemClock(), origin=origin, scale=loaded.settings.platform.time_scale)


def _journal_setup(journal: Journal, loaded: Loaded, catalogue: Catalogue) -> None:
    store = loaded.settings.store.name
    journal.append(
        [
            Entry(topic=Topic.CATALOGUE, key=store, val=catalogue),
            Entry(topic=Topic.CONFIG, key=store, val=record_of(loaded)),
        ]
    )


def _reloaded(loaded: Loaded, catalogue: Catalogue) -> tuple[LoopConfig, object]:
    fresh = load_store(str(loaded.path))
    return wiring.loop_config(fresh.settings, catalogue), record_of(fresh)
