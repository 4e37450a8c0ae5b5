"""What was ever set on the simulated platform, and by whom: together with the seed, its whole state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import orjson

from autopilot import codec
from perception.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One set-point that was applied.

    Attributes:
        at: When, aware UTC.
        field, entity, index: Which set-point; ``index`` is the entity's place in its field's arrays.
        value: Minor units.
        by: Intent id of the write, or the person's name.
    """

    at: datetime
    field: Field
    entity: str
    index: int
    value: int
    by: str


class EffectLog(Protocol):
    """Keeps effects, in order."""

    def append(self, effects: Sequence[Effect]) -> None:
        """Keep these."""
        ...

    def all(self) -> tuple[Effect, ...]:
        """Everything kept."""
        ...


class MemoryEffects:
    """Keeps effects as long as the process lives."""

    def __init__(self) -> None:
        """Empty."""
        self._kept: list[Effect] = []

    def append(self, effects: Sequence[Effect]) -> None:
        """Keep these."""
        self._kept.extend(effects)

    def all(self) -> tuple[Effect, ...]:
        """Everything kept."""
        return tuple(self._kept)


class FileEffects:
    """Keeps effects in a file of JSON lines, so that the simulated platform outlives the daemon, as a real one does."""

    def __init__(self, path: Path) -> None:
        """Kept at ``path``; its folder must exist. A line cut short by a crash was never answered for, and is dropped."""
        self._path = path
        text = path.read_bytes() if path.is_file() else b""
        whole, newline, _ = text.rpartition(b"\n")
        if len(whole) + len(newline) != len(text):
            path.write_bytes(whole + newline)
        self._kept = [codec.from_jsonable(orjson.loads(line), Effect) for line in whole.splitlines()]

    def append(self, effects: Sequence[Effect]) -> None:
        """Keep these."""
        lines = b"".join(codec.to_bytes(effect) + b"\n" for effect in effects)
        with self._path.open("ab") as file:
            file.write(lines)
        self._kept.extend(effects)

    def all(self) -> tuple[Effect, ...]:
        """Everything kept."""
        return tuple(self._kept)
