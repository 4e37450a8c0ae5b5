"""One table of a database, or what a query gives: read whole, or only what changed, with an overlap; nothing is ever written to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from autopilot.platforms.breaker import Breaker
from autopilot.platforms.order_book import OVERLAP
from autopilot.platforms.tables.source import Batch, Row
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, SourceUnavailable

MOST_ROWS: Final = 5_000_000
"""Of one reading: more is a query gone wrong."""

ROWS_AT_ONCE: Final = 5_000

_MILLISECONDS_FROM: Final = 1e11
"""Times since 1970 as numbers from here on are in milliseconds."""

_DATE_DIGITS: Final = len("2026-03-01")
_MINUTE_DIGITS: Final = len("2026-03-01 12:00")

_READ_ONLY: Final = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
"""What keeps a connection from writing, by kind of database; elsewhere the login's own rights must."""

_SIGN_IN: Final = ("password", "authentication", "access denied", "permission denied", "28p01", "28000")
"""Words of drivers for a login that is refused; there is no code that all of them share."""


def engine_to(url: str) -> sa.Engine:
    """An engine whose connections cannot write. Raises: BadAnswer, no such URL or no driver for it; the URL is never shown."""
    try:
        engine = sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except (sa.exc.ArgumentError, ModuleNotFoundError, ValueError) as error:
        reason = f"no module {error.name!r}" if isinstance(error, ModuleNotFoundError) else type(error).__name__
        raise BadAnswer(f"the URL cannot be used: {reason}") from None
    statement = _READ_ONLY.get(engine.dialect.name)
    if statement is not None:

        @sa.event.listens_for(engine, "connect")
        def _only_read(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute(statement)
            cursor.close()
            if engine.dialect.name != "sqlite":
                connection.commit()

    return engine


class SqlTable:
    """A query that is asked again and again."""

    live = True

    def __init__(self, engine: sa.Engine, query: str, *, columns: Sequence[str], thing: str = "", watermark: str | None = None) -> None:
        """Nothing is asked yet.

        Args:
            engine: Made by ``engine_to``.
            query: One SELECT.
            columns: Of its result, those that are wanted.
            thing: Column by which rows belong together: when one of them changed, all are read. Needed for a watermark.
            watermark: Column that rises with every change; None to read everything each time.
        """
        self._engine, self._watermark, self._breaker = engine, watermark, Breaker()
        inner = sa.text(query.strip().rstrip(";")).columns(
            *(sa.column(name) for name in dict.fromkeys([*columns, *filter(None, [watermark])]))
        )
        self._all = inner.subquery("source")
        self._thing = thing
        self._newest: Any = None

    def fresh(self, *, now: datetime) -> Iterator[Batch]:
        """What changed since, with an overlap; everything at first, or without a watermark."""
        rows = self._breaker.guarded(lambda: self._found(self._changed()), now)
        yield Batch(name="query", as_of=now, rows=rows)
        if self._watermark is not None:
            seen = [row[self._watermark] for row in rows if row[self._watermark] is not None]
            self._newest = max([*seen, *([] if self._newest is None else [self._newest])], default=None)

    def all(self, *, now: datetime) -> Iterator[Batch]:
        """Everything."""
        yield Batch(name="query", as_of=now, rows=self._breaker.guarded(lambda: self._found(sa.select(self._all)), now))

    def _changed(self) -> sa.Select[Any]:
        everything = sa.select(self._all)
        since = None if self._newest is None else _before(self._newest)
        if since is None or self._watermark is None:
            return everything
        changed = self._all.alias("changed")
        things = sa.select(changed.c[self._thing]).where(changed.c[self._watermark] >= since)
        return everything.where(self._all.c[self._thing].in_(things))

    def _found(self, statement: sa.Select[Any]) -> list[Row]:
        found: list[Row] = []
        try:
            with self._engine.connect() as connection:
                for part in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement).mappings().partitions():
                    found += [dict(row) for row in part]
                    if len(found) > MOST_ROWS:
                        raise BadAnswer(f"expected at most {MOST_ROWS} rows, was more; set a watermark, or limit the query")
        except sa.exc.SQLAlchemyError as error:
            raise _named(error) from None
        return found


def _before(newest: Any) -> Any:
    """A little earlier, in the same form as it came; None where it cannot be told."""
    if isinstance(newest, datetime):
        return newest - OVERLAP
    if isinstance(newest, int | float) and not isinstance(newest, bool):
        return newest - OVERLAP.total_seconds() * (1000 if newest >= _MILLISECONDS_FROM else 1)
    try:
        at = datetime.fromisoformat(newest)
    except (TypeError, ValueError):
        return None
    # texts are compared letter by letter: cut to the minute, and with the same mark between date and time, it still sorts before
    mark = newest[_DATE_DIGITS : _DATE_DIGITS + 1] or " "
    return (at - OVERLAP).isoformat(sep=mark, timespec="minutes")[:_MINUTE_DIGITS]


def _named(error: sa.exc.SQLAlchemyError) -> PlatformError:
    """By the reaction it calls for. Statements and parameters are never shown; drivers' words are, cut short."""
    words = " ".join(str(error.orig).split())[:200] if isinstance(error, sa.exc.DBAPIError) else type(error).__name__
    if any(word in words.lower() for word in _SIGN_IN):
        return NeedsReauthorisation(f"the database refuses the login: {type(error).__name__}")
    if isinstance(error, sa.exc.ProgrammingError | sa.exc.CompileError) or "no such" in words or "syntax error" in words:
        return BadAnswer(f"the query cannot be answered: {words}")
    return SourceUnavailable(f"the database does not answer: {words}")
