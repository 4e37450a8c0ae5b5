"""One hour of a market: the clock that draws and shapes share."""

from __future__ import annotations

from dataclasses import dataclass

HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An hour.

    Attributes:
        day: Ordinal of its local date: weekday and month.
        hour: Hours since the first local midnight of the market: the time that draws are keyed by.
    """

    day: int
    hour: int

    @property
    def hour_of_day(self) -> int:
        """0 … 23."""
        return self.hour % HOURS_PER_DAY
