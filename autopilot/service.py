"""Opens a store for the daemon: journal, platform, recovery, in the order that a start needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import structlog

from autopilot import failpoints, metrics_store, wiring
from autopilot.clock import Clock, ScaledClock, SystemClock
from autopilot.config_record import ConfigRecord, record_of
from autopilot.daemon import Daemon, Reloaded
from autopilot.failpoints import Reached
from autopilot.journal import Entry, Journal, SqlJournal, Topic, sqlite_url
from autopilot.lease import Lease
from autopilot.loop import Loop, Ports
from autopilot.metrics_feed import MetricsFeed
from autopilot.platforms.effects import FileEffects
from autopilot.platforms.simulated import opening_of
from autopilot.recovery import reconcile, recovered
from autopilot.settings_platform import SIMULATED
from autopilot.settings_sources import Loaded, load_store
from autopilot.steering import Steering, steering_of, steering_or_laws
from autopilot.store_journal import journal_path
from autopilot.versions import about_this_build
from perception.catalogue import Catalogue

log = structlog.get_logger()

EFFECTS = "platform.jsonl"
"""In the state folder: what was ever set on the simulated platform, which outlives the daemon as a real platform would."""

ADAPTERS = "platforms"
"""In the state folder: a folder for each adapter of a real platform."""


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
    with Lease(loaded.settings.store.state_dir):
        path = journal_path(loaded)
        clock = clock or clock_of(loaded)
        reached = failpoints.armed(os.environ)
        with closing(SqlJournal(sqlite_url(path), clock=clock, reached=reached)) as journal:
            path.chmod(0o600)
            folder = loaded.settings.store.state_dir
            with closing(wiring.live(loaded, folder=folder / ADAPTERS, effects=FileEffects(folder / EFFECTS))) as live:
                yield _started(loaded, live, journal, clock, reached=reached, ticks=ticks)


def _started(loaded: Loaded, live: wiring.Live, journal: Journal, clock: Clock, *, reached: Reached, ticks: int | None) -> Daemon:
    settings = loaded.settings
    platform, catalogue = live.platform, live.platform.catalogue()
    # a store that was driven before goes on being driven, by the laws if need be; a new one is refused, while somebody is looking
    steering = steering_of(settings) if journal.last(Topic.START) is None else steering_or_laws(settings)
    if steering.policy_problem:
        log.error("policy_unusable", reason=steering.policy_problem, steering="laws")
    config = wiring.loop_config(settings, catalogue, steering=steering)
    ports = Ports(sources=live.sources, setpoints=platform, actuator=platform, journal=journal, clock=clock, reached=reached)
    _journal_setup(journal, loaded, catalogue, steering)
    about = about_this_build(seed=settings.platform.seed, policy_sha256=steering.policy_sha256)
    folded = recovered(journal, config, now=clock.now(), about=about)
    loop = Loop(ports=ports, keeper=wiring.plan_keeper(settings), config=config, folded=folded)
    metrics = MetricsFeed(path=settings.store.state_dir / metrics_store.FILE, settings=settings.metrics)
    daemon = Daemon(loop, state_dir=settings.store.state_dir, reload=lambda: _reloaded(loaded, catalogue), ticks=ticks, metrics=metrics)
    # first, because settling what is unresolved may write: who has stopped the store meanwhile has stopped that too
    daemon.take_orders()
    reconcile(loop)
    return daemon


def wake_every_s(loaded: Loaded) -> float:
    """Seconds of wall clock between two wake-ups: often enough that no tick starts later than a tenth of its length, at most 1 s."""
    tick_wall_s = loaded.settings.store.tick_s / loaded.settings.platform.time_scale
    return min(max(tick_wall_s / 10.0, 0.02), 1.0)


def clock_of(loaded: Loaded) -> Clock:
    """Real time for real platforms, the market's own for a simulated one."""
    return market_clock(loaded) if loaded.settings.platform.kind == SIMULATED else SystemClock()


def market_clock(loaded: Loaded) -> Clock:
    """The market's clock: it goes on where the journal ends, and from the market's first day where there is none."""
    path, origin = journal_path(loaded), opening_of(wiring.market_of(loaded))
    if path.is_file():
        with closing(SqlJournal(sqlite_url(path), clock=SystemClock())) as journal:
            last = [journal.last(topic) for topic in (Topic.OBSERVATION, Topic.ACK, Topic.ENGAGEMENT)]
        # answers too: a recovery may have written after the last tick, and the clock must not go back before that
        origin = max((datetime.fromisoformat(record.val["at"]) for record in last if record is not None), default=origin)
    return ScaledClock(SystemClock(), origin=origin, scale=loaded.settings.platform.time_scale)


def _journal_setup(journal: Journal, loaded: Loaded, catalogue: Catalogue, steering: Steering) -> None:
    store = loaded.settings.store.name
    journal.append(
        [
            Entry(topic=Topic.CATALOGUE, key=store, val=catalogue),
            Entry(topic=Topic.CONFIG, key=store, val=_record(loaded, steering)),
        ]
    )


def _reloaded(loaded: Loaded, catalogue: Catalogue) -> Reloaded:
    fresh = load_store(str(loaded.path))
    steering = steering_or_laws(fresh.settings)
    return Reloaded(
        config=wiring.loop_config(fresh.settings, catalogue, steering=steering),
        keeper=wiring.plan_keeper(fresh.settings),
        document=_record(fresh, steering),
        policy_problem=steering.policy_problem,
    )


def _record(loaded: Loaded, steering: Steering) -> ConfigRecord:
    return record_of(loaded, policy_sha256=steering.policy_sha256, policy_problem=steering.policy_problem)
