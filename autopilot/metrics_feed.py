"""Brings the metrics store up to the journal after every tick, and rebuilds it where it is lost: whatever fails there, the loop goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import structlog

from autopilot import codec
from autopilot.journal import Journal, Record, Topic
from autopilot.metrics_store import MetricsStore, MetricsUnavailable, open_metrics
from autopilot.settings_metrics import MetricsSection
from perception.catalogue import Catalogue
from perception.observation import Observation, Signal
from perception.units import Floats

log = structlog.get_logger(__name__)

RECORDS_AT_ONCE = 200
"""Ticks that one tick catches up with at most, so that a rebuild delays none for long."""

COMPACT_EVERY_TICKS = 1000


@dataclass(slots=True, kw_only=True)
class MetricsFeed:
    """Feeds one store's file.

    Attributes:
        path: Of the file.
        settings: How much to keep.
        failures: Times that it could not be fed since the start.
    """

    path: Path
    settings: MetricsSection
    failures: int = 0
    _ticks: int = field(default=0, init=False)

    def follow(self, journal: Journal) -> int:
        """Take in what the journal holds and the store does not. Returns how many ticks; a failure is counted, logged, and tried again."""
        if not self.settings.enabled:
            return 0
        try:
            with open_metrics(self.path, memory_mb=self.settings.memory_mb) as store:
                fed = feed(store, journal, most=RECORDS_AT_ONCE)
                self._ticks += fed
                if self._ticks >= COMPACT_EVERY_TICKS:
                    self._ticks = 0
                    newest = journal.last(Topic.OBSERVATION)
                    if newest is not None:
                        today = datetime.fromisoformat(newest.val["at"]).date()
                        store.compact(today=today, full_days=self.settings.full_days, retention_days=self.settings.retention_days)
                return fed
        except MetricsUnavailable as error:
            self.failures += 1
            log.warning("metrics_not_kept", error=str(error), failures=self.failures)
            if _is_damaged(error):
                self._set_aside()
            return 0

    def _set_aside(self) -> None:
        """Move a damaged file out of the way: the next tick begins a new one from the journal."""
        try:
            self.path.replace(self.path.with_suffix(".damaged"))
            self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)
        except OSError as error:
            log.warning("metrics_not_set_aside", error=str(error))


def feed(store: MetricsStore, journal: Journal, *, most: int) -> int:
    """Take in the observations that the store does not have yet, at most so many, in one transaction. Raises: JournalUnavailable."""
    fed, after = 0, store.fed_until()
    catalogue, seen = _catalogue_until(journal, after), None
    with store.at_once():
        for record in journal.records(after=after, topics=[Topic.CATALOGUE, Topic.OBSERVATION, Topic.DECISION]):
            if record.topic is Topic.CATALOGUE:
                catalogue = codec.from_jsonable(record.val, Catalogue)
            elif record.topic is Topic.OBSERVATION:
                seen = record
            elif seen is not None and catalogue is not None:
                observation = codec.from_jsonable(seen.val, Observation)
                doubted = _doubted(observation, record)
                store.add(observation.rows, skus=catalogue.skus, seen_at=observation.at, seq=seen.seq, doubted=doubted)
                fed += 1
                if fed >= most:
                    break
    return fed


def _catalogue_until(journal: Journal, seq: int) -> Catalogue | None:
    """The catalogue that the store's figures were told by when the journal was so long."""
    held = None
    for record in journal.records(topics=[Topic.CATALOGUE]) if seq else ():
        if record.seq > seq:
            break
        held = record
    return None if held is None else codec.from_jsonable(held.val, Catalogue)


def _doubted(observation: Observation, decided: Record) -> dict[Signal, Floats]:
    """Which rows were not believed: those listed, and all of a day of which so many were that they were only counted."""
    listed: dict[Signal, set[tuple[int, int, int]]] = {}
    for rejection in decided.val["rejected"]:
        listed.setdefault(Signal(rejection["signal"]), set()).add((rejection["sku"], rejection["day"], rejection["version"]))
    marks: dict[Signal, Floats] = {}
    for rows in observation.rows:
        against = listed.get(rows.signal)
        if against:
            marks[rows.signal] = _marked(against, rows.sku.tolist(), rows.day.tolist(), rows.version.tolist())
    return marks


def _marked(against: set[tuple[int, int, int]], sku: Sequence[int], day: Sequence[int], version: Sequence[int]) -> Floats:
    days = {listed_day for listed_sku, listed_day, _ in against if listed_sku < 0}
    rows = zip(sku, day, version, strict=True)
    return np.array([1.0 if row in against or row[1] in days else 0.0 for row in rows])


def _is_damaged(error: MetricsUnavailable) -> bool:
    words = str(error).lower()
    return any(word in words for word in ("not a valid duckdb", "corrupt", "checksum", "deserialize", "serialization"))
