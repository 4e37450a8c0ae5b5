"""One honest answer per command: applied, refused, or not known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autopilot.platforms.http import Refused
from autopilot.platforms.writing import each
from control.command import Command
from control.ports import Effect
from perception.fields import Field
from perception.ports import NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable

COMMANDS = tuple(
    Command(intent_id=name, entity=name, index=place, field=Field.PRICE, value=100, previous=90, currency="GBP")
    for place, name in enumerate("abcd")
)
REFUSED = Refused("422", status=422, body=None)


def writing(**failures: PlatformError) -> tuple[list[str], Callable[[Command], str]]:
    sent: list[str] = []

    def write(command: Command) -> str:
        sent.append(command.intent_id)
        if command.intent_id in failures:
            raise failures[command.intent_id]
        return "done"

    return sent, write


def effects(write: Callable[[Command], str], *, objects_to: str = "") -> list[Effect]:
    answers = each(COMMANDS, problem=lambda command: "entity: unknown" if command.intent_id in objects_to else "", write=write)
    assert [answer.intent_id for answer in answers] == [command.intent_id for command in COMMANDS]
    return [answer.effect for answer in answers]


def test_all_is_well() -> None:
    sent, write = writing()

    assert effects(write) == [Effect.APPLIED] * 4
    assert sent == list("abcd")


def test_what_makes_no_sense_is_not_sent() -> None:
    sent, write = writing()

    assert effects(write, objects_to="ac") == [Effect.REJECTED, Effect.APPLIED, Effect.REJECTED, Effect.APPLIED]
    assert sent == list("bd")


def test_one_refused_item_leaves_the_others_alone() -> None:
    sent, write = writing(a=REFUSED, c=REFUSED)

    assert effects(write) == [Effect.REJECTED, Effect.APPLIED, Effect.REJECTED, Effect.APPLIED]
    assert sent == list("abcd")


def test_after_a_lost_answer_nothing_more_is_sent() -> None:
    sent, write = writing(b=SourceUnavailable("timed out"))

    assert effects(write) == [Effect.APPLIED, Effect.UNKNOWN, Effect.REJECTED, Effect.REJECTED]
    assert sent == list("ab")


@pytest.mark.parametrize("error", [RateLimited("429", retry_after_s=9.0), NeedsReauthorisation("401")])
def test_a_platform_that_takes_nothing_more_has_applied_nothing_more(error: PlatformError) -> None:
    sent, write = writing(b=error)

    assert effects(write) == [Effect.APPLIED, Effect.REJECTED, Effect.REJECTED, Effect.REJECTED]
    assert sent == list("ab")


@pytest.mark.parametrize("error", [SourceUnavailable("timed out"), RateLimited("429", retry_after_s=9.0), NeedsReauthorisation("401")])
def test_a_platform_that_fails_at_once_has_answered_nothing(error: PlatformError) -> None:
    _, write = writing(a=error)

    with pytest.raises(type(error)):
        effects(write)


def test_no_commands_need_no_platform() -> None:
    assert each((), problem=lambda _: "", write=lambda _: "") == ()
