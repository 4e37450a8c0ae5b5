"""The journal keeps everything or nothing, in order, without loss, and says so by one name when it cannot."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import codec
from autopilot.clock import SteppedClock
from autopilot.failpoints import BEFORE_TRANSACTION, WITHIN_TRANSACTION
from autopilot.journal import TIDY_BYTES, DiscardingJournal, Entry, JournalUnavailable, SqlJournal, Topic, sqlite_url
from perception.fields import Field
from perception.units import Floats, Ints

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Died(Exception):
    """Stands for the death of the process at a failpoint."""


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path, clock: SteppedClock) -> Iterator[SqlJournal]:
    opened = SqlJournal(sqlite_url(path), clock=clock, durable=False)
    yield opened
    opened.close()


def entries(*keys: str, topic: Topic = Topic.DECISION) -> list[Entry]:
    return [Entry(topic=topic, key=key, val={"said": key}) for key in keys]


def keys(journal: SqlJournal, **asked: Any) -> list[str]:
    return [record.key for record in journal.records(**asked)]


def test_records_come_back_in_the_order_of_seq(journal: SqlJournal) -> None:
    first = journal.append(entries("a", "b"))
    second = journal.append(entries("c"))

    assert keys(journal) == ["a", "b", "c"]
    assert [record.seq for record in journal.records()] == [*first, *second]
    assert [*first, *second] == sorted({*first, *second})


def test_seq_goes_on_after_the_journal_is_opened_again(path: Path, clock: SteppedClock, journal: SqlJournal) -> None:
    (before,) = journal.append(entries("a"))
    journal.close()

    (after,) = SqlJournal(sqlite_url(path), clock=clock).append(entries("b"))

    assert after > before


def test_records_after_a_seq_and_of_some_topics(journal: SqlJournal) -> None:
    mark = journal.append([*entries("a"), *entries("b", topic=Topic.ACK)])[0]
    journal.append([*entries("c", topic=Topic.ORDER), *entries("d")])

    assert keys(journal, after=mark) == ["b", "c", "d"]
    assert keys(journal, topics=[Topic.DECISION]) == ["a", "d"]
    assert keys(journal, after=mark, topics=[Topic.DECISION, Topic.ORDER]) == ["c", "d"]
    assert keys(journal, after=mark + 100) == []


def test_many_records_are_read_without_a_gap(journal: SqlJournal) -> None:
    expected = [str(number) for number in range(1000)]
    journal.append(entries(*expected))

    assert keys(journal) == expected


def test_last_is_the_newest_of_its_topic(journal: SqlJournal) -> None:
    journal.append([*entries("a", "b"), *entries("c", topic=Topic.ACK)])

    newest = journal.last(Topic.DECISION)

    assert newest is not None
    assert (newest.key, newest.val) == ("b", {"said": "b"})
    assert journal.last(Topic.PLAN) is None


def test_a_record_says_when_it_was_written_and_what_led_to_it(journal: SqlJournal, clock: SteppedClock) -> None:
    clock.advance(90.0)
    (cause,) = journal.append(entries("a"))
    journal.append([Entry(topic=Topic.ACK, key="b", val={}, cause=cause)])

    record = journal.last(Topic.ACK)

    assert record is not None
    assert (record.cause, record.t_mono, record.t_wall) == (cause, 90.0, (NOW + timedelta(seconds=90)).isoformat())


def test_reading_goes_on_while_records_are_added(journal: SqlJournal) -> None:
    journal.append(entries("a", "b"))
    reading = journal.records()
    first = next(reading)

    journal.append(entries("c"))

    assert [first.key, *(record.key for record in reading)][:2] == ["a", "b"]
    assert keys(journal) == ["a", "b", "c"]


@pytest.mark.parametrize("point", [BEFORE_TRANSACTION, WITHIN_TRANSACTION])
def test_a_death_before_the_commit_leaves_nothing(path: Path, clock: SteppedClock, point: str) -> None:
    def reached(name: str) -> None:
        if name == point:
            raise Died

    SqlJournal(sqlite_url(path), clock=clock).append(entries("kept"))

    with pytest.raises(Died):
        SqlJournal(sqlite_url(path), clock=clock, reached=reached).append(entries("a", "b"))

    after = SqlJournal(sqlite_url(path), clock=clock)
    assert keys(after) == ["kept"]
    after.append(entries("c"))
    assert keys(after) == ["kept", "c"]


def test_an_entry_that_cannot_be_written_down_takes_its_whole_batch_with_it(journal: SqlJournal) -> None:
    with pytest.raises(TypeError):
        journal.append([*entries("a"), Entry(topic=Topic.ACK, key="b", val={"what": object()})])

    assert keys(journal) == []


def test_append_passes_both_failpoints_once_per_transaction(path: Path, clock: SteppedClock) -> None:
    passed: list[str] = []

    SqlJournal(sqlite_url(path), clock=clock, reached=passed.append).append(entries("a", "b", "c"))

    assert passed == [BEFORE_TRANSACTION, WITHIN_TRANSACTION]


def pragma(journal: SqlJournal, name: str) -> Any:
    with journal._engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_sqlite_is_set_up_for_one_writer_many_readers_and_a_bounded_wait(
    path: Path, clock: SteppedClock, synchronous: int, *, durable: bool
) -> None:
    journal = SqlJournal(sqlite_url(path), clock=clock, durable=durable)

    assert pragma(journal, "journal_mode") == "wal"
    assert pragma(journal, "synchronous") == synchronous
    assert 0 < pragma(journal, "busy_timeout") <= 10_000


def test_a_locked_database_is_waited_for_only_so_long(path: Path, journal: SqlJournal) -> None:
    journal.append(entries("a"))
    with journal._engine.connect() as connection:
        # the one connection of the pool: the same bounded wait, only shorter
        connection.exec_driver_sql("PRAGMA busy_timeout=20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(JournalUnavailable, match="locked"):
        journal.append(entries("b"))
    assert keys(journal) == ["a"]
    other.execute("ROLLBACK")
    other.close()

    journal.append(entries("c"))
    assert keys(journal) == ["a", "c"]


def test_a_full_disk_keeps_nothing_of_the_batch(journal: SqlJournal) -> None:
    journal.append(entries("a"))
    with journal._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    with pytest.raises(JournalUnavailable, match="full"):
        journal.append(entries("b", *("x" * 10_000 for _ in range(10))))

    assert keys(journal) == ["a"]


def test_a_path_that_is_no_file_cannot_be_opened(tmp_path: Path, clock: SteppedClock) -> None:
    with pytest.raises(JournalUnavailable, match="unable to open"):
        SqlJournal(sqlite_url(tmp_path), clock=clock)


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path, clock: SteppedClock) -> None:
    with pytest.raises(JournalUnavailable, match="unable to open"):
        SqlJournal(sqlite_url(tmp_path / "no" / "journal.sqlite"), clock=clock)


def test_a_read_only_journal_is_unavailable_for_writing(path: Path, clock: SteppedClock, journal: SqlJournal) -> None:
    journal.append(entries("a"))
    journal.close()
    read_only = SqlJournal(f"sqlite:///file:{path}?mode=ro&uri=true", clock=clock)

    with pytest.raises(JournalUnavailable, match="readonly"):
        read_only.append(entries("b"))

    assert keys(read_only) == ["a"]


def test_a_file_that_is_no_database_is_unavailable(path: Path, clock: SteppedClock) -> None:
    path.write_bytes(b"this is not a database " * 100)

    with pytest.raises(JournalUnavailable, match="not a database"):
        SqlJournal(sqlite_url(path), clock=clock)


def filled(path: Path, clock: SteppedClock) -> None:
    journal = SqlJournal(sqlite_url(path), clock=clock)
    for number in range(300):
        journal.append([Entry(topic=Topic.DECISION, key=str(number), val={"text": "x" * 1000})])
    with journal._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()


def test_a_page_damaged_in_the_middle_is_unavailable_and_never_passed_over(path: Path, clock: SteppedClock) -> None:
    filled(path, clock)
    data = bytearray(path.read_bytes())
    middle = len(data) // 8192 * 4096
    data[middle : middle + 4 * 4096] = b"\xff" * (4 * 4096)
    path.write_bytes(data)
    journal = SqlJournal(sqlite_url(path), clock=clock)

    with pytest.raises(JournalUnavailable):
        keys(journal)


def test_a_record_that_cannot_be_read_is_unavailable_and_never_passed_over(path: Path, journal: SqlJournal) -> None:
    journal.append(entries("a", "b"))
    other = sqlite3.connect(path)
    other.execute("UPDATE records SET val = x'7b22' WHERE key = 'b'")
    other.commit()
    other.close()

    with pytest.raises(JournalUnavailable, match="record 2"):
        keys(journal)
    with pytest.raises(JournalUnavailable, match="record 2"):
        journal.last(Topic.DECISION)


def test_a_topic_of_another_release_is_unavailable(path: Path, journal: SqlJournal) -> None:
    journal.append(entries("a"))
    other = sqlite3.connect(path)
    other.execute("UPDATE records SET topic = 'invented later'")
    other.commit()
    other.close()

    with pytest.raises(JournalUnavailable, match="record 1"):
        keys(journal)


def test_a_journal_that_vanishes_is_unavailable_for_reading(tmp_path: Path, clock: SteppedClock) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    journal = SqlJournal(sqlite_url(folder / "journal.sqlite"), clock=clock)
    journal.close()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()

    with pytest.raises(JournalUnavailable):
        keys(journal)


def test_a_new_journal_may_be_opened_by_several_at_once(tmp_path: Path, clock: SteppedClock) -> None:
    def opens_and_writes(path: Path, together: threading.Barrier, key: str) -> None:
        together.wait(10.0)
        with closing(SqlJournal(sqlite_url(path), clock=clock, durable=False)) as journal:
            journal.append(entries(key))

    for attempt in range(5):
        path, together = tmp_path / f"{attempt}.sqlite", threading.Barrier(6)
        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(opens_and_writes, path, together, str(number)) for number in range(6)]:
                done.result()

        with closing(SqlJournal(sqlite_url(path), clock=clock)) as journal:
            assert sorted(keys(journal)) == [str(number) for number in range(6)]


def test_the_message_is_one_line(path: Path, clock: SteppedClock, journal: SqlJournal) -> None:
    journal.append(entries("a"))
    other = sqlite3.connect(path)
    other.execute("DROP TABLE records")
    other.commit()
    other.close()

    actions: list[Callable[[], object]] = [lambda: journal.append(entries("b")), lambda: keys(journal), lambda: journal.last(Topic.ACK)]
    for action in actions:
        with pytest.raises(JournalUnavailable, match="no such table") as caught:
            action()
        assert "\n" not in str(caught.value)
    assert keys(SqlJournal(sqlite_url(path), clock=clock)) == []


def test_the_message_names_the_database_but_no_password(tmp_path: Path, clock: SteppedClock) -> None:
    with pytest.raises(JournalUnavailable, match="sqlite://") as caught:
        SqlJournal(f"sqlite:///file:{tmp_path}?uri=true&password=abc", clock=clock)

    assert str(tmp_path) in str(caught.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One of everything a message of the loop can hold."""

    at: datetime
    field: Field
    by_field: dict[Field, Floats]
    by_day: dict[int, Floats]
    matrix: Floats
    ids: Ints
    number: float
    maybe: datetime | None
    pairs: tuple[tuple[float, int], ...]


