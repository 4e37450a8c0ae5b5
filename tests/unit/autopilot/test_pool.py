"""Work spread over processes: results in order, one progress figure, and the first error."""

from __future__ import annotations

import multiprocessing
import threading

import pytest

from autopilot.pool import Progress, spread


def square(task: int, progress: Progress) -> int:
    progress(1.0)
    return task * task


def refuse(task: int, progress: Progress) -> int:
    del progress
    message = f"{task} is refused"
    raise ValueError(message)


def test_results_come_in_the_order_of_the_tasks() -> None:
    told: list[float] = []

    assert spread(square, [3, 1, 2], progress=told.append) == [9, 1, 4]
    assert told[-1] == 1.0
    assert all(0.0 <= share <= 1.0 for share in told)


def test_the_error_of_a_task_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="is refused"):
        spread(refuse, [1, 2], progress=lambda _: None)


def never_end(task: int, progress: Progress) -> int:
    progress(0.5)
    threading.Event().wait()
    return task


def test_an_interruption_waits_for_nobody_and_leaves_no_worker_behind() -> None:
    before = set(multiprocessing.active_children())

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spread(never_end, [1, 2, 3, 4], progress=interrupted)

    assert set(multiprocessing.active_children()) <= before
