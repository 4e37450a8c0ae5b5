"""``autopilot bench start``: what the daemon of one store costs before and after its first tick, beside a bare interpreter and numpy.

The gift shop is started by the command line as anybody would, with a market of a single day behind it, since playing the market is the
simulated platform's affair. ``start_cpu_s``: CPU seconds from the start of the process to the first decision in the journal.
``idle_mb``: resident memory a while after it, waiting for the next tick. ``help_cpu_s``: the whole of ``autopilot --help``.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from autopilot.benchmarks.processes import Used, so_far, started, used_after, waited, whole_cpu_s
from autopilot.clock import SystemClock
from autopilot.journal import JournalUnavailable, SqlJournal, Topic, sqlite_url
from autopilot.pool import Progress
from autopilot.settings_sources import ENV_PREFIX
from autopilot.store_journal import NAME

STORE = "gift-shop"
REPEATS = 5
POLL_S = 0.02
IDLE_S = 1.5
"""Long enough for a wake-up at which no tick is due."""


def bench_start(progress: Progress, *, store: str = STORE, repeats: int = REPEATS) -> dict[str, Any]:
    """The contract's JSON."""
    bare = [used_after("pass") for _ in range(repeats)]
    numpy = [used_after("import numpy") for _ in range(repeats)]
    progress(0.2)
    bare_cpu_s = float(np.median([whole_cpu_s("-c", "pass") for _ in range(repeats)]))
    help_cpu_s = float(np.median([whole_cpu_s("-m", "autopilot", "--help") for _ in range(repeats)]))
    progress(0.4)
    ticks: list[Used] = []
    idle: list[Used] = []
    for done in range(repeats):
        first, resting = _first_tick(store)
        ticks.append(first)
        idle.append(resting)
        progress(0.4 + 0.6 * (done + 1) / repeats)
    start_cpu_s = _median(ticks, "cpu_s")
    idle_mb, bare_mb, numpy_mb = (_median(used, "resident_mb") for used in (idle, bare, numpy))
    return {
        "name": "start",
        "figures": {
            "store": store,
            "start_cpu_s": start_cpu_s,
            "idle_mb": idle_mb,
            "idle_cpu_ms_per_s": 1e3 * (_median(idle, "cpu_s") - start_cpu_s) / IDLE_S,
            "help_cpu_s": help_cpu_s,
            "python_cpu_s": bare_cpu_s,
            "python_mb": bare_mb,
            "numpy_cpu_s": _median(numpy, "cpu_s"),
            "numpy_mb": numpy_mb,
        },
        "ratios": {
            "start_over_python": start_cpu_s / bare_cpu_s,
            "help_over_python": help_cpu_s / bare_cpu_s,
            "idle_over_python": idle_mb / bare_mb,
            "idle_over_numpy": idle_mb / numpy_mb,
        },
    }


def _first_tick(store: str) -> tuple[Used, Used]:
    """What a daemon has used when its first decision is in the journal, and a while later."""
    with tempfile.TemporaryDirectory(prefix="autopilot-") as folder:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)} | {
            f"{ENV_PREFIX}STORE__STATE_DIR": folder,
            f"{ENV_PREFIX}PLATFORM__HISTORY_DAYS": "1",
            f"{ENV_PREFIX}PLATFORM__TIME_SCALE": "1",
        }
        with started("-m", "autopilot", "run", store, environ=environ) as process:
            _wait_for_decision(Path(folder) / NAME, process)
            first = so_far(process)
            waited(process, IDLE_S)
            return first, so_far(process)


def _wait_for_decision(path: Path, process: subprocess.Popen[bytes]) -> None:
    while not _has_decided(path):
        waited(process, POLL_S)


def _has_decided(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with closing(SqlJournal(sqlite_url(path), clock=SystemClock())) as journal:
            return journal.last(Topic.DECISION) is not None
    except JournalUnavailable:
        # it is being made just now
        return False


def _median(used: list[Used], name: str) -> float:
    return float(np.median([getattr(each, name) for each in used]))
