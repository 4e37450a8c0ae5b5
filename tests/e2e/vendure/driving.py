"""Driving a store of a config file: the command line as a person types it, the daemon on a clock that is stepped, and its journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from autopilot.cli.shell import run
from autopilot.clock import SteppedClock, SystemClock
from autopilot.codec import from_jsonable
from autopilot.daemon import Daemon
from autopilot.failpoints import VARIABLE
from autopilot.journal import Record, SqlJournal, Topic, sqlite_url
from autopilot.loop import Ticked
from autopilot.service import opened
from autopilot.settings_sources import load_store
from perception.observation import Observation, Signal
from tests.e2e.vendure.shop import Sales

TICK = timedelta(hours=1)


class Driver:
    """Everything that a person, and time, do to one store."""

    def __init__(self, file: Path, state: Path, *, start: datetime) -> None:
        """``start``: the first tick's instant."""
        self.file, self.state, self.clock = file, state, SteppedClock(start)

    def command(self, *arguments: str) -> None:
        """``autopilot COMMAND STORE …``."""
        name, *options = arguments
        assert run([name, str(self.file), *options]) == 0

    def process(self, *arguments: str) -> dict[str, Any]:
        """The same in a process of its own; what it says with ``--json``."""
        name, *options = arguments
        command = [sys.executable, "-m", "autopilot", name, str(self.file), *options, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=os.environ)
        assert done.returncode == 0, done.stderr + done.stdout
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """Recovered, on the stepped clock."""
        with opened(load_store(str(self.file)), clock=self.clock) as daemon:
            yield daemon

    def ticks(self, daemon: Daemon, count: int) -> list[Ticked]:
        """So many, an hour apart."""
        done = []
        for _ in range(count):
            self.clock.advance(TICK.total_seconds())
            ticked = daemon.wake()
            assert ticked is not None
            done.append(ticked)
        return done

    def records(self, *topics: Topic) -> list[Record]:
        with closing(SqlJournal(sqlite_url(self.state / "journal.sqlite"), clock=SystemClock())) as journal:
            return list(journal.records(topics=topics))

    def written(self) -> dict[str, int]:
        """{SKU: price of the last intent}."""
        return {record.val["entity"]: record.val["value"] for record in self.records(Topic.INTENT)}

    def observed_sales(self) -> Sales:
        """The newest version of each figure that the loop was ever shown, zeros left out."""
        (catalogue, *_) = (record.val["skus"] for record in self.records(Topic.CATALOGUE))
        newest: dict[tuple[str, int], tuple[int, tuple[int, int, int]]] = {}
        for record in self.records(Topic.OBSERVATION):
            for rows in from_jsonable(record.val, Observation).rows:
                if rows.signal is Signal.SHOP:
                    for sku, day, version, figures in zip(rows.sku, rows.day, rows.version, rows.values, strict=True):
                        orders, units, revenue = (int(figure) for figure in figures)
                        cell, seen = (catalogue[sku], int(day)), (int(version), (orders, units, revenue))
                        newest[cell] = max(newest.get(cell, seen), seen)
        return {cell: figures for cell, (_, figures) in newest.items() if any(figures)}


def next_hour() -> datetime:
    """The beginning of the slot after this one: whatever a real daemon did just now, the next tick is due then."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + TICK


def drive_in_a_process(file: Path, state: Path, start: datetime, ticks: int, failpoint: str) -> None:
    """For ``tests.forked``: drive so many ticks, or until the failpoint kills."""
    os.environ[VARIABLE] = failpoint
    driver = Driver(file, state, start=start)
    with driver.daemon() as daemon:
        driver.ticks(daemon, ticks)
