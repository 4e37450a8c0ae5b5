"""Work spread over processes: results in order, one progress figure, and the first error."""

from __future__ import annotations

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
