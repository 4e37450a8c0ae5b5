"""Vendure's lists of variants and orders, walked through from a point in time. Its filters know "after", but not "at or after"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

from autopilot.platforms.paging import walk

PAGE: Final = 100
"""Things on a page: what the server takes in any configuration (its own default limit is 1000)."""

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything that a shop holds."""

TICK: Final = timedelta(milliseconds=1)
"""The server says times to a millisecond, whatever its database keeps."""

Options = Mapping[str, Any]


class Identified(Protocol):
    """Something with an id of its own."""

    @property
    def id(self) -> str:
        """Of the thing, for all its changes."""
        ...


T = TypeVar("T", bound=Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """A thing at its place in a walk."""

    id: str
    modified: datetime
    thing: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A field of time to walk by.

    Attributes:
        name: As filters and sorts call it.
        of: Reads it off a thing.
    """

    name: str
    of: Callable[[Any], datetime]


def everything(
    ask: Callable[[Options], Sequence[T]],
    *,
    by: Axis,
    take: Callable[[Sequence[T]], None],
    after: datetime = BEGINNING,
    where: Options | None = None,
) -> None:
    """Hand all things that match ``where`` from an instant on to ``take``, some more than once.

    Args:
        ask: Reads one page by list options.
        by: The time that the walk goes by; things of one instant come in the order of their ids.
        take: Keeps a page for good.
        after: Where to begin, inclusive.
        where: Further filters.

    Raises:
        PlatformError: From ``ask``.
    """

    def fetch(at: datetime, skip: int) -> Sequence[_Met]:
        filters = {**(where or {}), by.name: {"after": (at - TICK).isoformat()}}
        page = ask({"take": PAGE, "skip": skip, "sort": {by.name: "ASC"}, "filter": filters})
        return [_Met(id=thing.id, modified=by.of(thing), thing=thing) for thing in page]

    def taken(page: Sequence[_Met]) -> None:
        if page:
            take([met.thing for met in page])

    walk(fetch, after=after, page_size=PAGE, take=taken)
