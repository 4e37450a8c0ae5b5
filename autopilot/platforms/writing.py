"""Writing set-points to a platform that takes them one by one, with one honest answer each."""

from __future__ import annotations

from collections.abc import Callable, Collection

from autopilot.platforms.http import Refused
from control.command import Command
from control.ledger import entity_index
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.ports import NeedsReauthorisation, PlatformError, RateLimited

Write = Callable[[Command], str]
"""Writes one command and returns what to note of the answer. Raises: PlatformError; Refused where the platform says no."""


def each(commands: tuple[Command, ...], *, problem: Callable[[Command], str], write: Write) -> tuple[Acknowledgement, ...]:
    """Write the commands in order, one answer per command.

    What ``problem`` objects to, and what the platform refuses, is rejected by itself. A refusal of all calls (429, 401) rejects this
    command and those behind it, which are not sent. After any other failure its command's outcome is unknown, and the rest is not sent.

    Raises:
        PlatformError: The first command that was sent failed: nothing is known of the platform.
    """
    answers: list[Acknowledgement] = []
    reached = False
    for place, command in enumerate(commands):
        objection = problem(command)
        if objection:
            answers.append(_answer(command, Effect.REJECTED, objection))
            continue
        try:
            answers.append(_answer(command, Effect.APPLIED, write(command)))
        except Refused as refusal:
            answers.append(_answer(command, Effect.REJECTED, str(refusal)))
        except PlatformError as error:
            if not reached:
                raise
            effect = Effect.REJECTED if isinstance(error, RateLimited | NeedsReauthorisation) else Effect.UNKNOWN
            answers.append(_answer(command, effect, f"{type(error).__name__}: {error}"))
            left = (_answer(other, Effect.REJECTED, f"not sent after {type(error).__name__}") for other in commands[place + 1 :])
            return (*answers, *left)
        reached = True
    return tuple(answers)


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
