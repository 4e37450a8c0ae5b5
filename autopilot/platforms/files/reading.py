"""Files of one table: found by a pattern, read again when they change, and never half a row of them.

A file that changed within the last minute may still be growing: of it only whole lines count, and the rest is read when it has come.
Reading a file again does no harm, because whoever takes its rows replaces what was known of the same things; so where we are is not kept
on disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from autopilot.platforms.files.encoding import Undecodable, copy_as_utf8, encoding_of
from autopilot.platforms.files.header import find_header
from autopilot.platforms.tables.source import Batch, Row
from perception.ports import BadAnswer, SourceUnavailable
from sim.calibration.orders import open_separated, open_table, quoted

SETTLED_S: Final = 60.0
"""A file that did not change for so long is taken to be complete."""

MOST_FILES: Final = 100_000

PARQUET: Final = ".parquet"


class _NotATable(ValueError):
    """What ``open_table`` raises."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """By what a changed file is told."""

    size: int
    changed_ns: int

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.changed_ns / 1e9, UTC)


class FileTable:
    """The files that a pattern matches, as one table."""

    live = False

    def __init__(self, folder: Path, pattern: str, *, columns: Sequence[str], encoding: str | None = None) -> None:
        """Nothing is read yet.

        Args:
            folder: Where a relative pattern starts.
            pattern: A path, or one with ``*``, ``?`` and ``**``.
            columns: Those that have to be there.
            encoding: Of text files; None to find out.
        """
        self._folder, self._pattern, self._encoding = folder, pattern, encoding
        self._columns = tuple(dict.fromkeys(columns))
        self._read: dict[Path, _Stamp] = {}

    def fresh(self, *, now: datetime) -> Iterator[Batch]:
        """Files that are new or changed, the oldest first.

        Raises:
            SourceUnavailable: No file matches, or one cannot be opened.
            BadAnswer: A file is no table with these columns, though it is complete; all others were given.
        """
        found = self._found()
        changed = {path: stamp for path, stamp in found.items() if self._read.get(path) != stamp}
        wrong: list[str] = []
        for path, stamp, grows in _in_order(changed, now):
            try:
                yield self._batch(path, stamp, grows=grows)
            except (_NotATable, Undecodable) as error:
                if not grows:
                    wrong.append(f"{path.name}: {error}")
                continue
            except OSError as error:
                raise SourceUnavailable(f"{path.name}: cannot be read: {error.strerror}") from None
            # only now: whoever asked for the next one has taken this
            if not grows:
                self._read[path] = stamp
        if wrong:
            raise BadAnswer("; ".join(wrong))

    def all(self, *, now: datetime) -> Iterator[Batch]:
        """Every file, the oldest first. Raises: as ``fresh``."""
        anew = FileTable(self._folder, self._pattern, columns=self._columns, encoding=self._encoding)
        return anew.fresh(now=now)

    def _found(self) -> dict[Path, _Stamp]:
        pattern = Path(self._pattern)
        base = Path(pattern.anchor) if pattern.is_absolute() else self._folder
        relative = str(pattern.relative_to(pattern.anchor)) if pattern.is_absolute() else self._pattern
        found: dict[Path, _Stamp] = {}
        try:
            for path in base.glob(relative):
                if path.is_file():
                    status = path.stat()
                    found[path] = _Stamp(status.st_size, status.st_mtime_ns)
        except OSError as error:
            raise SourceUnavailable(f"{self._pattern}: cannot be looked for: {error.strerror}") from None
        if not found:
            raise SourceUnavailable(f"{self._pattern}: expected at least one file, was none")
        if len(found) > MOST_FILES:
            raise BadAnswer(f"{self._pattern}: expected at most {MOST_FILES} files, was {len(found)}")
        return found

    def _batch(self, path: Path, stamp: _Stamp, *, grows: bool) -> Batch:
        if path.suffix == PARQUET:
            with _readable(path), open_table(path, self._columns, error=_NotATable) as connection:
                return Batch(name=path.name, as_of=stamp.at, rows=_rows(connection, self._columns))
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "table.csv"
            copy_as_utf8(path, copy, encoding=encoding_of(path, told=self._encoding), whole_lines_only=grows)
            with _readable(copy):
                return self._of_text(copy, path.name, stamp)

    def _of_text(self, copy: Path, name: str, stamp: _Stamp) -> Batch:
        header = find_header(copy, self._columns)
        if header is None:
            # says which columns there are
            with open_table(copy, self._columns, error=_NotATable) as connection:
                return Batch(name=name, as_of=stamp.at, rows=_rows(connection, self._columns))
        with open_separated(copy, header.names, separator=header.separator, skip=header.skip, error=_NotATable) as (connection, torn):
            rows = _rows(connection, self._columns)
        if torn and not rows:
            line, what = torn[0]
            raise _NotATable(
                f"expected rows of {len(header.names)} columns as in line {header.skip}, was {what.lower()} from line {line} on"
            )
        return Batch(name=name, as_of=stamp.at, rows=rows, torn=tuple((line, what.lower()) for line, what in torn))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Takes the path out of messages: it may be that of a copy."""
    try:
        yield
    except _NotATable as error:
        raise _NotATable(str(error).removeprefix(f"{path}: ").replace(str(path), "the file")) from None


def _rows(connection: Any, columns: Sequence[str]) -> list[Row]:
    """The rows of a table, of these columns, as text: what it means is for others to say."""
    cells = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in columns)
    found = connection.execute(f"SELECT {cells} FROM raw").fetchall()  # noqa: S608 - quoted names that the file has
    return [dict(zip(columns, values, strict=True)) for values in found]


def _in_order(changed: dict[Path, _Stamp], now: datetime) -> Iterator[tuple[Path, _Stamp, bool]]:
    """(path, stamp, whether it may still be growing), the oldest first."""
    for path, stamp in sorted(changed.items(), key=lambda item: (item[1].changed_ns, str(item[0]))):
        yield path, stamp, (now - stamp.at).total_seconds() < SETTLED_S
