"""The journal: an append-only log of everything the loop saw, decided, intended and was answered. It is the only state there is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from autopilot import codec
from autopilot.clock import Clock
from autopilot.failpoints import BEFORE_TRANSACTION, WITHIN_TRANSACTION, Reached, ignore


class Topic(StrEnum):
    """What a record is about."""

    START = "start"
    """One start of the daemon: versions and hashes, epoch."""
    CONFIG = "config"
    CATALOGUE = "catalogue"
    SNAPSHOT = "snapshot"
    """The whole loop state, so that recovery need not fold from the beginning."""
    ORDER = "order"
    """What a person asked for, written by another process; takes effect when the loop journals it as an engagement."""
    ENGAGEMENT = "engagement"
    PLAN = "plan"
    REFUSED_PLAN = "refused_plan"
    PLAN_LIFE = "plan_life"
    """A plan came into another phase: who let it, and why."""
    OBSERVATION = "observation"
    DECISION = "decision"
    INTENT = "intent"
    ACK = "ack"
    STOP = "stop"


class JournalUnavailable(Exception):
    """The journal cannot be written or read now: what cannot be journaled must not be done. Hold, and retry next tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be recorded.

    Attributes:
        topic, key: What it is about; the key is an id within the topic.
        val: A message, or plain JSON types; see ``codec``.
        cause: ``seq`` of the record that led to it, or None.
    """

    topic: Topic
    key: str
    val: Any
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One recorded entry. ``seq`` is the order; ``t_mono`` and ``t_wall`` say when it was written; ``v`` is the schema version of val."""

    seq: int
    t_mono: float
    t_wall: str
    topic: Topic
    key: str
    v: int
    cause: int | None
    val: Any


class Journal(Protocol):
    """Where the loop records; one call is one transaction."""

    def append(self, entries: Sequence[Entry]) -> tuple[int, ...]:
        """Record all entries durably, or none. Returns their ``seq``. Raises: JournalUnavailable."""
        ...

    def records(self, *, after: int = 0, topics: Sequence[Topic] = ()) -> Iterator[Record]:
        """Records with ``seq`` > after, in order; of these topics only, where some are given. Raises: JournalUnavailable."""
        ...

    def last(self, topic: Topic) -> Record | None:
        """The newest record of a topic. Raises: JournalUnavailable."""
        ...

    def tidy(self) -> None:
        """Housekeeping that an append must not have to wait for; when there is time. Raises: JournalUnavailable."""
        ...


SCHEMA_VERSION = 2
"""2: large arrays are packed, and many commands of a tick stand as columns in its decision. Records of version 1 are read as before."""

TIDY_BYTES = 1_000_000
"""Recorded bytes after which the write-ahead log is worth emptying: two synchronisations of the disk."""

BACKSTOP_PAGES = 16_384
"""Pages of 4 KiB at which SQLite empties the log by itself, within somebody's append: 16 times its default, because ``tidy`` does it."""

_metadata = sa.MetaData()
_records = sa.Table(
    "records",
    _metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("t_mono", sa.Float, nullable=False),
    sa.Column("t_wall", sa.String, nullable=False),
    sa.Column("topic", sa.String, nullable=False),
    sa.Column("key", sa.String, nullable=False),
    sa.Column("v", sa.Integer, nullable=False),
    sa.Column("cause", sa.Integer),
    sa.Column("val", sa.LargeBinary, nullable=False),
    sa.Index("records_by_topic", "topic", "seq"),
    sqlite_autoincrement=True,
)

_INSERT = _records.insert().returning(_records.c.seq, sort_by_parameter_order=True)
"""Many rows in one statement."""


