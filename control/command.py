"""What control wants, what the gate says to it, and what is sent: three messages, standard library only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from perception.fields import Field


class Outcome(StrEnum):
    """What the gate made of a wish."""

    ADMITTED = "admitted"
    """Passed as wished."""
    LIMITED = "limited"
    """Passed, but moved towards the value in force until it met every limit."""
    DENIED = "denied"
    """Not passed: the value in force stays."""
    NEUTRAL = "neutral"
    """The wish is the value in force: nothing to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A set-point a controller would like. ``value`` is in minor units, unrounded, and may be anything a faulty law can produce."""

    entity: str
    field: Field
    value: float
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The gate's answer.

    Attributes:
        outcome: What became of the wish.
        value: The set-point that may stand: the wish as rounded or limited, or the value in force. -1 when that is unknown.
        reasons: Names of the rules that limited or denied it, in the order they were met; empty when admitted.
    """

    outcome: Outcome
    value: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An absolute set-point to be written, at most once, under its intent id; ``index`` is the entity's place in its field's arrays."""

    intent_id: str
    entity: str
    index: int
    field: Field
    value: int
    previous: int
    currency: str


def intent_id(store: str, tick: int, entity: str, field: Field, epoch: int) -> str:
    """16 hex digits that name one write for good: the same write has the same name on every machine."""
    return hashlib.sha256(f"{store}|{tick}|{entity}|{field}|{epoch}".encode()).hexdigest()[:16]
