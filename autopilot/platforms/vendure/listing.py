"""Vendure's lists of variants and orders, walked through from a point in time. Its filters know "after", but not "at or after"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from autopilot.platforms.paging import Changed, walk

PAGE: Final = 100
"""Things on a page: what the server takes in any configuration (its own default limit is 1000)."""

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything that a shop holds."""

TICK: Final = timedelta(milliseconds=1)
"""The server says times to a millisecond, whatever its database keeps."""

Options = Mapping[str, Any]

T = TypeVar("T", bound=Changed)


def everything(
    ask: Callable[[Options], Sequence[T]],
    *,
    by: str,
    take: Callable[[Sequence[T]], None],
    after: datetime = BEGINNING,
    before: datetime | None = None,
    where: Options | None = None,
) -> None:
    """Hand all things that match ``where`` and have ``by`` within a stretch of time to ``take``, some more than once.

    Args:
        ask: Reads one page by list options.
        by: The field of time that the walk goes by, which is also each thing's ``modified``; ties come in order of ids.
        take: Keeps a page for good.
        after: Where to begin, inclusive.
        before: Where to end, exclusive; None for no end.
        where: Further filters.

    Raises:
        PlatformError: From ``ask``.
    """

    def fetch(at: datetime, skip: int) -> Sequence[T]:
        until = {} if before is None else {"before": before.isoformat()}
        filters = {**(where or {}), by: {"after": (at - TICK).isoformat(), **until}}
        return ask({"take": PAGE, "skip": skip, "sort": {by: "ASC"}, "filter": filters})

    walk(fetch, after=after, page_size=PAGE, take=take)