MESSAGE = Message(
    at=NOW,
    field=Field.BID,
    by_field={Field.PRICE: np.array([1.0, math.nan]), Field.BID: np.array([math.inf, -math.inf])},
    by_day={738_000: np.array([0.1])},
    matrix=np.array([[1.0, math.nan], [-0.0, 5e-324]]),
    ids=np.array([2**62, -1], dtype=np.int64),
    number=math.nan,
    maybe=None,
    pairs=((0.1 + 0.2, 3),),
)


def test_a_message_comes_back_from_the_journal_as_it_was(journal: SqlJournal) -> None:
    journal.append([Entry(topic=Topic.OBSERVATION, key="1", val=MESSAGE)])

    record = journal.last(Topic.OBSERVATION)

    assert record is not None
    again = codec.from_jsonable(record.val, Message)
    assert codec.to_bytes(again) == codec.to_bytes(MESSAGE)
    np.testing.assert_array_equal(again.matrix, MESSAGE.matrix)
    np.testing.assert_array_equal(again.by_field[Field.BID], MESSAGE.by_field[Field.BID])
    assert (again.at, again.field, again.pairs, again.maybe) == (MESSAGE.at, MESSAGE.field, MESSAGE.pairs, None)
    assert math.isnan(again.number)


def test_a_discarding_journal_takes_everything_and_keeps_nothing() -> None:
    journal = DiscardingJournal()

    assert journal.append(entries("a", "b")) == (1, 2)
    assert list(journal.records()) == []
    assert journal.last(Topic.DECISION) is None


