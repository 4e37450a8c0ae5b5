"""One honest answer per command: applied, refused, or not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from autopilot.platforms.http import Refused
from autopilot.platforms.writing import Outcome, confirmed, each, grouped, in_batches
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


def in_pairs(answers: dict[str, Outcome], **failures: PlatformError) -> tuple[list[str], list[Effect]]:
    """Written two at a time, those of one currency together."""
    sent: list[str] = []

    def write(batch: Sequence[Command]) -> list[Outcome]:
        names = "".join(command.intent_id for command in batch)
        sent.append(names)
        if names in failures:
            raise failures[names]
        return [answers.get(command.intent_id, (Effect.APPLIED, "done")) for command in batch]

    found = in_batches(
        COMMANDS,
        problem=lambda _: "",
        batches=lambda sound: grouped(sound, lambda command: command.currency, at_most=2),
        write=write,
    )
    assert [answer.intent_id for answer in found] == [command.intent_id for command in COMMANDS]
    return sent, [answer.effect for answer in found]


def test_batches_have_one_answer_per_item() -> None:
    sent, found = in_pairs({"b": (Effect.REJECTED, "no"), "c": (Effect.UNKNOWN, "?")})

    assert sent == ["ab", "cd"]
    assert found == [Effect.APPLIED, Effect.REJECTED, Effect.UNKNOWN, Effect.APPLIED]


def test_a_batch_that_is_refused_leaves_the_others_alone() -> None:
    sent, found = in_pairs({}, ab=REFUSED)

    assert sent == ["ab", "cd"]
    assert found == [Effect.REJECTED, Effect.REJECTED, Effect.APPLIED, Effect.APPLIED]


def test_a_batch_whose_answer_is_lost_is_unknown_as_a_whole() -> None:
    assert in_pairs({}, cd=SourceUnavailable("timed out"))[1] == [Effect.APPLIED, Effect.APPLIED, Effect.UNKNOWN, Effect.UNKNOWN]
    with pytest.raises(SourceUnavailable):
        in_pairs({}, ab=SourceUnavailable("timed out"))


@pytest.mark.parametrize(
    ("stands", "effect"),
    [("12.50", Effect.APPLIED), ("12.5", Effect.APPLIED), ("12.51", Effect.UNKNOWN), ("", Effect.UNKNOWN), (None, Effect.UNKNOWN)],
)
def test_a_price_is_applied_if_the_platform_says_that_it_stands(stands: object, effect: Effect) -> None:
    assert confirmed("price", asked="12.50", stands=stands, currency="GBP")[0] is effect
