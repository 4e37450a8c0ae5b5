"""Instants as WooCommerce writes and reads them: to the second, in UTC, without saying so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from perception.ports import BadAnswer

SECOND = timedelta(seconds=1)

GAP_STEP = timedelta(hours=1)


def instant(value: str | None) -> datetime | None:
    """A ``…_gmt`` field: UTC, with or without saying so. Raises: BadAnswer."""
    if not value:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise BadAnswer(f"expected a time such as '2026-11-22T06:56:12', was {value!r}") from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def local_instant(value: str | None, timezone: ZoneInfo) -> datetime | None:
    """A field without ``_gmt``: the site's wall clock. Raises: BadAnswer."""
    wall = instant(value)
    return None if wall is None else wall.replace(tzinfo=timezone).astimezone(UTC)


def modified_after(at: datetime, timezone: ZoneInfo) -> str:
    """The ``modified_after`` that gives everything modified at or after ``at``, and perhaps some more.

    WooCommerce compares whole seconds and leaves out the one that is asked for. With ``dates_are_gmt`` it takes the text as UTC, but lets
    PHP read it as a time of the site's zone on the way: a text with "Z" is shifted by the zone's offset, and one within the hour that
    summer time skips is moved on by that hour. So there is no "Z", and an earlier hour is asked for where there is such a gap.
    """
    wall = at.astimezone(UTC).replace(microsecond=0, tzinfo=None) - SECOND
    while not _exists(wall, timezone):
        wall -= GAP_STEP
    return wall.isoformat()


def _exists(wall: datetime, timezone: ZoneInfo) -> bool:
    return wall.replace(tzinfo=timezone).astimezone(UTC).astimezone(timezone).replace(tzinfo=None) == wall
