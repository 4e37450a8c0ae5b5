"""What an examination found, line by line; ``check`` and ``doctor`` both speak in these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, but should be put right."""
    PROBLEM = "problem"
    """Does not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was examined.

    Attributes:
        name: What was examined, a few words.
        level: How it is.
        detail: What was seen, and for anything but OK what to do about it.
    """

    name: str
    level: Level
    detail: str


def finding(name: str, *, ok: bool, detail: str, otherwise: Level = Level.PROBLEM) -> Finding:
    """A finding that is OK or ``otherwise``."""
    return Finding(name=name, level=Level.OK if ok else otherwise, detail=detail)


LISTED = 10
"""Names in one finding; a shop may have thousands."""


def some_of(names: Sequence[str], *, between: str = ", ") -> str:
    """The first of these names, and how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return between.join(names[:LISTED]) + more


def all_well(findings: Iterable[Finding]) -> bool:
    """Whether there is no problem; warnings are allowed."""
    return all(item.level is not Level.PROBLEM for item in findings)


def as_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """For ``--json``."""
    return [{"name": item.name, "level": item.level.value, "detail": item.detail} for item in findings]
