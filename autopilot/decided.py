"""Decisions as the journal holds them, read back: many judged wishes and commands of a tick stand there as columns, few as a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from autopilot import codec
from autopilot.journal import Journal, Record, Topic
from control.batches import Commands, Judgements


def in_rows(decision: dict[str, Any]) -> dict[str, Any]:
    """The value of a decision record with an object per wish and command, whichever way it was written."""
    return {**decision, "judged": _rows(decision["judged"], Judgements), "commands": _rows(decision["commands"], Commands)}


def counts(decision: dict[str, Any]) -> tuple[int, int]:
    """(commands, interventions) of the value of a decision record."""
    commands, judged = codec.from_jsonable(decision["commands"], Commands), codec.from_jsonable(decision["judged"], Judgements)
    return len(commands), judged.interventions


def with_intents(records: Iterable[Record]) -> Iterator[Record]:
    """The records, each decision followed by an intent record for every command that stands in its columns and nowhere else."""
    for record in records:
        yield record
        if record.topic is Topic.DECISION and isinstance(record.val["commands"], dict):
            in_columns = (part for part in record.val["commands"]["parts"] if isinstance(part, dict))
            for command in _rows({"parts": list(in_columns)}, Commands):
                yield replace(record, topic=Topic.INTENT, key=command["intent_id"], val=command)


def intents(journal: Journal) -> Iterator[Record]:
    """An intent record for every write that was ever committed, in order. Raises: JournalUnavailable."""
    return (record for record in with_intents(journal.records(topics=[Topic.INTENT, Topic.DECISION])) if record.topic is Topic.INTENT)


def _rows(written: list[Any] | dict[str, Any], kind: type[Judgements | Commands]) -> list[Any]:
    rows: list[Any] = written if isinstance(written, list) else codec.to_jsonable(codec.from_jsonable(written, kind).items())
    return rows
