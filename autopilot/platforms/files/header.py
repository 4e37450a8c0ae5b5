"""Where the rows of a text table begin: the line that names the wanted columns. Exports put titles and totals around their tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from autopilot.platforms.tables.values import text

SEPARATORS: Final = (",", "\t", ";", "|")

LOOKED_AT: Final = 60
"""Lines in which the header is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The line of names.

    Attributes:
        names: Of every column, each once, without blanks around them.
        separator: Between columns.
        skip: Lines up to and including this one.
    """

    names: tuple[str, ...]
    separator: str
    skip: int


def find_header(path: Path, wanted: Sequence[str]) -> Header | None:
    """The first line that has all of these names, whatever separates them; None where none has. Raises: OSError."""
    with path.open(encoding="utf-8") as file:
        for skip, line in enumerate(islice(file, LOOKED_AT), start=1):
            for separator in SEPARATORS:
                cells = [text(cell) for cell in next(csv.reader([line], delimiter=separator), [])]
                if set(wanted) <= set(cells):
                    return Header(names=tuple(_each_once(cells)), separator=separator, skip=skip)
    return None


def _each_once(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for place, name in enumerate(names, start=1):
        unique = name or f"column {place}"
        while unique in seen:
            unique += "'"
        seen.add(unique)
        yield unique
