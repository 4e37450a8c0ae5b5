"""One decision everywhere: the daemon on the simulated platform, the replay of its export, and the bare function agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autopilot import codec
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon
from autopilot.episode import read_episode, write_episode
from autopilot.fold import Folded, step
from autopilot.journal import Journal, SqlJournal, Topic, sqlite_url
from autopilot.replay import redecided
from control.decide import decide, start
from control.decision import Decision

TICKS = 30


@pytest.fixture(scope="module")
def driven(harness: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Decision]]:
    """A drive by the daemon that the tests share: they only look at it."""
    folder = tmp_path_factory.mktemp("driven")

    def journal(clock: SteppedClock) -> Journal:
        return SqlJournal(sqlite_url(folder / "journal.sqlite"), clock=clock, durable=False)

    store = harness(journal=journal)
    daemon = Daemon(store.loop, state_dir=folder, reload=lambda: (_ for _ in ()).throw(AssertionError), ticks=None)
    decisions = []
    for _ in range(TICKS):
        ticked = daemon.wake()
        assert ticked is not None
        decisions.append(ticked.decision)
        store.clock.advance(3600)
    return store, decisions


def test_daemon_replay_and_bare_function_give_equal_commands(driven: tuple[Any, list[Decision]], tmp_path: Path) -> None:
    store, by_daemon = driven
    episode = tmp_path / "parity.episode.jsonl.zst"
    write_episode(episode, store.journal.records())

    by_replay = [codec.from_jsonable(decided, Decision) for _, decided in redecided(read_episode(episode), [])]
    by_function = bare(store)

    assert sum(len(decision.commands) for decision in by_daemon) > 50
    assert [d.commands for d in by_replay] == [d.commands for d in by_daemon]
    assert [d.commands for d in by_function] == [d.commands for d in by_daemon]
    assert [d.mode for d in by_function] == [d.mode for d in by_daemon]


def bare(store: Any) -> list[Decision]:
    """Call ``decide`` on the journaled observations, with nothing of the daemon around it."""
    config = store.loop.config
    records = list(store.journal.records())
    state = start(config, now_s=0.0)
    folded, decisions = Folded(state=state), []
    for record in records:
        if record.topic is Topic.DECISION:
            assert folded.seen is not None
            decision, state = decide(folded.state, folded.seen, folded.plan, config)
            decisions.append(decision)
        folded, _ = step(folded, record, config)
    return decisions


def test_folding_the_journal_gives_the_state_of_the_running_loop(driven: tuple[Any, list[Decision]]) -> None:
    store, _ = driven
    folded = Folded(state=start(store.loop.config, now_s=0.0))

    for record in store.journal.records():
        folded, _ = step(folded, record, store.loop.config)

    assert codec.to_bytes(folded.state) == codec.to_bytes(store.loop.folded.state)
    assert folded.plan == store.loop.folded.plan


def test_snapshot_survives_the_round_trip_through_json(driven: tuple[Any, list[Decision]]) -> None:
    store, _ = driven
    state = store.loop.folded.state

    again = codec.from_jsonable(codec.to_jsonable(state), type(state))

    assert codec.to_bytes(again) == codec.to_bytes(state)
