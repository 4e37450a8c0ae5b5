"""What was left out of a source, by reason: nothing disappears without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autopilot.findings import Finding, Level
from autopilot.platforms.tables.source import Batch, Row
from autopilot.platforms.tables.values import Unreadable

LISTED = 5
"""Reasons that a finding lists; a broken file has a reason for every line."""


@dataclass(slots=True)
class _Some:
    count: int
    example: str


class LeftOut:
    """Lines that were left out of one table."""

    def __init__(self, table: str) -> None:
        """None yet."""
        self._table = table
        self._some: dict[str, _Some] = {}

    def add(self, reason: str, example: str) -> None:
        """One more line, for this reason; ``example`` says which, and what stood there."""
        if reason in self._some:
            self._some[reason].count += 1
        else:
            self._some[reason] = _Some(count=1, example=example)

    def rows_of(self, batch: Batch) -> Iterator[tuple[int, Row]]:
        """The rows of a batch with their numbers; lines of it that are no rows are left out."""
        for line, wrong in batch.torn:
            self.add(f"no row of the table: {wrong}", f"{batch.name}, line {line}")
        return iter(enumerate(batch.rows, start=1))

    def row(self, place: int, error: Unreadable, *, source: str) -> None:
        """A row that could not be read."""
        self.add(f"{error.column}{': ' if error.column else ''}expected {error.expected}", f"{source}, row {place}: {error.was}")

    def clear(self) -> None:
        """What is said from here on is of another reading."""
        self._some.clear()

    def __bool__(self) -> bool:
        return bool(self._some)

    def words(self) -> Iterator[str]:
        """Each reason with its count and first example, the commonest first."""
        for reason, some in sorted(self._some.items(), key=lambda item: -item[1].count):
            yield f"{some.count} × {reason} (first: {some.example})"

    def findings(self) -> Iterator[Finding]:
        """For ``autopilot check``."""
        words = list(self.words())
        if words:
            more = f"; and {len(words) - LISTED} more reasons" if len(words) > LISTED else ""
            yield Finding(name=self._table, level=Level.WARNING, detail="left out: " + "; ".join(words[:LISTED]) + more)
