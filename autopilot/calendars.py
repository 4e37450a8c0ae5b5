"""Events of the outside world that move everybody's sales, from ``configs/calendars``: candidates for a cause, never proof of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from autopilot.settings_sources import read_toml
from sim.config_lookup import find

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEKDAYS: tuple[str, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class EventRule(BaseModel):
    """One event, on whichever date of a year: exactly one way to say it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: str
    date: Annotated[str, Field(pattern=r"^\d\d-\d\d$")] | None = None
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    nth: Annotated[int, Field(ge=1, le=5)] | None = None
    weekday: Weekday | None = None
    plus_days: int = 0
    easter_days: int | None = None
    dates: tuple[str, ...] = ()
    before_days: Annotated[int, Field(ge=0, le=31)] = 0
    """Days before it on which its shopping is done."""
    days: Annotated[int, Field(ge=1, le=31)] = 1

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.date is not None, self.nth is not None, self.easter_days is not None, bool(self.dates)]
        if sum(ways) != 1:
            message = f"event {self.name!r}: expected one of date, nth with month and weekday, easter_days, dates, was {sum(ways)} of them"
            raise ValueError(message)
        if self.nth is not None and (self.month is None or self.weekday is None):
            message = f"event {self.name!r}: expected month and weekday beside nth, was {self.month} and {self.weekday}"
            raise ValueError(message)
        return self

    def begins(self, year: int) -> Iterator[dt.date]:
        """First days of the event itself in a year."""
        if self.date is not None:
            yield dt.date.fromisoformat(f"{year}-{self.date}")
        elif self.nth is not None and self.month is not None and self.weekday is not None:
            first = dt.date(year, self.month, 1)
            ahead = (_WEEKDAYS.index(self.weekday) - first.weekday()) % 7
            yield first + dt.timedelta(days=ahead + 7 * (self.nth - 1) + self.plus_days)
        elif self.easter_days is not None:
            yield easter(year) + dt.timedelta(days=self.easter_days)
        else:
            yield from (day for day in map(dt.date.fromisoformat, self.dates) if day.year == year)


class Calendar(BaseModel):
    """A file of ``configs/calendars``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: tuple[EventRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event that falls into a stretch of days: its own first and last day, both included, shopping before it counted."""

    name: str
    first: dt.date
    last: dt.date


def happenings(first: dt.date, last: dt.date, *, calendar: str = "shopping") -> tuple[Happening, ...]:
    """Events of a calendar that touch these days, both included, in order. Raises: NoSuchConfigError, ConfigError."""
    rules = Calendar.model_validate(read_toml(find("calendars", calendar, called="calendar"))).event
    found = [
        Happening(name=rule.name, first=begins - dt.timedelta(days=rule.before_days), last=begins + dt.timedelta(days=rule.days - 1))
        for rule in rules
        for year in range(first.year - 1, last.year + 2)
        for begins in rule.begins(year)
    ]
    return tuple(sorted((one for one in found if one.first <= last and one.last >= first), key=lambda one: (one.first, one.name)))


def easter(year: int) -> dt.date:
    """Easter Sunday, Western reckoning: the anonymous Gregorian computus (Nature, 20 April 1876; Meeus, Astronomical Algorithms)."""
    golden, century, of_century = year % 19, year // 100, year % 100
    corrected = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - corrected + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    shift = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * shift + 114, 31)
    return dt.date(year, month, day + 1)
