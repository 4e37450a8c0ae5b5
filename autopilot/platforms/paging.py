"""Reading what changed, page by page, from a list that changes while it is read.

Counting pages loses things: whatever is modified between two pages moves to the end, everything behind it moves up by one, and what stood
at the top of the next page is skipped. So the walk goes by the time of the last thing seen, not by page number, and goes on by number only
within one instant, which it then reads until nothing new comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from perception.ports import BadAnswer

MOST_PAGES = 10_000
"""A walk that takes more is going in circles."""

MOST_ROUNDS = 5
"""How often one instant is read again while new things keep coming in it; what comes later has a later time and is met anyway."""


class Changed(Protocol):
    """Something with an id and the time of its last change."""

    @property
    def id(self) -> str:
        """Of the thing, for all its changes."""
        ...

    @property
    def modified(self) -> datetime:
        """When it changed last, as coarse as the platform says it."""
        ...


T = TypeVar("T", bound=Changed)

Fetch = Callable[[datetime, int], Sequence[T]]
"""The page of things modified at or after an instant, the first so many skipped, in order of (modified, id)."""


def walk(fetch: Fetch[T], *, after: datetime, page_size: int, take: Callable[[Sequence[T]], None], settled: datetime | None = None) -> None:
    """Hand every thing modified at or after ``after`` to ``take``, page by page, some more than once.

    Args:
        fetch: Reads one page; a page shorter than ``page_size`` is the last one.
        after: Where to begin, inclusive.
        page_size: Things on a full page, > 0.
        take: Keeps a page for good; taking a thing twice must do no harm.
        settled: Times before it are those by which the platform has put things in order. A platform that puts a page in order first and
            loads what is on it afterwards may show a later time, of a change in between, at an earlier place; the walk does not go by it.

    Raises:
        PlatformError: From ``fetch``, or because there is no end of pages; what was taken before stays taken.
    """
    at, skip, rounds, fresh = after, 0, 0, False
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        page = fetch(at, skip)
        take(page)
        reached = _reached(page, at, settled)
        by_number = {thing.id for thing in page if thing.modified == at or (settled is not None and thing.modified >= settled)}
        fresh = fresh or not by_number <= seen
        seen |= by_number
        if len(page) == page_size and reached <= at:
            skip += page_size
        elif skip and fresh and rounds < MOST_ROUNDS:
            # something may have left this instant while it was read by number, and moved what stood behind it: once more from its beginning
            skip, rounds, fresh = 0, rounds + 1, False
        elif len(page) < page_size:
            return
        else:
            at, skip, rounds, fresh, seen = reached, 0, 0, False, set()
    raise BadAnswer(f"expected at most {MOST_PAGES} pages, was more: the platform goes on answering full pages for {at}")


def _reached(page: Sequence[T], at: datetime, settled: datetime | None) -> datetime:
    """The time up to which everything has been met, ``at`` if there is no telling."""
    if not page:
        return at
    if settled is None or page[-1].modified < settled:
        return page[-1].modified
    return max((thing.modified for thing in page if at < thing.modified < settled), default=at)
