"""Many judged wishes, and many commands, of one tick: as columns, out of which objects are made only when somebody asks for one.

A store of ten thousand products may move all of its bids at once. An object for each wish, verdict and command would cost a second; the
columns of a field cost a millisecond. To everybody but the journal the batches are plain sequences.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

import numpy as np

from control.command import Command, Outcome, Verdict, Wish, intent_id
from perception.fields import Field
from perception.units import Floats, Ints

OUTCOMES = (Outcome.NEUTRAL, Outcome.ADMITTED, Outcome.LIMITED, Outcome.DENIED)
"""The outcome of each code in ``JudgedColumns.outcomes``."""

NEUTRAL, ADMITTED, LIMITED, DENIED = range(len(OUTCOMES))


class _Columns(Protocol):
    """Items of one field as arrays."""

    def __len__(self) -> int: ...

    def items(self) -> Iterator[Any]:
        """Each as an object."""
        ...


Item = TypeVar("Item")
Of = TypeVar("Of", bound=_Columns)


class Batch(Sequence[Item], Generic[Item, Of]):
    """Items in their order; a part of them is a tuple of objects, or columns. Immutable."""

    __slots__ = ("_made", "parts")

    def __init__(self, *parts: tuple[Item, ...] | Of) -> None:
        """The parts, one after another; empty ones are left out."""
        self.parts: tuple[tuple[Item, ...] | Of, ...] = tuple(part for part in parts if len(part))
        self._made: tuple[Item, ...] | None = None

    @property
    def listed(self) -> tuple[Item, ...]:
        """Those that are objects as they stand, without those in columns."""
        return tuple(item for part in self.parts if isinstance(part, tuple) for item in part)

    def items(self) -> tuple[Item, ...]:
        """All of them as objects, made once."""
        if self._made is None:
            self._made = tuple(item for part in self.parts for item in (part if isinstance(part, tuple) else part.items()))
        return self._made

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        return self.items()[index]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.items() == tuple(other)

    def __hash__(self) -> int:
        return hash(self.items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.items()!r})"

    def followed_by(self, other: Batch[Item, Of]) -> Self:
        """These and then the others."""
        return type(self)(*self.parts, *other.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One wish with the gate's verdict and the figures it came from, for ``explain``.

    Attributes:
        wish, verdict: As passed.
        last: Value in force, -1 when unknown.
        evidence: Estimates and controller terms of this entity by name.
    """

    wish: Wish
    verdict: Verdict
    last: int
    evidence: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedColumns:
    """Wishes of one field with their verdicts, (k,) each, in the order they were judged.

    Attributes:
        field, currency: Of every wish.
        entities, index: Ids, and their places in the field's arrays.
        wishes: As wished.
        outcomes: Index into ``OUTCOMES``.
        values, last: Verdicts' values, and values in force; whole, -1 when unknown.
        reasons: Index into ``reason_sets``.
        reason_sets: Names of reasons that came together, the empty set first.
        figures: Evidence by name, NaN where a figure is unknown.
        terms: Evidence by name that NaN means the absence of.
    """

    field: Field
    currency: str
    entities: tuple[str, ...]
    index: Ints
    wishes: Floats
    outcomes: Ints
    values: Ints
    last: Ints
    reasons: Ints
    reason_sets: tuple[tuple[str, ...], ...]
    figures: dict[str, Floats]
    terms: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.entities)

    def items(self) -> Iterator[Judged]:
        """Each as an object."""
        figures, terms = _rows(self.figures), _rows(self.terms)
        columns = (self.entities, self.wishes, self.outcomes, self.values, self.last, self.reasons)
        rows = zip(*(column if isinstance(column, tuple) else column.tolist() for column in columns), strict=True)
        for place, (entity, wish, outcome, value, last, reason) in enumerate(rows):
            evidence = {name: column[place] for name, column in figures.items()}
            yield Judged(
                wish=Wish(entity=entity, field=self.field, value=wish, currency=self.currency),
                verdict=Verdict(outcome=OUTCOMES[outcome], value=value, reasons=self.reason_sets[reason]),
                last=last,
                evidence=evidence | {name: column[place] for name, column in terms.items() if not math.isnan(column[place])},
            )

    def commands(self, *, store: str, tick: int, epoch: int) -> CommandColumns:
        """Commands for the wishes that passed."""
        passed = np.flatnonzero((self.outcomes == ADMITTED) | (self.outcomes == LIMITED))
        whole = passed.size == len(self)
        return CommandColumns(
            store=store,
            tick=tick,
            epoch=epoch,
            field=self.field,
            currency=self.currency,
            entities=self.entities if whole else tuple(map(self.entities.__getitem__, passed.tolist())),
            index=self.index[passed],
            values=self.values[passed],
            previous=self.last[passed],
        )


class Judgements(Batch[Judged, JudgedColumns]):
    """Judged wishes."""

    __slots__ = ()
    item_type: ClassVar = Judged
    columns_type: ClassVar = JudgedColumns

    @property
    def interventions(self) -> int:
        """Wishes that the gate limited or denied."""
        return sum(
            sum(bool(item.verdict.reasons) for item in part) if isinstance(part, tuple) else int(np.count_nonzero(part.reasons))
            for part in self.parts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandColumns:
    """Commands of one field, (k,) each; the intent ids follow from the rest.

    Attributes:
        store, tick, epoch: What names an intent beside entity and field.
        field, currency: Of every command.
        entities, index: Ids, and their places in the field's arrays.
        values, previous: What is to be written, and what stood.
    """

    store: str
    tick: int
    epoch: int
    field: Field
    currency: str
    entities: tuple[str, ...]
    index: Ints
    values: Ints
    previous: Ints

    def __len__(self) -> int:
        return len(self.entities)

    def items(self) -> Iterator[Command]:
        """Each as an object."""
        for entity, index, value, previous in zip(
            self.entities, self.index.tolist(), self.values.tolist(), self.previous.tolist(), strict=True
        ):
            yield Command(
                intent_id=intent_id(self.store, self.tick, entity, self.field, self.epoch),
                entity=entity,
                index=index,
                field=self.field,
                value=value,
                previous=previous,
                currency=self.currency,
            )


class Commands(Batch[Command, CommandColumns]):
    """Commands."""

    __slots__ = ()
    item_type: ClassVar = Command
    columns_type: ClassVar = CommandColumns

    def places(self, field: Field) -> Ints:
        """Places of the commanded entities of a field in its arrays."""
        found = [
            np.array([command.index for command in part if command.field is field], dtype=np.int64)
            if isinstance(part, tuple)
            else part.index[: len(part) if part.field is field else 0]
            for part in self.parts
        ]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def _rows(columns: dict[str, Floats]) -> dict[str, list[float]]:
    return {name: column.tolist() for name, column in columns.items()}
