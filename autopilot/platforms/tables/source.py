"""A table that can be read again and again: from files that come and grow, or from a database that goes on writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that belong together: whatever they hold of a thing is all there is of it.

    Attributes:
        name: Where they are from, for people.
        as_of: When they were written, aware UTC.
        rows: In their order; to be gone through once.
        torn: (line, what is wrong) of lines that are no rows.
    """

    name: str
    as_of: datetime
    rows: Iterable[Row]
    torn: tuple[tuple[int, str], ...] = ()


class Table(Protocol):
    """One table."""

    @property
    def live(self) -> bool:
        """Whether it shows the present, so that no new row means that nothing happened."""
        ...

    def fresh(self, *, now: datetime) -> Iterator[Batch]:
        """What may have changed since the last time, oldest first. A batch counts as read when the next one is asked for.

        Raises:
            PlatformError
        """
        ...

    def all(self, *, now: datetime) -> Iterator[Batch]:
        """Everything, oldest first, whatever was read before. Raises: PlatformError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A table, and {our name: its name} of the columns that the merchant told of."""

    table: Table
    columns: Mapping[str, str]


def told(table: Table, columns: BaseModel) -> Told:
    """From the model of its columns."""
    return Told(table=table, columns={ours: theirs for ours, theirs in columns.model_dump().items() if theirs is not None})


@runtime_checkable
class Historical(Protocol):
    """An adapter whose past can be read whole."""

    @property
    def history(self) -> Mapping[str, Told]:
        """Its tables by name."""
        ...
