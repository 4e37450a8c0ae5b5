"""``autopilot bench replay``: how many times faster than life a recorded drive is decided again, beside only reading its file.

The gift shop is driven for some days by the daemon's own loop, its journal exported as an episode, and the episode replayed: folded, every
decision made anew and compared with the recorded one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from autopilot.benchmarks.timing import median_s
from autopilot.clock import SystemClock
from autopilot.drive import drive_one, settings_for
from autopilot.episode import SUFFIX, read_episode, write_episode
from autopilot.journal import SqlJournal, sqlite_url
from autopilot.pool import Progress
from autopilot.replay import replay

STORE = "gift-shop"
DAYS = 14
REPEATS = 3


def bench_replay(progress: Progress, *, store: str = STORE, days: int = DAYS, repeats: int = REPEATS) -> dict[str, Any]:
    """The contract's JSON."""
    with tempfile.TemporaryDirectory(prefix="autopilot-") as folder:
        journal, episode = Path(folder) / "journal.sqlite", Path(folder) / f"drive{SUFFIX}"
        drive_one(settings_for(store, days=days, controller=None), days=days, journal=journal, progress=lambda done: progress(0.5 * done))
        records = write_episode(episode, SqlJournal(sqlite_url(journal), clock=SystemClock()).records())
        replayed = replay(episode)
        progress(0.6)
        replay_s = median_s(lambda: replay(episode), repeats=repeats)
        progress(0.9)
        read_s = median_s(lambda: read_episode(episode), repeats=repeats)
        size = episode.stat().st_size
    progress(1.0)
    return {
        "name": "replay",
        "figures": {
            "store": store,
            "episode_s": replayed.episode_s,
            "records": records,
            "decisions": replayed.decisions,
            "differences": len(replayed.differences),
            "episode_kb": size / 1e3,
            "replay_cpu_s": replay_s,
            "decisions_per_s": replayed.decisions / replay_s,
            "read_cpu_s": read_s,
        },
        "ratios": {"over_real_time": replayed.episode_s / replay_s, "replay_over_reading": replay_s / read_s},
    }
