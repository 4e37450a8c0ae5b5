"""The daemon, woken by hand on a clock that stands still: one tick per slot, orders first, and nothing done that is not journaled."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from autopilot import wiring
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon, Reloaded
from autopilot.errors import ConfigError
from autopilot.fold import EngagementOrder
from autopilot.journal import Entry, JournalUnavailable, Record, SqlJournal, Topic, sqlite_url
from autopilot.loop import SNAPSHOT_EVERY_TICKS
from autopilot.orders import STOP_FILE, ask_to_stop, place, withdraw_stop
from autopilot.settings_sources import Loaded
from control.engagement import Event
from control.mode import Mode
from control.ports import Effect
from perception.ports import SourceUnavailable

HOUR_S = 3600
LOUD = "the loop must not ask for a new configuration unasked"


class Flaky:
    """A journal that is unavailable for as long as a test wants, for some topics or for all, for reading or for writing."""

    def __init__(self, journal: SqlJournal) -> None:
        self.kept = journal
        self.broken: set[Topic] = set()
        self.unreadable = False

    def append(self, entries: Sequence[Entry]) -> tuple[int, ...]:
        if any(entry.topic in self.broken for entry in entries):
            raise JournalUnavailable("database is locked")
        return self.kept.append(entries)

    def records(self, *, after: int = 0, topics: Sequence[Topic] = ()) -> Iterator[Record]:
        if self.unreadable:
            raise JournalUnavailable("database is locked")
        return self.kept.records(after=after, topics=topics)

    def last(self, topic: Topic) -> Record | None:
        return self.kept.last(topic)

    def tidy(self) -> None:
        self.kept.tidy()


@dataclass(kw_only=True)
class Store:
    """A store under a daemon.

    Attributes:
        daemon, journal, clock, platform: What drives it, and what is driven.
        state_dir: Of the stop file.
        config: What a reload finds, or why it finds nothing; None where none is expected.
    """

    daemon: Daemon
    journal: Flaky
    clock: SteppedClock
    platform: Any
    state_dir: Path
    config: list[Reloaded | ConfigError] = field(default_factory=list)

    def reload(self) -> Reloaded:
        assert self.config, LOUD
        found = self.config[-1]
        if isinstance(found, ConfigError):
            raise found
        return found

    def wake(self, hours: float = 0.0) -> Any:
        """Let time pass, then wake the daemon."""
        if hours:
            self.clock.advance(hours * HOUR_S)
        return self.daemon.wake()

    def drive(self, ticks: int) -> list[Any]:
        """Wake once an hour; the first wake-up is now if this hour was not driven."""
        done: list[Any] = []
        while len(done) < ticks:
            ticked = self.daemon.wake()
            if ticked is None:
                self.clock.advance(HOUR_S)
                continue
            done.append(ticked.decision)
        return done

    def order(self, event: Event) -> None:
        place(self.journal, EngagementOrder(event=event, at=self.clock.now(), by="Ann", reason="test"))

    @property
    def mode(self) -> Mode:
        return self.daemon.loop.folded.state.engagement.mode

    def count(self, topic: Topic) -> int:
        return sum(1 for _ in self.journal.records(topics=[topic]))


@pytest.fixture(autouse=True)
def every_event_is_logged() -> Iterator[None]:
    """Commands that ran before in this process may have left a level at which these tests would hear nothing."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


@pytest.fixture
def opened(harness: Callable[..., Any], tmp_path: Path) -> Callable[..., Store]:
    """Opens an armed store under a daemon."""

    def opening(*, ticks: int | None = None, **overrides: Any) -> Store:
        def journal(clock: SteppedClock) -> Any:
            return Flaky(SqlJournal(sqlite_url(tmp_path / "journal.sqlite"), clock=clock, durable=False))

        driven = harness({name.replace("__", "."): value for name, value in overrides.items()}, journal=journal)

        def reload() -> Reloaded:
            return store.reload()

        store = Store(
            daemon=Daemon(driven.loop, state_dir=tmp_path, reload=reload, ticks=ticks),
            journal=driven.journal,
            clock=driven.clock,
            platform=driven.platform,
            state_dir=tmp_path,
        )
        return store

    return opening


