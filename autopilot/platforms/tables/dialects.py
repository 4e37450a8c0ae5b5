"""From what a store's file says of a source's values to how they are read."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autopilot.errors import ConfigError
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.tables.columns import Writing
from autopilot.platforms.tables.values import Dialect


def dialect_of(writing: Writing, surroundings: Surroundings, *, table: str) -> Dialect:
    """How the source writes. ``table`` is that of the settings, for messages. Raises: ConfigError, there is no such time zone."""
    timezone = surroundings.timezone
    if writing.timezone is not None:
        try:
            timezone = ZoneInfo(writing.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            where = f"{table}.options.timezone"
            raise ConfigError(f"{where}: expected a time zone such as 'Asia/Shanghai', was {writing.timezone!r}") from None
    return Dialect(currency=surroundings.currency, timezone=timezone, decimal_mark=writing.decimal_mark, time_format=writing.time_format)
