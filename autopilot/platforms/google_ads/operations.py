"""How many operations may still be sent today: Google counts them per developer token, and shuts out who sends too many.

They are counted over the last 24 hours, whenever Google's day begins; before they are sent, so that a crash never counts too few; and in a
file, so that a restart forgets none.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from autopilot.whole_file import write_whole
from perception.ports import RateLimited, SourceUnavailable
from perception.units import SECONDS_PER_HOUR

DAILY_OPERATIONS: Final[dict[str, int | None]] = {"explorer": 2_880, "basic": 15_000, "standard": None}
"""By access level of the developer token, https://developers.google.com/google-ads/api/docs/access-levels; None for no limit."""

KEPT_FOR_READING = 0.2
"""Share that writes leave alone: who can no longer look must not go on steering."""

HOURS = 25
"""Buckets that count: 24 full hours and the one that is running."""


class OperationBudget:
    """Operations of the last 24 hours, by the hour."""

    def __init__(self, path: Path, *, per_day: int | None) -> None:
        """Counted in the file at ``path``, which is made when needed; one that cannot be read counts as empty."""
        self._path, self._per_day = path, per_day
        self._by_hour: dict[int, int] = {}
        if path.is_file():
            try:
                self._by_hour = {int(hour): int(count) for hour, count in orjson.loads(path.read_bytes()).items()}
            except (ValueError, AttributeError, TypeError):
                # half a file cannot come about by a crash (``write_whole``); Google's own count is behind ours anyway
                self._by_hour = {}

    def used(self, now: datetime) -> int:
        """Operations of the last 24 hours."""
        hour = _hour(now)
        return sum(count for at, count in self._by_hour.items() if at > hour - HOURS)

    def left_for_writes(self, now: datetime) -> int | None:
        """How many set-points may still be written; None for any number."""
        if self._per_day is None:
            return None
        return max(int(self._per_day * (1.0 - KEPT_FOR_READING)) - self.used(now), 0)

    def spend(self, count: int, *, now: datetime) -> None:
        """Count operations that are about to be sent.

        Raises:
            RateLimited: They are more than are left.
            SourceUnavailable: They cannot be counted.
        """
        if self._per_day is not None and self.used(now) + count > self._per_day:
            raise RateLimited(
                f"{self.used(now)} of the {self._per_day} operations a day are used up", retry_after_s=self._until_some_are_free(now)
            )
        hour = _hour(now)
        kept = {at: used for at, used in self._by_hour.items() if at > hour - HOURS}
        self._by_hour = kept | {hour: kept.get(hour, 0) + count}
        try:
            write_whole(self._path, orjson.dumps({str(at): used for at, used in self._by_hour.items()}))
        except OSError as error:
            raise SourceUnavailable(f"{self._path.name}: operations cannot be counted: {error.strerror}") from None

    def _until_some_are_free(self, now: datetime) -> float:
        oldest = min((at for at in self._by_hour if at > _hour(now) - HOURS), default=_hour(now))
        return max((oldest + HOURS) * SECONDS_PER_HOUR - now.timestamp(), 1.0)


def _hour(now: datetime) -> int:
    return int(now.timestamp() // SECONDS_PER_HOUR)
