"""A daemon that can be killed: opens the store of a config file on a stepped clock and drives some ticks, in a process of its own."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from autopilot import wiring
from autopilot.clock import SteppedClock
from autopilot.failpoints import VARIABLE
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.platforms.simulated import opening_of
from autopilot.service import opened
from autopilot.settings_sources import Loaded, load_store
from autopilot.store_journal import journal_path
from tests.forked import forked
from tests.played_past import platform_with_past

PATIENCE_S = 120.0


def run_child(store: Path, ticks: int, *, failpoint: str, dead_for: timedelta) -> int | None:
    """Exit code of ``drive`` in a process of its own: negative for the signal that ended it, None if it never ended."""
    child = forked(drive, store, ticks, failpoint, dead_for)
    child.join(PATIENCE_S)
    code = child.exitcode
    child.kill()
    child.join()
    return code


def drive(store: Path, ticks: int, failpoint: str, dead_for: timedelta) -> None:
    """Drive so many ticks, or until the failpoint. The first begins ``dead_for`` after the last one of the process before."""
    os.environ[VARIABLE] = failpoint
    loaded = load_store(str(store), environ={})
    loaded.settings.store.state_dir.mkdir(parents=True, exist_ok=True)
    clock = SteppedClock(resume_at(loaded, dead_for))
    with patch.object(wiring, "simulated_platform", platform_with_past), opened(loaded, clock=clock) as daemon:
        for _ in range(ticks):
            daemon.wake()
            clock.advance(loaded.settings.store.tick_s)
        daemon.loop.snapshot()


def resume_at(loaded: Loaded, dead_for: timedelta) -> datetime:
    """So long after the last tick began; the market's opening where there was none."""
    opens = opening_of(wiring.market_of(loaded))
    last = SqlJournal(sqlite_url(journal_path(loaded)), clock=SteppedClock(opens)).last(Topic.OBSERVATION)
    return opens if last is None else datetime.fromisoformat(last.val["at"]) + dead_for