def log_bytes(path: Path) -> int:
    """What the write-ahead log holds that the database does not; after a checkpoint it is written again from its beginning."""
    return path.with_name(path.name + "-wal").stat().st_size


def test_an_append_never_waits_for_the_log_to_be_emptied_and_tidying_empties_it(path: Path, journal: SqlJournal) -> None:
    many = [Entry(topic=Topic.OBSERVATION, key="a", val="x" * (TIDY_BYTES // 2)) for _ in range(12)]

    journal.append(many)
    filled = log_bytes(path)
    journal.tidy()
    journal.append(entries("b"))

    assert filled > 6 * TIDY_BYTES
    assert log_bytes(path) == filled
    assert path.stat().st_size > 6 * TIDY_BYTES
    assert keys(journal)[-1] == "b"


def test_little_is_left_in_the_log(path: Path, journal: SqlJournal) -> None:
    before = path.stat().st_size
    journal.append(entries("a"))

    journal.tidy()

    assert path.stat().st_size == before
    assert keys(journal) == ["a"]


def test_tidying_a_journal_that_keeps_nothing_does_nothing() -> None:
    DiscardingJournal().tidy()


def test_appending_nothing_records_nothing(journal: SqlJournal) -> None:
    assert journal.append([]) == ()
    assert keys(journal) == []
