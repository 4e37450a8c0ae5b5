"""Failpoints: armed by name and count, and by nothing else."""

from __future__ import annotations

import os
import signal

import pytest

from autopilot import failpoints
from autopilot.failpoints import INTENT_COMMITTED, NAMES, VARIABLE, armed


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Kills that would have happened."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr("autopilot.failpoints.os.kill", lambda pid, number: asked.append((pid, number)))
    return asked


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}])
def test_nothing_is_armed_unless_asked_for(environ: dict[str, str]) -> None:
    assert armed(environ) is failpoints.ignore


@pytest.mark.parametrize(
    "value",
    [
        "no_such_point",
        "@3",
        "intent_committed@x",
        "intent_committed@-1",
        "intent_committed@0",
        "intent_committed@²",
        "intent_committed@1@2",
    ],
)
def test_an_unknown_point_or_count_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=f"{VARIABLE}: expected one of before_transaction.*was '{value}'"):
        armed({VARIABLE: value})


@pytest.mark.parametrize("point", NAMES)
def test_every_point_kills_this_process_for_good_when_it_is_reached(killed: list[tuple[int, int]], point: str) -> None:
    reached = armed({VARIABLE: point})

    for other in NAMES:
        if other != point:
            reached(other)
    before = list(killed)
    reached(point)

    assert before == []
    assert killed == [(os.getpid(), signal.SIGKILL)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_count_lets_the_point_pass_so_many_times_less_one(killed: list[tuple[int, int]], count: int) -> None:
    reached = armed({VARIABLE: f"{INTENT_COMMITTED}@{count}"})

    for _ in range(count - 1):
        reached(INTENT_COMMITTED)
    before = list(killed)
    reached(INTENT_COMMITTED)
    reached(INTENT_COMMITTED)

    assert before == []
    assert len(killed) == 1
