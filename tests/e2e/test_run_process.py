"""The real ``autopilot run``, in a process of its own: it drives, ends when told, holds its store, and leaves a journal to others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from autopilot.cli.shell import run
from autopilot.clock import SystemClock
from autopilot.journal import JournalUnavailable, Record, SqlJournal, Topic, sqlite_url
from autopilot.platforms.effects import FileEffects
from autopilot.service import EFFECTS
from tests.forked import Autopilot

PATIENCE_S = 45.0
"""How long a condition may take on a busy machine before the test fails; none takes that long where nothing is wrong."""

POLL_S = 0.05


Process: TypeAlias = subprocess.Popen[str] | Autopilot


class Shop:
    """A gift shop on disk whose market runs at half an hour per wall-clock hundredth, and the daemons started on it."""

    def __init__(self, folder: Path, template: str) -> None:
        self.file, self.state = folder / "shop.toml", folder / "state"
        # a week of past instead of four, since every start plays it again
        fast = template.replace("time_scale = 3600.0", "time_scale = 36000.0\nhistory_days = 7")
        self.text = fast.replace("tick_s = 3600", f'tick_s = 3600\nstate_dir = "{self.state}"')
        self.file.write_text(self.text, encoding="utf-8")
        self.started: list[Process] = []

    def start(self, *options: str) -> Process:
        """The daemon, forked: it begins at once."""
        return self._begun(Autopilot(["run", str(self.file), *options], self.file.parent))

    def start_anew(self, *options: str) -> Process:
        """The daemon as a shell starts it, by an interpreter of its own."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTOPILOT")}
        command = [sys.executable, "-m", "autopilot", "run", str(self.file), *options]
        return self._begun(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))

    def _begun(self, process: Process) -> Process:
        self.started.append(process)
        return process

    def records(self, *topics: Topic) -> list[Record]:
        path = self.state / "journal.sqlite"
        if not path.is_file():
            return []
        try:
            with closing(SqlJournal(sqlite_url(path), clock=SystemClock())) as journal:
                return list(journal.records(topics=topics))
        except JournalUnavailable:
            return []

    def modes(self) -> list[str]:
        return [record.val["mode"] for record in self.records(Topic.DECISION)]

    def arm(self) -> None:
        assert run(["arm", str(self.file), "--by", "Ann", "--reason", "test"]) == 0

    def wait_for(self, condition: Callable[[], object], process: Process) -> None:
        """Poll until the condition holds; a daemon that ends meanwhile fails the test with what it said."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if process.poll() is not None:
                pytest.fail(f"the daemon ended with {process.returncode}: {process.communicate()[1]}")
            if time.monotonic() > deadline:
                pytest.fail(f"waited for {PATIENCE_S} s; the last records are {[(r.topic.value, r.key) for r in self.records()[-5:]]}")
            time.sleep(POLL_S)


@pytest.fixture
def shop(tmp_path: Path, repository: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path, (repository / "configs" / "stores" / "gift-shop.toml").read_text(encoding="utf-8"))
    yield shop
    for process in shop.started:
        process.kill()
        process.communicate()


def ended(process: Process) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.wait(), out, err


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = run([*arguments, "--json"])
    said = capsys.readouterr()
    assert code == 0, said.err + said.out
    result: dict[str, Any] = json.loads(said.out)
    return result


def test_it_drives_so_many_ticks_and_its_journal_can_be_read_explained_exported_and_replayed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.arm()
    capsys.readouterr()

    code, out, err = ended(shop.start_anew("--ticks", "10", "--json"))
    status = told(capsys, "status", str(shop.file))
    listed = told(capsys, "explain", str(shop.file), "--most", "500")
    chain = told(capsys, "explain", str(shop.file), listed["writes"][0]["intent_id"])
    episode = shop.file.with_name("ten.episode.jsonl.zst")
    exported = told(capsys, "export", str(shop.file), "-o", str(episode))
    replayed = told(capsys, "replay", str(episode))

    assert code == 0, err
    summary = json.loads(out)
    decisions = shop.records(Topic.DECISION)
    assert len(decisions) == 10
    assert (summary["tick"], summary["mode"], summary["epoch"]) == (decisions[-1].val["tick"], "auto", 1)
    assert (status["running"], status["mode"], status["tick"]) == (False, "auto", summary["tick"])
    assert {write["intent_id"] for write in listed["writes"]} == {record.key for record in shop.records(Topic.INTENT)}
    assert {effect.by for effect in FileEffects(shop.state / EFFECTS).all()} == {write["intent_id"] for write in listed["writes"]}
    assert chain["acknowledgements"][-1]["effect"] == "applied"
    assert exported["records"] == len(shop.records())
    assert (replayed["differences"], replayed["files"][0]["decisions"]) == (0, 10)


def test_unarmed_it_watches_and_sigterm_ends_it_cleanly_with_a_stop_record(shop: Shop) -> None:
    process = shop.start()
    shop.wait_for(lambda: len(shop.modes()) >= 2, process)

    process.send_signal(signal.SIGTERM)
    code, out, err = ended(process)

    assert code == 0, err
    assert "ended at tick" in out
    assert "Traceback" not in err
    stop, snapshot = shop.records()[-2:]
    assert (stop.topic, stop.key) == (Topic.STOP, "clean")
    assert snapshot.topic is Topic.SNAPSHOT
    assert set(shop.modes()) == {"observe"}
    assert shop.records(Topic.INTENT) == []


def test_the_store_is_held_against_a_second_daemon_stopped_by_a_file_and_reloaded_by_a_signal(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.arm()
    capsys.readouterr()
    process = shop.start("--log-level", "info")
    shop.wait_for(lambda: shop.records(Topic.INTENT), process)

    second_code, _, second_said = ended(shop.start())
    running = told(capsys, "status", str(shop.file))
    shop.file.write_text(shop.text.replace("ad_spend_cents = 150_000", "ad_spend_cents = -1"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    shop.file.write_text(shop.text.replace("[envelope]", "[envelope]\nmax_bid_cents = 123"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    shop.wait_for(lambda: shop.records(Topic.CONFIG)[-1].val["resolved"]["envelope.max_bid_cents"] == 123, process)
    stopped = told(capsys, "stop", str(shop.file), "--by", "Ann", "--reason", "enough")
    shop.wait_for(lambda: shop.modes()[-1] == "stopped", process)
    written = len(FileEffects(shop.state / EFFECTS).all())
    at = len(shop.modes())
    shop.wait_for(lambda: len(shop.modes()) >= at + 3, process)
    process.send_signal(signal.SIGINT)
    code, _, said = ended(process)

    assert second_code == 2
    assert second_said.count("\n") == 1
    assert f"held by process {process.pid}" in second_said
    assert running["running"] is True
    assert Path(stopped["stop_file"]).is_file()
    assert len(FileEffects(shop.state / EFFECTS).all()) == written > 0
    assert code == 0, said
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [(event["by"], event["reason"]) for event in events if event["event"] == "stopped"] == [("Ann", "enough")]


def test_killed_without_warning_it_comes_back_in_hold_and_goes_on(shop: Shop) -> None:
    shop.arm()
    process = shop.start()
    shop.wait_for(lambda: shop.records(Topic.INTENT), process)
    process.send_signal(signal.SIGKILL)
    killed = process.wait(PATIENCE_S)
    before = len(shop.modes())

    code, _, err = ended(shop.start("--ticks", "3"))

    assert killed == -signal.SIGKILL
    assert code == 0, err
    assert shop.modes()[before] == "hold"
    assert len(shop.modes()) == before + 3
    ticks = [record.val["tick"] for record in shop.records(Topic.DECISION)]
    assert ticks == sorted(set(ticks))
    intents = [record.key for record in shop.records(Topic.INTENT)]
    assert len(intents) == len(set(intents))


def test_a_wrong_config_ends_it_before_it_begins(shop: Shop) -> None:
    shop.file.write_text(shop.text.replace("ad_spend_cents = 150_000", "ad_spend_cents = -1"), encoding="utf-8")

    code, out, err = ended(shop.start_anew())

    assert (code, out) == (2, "")
    assert err.startswith("autopilot: ")
    assert "budget.ad_spend_cents: expected an integer >= 0, was -1" in err
    assert err.count("\n") == 1
    assert not shop.state.exists()
