"""Commands in, one request to Google out, and one honest answer per command back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from autopilot.platforms.google_ads.change import Change
from autopilot.platforms.http import Refused
from control.command import Command
from control.ports import Acknowledgement, Effect
from perception.ports import NeedsReauthorisation, PlatformError, RateLimited

if TYPE_CHECKING:
    from autopilot.platforms.google_ads.client import AdsClient

MOST_IN_ONE = 5_000
"""Commands in one request; Google takes 10,000 operations, and a command makes at most two."""

Planned = tuple[Command, tuple[Change, ...]]


def send(planned: Sequence[Planned], *, client: AdsClient, now: datetime) -> Iterator[Acknowledgement]:
    """Send commands with the changes that each amounts to.

    Raises:
        PlatformError: The first request got no answer; nothing is known of any of its commands, and none was sent after it.
    """
    for start in range(0, len(planned), MOST_IN_ONE):
        part = planned[start : start + MOST_IN_ONE]
        try:
            yield from _sent(part, client, now)
        except Refused as refusal:
            yield from (_answer(command, Effect.REJECTED, str(refusal)) for command, _ in part)
        except PlatformError as error:
            if start == 0:
                raise
            effect = Effect.REJECTED if isinstance(error, RateLimited | NeedsReauthorisation) else Effect.UNKNOWN
            yield from (_answer(command, effect, f"{type(error).__name__}: {error}") for command, _ in part)
            left = planned[start + MOST_IN_ONE :]
            yield from (_answer(command, Effect.REJECTED, f"not sent after {type(error).__name__}") for command, _ in left)
            return


def _sent(part: Sequence[Planned], client: AdsClient, now: datetime) -> Iterator[Acknowledgement]:
    outcomes = iter(client.change([change for _, changes in part for change in changes], now=now))
    for command, changes in part:
        wrong = [next(outcomes) for _ in changes]
        if not any(wrong):
            yield _answer(command, Effect.APPLIED, "changed")
        elif all(wrong):
            yield _answer(command, Effect.REJECTED, next(words for words in wrong if words))
        else:
            # half of it was done: only reading back can tell what that amounts to
            yield _answer(command, Effect.UNKNOWN, next(words for words in wrong if words))


def rejected(command: Command, why: str) -> Acknowledgement:
    """The answer to a command that is not sent."""
    return _answer(command, Effect.REJECTED, why)


def _answer(command: Command, effect: Effect, detail: str) -> Acknowledgement:
    return Acknowledgement(intent_id=command.intent_id, effect=effect, detail=detail)
