"""Garbage is searched for between ticks, never within one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autopilot.undisturbed import undisturbed
from control.decide import decide


@pytest.fixture(autouse=True)
def _enabled_again() -> Iterator[None]:
    yield
    gc.enable()


def test_nothing_is_searched_within_and_all_is_as_before_afterwards() -> None:
    with undisturbed():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_who_had_switched_it_off_finds_it_off() -> None:
    gc.disable()

    with undisturbed():
        pass

    assert not gc.isenabled()


def test_a_failure_within_leaves_it_on() -> None:
    with pytest.raises(ValueError, match="within"), undisturbed():
        raise ValueError("within")

    assert gc.isenabled()


def test_a_tick_is_not_disturbed(harness: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def deciding(*arguments: Any) -> Any:
        seen.append(gc.isenabled())
        return decide(*arguments)

    monkeypatch.setattr("autopilot.loop.decide", deciding)
    harness().ticks(2)

    assert seen == [False, False]
    assert gc.isenabled()
