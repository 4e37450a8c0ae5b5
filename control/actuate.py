"""Actuation: send what was already committed to the journal, and be honest about what is not known afterwards."""

from __future__ import annotations

from datetime import datetime

from control.command import Command
from control.ports import Acknowledgement, Actuator, Effect
from perception.ports import PlatformError


def send(commands: tuple[Command, ...], *, actuator: Actuator, now: datetime) -> tuple[Acknowledgement, ...]:
    """Write the commands; one answer each, whatever happens.

    A platform error for the whole batch leaves every outcome unknown: it may have been applied before the answer was lost, and only
    reading back can tell. A missing answer is unknown too.
    """
    if not commands:
        return ()
    try:
        answers = {answer.intent_id: answer for answer in actuator.write(commands, now=now)}
    except PlatformError as error:
        detail = f"{type(error).__name__}: {error}"
        return tuple(Acknowledgement(intent_id=c.intent_id, effect=Effect.UNKNOWN, detail=detail) for c in commands)
    missing = "the platform's answer did not mention it"
    return tuple(answers.get(c.intent_id, Acknowledgement(intent_id=c.intent_id, effect=Effect.UNKNOWN, detail=missing)) for c in commands)
