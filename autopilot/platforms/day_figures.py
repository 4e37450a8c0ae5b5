"""Daily figures of a source that shows whole days again and again, restated as it likes: which of them changed, and with what version.

An ad report has no orders to add up and no time of change: what a day's figures are now is all there is to see. So every day that was read
replaces what was held of it, and a figure that differs gets a higher version: the second in which it was seen. Nothing is kept on disk.
A process that comes up again reads everything anew, and everything has a version newer than any that was given before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from autopilot.platforms.order_book import KEPT_DAYS, STAMP_STEP_S
from autopilot.platforms.today import every_sku_today, nothing_of
from perception.observation import COLUMNS, MetricRows, Signal
from perception.units import Bools, Floats, Ints


@dataclass(slots=True)
class _Day:
    """(m, k) figures of one day, (m,) their versions, when they changed, UTC epoch seconds, and whether they are given at all."""

    values: Floats
    version: Ints
    stamp_s: Floats
    given: Bools


class DayFigures:
    """The figures of one signal, of m products."""

    def __init__(self, signal: Signal, *, sku_count: int) -> None:
        """Nothing is held yet."""
        self._signal, self._sku_count = signal, sku_count
        self._days: dict[int, _Day] = {}
        self._newest_s = float("-inf")

    @property
    def empty(self) -> bool:
        """Whether nothing was read yet: then everything has to be."""
        return not self._days

    @property
    def last_day(self) -> int:
        """The newest day that was read, as ordinal; 0 before the first."""
        return max(self._days, default=0)

    def take(self, days: Mapping[int, Floats], *, since: datetime | None, now: datetime) -> None:
        """Put days as they are now, (m, k) each, in place of what was held of them; products that show nothing have zeros.

        Args:
            days: By store-local day ordinal.
            since: Up to where the asker has committed what was given before: whatever changed counts as later.
            now: The instant of the reading.
        """
        self._asked(since)
        first, stamp_s = self.empty, max(now.timestamp(), self._newest_s + STAMP_STEP_S)
        ever = np.zeros(self._sku_count, dtype=np.bool_)
        for values in days.values():
            ever |= (values != 0.0).any(axis=1)
        for day, values in days.items():
            held = self._days.get(day) or self._blank()
            changed = (values != held.values).any(axis=1)
            # of a product that ever showed anything all days are given at first: one that a restatement emptied must not stay as it was
            fresh = changed | (ever & ~held.given if first else False)
            held.version[fresh] = np.maximum(held.version[fresh] + 1, int(now.timestamp()))
            held.stamp_s[fresh], held.given[fresh] = stamp_s, True
            held.values = values.copy()
            self._days[day] = held
        newest = self.last_day
        self._days = {day: held for day, held in self._days.items() if day > newest - KEPT_DAYS}

    def rows(self, *, since: datetime | None, today: int, now: datetime, as_of: datetime | None = None) -> MetricRows:
        """What changed after ``since`` (everything when None), and today's of every product.

        Args:
            since: Up to where the asker has committed what was given before.
            today: Store-local day ordinal; later days are not given yet.
            now: The instant of the reading.
            as_of: As of when the figures are; now when None.
        """
        self._asked(since)
        self._newest_s = max(self._newest_s, now.timestamp())
        seen_at = as_of or now
        parts = [self._part(day, since, today, seen_at) for day in sorted(self._days) if day <= today]
        rows = _joined(parts, self._signal) if parts else nothing_of(self._signal)
        return every_sku_today(rows, sku_count=self._sku_count, today=today, now=seen_at)

    def _part(self, day: int, since: datetime | None, today: int, seen_at: datetime) -> MetricRows:
        held = self._days[day]
        wanted = held.given if since is None or day == today else held.given & (held.stamp_s > since.timestamp())
        sku = np.flatnonzero(wanted).astype(np.int64)
        return MetricRows(
            signal=self._signal,
            sku=sku,
            day=np.full(sku.size, day, dtype=np.int64),
            observed_at_s=np.full(sku.size, seen_at.timestamp()),
            version=held.version[sku],
            values=held.values[sku],
        )

    def _asked(self, since: datetime | None) -> None:
        if since is not None:
            self._newest_s = max(self._newest_s, since.timestamp())

    def _blank(self) -> _Day:
        m = self._sku_count
        return _Day(
            values=np.zeros((m, len(COLUMNS[self._signal]))),
            version=np.zeros(m, dtype=np.int64),
            stamp_s=np.full(m, -np.inf),
            given=np.zeros(m, dtype=np.bool_),
        )


def _joined(parts: list[MetricRows], signal: Signal) -> MetricRows:
    return MetricRows(
        signal=signal,
        sku=np.concatenate([part.sku for part in parts]),
        day=np.concatenate([part.day for part in parts]),
        observed_at_s=np.concatenate([part.observed_at_s for part in parts]),
        version=np.concatenate([part.version for part in parts]),
        values=np.concatenate([part.values for part in parts]),
    )
