"""What control asks of a platform: write absolute set-points, and say honestly what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from control.command import Command


class Effect(StrEnum):
    """What the platform did with a command."""

    APPLIED = "applied"
    REJECTED = "rejected"
    """The platform refused it; nothing changed."""
    UNKNOWN = "unknown"
    """No answer, or an unclear one: only reading back can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The platform's answer to one command, or what read-back later showed.

    Attributes:
        intent_id: Which command.
        effect: What became of it.
        detail: The platform's own words, or how the outcome was settled.
    """

    intent_id: str
    effect: Effect
    detail: str


class Actuator(Protocol):
    """Writes set-points. One answer per command, in order; never raises for a single item."""

    def write(self, commands: tuple[Command, ...], *, now: datetime) -> tuple[Acknowledgement, ...]:
        """Send the commands. Raises: PlatformError when the batch as a whole got no answer; then nothing is known about any of them."""
        ...
