"""What persons ask for: orders wait, are taken once and survive a restart; the stop file stops whatever is written in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autopilot.clock import SteppedClock
from autopilot.fold import EngagementOrder
from autopilot.journal import Entry, SqlJournal, Topic, sqlite_url
from autopilot.orders import STOP_FILE, ask_to_stop, place, stop_asked, waiting, withdraw_stop
from control.engagement import Event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def order(event: Event, by: str = "Ann") -> EngagementOrder:
    return EngagementOrder(event=event, at=NOW, by=by, reason="test")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[SqlJournal]:
    opened = SqlJournal(sqlite_url(path), clock=SteppedClock(NOW), durable=False)
    yield opened
    opened.close()


def events(journal: SqlJournal) -> list[Event]:
    return [found.event for _, found in waiting(journal)]


def take(journal: SqlJournal, count: int = 1) -> None:
    """As the loop does: journal an engagement with the order as its cause."""
    for record, found in list(waiting(journal))[:count]:
        journal.append([Entry(topic=Topic.ENGAGEMENT, key=found.event, val=found, cause=record.seq)])


def test_orders_wait_in_the_order_they_were_given(journal: SqlJournal) -> None:
    for event in (Event.ARM, Event.SHADOW, Event.ARM):
        place(journal, order(event))

    assert events(journal) == [Event.ARM, Event.SHADOW, Event.ARM]


def test_an_order_comes_with_everything_that_was_said(journal: SqlJournal) -> None:
    seq = place(journal, order(Event.ARM, by="Zoë"))

    ((record, found),) = waiting(journal)

    assert record.seq == seq
    assert found == order(Event.ARM, by="Zoë")


def test_an_order_is_taken_once(journal: SqlJournal) -> None:
    place(journal, order(Event.ARM))
    place(journal, order(Event.SHADOW))

    take(journal)
    after_one = events(journal)
    take(journal)

    assert after_one == [Event.SHADOW]
    assert events(journal) == []


def test_orders_survive_the_process_and_so_does_their_being_taken(path: Path, journal: SqlJournal) -> None:
    place(journal, order(Event.ARM))
    place(journal, order(Event.OBSERVE))
    take(journal)
    journal.close()

    later = SqlJournal(sqlite_url(path), clock=SteppedClock(NOW))

    assert events(later) == [Event.OBSERVE]


def test_an_engagement_without_an_order_answers_none(journal: SqlJournal) -> None:
    place(journal, order(Event.ARM))
    journal.append([Entry(topic=Topic.ENGAGEMENT, key="stop", val=order(Event.STOP))])

    assert events(journal) == [Event.ARM]


def test_an_order_of_another_process_waits_for_this_one(path: Path, journal: SqlJournal) -> None:
    other = SqlJournal(sqlite_url(path), clock=SteppedClock(NOW))

    place(other, order(Event.ARM))
    other.close()

    assert events(journal) == [Event.ARM]


def test_a_stop_says_who_and_why_and_counts_from_now(tmp_path: Path) -> None:
    path = ask_to_stop(tmp_path / "state", by="Ann", reason="prices look wrong", at=NOW)
    later = datetime(2026, 3, 2, tzinfo=UTC)

    found = stop_asked(tmp_path / "state", now=later)

    assert path.name == STOP_FILE
    assert json.loads(path.read_text())["at"] == NOW.isoformat()
    assert found == EngagementOrder(event=Event.STOP, at=later, by="Ann", reason="prices look wrong")


def test_without_a_stop_file_nothing_is_asked(tmp_path: Path) -> None:
    assert stop_asked(tmp_path, now=NOW) is None
    assert stop_asked(tmp_path / "no such folder", now=NOW) is None


def test_a_stop_is_withdrawn_by_removing_the_file(tmp_path: Path) -> None:
    ask_to_stop(tmp_path, by="Ann", reason="x", at=NOW)

    withdraw_stop(tmp_path)
    withdraw_stop(tmp_path)

    assert stop_asked(tmp_path, now=NOW) is None


GARBAGE = (b"", b"stop!", b"\xff\xfe\x00", b"[]", b"null", b'{"by": "Ann"}', b'{"by": 1, "reason": 2}', b'{"by"', b"[" * 100_000)


@pytest.mark.parametrize("content", GARBAGE, ids=[repr(content[:20]) for content in GARBAGE])
def test_a_stop_file_that_is_garbage_still_stops(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STOP_FILE).write_bytes(content)

    found = stop_asked(tmp_path, now=NOW)

    assert found is not None
    assert (found.event, found.at) == (Event.STOP, NOW)
    assert found.by
    assert found.reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
def test_any_bytes_stop(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STOP_FILE).write_bytes(content)

    found = stop_asked(tmp_path, now=NOW)

    assert found is not None
    assert found.event is Event.STOP


def test_a_folder_of_that_name_still_stops(tmp_path: Path) -> None:
    (tmp_path / STOP_FILE).mkdir()

    assert stop_asked(tmp_path, now=NOW) is not None
