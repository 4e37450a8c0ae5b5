"""Why a write was made: the chain metric → estimate → plan → controller terms → gate → acknowledgement, read from the journal alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from autopilot import codec
from autopilot.changes_told import skus_of, told
from autopilot.decided import in_rows, intents
from autopilot.journal import Journal, Record, Topic
from autopilot.reasons import moved_by_policy
from perception.observation import COLUMNS, Observation, Signal

RESTS_ON = {"price": (Signal.SHOP, Signal.STOCK), "bid": (Signal.ADS,), "daily_budget": (Signal.ADS,)}
"""Which metrics are shown for a write of each field."""


class NoSuchWrite(LookupError):
    """The journal has no intent of this id: list the writes and pick one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One line of the list of writes: which, when, what, and how it ended."""

    intent_id: str
    at: str
    entity: str
    field: str
    previous: int
    value: int
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The chain of one write, from what was seen to what the platform said; all values as journaled.

    Attributes:
        write: What was written.
        metrics: Latest figures seen of the entity: {signal: {day: {column: value}}}.
        estimates: Beliefs and law terms of the entity.
        changes: Levels that have changed, of the entity and of the whole store, in words.
        plan: What the plan says about the entity.
        controller: Store-wide terms of the law.
        policy: What a learned policy made of the law's wish, in words; "" where none was at the wheel.
        gate: Verdict and its reasons, the mode, and the wish.
        acknowledgements: What the platform said, or how the outcome was settled.
        records: ``seq`` of the journal records behind each link.
    """

    write: Write
    metrics: dict[str, dict[str, dict[str, float]]]
    estimates: dict[str, float]
    changes: list[str]
    plan: dict[str, Any]
    controller: dict[str, float]
    policy: str
    gate: dict[str, Any]
    acknowledgements: list[dict[str, Any]]
    records: dict[str, int]


def writes(journal: Journal, *, most: int) -> list[Write]:
    """The latest writes, newest first. Raises: JournalUnavailable."""
    effects = _effects(journal.records(topics=[Topic.ACK, Topic.DECISION]))
    latest = deque(intents(journal), maxlen=most)
    return [_write(record, effects.get(record.key, [])) for record in reversed(latest)]


def explain(journal: Journal, intent_id: str) -> Explanation:
    """The chain of one write; a unique beginning of the id is enough. Raises: NoSuchWrite, JournalUnavailable."""
    found = [record for record in intents(journal) if record.key.startswith(intent_id)]
    if len(found) != 1:
        raise NoSuchWrite(f"{intent_id}: expected the id of one write, was that of {len(found)}")
    intent = found[0]
    decision = _newest_before(journal, Topic.DECISION, intent.seq)
    plan = _newest_before(journal, Topic.PLAN, intent.seq)
    judged = next(j for j in in_rows(decision.val)["judged"] if (j["wish"]["entity"], j["wish"]["field"]) == _target(intent))
    answers = _effects(journal.records(after=intent.seq - 1, topics=[Topic.ACK, Topic.DECISION])).get(intent.key, [])
    return Explanation(
        write=_write(intent, answers),
        metrics=_metrics(journal, intent),
        estimates=judged["evidence"],
        changes=told(decision.val, skus_of(journal), entity=intent.val["entity"]),
        plan=_planned(plan, intent.val["entity"]),
        controller=decision.val["terms"],
        policy=moved_by_policy(decision.val["terms"], judged["evidence"], intent.val["field"]),
        gate={"mode": decision.val["mode"], "wish": judged["wish"]["value"], "last": judged["last"], **judged["verdict"]},
        acknowledgements=answers,
        records={"intent": intent.seq, "decision": decision.seq, "plan": plan.seq},
    )


def _target(intent: Record) -> tuple[str, str]:
    return intent.val["entity"], intent.val["field"]


def _write(intent: Record, answers: list[dict[str, Any]]) -> Write:
    val = intent.val
    return Write(
        intent_id=intent.key,
        at=intent.t_wall,
        entity=val["entity"],
        field=val["field"],
        previous=val["previous"],
        value=val["value"],
        effect=answers[-1]["effect"] if answers else "unknown",
    )


def _effects(records: Iterable[Record]) -> dict[str, list[dict[str, Any]]]:
    """Answers per intent, in order: those of the platform, and those that a later tick's read-back gave."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        answers = record.val["answers"] if record.topic is Topic.ACK else record.val["settled"]
        for answer in answers:
            found.setdefault(answer["intent_id"], []).append({**answer, "seq": record.seq, "at": record.t_wall})
    return found


def _newest_before(journal: Journal, topic: Topic, seq: int) -> Record:
    newest = None
    for record in journal.records(topics=[topic]):
        if record.seq > seq:
            break
        newest = record
    if newest is None:
        raise NoSuchWrite(f"the journal has no {topic} before record {seq}: it begins too late to explain this write")
    return newest


def _planned(plan: Record, entity: str) -> dict[str, Any]:
    val = plan.val
    facts = {fact["id"]: fact for fact in val["facts"]}
    product: dict[str, Any] = next((p for p in val["products"] if p["sku"] == entity), {})
    cited = [fact for key, fact in facts.items() if f"[{key}]" in product.get("rationale", "")]
    whole = {key: val[key] for key in ("id", "goal", "starts_at", "ends_at", "ad_budget_cents", "target_roas", "planner")}
    return {**whole, "product": product, "facts": cited}


def _metrics(journal: Journal, intent: Record) -> dict[str, dict[str, dict[str, float]]]:
    """The newest figures per signal and day that any observation up to the write brought; store totals for a campaign."""
    skus = skus_of(journal)
    entity, field = _target(intent)
    index = skus.index(entity) if entity in skus else None
    newest: dict[Signal, dict[int, dict[int, list[float]]]] = {}
    for record in journal.records(topics=[Topic.OBSERVATION]):
        if record.seq > intent.seq:
            break
        for rows in codec.from_jsonable(record.val, Observation).rows:
            if rows.signal not in RESTS_ON[field]:
                continue
            chosen = np.arange(rows.sku.size) if index is None else np.flatnonzero(rows.sku == index)
            for sku, day, values in zip(rows.sku[chosen].tolist(), rows.day[chosen].tolist(), rows.values[chosen].tolist(), strict=True):
                newest.setdefault(rows.signal, {}).setdefault(day, {})[sku] = values
    return {
        signal.value: {
            date.fromordinal(day).isoformat(): dict(zip(COLUMNS[signal], map(sum, zip(*by_sku.values(), strict=True)), strict=True))
            for day, by_sku in sorted(days.items())[-7:]
        }
        for signal, days in newest.items()
    }
