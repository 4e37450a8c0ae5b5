"""The only places that ask the time. Everything below gets ``now`` as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Says what time it is for the loop."""

    def now(self) -> datetime:
        """Aware UTC; never runs backwards within one process."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that only ever rise, for measuring."""
        ...


class SystemClock:
    """Real time, anchored once: the wall clock is read at start and carried on by the monotonic clock.

    A wall clock that is set back or forth while the daemon runs therefore moves no window and repeats no tick.
    """

    def __init__(self) -> None:
        """Anchor now."""
        self._wall, self._anchor = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """The anchored wall clock."""
        return self._wall + timedelta(seconds=self.monotonic_s() - self._anchor)

    def monotonic_s(self) -> float:
        """The system's monotonic clock."""
        return time.monotonic()


class ScaledClock:
    """A clock on which ``scale`` seconds pass for each second of another one, starting at ``origin``."""

    def __init__(self, clock: Clock, *, origin: datetime, scale: float) -> None:
        """Start at ``origin`` now."""
        self._clock, self._origin, self._scale = clock, origin, scale
        self._started_s = clock.monotonic_s()

    def now(self) -> datetime:
        """The scaled time."""
        return self._origin + timedelta(seconds=(self._clock.monotonic_s() - self._started_s) * self._scale)

    def monotonic_s(self) -> float:
        """Unscaled, for measuring."""
        return self._clock.monotonic_s()


class SteppedClock:
    """Stands still until it is told to move: the clock of drives, replays and tests."""

    def __init__(self, start: datetime) -> None:
        """Stand at ``start``, aware UTC."""
        self._now, self._steps_s = start, 0.0

    def now(self) -> datetime:
        """Where it stands."""
        return self._now

    def monotonic_s(self) -> float:
        """Seconds it was moved so far."""
        return self._steps_s

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds`` > 0."""
        self._now += timedelta(seconds=seconds)
        self._steps_s += seconds


def cpu_s() -> float:
    """CPU seconds that this process has used, for benchmarks: what other processes do hardly counts."""
    return time.process_time()


def wall_s() -> float:
    """Seconds of the finest clock there is, for benchmarks of what waits for a disk."""
    return time.perf_counter()