class SqlJournal:
    """A journal in SQLite (WAL) or PostgreSQL, through SQLAlchemy Core."""

    def __init__(self, url: str, *, clock: Clock, durable: bool = True, reached: Reached = ignore) -> None:
        """Open or create it.

        Args:
            url: SQLAlchemy database URL.
            clock: Stamps the records.
            durable: SQLite only: whether a commit survives a power cut (FULL) or only the death of the process (NORMAL).
            reached: Failpoints.

        Raises:
            JournalUnavailable: It cannot be opened.
        """
        self._clock, self._reached, self._untidy_bytes = clock, reached, 0
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _sqlite_pragmas("FULL" if durable else "NORMAL"))
        with self._guarded(), self._engine.begin() as connection:
            # not create_all, which looks first: two processes that open a new journal at once would both see none
            connection.execute(CreateTable(_records, if_not_exists=True))
            for index in _records.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def append(self, entries: Sequence[Entry]) -> tuple[int, ...]:
        """One transaction for all entries."""
        self._reached(BEFORE_TRANSACTION)
        now, mono = self._clock.now().astimezone(UTC).isoformat(), self._clock.monotonic_s()
        # before the transaction, which nobody else should have to wait for
        rows: list[dict[str, Any]] = [
            {
                "t_mono": mono,
                "t_wall": now,
                "topic": entry.topic.value,
                "key": entry.key,
                "v": SCHEMA_VERSION,
                "cause": entry.cause,
                "val": codec.to_bytes(entry.val),
            }
            for entry in entries
        ]
        with self._guarded(), self._engine.begin() as connection:
            seqs = connection.execute(_INSERT, rows).scalars().all() if rows else ()
            self._reached(WITHIN_TRANSACTION)
        self._untidy_bytes += sum(len(row["val"]) for row in rows)
        return tuple(seqs)

    def records(self, *, after: int = 0, topics: Sequence[Topic] = ()) -> Iterator[Record]:
        """In order of ``seq``."""
        query = sa.select(_records).where(_records.c.seq > after).order_by(_records.c.seq)
        if topics:
            query = query.where(_records.c.topic.in_([topic.value for topic in topics]))
        # around the whole reading: rows come in parts, and any part may be the one that cannot be read
        with self._guarded(), self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=256).execute(query):
                yield _record(row)

    def last(self, topic: Topic) -> Record | None:
        """The newest of its topic."""
        query = sa.select(_records).where(_records.c.topic == topic.value).order_by(_records.c.seq.desc()).limit(1)
        with self._guarded(), self._engine.connect() as connection:
            row = connection.execute(query).first()
            return None if row is None else _record(row)

    def tidy(self) -> None:
        """SQLite: move what the write-ahead log has gathered into the database, once it is worth it."""
        if self._untidy_bytes < TIDY_BYTES or self._engine.dialect.name != "sqlite":
            return
        with self._guarded(), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
        self._untidy_bytes = 0

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            # the driver's own words: SQLAlchemy adds the statement, over many lines
            reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            raise JournalUnavailable(f"{self._engine.url.render_as_string(hide_password=True)}: {reason}") from error


class DiscardingJournal:
    """A journal that keeps nothing: for comparison runs whose decisions nobody will ask about."""

    def append(self, entries: Sequence[Entry]) -> tuple[int, ...]:
        """Forget them."""
        return tuple(range(1, len(entries) + 1))

    def records(self, *, after: int = 0, topics: Sequence[Topic] = ()) -> Iterator[Record]:
        """Nothing."""
        del after, topics
        return iter(())

    def last(self, topic: Topic) -> Record | None:
        """Nothing."""
        del topic
        return None

    def tidy(self) -> None:
        """There is nothing to tidy."""


def sqlite_url(path: Path) -> str:
    """The database URL of a journal file."""
    return f"sqlite:///{path}"


def _record(row: Any) -> Record:
    try:
        topic, val = Topic(row.topic), codec.from_bytes(row.val)
    except ValueError as error:
        # passing it over would fold to a state that never was
        raise JournalUnavailable(f"record {row.seq}: expected a {row.topic!r} of JSON, cannot be read: {error}") from error
    return Record(seq=row.seq, t_mono=row.t_mono, t_wall=row.t_wall, topic=topic, key=row.key, v=row.v, cause=row.cause, val=val)


def _sqlite_pragmas(synchronous: str) -> Callable[[Any, Any], None]:
    def connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # a locked database is waited for only so long, and a reader never blocks the loop
        cursor.execute("PRAGMA busy_timeout=5000")
        _write_ahead(cursor, attempts=10)
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={BACKSTOP_PAGES}")
        cursor.close()

    return connected


def _write_ahead(cursor: sqlite3.Cursor, *, attempts: int) -> None:
    """Switch to WAL, which lasts. Several that switch a new file at once are refused without the wait they asked for: wait, try again."""
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError:
        if attempts <= 1:
            raise
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("ROLLBACK")
        _write_ahead(cursor, attempts=attempts - 1)
