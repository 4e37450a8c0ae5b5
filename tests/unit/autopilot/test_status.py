"""What a person is told about a store: how it stands, read from its journal and its lock, disturbing neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from autopilot.cli.shell import run
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon
from autopilot.fold import EngagementOrder
from autopilot.journal import SqlJournal, sqlite_url
from autopilot.lease import Lease
from autopilot.orders import ask_to_stop, place
from autopilot.recovery import recovered
from autopilot.status import Status, status_of
from control.engagement import Event


@pytest.fixture
def store(harness: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Opens an armed store with a journal on disk."""

    def opening(overrides: dict[str, Any] | None = None) -> Any:
        return harness(overrides, journal=lambda clock: SqlJournal(sqlite_url(tmp_path / "journal.sqlite"), clock=clock, durable=False))

    return opening


def looked(store: Any, tmp_path: Path) -> Status:
    return status_of(store.journal, tmp_path)


def order(store: Any, event: Event) -> EngagementOrder:
    return EngagementOrder(event=event, at=store.clock.now(), by="Ann", reason="look first")


def test_a_journal_that_was_never_driven_has_nothing_to_tell(tmp_path: Path) -> None:
    journal = SqlJournal(sqlite_url(tmp_path / "journal.sqlite"), clock=SteppedClock(datetime(2026, 1, 1, tzinfo=UTC)))

    found = status_of(journal, tmp_path / "state")

    assert (found.running, found.mode, found.tick, found.at, found.plan) == (False, "observe", None, None, "")
    assert (found.commands, found.unresolved, found.orders_waiting, found.stop_file) == (0, 0, 0, False)


def test_it_tells_the_last_tick(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store()
    last = driven.ticks(8)[-1].decision

    found = looked(driven, tmp_path)

    assert (found.mode, found.reason, found.by) == ("auto", last.mode_reason, last.mode_by)
    assert (found.tick, found.at, found.plan) == (last.tick, last.at.isoformat(), last.plan_id)
    assert found.commands == len(last.commands)
    assert found.interventions == sum(bool(item.verdict.reasons) for item in last.judged)
    assert found.faults == []


def test_it_tells_an_order_that_was_taken_since(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store()
    driven.ticks(2)

    driven.loop.engage(order(driven, Event.SHADOW))

    assert (looked(driven, tmp_path).mode, looked(driven, tmp_path).by) == ("shadow (from the next tick)", "Ann")
    driven.ticks(1)
    assert looked(driven, tmp_path).mode == "shadow"


def test_it_tells_that_a_start_has_lowered_the_authority(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store()
    driven.ticks(6)
    before = looked(driven, tmp_path).mode

    recovered(driven.journal, driven.loop.config, now=driven.clock.now(), about={})

    assert before == "auto"
    assert looked(driven, tmp_path).mode == "hold"
    assert "restarted" in looked(driven, tmp_path).reason


def test_it_counts_orders_that_wait(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store()
    driven.ticks(1)
    for event in (Event.SHADOW, Event.OBSERVE):
        place(driven.journal, order(driven, event))

    waiting = looked(driven, tmp_path).orders_waiting
    Daemon(driven.loop, state_dir=tmp_path, reload=lambda: pytest.fail("not asked for")).wake()

    assert waiting == 2
    assert looked(driven, tmp_path).orders_waiting == 0


def test_it_tells_the_stop_file(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store()
    before = looked(driven, tmp_path).stop_file

    ask_to_stop(tmp_path, by="Ann", reason="x", at=driven.clock.now())

    assert (before, looked(driven, tmp_path).stop_file) == (False, True)


def test_it_tells_whether_a_daemon_holds_the_store_and_does_not_hold_it_itself(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store()

    before = looked(driven, tmp_path).running
    with Lease(tmp_path):
        held = looked(driven, tmp_path).running
    after = looked(driven, tmp_path).running

    assert (before, held, after) == (False, True, False)
    with Lease(tmp_path):
        pass


def test_it_counts_writes_whose_outcome_is_not_known_until_they_are_settled(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store({"platform.faults.timeout_after_apply": 1.0, "platform.faults.until_hour": 1})
    sent = driven.ticks(1)[0].decision.commands

    unknown = looked(driven, tmp_path).unresolved
    driven.ticks(1)

    assert unknown == len(sent) > 0
    assert looked(driven, tmp_path).unresolved == 0


def test_it_tells_what_is_wrong(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store({"platform.faults.rate_5xx": 1.0, "platform.faults.from_hour": 6})
    driven.ticks(12)

    found = looked(driven, tmp_path)

    assert found.mode == "hold"
    assert any("set-points were last read" in fault for fault in found.faults)


def test_the_command_says_the_same_to_people_and_to_programs(
    store: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    driven = store()
    driven.ticks(3)
    monkeypatch.setenv("AUTOPILOT__STORE__STATE_DIR", str(tmp_path))

    codes = [run(["status", "gift-shop", "--json"])]
    told = json.loads(capsys.readouterr().out)
    codes.append(run(["status", "gift-shop"]))
    drawn = capsys.readouterr().out

    assert codes == [0, 0]
    assert told == {"store": "gift-shop", **asdict(looked(driven, tmp_path))}
    assert "transition" in drawn
    assert told["plan"] in drawn


def test_a_store_that_was_never_started_is_told_how_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTOPILOT__STORE__STATE_DIR", str(tmp_path))

    code = run(["status", "gift-shop"])

    assert code == 2
    assert "start the daemon once" in capsys.readouterr().err


def test_it_counts_what_was_not_believed_by_signal_and_reason(store: Callable[..., Any], tmp_path: Path) -> None:
    driven = store({"platform.faults.nan_metrics": 0.5})
    decisions = [ticked.decision for ticked in driven.ticks(30)]
    counted: dict[str, int] = {}
    for decision in decisions[-24:]:
        for rejection in decision.rejected:
            name = f"{rejection.signal} {rejection.reason}"
            counted[name] = counted.get(name, 0) + rejection.count

    found = looked(driven, tmp_path)

    assert any(name.endswith("non_finite") for name in found.rejected)
    assert found.rejected == counted
    assert found.uncounted == []
