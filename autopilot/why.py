"""Why a figure moved: facts, explanation, and the events of the outside world that fell into the window, as one answer."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from autopilot.calendars import Happening, happenings
from autopilot.errors import ConfigError
from perception.attribution.explain import Explanation, explain
from perception.attribution.facts import HOURS_PER_DAY, Facts, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What ``autopilot why`` says.

    Attributes:
        metric: Its name. ``notes``: What it does not hold or which dimensions there are not, in words.
        since, until: The window, store-local hours, the end not included.
        explanation: What was found.
        events: Events of the calendar that touch the window.
    """

    metric: str
    notes: tuple[str, ...]
    since: datetime
    until: datetime
    explanation: Explanation
    events: tuple[Happening, ...]


def answer(facts: Facts, metric: str, *, since: datetime, until: datetime | None, calendar: str, notes: tuple[str, ...] = ()) -> Answer:
    """Explain the window ``[since, until)``; without ``until``, to the end of the facts. Raises: ConfigError, NoSuchConfigError."""
    begins = _hour(since)
    newest = int(facts.hour.max()) + (1 if facts.hourly else HOURS_PER_DAY) if facts.hour.size else begins
    ends = min(_hour(until), newest) if until is not None else newest
    if not facts.hourly:
        begins, ends = begins // HOURS_PER_DAY * HOURS_PER_DAY, -(-ends // HOURS_PER_DAY) * HOURS_PER_DAY
    if ends <= begins:
        raise ConfigError(f"--since: expected a time before the newest figures ({_instant(newest)}), was {since}")
    try:
        explanation = explain(facts, Window(begins=begins, ends=ends))
    except ValueError as error:
        raise ConfigError(f"--{error}") from None
    first, last = _instant(begins).date(), _instant(ends - 1).date()
    return Answer(
        metric=metric,
        notes=notes,
        since=_instant(begins),
        until=_instant(ends),
        explanation=explanation,
        events=happenings(first, last, calendar=calendar),
    )


def payload(found: Answer) -> dict[str, Any]:
    """The JSON of an answer. ``share`` is the part of the change; shares and ``unexplained`` sum to 1."""
    told = found.explanation
    return {
        "metric": found.metric,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "changed": told.changed,
        "actual": told.actual,
        "expected": told.expected,
        "base": told.base,
        "change_ratio": told.actual / told.expected - 1.0 if told.expected > 0.0 else None,
        "causes": [
            {
                "rank": rank,
                "kind": cause.kind,
                "where": cause.where,
                "share": cause.share,
                "actual": cause.actual,
                "expected": cause.expected,
                "ratio": cause.ratio if math.isfinite(cause.ratio) else None,
                "surprise": cause.surprise,
                "same_as": cause.same_as,
            }
            for rank, cause in enumerate(told.causes, start=1)
        ],
        "unexplained": told.unexplained if told.changed else None,
        "events": [asdict(event) for event in found.events],
        "compared_with": {"since": _instant(told.past.begins).isoformat(), "until": _instant(told.past.ends).isoformat()},
        "notes": found.notes,
    }


def when(words: str, *, newest: datetime) -> datetime:
    """The instant that a person means: an ISO date or time, or "3d", "2w", "12h" before the newest figures. Raises: ConfigError."""
    amount, unit = words[:-1], words[-1:]
    if amount.isdigit() and unit in {"h", "d", "w"}:
        return newest - int(amount) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[unit]
    try:
        return datetime.fromisoformat(words).replace(tzinfo=None)
    except ValueError:
        raise ConfigError(
            f"--since: expected a date or time such as 2026-11-11 or 2026-11-11T08:00, or 12h, 3d, 2w; was {words!r}"
        ) from None


def newest_of(facts: Facts) -> datetime:
    """End of the newest hour or day that there is a fact of."""
    return _instant(int(facts.hour.max()) + (1 if facts.hourly else HOURS_PER_DAY)) if facts.hour.size else datetime(1970, 1, 1)  # noqa: DTZ001 - store-local


def _hour(at: datetime) -> int:
    return at.toordinal() * HOURS_PER_DAY + at.hour


def _instant(hour: int) -> datetime:
    return datetime.combine(date.fromordinal(hour // HOURS_PER_DAY), datetime.min.time()) + timedelta(hours=hour % HOURS_PER_DAY)
