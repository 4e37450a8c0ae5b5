"""Ticks with many wishes: judged, journaled and folded as columns, they decide and tell what they would as objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import codec, packing
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon
from autopilot.decided import in_rows, intents
from autopilot.episode import write_episode
from autopilot.explain import explain, writes
from autopilot.fold import Folded, step
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.recovery import folded_journal
from autopilot.replay import replay
from autopilot.status import status_of
from control import judging
from control.batches import CommandColumns, JudgedColumns
from control.decide import start
from control.envelope_columns import VerdictColumns, judge_columns
from control.ledger import Ledger
from perception.fields import Field

EPISODES = Path(__file__).parents[2] / "episodes"
TICKS = 7


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gift shop's wishes, and its arrays, as if they were those of thousands of products."""
    monkeypatch.setattr("control.presenting.MANY", 1)
    monkeypatch.setattr(packing, "LARGE", 8)


@pytest.fixture
def driven(harness: Callable[..., Any], tmp_path: Path, few_are_many: None) -> Any:
    del few_are_many

    def journal(clock: SteppedClock) -> SqlJournal:
        return SqlJournal(sqlite_url(tmp_path / "journal.sqlite"), clock=clock, durable=False)

    store = harness(journal=journal)
    daemon = Daemon(store.loop, state_dir=tmp_path, reload=lambda: (_ for _ in ()).throw(AssertionError))
    store.decisions = []
    for _ in range(TICKS):
        ticked = daemon.wake()
        assert ticked is not None
        store.decisions.append(ticked.decision)
        store.clock.advance(3600)
    return store


@pytest.mark.parametrize("name", ["gate_at_work", "price_floor_pressure"])
@pytest.mark.usefixtures("few_are_many")
def test_recorded_decisions_are_the_same_as_columns(name: str) -> None:
    replayed = replay(EPISODES / f"{name}.episode.jsonl.zst")

    assert [str(difference) for difference in replayed.differences] == []


def test_many_wishes_are_journaled_as_columns_and_read_back_in_rows(driven: Any) -> None:
    widest = max(driven.decisions, key=lambda decision: len(decision.commands))
    record = next(r for r in driven.journal.records(topics=[Topic.DECISION]) if r.key == str(widest.tick))

    assert any(isinstance(part, JudgedColumns) for part in widest.judged.parts)
    assert isinstance(record.val["commands"], dict)
    assert in_rows(record.val)["commands"] == codec.to_jsonable(widest.commands.items())
    assert in_rows(record.val)["judged"] == codec.to_jsonable(widest.judged.items())
    assert in_rows(in_rows(record.val)) == in_rows(record.val)


def test_every_write_is_an_intent_whether_it_stands_alone_or_in_columns(driven: Any) -> None:
    commands = [command for decision in driven.decisions for command in decision.commands]
    alone = {record.key for record in driven.journal.records(topics=[Topic.INTENT])}

    assert [record.key for record in intents(driven.journal)] == [command.intent_id for command in commands]
    assert alone == {command.intent_id for command in commands if command.field is Field.DAILY_BUDGET}
    assert len(alone) < len(commands)


def test_a_write_in_columns_can_be_explained(driven: Any) -> None:
    write = next(write for write in writes(driven.journal, most=500) if write.field == Field.BID)
    judged = next(
        item
        for decision in driven.decisions
        for command in decision.commands
        if command.intent_id == write.intent_id
        for item in decision.judged
        if (item.wish.entity, item.wish.field) == (command.entity, command.field)
    )

    chain = explain(driven.journal, write.intent_id)

    assert write.effect == "applied"
    assert chain.gate["wish"] == judged.wish.value
    assert chain.estimates == codec.to_jsonable(judged.evidence)
    assert chain.metrics["ads"]


def test_status_counts_what_stands_in_columns(driven: Any, tmp_path: Path) -> None:
    last = driven.decisions[-1]

    status = status_of(driven.journal, tmp_path)

    assert (status.commands, status.interventions, status.unresolved) == (len(last.commands), last.judged.interventions, 0)


def test_folding_the_journal_gives_the_state_of_the_running_loop(driven: Any) -> None:
    folded = Folded(state=start(driven.loop.config, now_s=0.0))
    for record in driven.journal.records():
        folded, _ = step(folded, record, driven.loop.config)

    recovered = folded_journal(driven.journal, driven.loop.config, now=driven.clock.now())

    assert codec.to_bytes(folded.state) == codec.to_bytes(driven.loop.folded.state)
    assert codec.to_bytes(recovered.state) == codec.to_bytes(driven.loop.folded.state)


def test_commands_in_columns_wait_for_their_answers_over_a_restart(driven: Any) -> None:
    widest = max(driven.decisions, key=lambda decision: len(decision.commands))
    kept = [record for record in driven.journal.records() if record.seq <= _seq(driven, widest.tick)]
    folded = Folded(state=start(driven.loop.config, now_s=0.0))
    for record in kept:
        folded, _ = step(folded, record, driven.loop.config)

    book = codec.from_jsonable(codec.to_jsonable(folded.state.ledger), Ledger)

    assert any(isinstance(part, CommandColumns) for part in book.unresolved.parts)
    assert book.unresolved == widest.commands
    assert book.unresolved.places(Field.BID).tolist() == [c.index for c in widest.commands if c.field is Field.BID]


def _seq(driven: Any, tick: int) -> int:
    found: int = next(record.seq for record in driven.journal.records(topics=[Topic.DECISION]) if record.key == str(tick))
    return found


def test_an_exported_drive_replays(driven: Any, tmp_path: Path) -> None:
    path = tmp_path / "wide.episode.jsonl.zst"
    write_episode(path, driven.journal.records())

    assert replay(path).differences == ()


def test_should_the_gates_differ_the_scalar_one_judges_all(
    harness: Callable[..., Any], few_are_many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del few_are_many
    right = harness().ticks(3)

    def lenient(*arguments: Any, **named: Any) -> VerdictColumns:
        verdicts = judge_columns(*arguments, **named)
        return replace(verdicts, values=verdicts.values + 1)

    monkeypatch.setattr(judging, "judge_columns", lenient)
    wrong = harness().ticks(3)

    assert [ticked.decision.commands for ticked in wrong] == [ticked.decision.commands for ticked in right]
    assert not any(isinstance(part, JudgedColumns) for ticked in wrong for part in ticked.decision.judged.parts)


def test_the_sample_of_wishes_that_both_gates_judge_moves_through_all_of_them() -> None:
    size, stride = 100, 100 // judging.SAMPLE

    seen = {row for tick in range(stride) for row in range(tick % stride, size, stride)}

    assert seen == set(np.arange(size).tolist())
