"""kill -9 at each of the five crash points, then a restart: every intent has exactly one effect, and the run goes on."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autopilot.clock import SystemClock
from autopilot.failpoints import INTENT_COMMITTED, NAMES, SENT_UNACKNOWLEDGED
from autopilot.fold import EngagementOrder
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.orders import place
from autopilot.platforms.effects import FileEffects
from autopilot.service import EFFECTS
from control.engagement import Event
from tests.scenario.crash_child import run_child

A_MINUTE = timedelta(minutes=1)
"""Dead for so short a time that what was committed is finished."""


@pytest.fixture
def store(tmp_path: Path, repository: Path) -> Path:
    """A gift shop whose state lies in the test's own folder, already asked to be armed."""
    text = (repository / "configs" / "stores" / "gift-shop.toml").read_text(encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()
    path = tmp_path / "shop.toml"
    path.write_text(text.replace("tick_s = 3600", f'tick_s = 3600\nstate_dir = "{state}"'), encoding="utf-8")
    journal = SqlJournal(sqlite_url(state / "journal.sqlite"), clock=SystemClock())
    place(journal, EngagementOrder(event=Event.ARM, at=datetime.now(UTC), by="Ann", reason="test"))
    journal.close()
    return path


def drive(store: Path, ticks: int, *, failpoint: str = "", dead_for: timedelta = A_MINUTE) -> int | None:
    return run_child(store, ticks, failpoint=failpoint, dead_for=dead_for)


def journal_of(store: Path) -> SqlJournal:
    return SqlJournal(sqlite_url(store.parent / "state" / "journal.sqlite"), clock=SystemClock())


def effects_by_intent(store: Path) -> Counter[str]:
    return Counter(effect.by for effect in FileEffects(store.parent / "state" / EFFECTS).all())


@pytest.mark.parametrize("point", NAMES)
def test_killed_daemon_leaves_exactly_one_effect_per_intent_and_goes_on(store: Path, point: str) -> None:
    # late enough that bids and budgets are being written in numbers
    count = 30 if point in ("before_transaction", "within_transaction") else 8

    killed = drive(store, 40, failpoint=f"{point}@{count}")
    at_death = journal_of(store).last(Topic.DECISION)
    restarted = drive(store, 30)

    assert killed == -signal.SIGKILL
    assert restarted == 0
    journal = journal_of(store)
    intents = [record.key for record in journal.records(topics=[Topic.INTENT])]
    assert len(intents) == len(set(intents)) > 10
    assert effects_by_intent(store) == Counter(intents)
    last = journal.last(Topic.DECISION)
    assert at_death is not None
    assert last is not None
    assert last.val["tick"] > at_death.val["tick"]
    assert last.val["mode"] == "auto"


@pytest.mark.parametrize("point", [INTENT_COMMITTED, SENT_UNACKNOWLEDGED])
def test_restart_says_how_each_open_intent_was_settled(store: Path, point: str) -> None:
    drive(store, 40, failpoint=f"{point}@8")
    open_intents = unanswered(journal_of(store))

    drive(store, 2)

    assert open_intents
    assert unanswered(journal_of(store)) == set()


def unanswered(journal: SqlJournal) -> set[str]:
    asked = {record.key for record in journal.records(topics=[Topic.INTENT])}
    answered = {a["intent_id"] for r in journal.records(topics=[Topic.ACK]) for a in r.val["answers"] if a["effect"] != "unknown"}
    settled = {a["intent_id"] for r in journal.records(topics=[Topic.DECISION]) for a in r.val["settled"]}
    return asked - answered - settled


def test_intent_of_a_daemon_that_stayed_dead_too_long_is_given_up(store: Path) -> None:
    drive(store, 40, failpoint=f"{INTENT_COMMITTED}@8")
    open_intents = unanswered(journal_of(store))

    code = drive(store, 2, dead_for=timedelta(hours=30))

    assert code == 0
    assert unanswered(journal_of(store)) == set()
    assert not open_intents & effects_by_intent(store).keys()