def said(logs: list[Any], event: str) -> list[Any]:
    return [line for line in logs if line["event"] == event]


# ticks


def test_wake_ups_within_one_slot_are_one_tick(opened: Callable[..., Store]) -> None:
    store = opened()

    ticked = [store.wake(hours) is not None for hours in (0.0, *[0.1] * 9)]

    assert ticked == [True, *[False] * 9]
    assert store.count(Topic.DECISION) == 1


def test_missed_ticks_are_counted_and_never_made_up_for(opened: Callable[..., Store]) -> None:
    store = opened()
    first = store.wake()

    with capture_logs() as logs:
        second, *rest = [store.wake(6), store.wake(), store.wake(0.5)]

    assert second.decision.tick == first.decision.tick + 6
    assert rest == [None, None]
    assert store.daemon.missed == 5
    assert [line["missed"] for line in said(logs, "ticks_missed")] == [5]
    assert store.count(Topic.DECISION) == 2


@pytest.mark.parametrize("back_s", [HOUR_S, 24 * HOUR_S])
def test_a_clock_set_back_drives_nothing_until_it_has_caught_up(opened: Callable[..., Store], back_s: int) -> None:
    store = opened()
    store.drive(2)

    store.clock.advance(-back_s)
    behind = [store.wake(), store.wake(0.5)]
    store.clock.advance(back_s)

    assert behind == [None, None]
    assert store.wake(0.5) is not None
    assert store.daemon.missed == 0


