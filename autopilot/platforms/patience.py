"""Waiting for a platform that gives what it is asked for in parts, because all of it at once would be too much."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TypeVar

import structlog

from perception.ports import RateLimited

log = structlog.get_logger()

LONGEST_S = 1800.0
"""In all; a shop of 10,000 products takes 400 s on the smallest plan of the slowest platform."""

T = TypeVar("T")


class Unfinished(RateLimited):
    """What was given so far is kept, and asking again after the wait goes on from there."""


def pause(seconds: float) -> None:
    """Let time pass; a signal ends the process as at any other time."""
    Event().wait(seconds)


def patiently(ask: Callable[[], T], *, what: str, pause: Callable[[float], None] = pause) -> T:
    """Ask until all of it is there, with the waits that are asked for.

    Raises:
        Unfinished: After half an hour of waiting.
        PlatformError: As ``ask`` does for any other reason.
    """
    waited_s = 0.0
    while True:
        try:
            return ask()
        except Unfinished as error:
            if waited_s + error.retry_after_s > LONGEST_S:
                raise
            waited_s += error.retry_after_s
            log.info("waiting_for_platform", what=what, seconds=round(error.retry_after_s, 1), reason=str(error))
            pause(error.retry_after_s)
