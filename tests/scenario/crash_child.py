"""A daemon that can be killed: opens the store of a config file on a stepped clock and drives some ticks. Run by the crash tests.

python crash_child.py STORE.toml TICKS
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from autopilot import wiring
from autopilot.clock import SteppedClock
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.platforms.simulated import opening_of
from autopilot.service import opened
from autopilot.settings_sources import Loaded, load_store
from autopilot.store_journal import journal_path


def resume_at(loaded: Loaded) -> datetime:
    """A minute after the last tick began: a restart that is quick enough to finish what was committed."""
    path = journal_path(loaded)
    last = SqlJournal(sqlite_url(path), clock=SteppedClock(opening_of(wiring.market_of(loaded)))).last(Topic.OBSERVATION)
    return opening_of(wiring.market_of(loaded)) if last is None else datetime.fromisoformat(last.val["at"]) + timedelta(minutes=1)


def main() -> None:
    """Drive."""
    loaded = load_store(sys.argv[1], environ={})
    loaded.settings.store.state_dir.mkdir(parents=True, exist_ok=True)
    clock = SteppedClock(resume_at(loaded))
    with opened(loaded, clock=clock) as daemon:
        for _ in range(int(sys.argv[2])):
            daemon.wake()
            clock.advance(loaded.settings.store.tick_s)
        daemon.loop.snapshot()


if __name__ == "__main__":
    main()
