"""Writing set-points to a platform, one by one or some at once, with one honest answer each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence

from autopilot.platforms.http import QUOTED_CHARS, Refused
from autopilot.platforms.money import minor_units
from control.command import Command
from control.ledger import entity_index
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.ports import NeedsReauthorisation, PlatformError, RateLimited

Write = Callable[[Command], str]
"""Writes one command and returns what to note of the answer. Raises: PlatformError; Refused where the platform says no."""


Outcome = tuple[Effect, str]
"""What became of one command, and what to note of it."""

WriteBatch = Callable[[Sequence[Command]], Sequence[Outcome]]
"""Writes some commands in one request; one outcome per command, in order. Raises: as ``Write``, for all of them."""


def each(commands: tuple[Command, ...], *, problem: Callable[[Command], str], write: Write) -> tuple[Acknowledgement, ...]:
    """Write the commands in order, one request and one answer per command; as ``in_batches`` with batches of one."""

    def alone(batch: Sequence[Command]) -> list[Outcome]:
        return [(Effect.APPLIED, write(command)) for command in batch]

    return in_batches(commands, problem=problem, batches=lambda sound: [[command] for command in sound], write=alone)


def in_batches(
    commands: tuple[Command, ...],
    *,
    problem: Callable[[Command], str],
    batches: Callable[[Sequence[Command]], Iterable[Sequence[Command]]],
    write: WriteBatch,
) -> tuple[Acknowledgement, ...]:
    """Write the commands batch by batch, one answer per command, in the order of the commands.

    What ``problem`` objects to is rejected by itself, and a batch that the platform refuses is rejected as a whole. A refusal of all calls
    (429, 401) rejects its batch and those behind it, which are not sent. After any other failure its batch's outcome is unknown, and the
    rest is not sent.

    Args:
        commands: To be written.
        problem: Why a command makes no sense, or an empty text.
        batches: Which of the sound commands go together, each in one batch.
        write: Sends one batch.

    Raises:
        PlatformError: The first batch that was sent failed: nothing is known of the platform.
    """
    objections = {command.intent_id: problem(command) for command in commands}
    outcomes: dict[str, Outcome] = {intent_id: (Effect.REJECTED, words) for intent_id, words in objections.items() if words}
    reached, failed = False, ""
    for batch in batches([command for command in commands if not objections[command.intent_id]]):
        if failed:
            outcomes.update(_alike(batch, Effect.REJECTED, f"not sent after {failed}"))
            continue
        try:
            outcomes.update(zip((command.intent_id for command in batch), write(batch), strict=True))
        except Refused as refusal:
            outcomes.update(_alike(batch, Effect.REJECTED, str(refusal)))
        except PlatformError as error:
            if not reached:
                raise
            failed = type(error).__name__
            effect = Effect.REJECTED if isinstance(error, RateLimited | NeedsReauthorisation) else Effect.UNKNOWN
            outcomes.update(_alike(batch, effect, f"{failed}: {error}"))
        reached = True
    return tuple(_answer(command, *outcomes[command.intent_id]) for command in commands)


def _alike(batch: Sequence[Command], effect: Effect, detail: str) -> dict[str, Outcome]:
    return {command.intent_id: (effect, detail) for command in batch}


def grouped(commands: Sequence[Command], key: Callable[[Command], Hashable], *, at_most: int) -> Iterator[Sequence[Command]]:
    """Batches of commands that have the same key, each of at most so many."""
    groups: dict[Hashable, list[Command]] = {}
    for command in commands:
        groups.setdefault(key(command), []).append(command)
    for group in groups.values():
        for start in range(0, len(group), at_most):
            yield group[start : start + at_most]


def confirmed(field: str, *, asked: str, stands: object, currency: str) -> Outcome:
    """What became of a price, by what a platform says stands after it was written: applied only if it is what was asked for."""
    try:
        same = minor_units(str(stands), currency) == minor_units(asked, currency)
    except ValueError:
        same = False
    return (Effect.APPLIED, f"{field} {stands}") if same else (Effect.UNKNOWN, f"{field}: expected {asked}, was {stands!r}"[:QUOTED_CHARS])


def objection_to(command: Command, *, catalogue: Catalogue, fields: Collection[Field]) -> str:
    """Why a command makes no sense for this platform, or an empty text."""
    if command.field not in fields:
        return f"field: expected one of {', '.join(sorted(fields))}, was {command.field}"
    if command.currency != catalogue.currency:
        return f"currency: expected {catalogue.currency}, was {command.currency}"
    if (command.field, command.entity) not in entity_index(catalogue):
        return f"entity: unknown {command.field} entity {command.entity!r}"
    least = 1 if command.field is Field.PRICE else 0
    return "" if command.value >= least else f"value: expected >= {least}, was {command.value}"


def _answer(command: Command, effect: Effect, detail: str) -> Acknowledgement:
    return Acknowledgement(intent_id=command.intent_id, effect=effect, detail=detail)
