"""Times of repeated work: CPU seconds of this process, medians, so that a busy neighbour changes little."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autopilot.clock import cpu_s


def median_s(work: Callable[[], object], *, repeats: int) -> float:
    """Median CPU seconds of one call, after one call to warm up."""
    work()
    return float(np.median([timed_s(work) for _ in range(repeats)]))


def medians_in_turns(ours: Callable[[], object], baseline: Callable[[], object], *, repeats: int) -> tuple[float, float]:
    """Median CPU seconds of both, taken in turns so that both meet the same moods of the machine."""
    ours()
    baseline()
    pairs = np.array([(timed_s(ours), timed_s(baseline)) for _ in range(repeats)])
    first, second = np.median(pairs, axis=0)
    return float(first), float(second)


def timed_s(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = cpu_s()
    work()
    return cpu_s() - began