def test_a_slot_is_not_driven_again_though_orders_took_long(opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened()
    store.wake(0.9)
    take = orders_that_take(store, 0.2 * HOUR_S)
    monkeypatch.setattr("autopilot.daemon.orders.waiting", take)
    store.order(Event.SHADOW)

    ticks = [ticked for ticked in (store.wake(), store.wake(), store.wake()) if ticked is not None]

    slots = [int(ticked.decision.at.timestamp()) // HOUR_S for ticked in ticks]
    assert slots == [ticked.decision.tick for ticked in ticks]
    assert len(set(slots)) == len(slots)


def orders_that_take(store: Store, seconds: float) -> Callable[..., Any]:
    from autopilot.orders import waiting

    def slowly(journal: Any) -> Iterator[Any]:
        for found in waiting(journal):
            store.clock.advance(seconds)
            yield found

    return slowly


def test_it_ends_by_itself_after_so_many_ticks(opened: Callable[..., Store]) -> None:
    store = opened(ticks=3)

    ticked = [store.wake(1) is not None for _ in range(6)]

    assert ticked == [True] * 3 + [False] * 3


def test_nothing_happens_once_it_was_told_to_end(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(1)
    store.order(Event.SHADOW)

    store.daemon.end()

    assert store.wake(5) is None
    assert store.mode is not Mode.SHADOW


# orders


def test_orders_are_taken_in_their_order_before_the_tick(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(6)
    store.order(Event.OFF)
    store.order(Event.SHADOW)

    (decision,) = store.drive(1)

    assert decision.mode is Mode.SHADOW
    assert [record.key for record in store.journal.records(topics=[Topic.ENGAGEMENT])][-2:] == ["off", "shadow"]


def test_an_order_is_taken_even_when_no_tick_is_due_and_only_once(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(1)
    store.order(Event.OBSERVE)
    engaged = store.count(Topic.ENGAGEMENT)

    woken = [store.wake(), store.wake()]

    assert woken == [None, None]
    assert store.mode is Mode.OBSERVE
    assert store.count(Topic.ENGAGEMENT) == engaged + 1


def test_an_order_counts_from_when_it_is_taken(opened: Callable[..., Store]) -> None:
    store = opened()
    place(store.journal, EngagementOrder(event=Event.SHADOW, at=store.clock.now() + timedelta(days=5000), by="Ann", reason="another clock"))

    store.wake()

    assert store.daemon.loop.folded.state.engagement.since_s == store.clock.now().timestamp()


def test_a_stop_file_stops_in_the_middle_of_a_drive(opened: Callable[..., Store]) -> None:
    store = opened()
    before = store.drive(8)
    written = len(store.platform.effects())
    ask_to_stop(store.state_dir, by="Ann", reason="prices look wrong", at=store.clock.now())

    with capture_logs() as logs:
        after = store.drive(4)

    assert sum(len(decision.commands) for decision in before) == written > 0
    assert all(decision.mode is Mode.STOPPED and decision.commands == () for decision in after)
    assert len(store.platform.effects()) == written
    assert [(line["by"], line["reason"]) for line in said(logs, "stopped")] == [("Ann", "prices look wrong")]


def test_a_stop_outlasts_its_file_and_ends_only_by_a_person(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(6)
    ask_to_stop(store.state_dir, by="Ann", reason="test", at=store.clock.now())
    store.drive(1)

    withdraw_stop(store.state_dir)
    still = store.drive(1)[0].mode
    for event in (Event.OBSERVE, Event.SHADOW, Event.ADVISE, Event.OFF):
        store.order(event)
    not_yet = store.drive(1)[0].mode
    store.order(Event.ARM)

    assert (still, not_yet) == (Mode.STOPPED, Mode.STOPPED)
    assert store.drive(1)[0].mode is Mode.TRANSITION


def test_a_stop_file_wins_over_being_armed(opened: Callable[..., Store]) -> None:
    store = opened()
    (store.state_dir / STOP_FILE).touch()
    store.order(Event.ARM)

    (decision,) = store.drive(1)

    assert (decision.mode, decision.commands) == (Mode.STOPPED, ())


# a journal that cannot be written, or read


@pytest.mark.parametrize("topic", [Topic.OBSERVATION, Topic.DECISION, Topic.INTENT])
def test_what_cannot_be_journaled_is_not_done_and_the_same_slot_is_tried_again(opened: Callable[..., Store], topic: Topic) -> None:
    store = opened()
    store.drive(8)
    written, state = len(store.platform.effects()), store.daemon.loop.folded
    store.journal.broken = {topic}

    with capture_logs() as logs:
        refused = [store.wake(3), store.wake()]
    untouched = store.daemon.loop.folded is state
    slot_s = store.clock.now().timestamp()
    store.journal.broken = set()
    ticked = store.wake()

    assert refused == [None, None]
    assert untouched
    assert len(said(logs, "journal_unavailable")) == 2
    assert ticked.decision.tick == slot_s // HOUR_S
    assert len(ticked.decision.commands) > 0
    assert len(store.platform.effects()) == written + len(ticked.decision.commands)


def test_missed_ticks_are_counted_once_though_their_tick_was_tried_often(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(2)
    store.journal.broken = {Topic.DECISION}
    for hours in (4, 0, 0):
        store.wake(hours)
    store.journal.broken = set()

    store.wake()

    assert store.daemon.missed == 3


def test_answers_that_cannot_be_journaled_are_settled_by_read_back_and_nothing_is_sent_twice(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(8)
    store.journal.broken = {Topic.ACK}
    refused = store.wake(1)
    unanswered = store.daemon.loop.folded.state.ledger.unresolved
    again = store.wake()
    store.journal.broken = set()

    settled = store.wake(1).decision.settled

    assert (refused, again) == (None, None)
    assert len(unanswered) > 0
    assert {answer.intent_id: answer.effect for answer in settled} == {c.intent_id: Effect.APPLIED for c in unanswered}
    writers = [effect.by for effect in store.platform.effects()]
    assert len(writers) == len(set(writers))


def test_without_a_readable_journal_nothing_is_done_at_all(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(6)
    written = len(store.platform.effects())
    store.journal.unreadable = True

    refused = [store.wake(1), store.wake(1)]

    assert refused == [None, None]
    assert len(store.platform.effects()) == written


def test_an_order_that_cannot_be_journaled_waits(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(6)
    store.order(Event.OBSERVE)
    store.journal.broken = {Topic.ENGAGEMENT}
    refused = store.wake(1)
    mode = store.mode
    store.journal.broken = set()

    (decision,) = store.drive(1)

    assert refused is None
    assert mode is not Mode.OBSERVE
    assert decision.mode is Mode.OBSERVE


# reload


def reloaded(store: Store, load: Callable[..., Loaded], overrides: dict[str, Any]) -> Reloaded:
    loaded = load(overrides)
    return Reloaded(
        config=wiring.loop_config(loaded.settings, store.platform.catalogue()),
        keeper=wiring.plan_keeper(loaded.settings),
        document={"overrides": overrides},
    )


TIGHTER = {"envelope.max_bid_cents": 200}
LOOSER = {"envelope.max_bid_cents": 400, "envelope.price_step_ratio": 0.06}


def test_a_tightened_limit_counts_from_the_next_wake_up_and_is_journaled(opened: Callable[..., Store], load: Callable[..., Loaded]) -> None:
    store = opened()
    store.drive(6)
    store.config.append(reloaded(store, load, TIGHTER))

    store.daemon.ask_to_reload()
    with capture_logs() as logs:
        store.wake(1)

    assert store.daemon.loop.config.limits.max_bid_cents == 200
    record = store.journal.last(Topic.CONFIG)
    assert record is not None
    assert record.val == {"overrides": TIGHTER}
    assert said(logs, "config_reloaded")


def test_a_reload_happens_once_per_asking(opened: Callable[..., Store], load: Callable[..., Loaded]) -> None:
    store = opened()
    store.config.append(reloaded(store, load, TIGHTER))
    before = store.count(Topic.CONFIG)

    for _ in range(3):
        store.daemon.ask_to_reload()
    store.wake(1)
    store.wake(1)

    assert store.count(Topic.CONFIG) == before + 1


def test_asking_again_while_the_file_is_being_read_reads_it_again(opened: Callable[..., Store], load: Callable[..., Loaded]) -> None:
    store = opened()
    store.drive(1)
    tighter = reloaded(store, load, TIGHTER)

    class HalfWritten(list[Any]):
        """The file is changed, and the daemon told so, just after it was read."""

        def __getitem__(self, _index: Any) -> Any:
            store.config = [tighter]
            store.daemon.ask_to_reload()
            return ConfigError("shop.toml: not valid TOML")

    store.config = HalfWritten([None])
    store.daemon.ask_to_reload()
    store.wake()
    store.wake()

    assert store.daemon.loop.config is tighter.config


def test_a_bad_config_keeps_the_old_one_and_says_why(opened: Callable[..., Store]) -> None:
    store = opened()
    store.drive(1)
    old, journaled = store.daemon.loop.config, store.count(Topic.CONFIG)
    store.config.append(ConfigError("shop.toml: budget.ad_spend_cents: expected an integer >= 0, was -5"))

    store.daemon.ask_to_reload()
    with capture_logs() as logs:
        ticked = store.wake(1)

    assert store.daemon.loop.config is old
    assert store.count(Topic.CONFIG) == journaled
    assert ticked is not None
    assert [line["log_level"] for line in said(logs, "reload_refused")] == ["error"]
    assert "budget.ad_spend_cents" in said(logs, "reload_refused")[0]["reason"]


@pytest.mark.parametrize("mode", [Mode.TRANSITION, Mode.AUTO, Mode.HOLD])
def test_a_loosened_limit_is_refused_while_engaged(opened: Callable[..., Store], load: Callable[..., Loaded], mode: Mode) -> None:
    store = opened()
    store.drive({Mode.TRANSITION: 1, Mode.AUTO: 6, Mode.HOLD: 6}[mode])
    if mode is Mode.HOLD:
        for sku in ("G01", "G02", "G03"):
            store.platform.edit("price", sku, 999, by="a person", now=store.clock.now() + timedelta(hours=0.5))
        store.drive(1)
    old = store.daemon.loop.config
    store.config.append(reloaded(store, load, LOOSER))

    with capture_logs() as logs:
        store.daemon.reload()

    assert store.mode is mode
    assert store.daemon.loop.config is old
    (line,) = said(logs, "reload_refused")
    assert line["loosened"] == ("max_bid_cents: 300 -> 400", "price_step_ratio: 0.05 -> 0.06")


@pytest.mark.parametrize("event", [Event.OBSERVE, Event.SHADOW, Event.STOP])
def test_a_loosened_limit_is_accepted_while_nothing_can_be_written(
    opened: Callable[..., Store], load: Callable[..., Loaded], event: Event
) -> None:
    store = opened()
    store.order(event)
    store.drive(1)
    store.config.append(reloaded(store, load, LOOSER))

    store.daemon.reload()

    assert store.daemon.loop.config.limits.max_bid_cents == 400


def test_one_loosened_limit_keeps_everything_else_out_too(opened: Callable[..., Store], load: Callable[..., Loaded]) -> None:
    store = opened()
    store.drive(6)
    old = (store.daemon.loop.config, store.daemon.loop.keeper)
    store.config.append(reloaded(store, load, LOOSER | {"envelope.max_writes_per_hour": 1, "control.controller": "do_nothing"}))

    store.daemon.reload()

    assert (store.daemon.loop.config, store.daemon.loop.keeper) == old


def test_the_merchants_terms_are_swapped_with_the_rest(opened: Callable[..., Store], load: Callable[..., Loaded]) -> None:
    store = opened()
    store.config.append(reloaded(store, load, {"budget.ad_spend_cents": 70_000}))

    store.daemon.reload()
    store.drive(1)

    plan = store.daemon.loop.folded.plan
    assert plan is not None
    assert plan.ad_budget_cents <= 70_000


@pytest.mark.parametrize(
    ("overrides", "field"),
    [({"store.tick_s": 60}, "tick_s"), ({"store.name": "other"}, "store"), ({"store.timezone": "Asia/Tokyo"}, "timezone")],
)
def test_what_the_journal_is_built_on_needs_a_restart(
    opened: Callable[..., Store], load: Callable[..., Loaded], overrides: dict[str, Any], field: str
) -> None:
    store = opened()
    store.order(Event.OBSERVE)
    store.drive(1)
    old = store.daemon.loop.config
    store.config.append(reloaded(store, load, overrides))

    with capture_logs() as logs:
        store.daemon.reload()

    assert store.daemon.loop.config is old
    assert field in said(logs, "reload_refused")[0]["reason"]
    assert store.wake(1) is not None


def test_a_reload_that_cannot_be_journaled_does_not_count_and_is_tried_again(
    opened: Callable[..., Store], load: Callable[..., Loaded]
) -> None:
    store = opened()
    store.drive(1)
    old = store.daemon.loop.config
    store.config.append(reloaded(store, load, TIGHTER))
    store.journal.broken = {Topic.CONFIG}
    store.daemon.ask_to_reload()
    refused = store.wake(1)
    kept = store.daemon.loop.config is old
    store.journal.broken = set()

    ticked = store.wake()

    assert refused is None
    assert kept
    assert ticked is not None
    assert store.daemon.loop.config.limits.max_bid_cents == 200


# running


def test_a_snapshot_is_written_once_a_day_of_ticks_behind_everything_of_the_tick(opened: Callable[..., Store]) -> None:
    store = opened()
    for _ in range(SNAPSHOT_EVERY_TICKS + 1):
        store.daemon.wake()
        store.clock.advance(HOUR_S)

    records = [record for record in store.journal.records() if record.topic in (Topic.DECISION, Topic.ACK, Topic.SNAPSHOT)]
    # the first was written by the start
    _, snapshot = (place for place, record in enumerate(records) if record.topic is Topic.SNAPSHOT)

    assert sum(record.topic is Topic.DECISION for record in records[:snapshot]) == SNAPSHOT_EVERY_TICKS
    assert [record.topic for record in records[snapshot + 1 :]][:1] == [Topic.DECISION]


def test_a_snapshot_that_cannot_be_written_holds_nothing_up_and_is_tried_again(opened: Callable[..., Store]) -> None:
    store = opened()
    store.journal.broken = {Topic.SNAPSHOT}
    with capture_logs() as logs:
        for _ in range(SNAPSHOT_EVERY_TICKS + 1):
            assert store.daemon.wake() is not None
            store.clock.advance(HOUR_S)
    store.journal.broken = set()

    store.daemon.wake()

    assert [event["log_level"] for event in said(logs, "journal_not_kept")] == ["warning", "warning"]
    assert sum(record.topic is Topic.SNAPSHOT for record in store.journal.records()) == 2


@pytest.fixture
def running() -> Iterator[None]:
    """Gives the process its own signal handlers back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def each_wake(store: Store, then: Callable[[int], None]) -> None:
    """Let an hour pass before each wake-up of the scheduler, and call ``then`` with the number of ticks so far."""
    wake, ticks = store.daemon.wake, iter(range(10_000))

    def woken() -> Any:
        store.clock.advance(HOUR_S)
        ticked = wake()
        then(next(ticks) + 1)
        return ticked

    store.daemon.wake = woken  # type: ignore[method-assign]  # the scheduler's calls are what this test is about


@pytest.mark.usefixtures("running")
def test_it_runs_until_its_last_tick_and_leaves_a_stop_record_and_a_snapshot(opened: Callable[..., Store]) -> None:
    store = opened(ticks=3)
    each_wake(store, lambda _ticks: None)

    store.daemon.run(wake_every_s=0.01)

    assert store.count(Topic.DECISION) == 3
    *_, stop, snapshot = store.journal.records()
    assert (stop.topic, stop.key, stop.val) == (Topic.STOP, "clean", {"missed": 0})
    assert (snapshot.topic, snapshot.val["tick"]) == (Topic.SNAPSHOT, store.daemon.loop.folded.state.tick)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_tick_that_is_running(opened: Callable[..., Store], number: signal.Signals) -> None:
    store = opened()
    each_wake(store, lambda ticks: os.kill(os.getpid(), number) if ticks == 2 else None)

    store.daemon.run(wake_every_s=0.01)

    assert store.count(Topic.DECISION) >= 2
    last = store.journal.last(Topic.STOP)
    assert last is not None
    assert last.key == "clean"


@pytest.mark.usefixtures("running")
def test_sighup_reloads_and_the_run_goes_on(opened: Callable[..., Store], load: Callable[..., Loaded]) -> None:
    store = opened(ticks=6)
    store.config.append(reloaded(store, load, TIGHTER))
    each_wake(store, lambda ticks: os.kill(os.getpid(), signal.SIGHUP) if ticks == 1 else None)

    store.daemon.run(wake_every_s=0.01)

    assert store.daemon.loop.config.limits.max_bid_cents == 200
    assert store.count(Topic.DECISION) == 6


@pytest.mark.usefixtures("running")
def test_a_tick_that_dies_ends_the_daemon_with_its_error(opened: Callable[..., Store]) -> None:
    store = opened()

    class Dying:
        def renew(self, *_args: Any) -> Any:
            raise ZeroDivisionError("a bug")

    store.daemon.loop.keeper = Dying()
    each_wake(store, lambda _ticks: None)

    with capture_logs() as logs, pytest.raises(ZeroDivisionError, match="a bug"):
        store.daemon.run(wake_every_s=0.01)

    assert store.count(Topic.STOP) == 0
    assert store.count(Topic.DECISION) == 0
    assert "ZeroDivisionError" in said(logs, "tick_died")[0]["error"]


@pytest.mark.usefixtures("running")
def test_a_platform_that_fails_does_not_end_the_daemon(opened: Callable[..., Store]) -> None:
    store = opened(ticks=3)

    class Down:
        name = "down"

        def read(self, **_asked: Any) -> Any:
            raise SourceUnavailable("503")

        readback = read

    store.daemon.loop.ports = replace(store.daemon.loop.ports, sources=(Down(),), setpoints=Down())
    each_wake(store, lambda _ticks: None)

    store.daemon.run(wake_every_s=0.01)

    assert store.count(Topic.DECISION) == 3
    assert store.platform.effects() == ()


def test_what_a_person_should_see_is_logged_on_the_edge_only(opened: Callable[..., Store]) -> None:
    store = opened()

    with capture_logs() as logs:
        store.drive(8)

    changes = [(line["was"], line["now"]) for line in said(logs, "mode_changed")]
    sent = [line["count"] for line in said(logs, "commands_sent")]
    assert changes == [("transition", "auto")]
    assert sum(sent) == len(store.platform.effects())
