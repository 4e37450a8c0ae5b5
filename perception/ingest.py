"""The reading end of the loop: ask every source once and write down what came, or that nothing came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from perception.observation import MetricRows, Observation, Readback, SourceFailure
from perception.ports import MetricsSource, PlatformError, SetpointSource

SETPOINTS = "setpoints"
"""Name under which a failed read-back is listed."""


def observe(
    *, tick: int, now: datetime, since: datetime | None, sources: Sequence[MetricsSource], setpoints: SetpointSource
) -> Observation:
    """Read every source and the set-points; a source that fails is named, the others are kept.

    Args:
        tick: Slot number of this tick.
        now: The instant the tick stands for, aware UTC.
        since: Rows refreshed after this instant are wanted; None for all that the platform keeps.
        sources: Read in this order; their rows keep it.
        setpoints: Read last, so that what stands is known as late as possible.

    Returns:
        What was seen, unjudged.
    """
    rows: list[MetricRows] = []
    failures: list[SourceFailure] = []
    for source in sources:
        try:
            rows.extend(source.read(since=since, now=now))
        except PlatformError as error:
            failures.append(_failure(source.name, error))
    readback: Readback | None = None
    try:
        readback = setpoints.readback(now=now)
    except PlatformError as error:
        failures.append(_failure(SETPOINTS, error))
    return Observation(tick=tick, at=now, rows=tuple(rows), readback=readback, failures=tuple(failures))


def _failure(source: str, error: PlatformError) -> SourceFailure:
    """The class name says which reaction is called for, so it is kept beside the message."""
    return SourceFailure(source=source, reason=f"{type(error).__name__}: {error}")
