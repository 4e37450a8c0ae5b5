"""Starting a store is recovering it: what was left open is settled, nobody's stop is overlooked, and time goes on where it ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from autopilot import wiring
from autopilot.clock import SteppedClock, SystemClock
from autopilot.daemon import Daemon
from autopilot.errors import ConfigError
from autopilot.failpoints import VARIABLE
from autopilot.fold import EngagementOrder
from autopilot.journal import JournalUnavailable, SqlJournal, Topic, sqlite_url
from autopilot.lease import StoreLocked
from autopilot.orders import STOP_FILE, place
from autopilot.platforms.effects import FileEffects
from autopilot.platforms.simulated import opening_of
from autopilot.service import EFFECTS, market_clock, opened, wake_every_s
from autopilot.settings_sources import Loaded
from control.engagement import Event
from control.mode import Mode

pytestmark = pytest.mark.usefixtures("played_past")

HOUR_S = 3600


class Killed(BaseException):
    """Stands for the death of the process: nothing may catch it."""


class Store:
    """A store on disk that is opened, driven and left again."""

    def __init__(self, loaded: Loaded, state_dir: Path) -> None:
        self.loaded, self.state_dir = loaded, state_dir
        self.clock = SteppedClock(opening_of(wiring.market_of(loaded)))

    def at(self, **overrides: Any) -> Store:
        """The same state under other settings."""
        from autopilot.settings_sources import load_store

        keys = {name.replace("__", "."): value for name, value in overrides.items()} | {"store.state_dir": str(self.state_dir)}
        other = Store(load_store("gift-shop", overrides=keys, environ={}), self.state_dir)
        other.clock = self.clock
        return other

    def session(self, act: Callable[[Daemon], Any] = lambda _daemon: None) -> Any:
        with opened(self.loaded, clock=self.clock) as daemon:
            return act(daemon)

    def drive(self, ticks: int) -> Callable[[Daemon], list[Any]]:
        def act(daemon: Daemon) -> list[Any]:
            done = []
            for _ in range(ticks):
                ticked = daemon.wake()
                assert ticked is not None
                done.append(ticked.decision)
                self.clock.advance(HOUR_S)
            return done

        return act

    def dies_before_sending(self, ticks: int) -> set[str]:
        """Drive some ticks and die with the commands of the last one committed and not sent; their intent ids."""

        def act(daemon: Daemon) -> None:
            self.drive(ticks)(daemon)

            def dead(name: str) -> None:
                if name == "intent_committed":
                    raise Killed

            daemon.loop.ports = replace(daemon.loop.ports, reached=dead)
            with pytest.raises(Killed):
                daemon.wake()

        self.session(act)
        with closing(self.journal()) as journal:
            decision = journal.last(Topic.DECISION)
            assert decision is not None
            return {command["intent_id"] for command in decision.val["commands"]}

    def journal(self) -> SqlJournal:
        return SqlJournal(sqlite_url(self.state_dir / "journal.sqlite"), clock=SystemClock())

    def order(self, event: Event) -> None:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        with closing(self.journal()) as journal:
            place(journal, EngagementOrder(event=event, at=self.clock.now(), by="Ann", reason="test"))

    def sent(self) -> set[str]:
        return {effect.by for effect in FileEffects(self.state_dir / EFFECTS).all()}


@pytest.fixture
def store(load: Callable[..., Loaded], tmp_path: Path) -> Store:
    state_dir = tmp_path / "state"
    store = Store(load({"store.state_dir": str(state_dir)}), state_dir)
    store.order(Event.ARM)
    return store


def test_commands_committed_a_moment_ago_are_sent_once_at_the_next_start(store: Store) -> None:
    committed = store.dies_before_sending(6)
    before = store.sent()

    store.clock.advance(60)
    store.session()

    assert len(committed) > 0
    assert not before & committed
    assert store.sent() == before | committed


def by_stop_file(store: Store) -> None:
    (store.state_dir / STOP_FILE).touch()


@pytest.mark.parametrize(
    "intervene",
    [
        pytest.param(by_stop_file, id="stop file"),
        *(pytest.param(lambda store, event=event: store.order(event), id=event) for event in (Event.STOP, Event.OFF, Event.OBSERVE)),
    ],
)
def test_nothing_is_sent_at_a_start_by_which_somebody_has_stopped_the_store(store: Store, intervene: Callable[[Store], None]) -> None:
    committed = store.dies_before_sending(6)
    before = store.sent()
    intervene(store)

    store.clock.advance(60)
    mode, open_still = store.session(lambda daemon: (daemon.loop.folded.state.engagement.mode, daemon.loop.folded.state.ledger.unresolved))

    assert len(committed) > 0
    assert store.sent() == before
    assert mode in {Mode.STOPPED, Mode.OFF, Mode.OBSERVE}
    assert open_still == ()


def test_authority_falls_to_hold_over_a_restart_and_comes_back_by_itself(store: Store) -> None:
    store.session(store.drive(6))

    (first, *later) = store.session(store.drive(10))

    assert first.mode is Mode.HOLD
    assert later[-1].mode is Mode.AUTO


def test_each_start_is_a_new_epoch_and_the_state_goes_on(store: Store) -> None:
    before = store.session(store.drive(3))[-1]

    epoch, tick = store.session(lambda daemon: (daemon.loop.folded.state.epoch, daemon.loop.folded.state.tick))

    assert epoch == 2
    assert tick == before.tick


def test_a_start_records_the_code_the_config_and_the_seed_and_no_secret(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOPILOT__SECRETS__PLATFORM__TOKEN", "very-secret")

    store.session()

    with closing(store.journal()) as journal:
        start, config = journal.last(Topic.START), journal.last(Topic.CONFIG)
    assert start is not None
    assert {"version", "code_sha256", "policy_sha256", "seed", "started"} == start.val.keys()
    assert config is not None
    assert config.val["resolved"]["store.name"] == "gift-shop"
    assert b"very-secret" not in (store.state_dir / "journal.sqlite").read_bytes()


def test_the_journal_is_readable_by_its_owner_only(store: Store) -> None:
    store.session()

    assert (store.state_dir / "journal.sqlite").stat().st_mode & 0o077 == 0


def test_a_second_daemon_on_the_same_store_is_refused(store: Store) -> None:
    with (
        opened(store.loaded, clock=store.clock),
        pytest.raises(StoreLocked, match="held by process"),
        opened(store.loaded, clock=store.clock),
    ):
        pytest.fail("two daemons on one store")


def test_a_start_that_fails_lets_the_store_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "no_such_point")
    with pytest.raises(ValueError, match=VARIABLE):
        store.session()
    monkeypatch.delenv(VARIABLE)

    assert store.session(lambda daemon: daemon.loop.folded.state.epoch) == 1


def test_a_journal_that_is_none_refuses_the_start(store: Store) -> None:
    (store.state_dir / "journal.sqlite").write_bytes(b"this is not a database " * 100)

    with pytest.raises(JournalUnavailable, match="not a database"):
        store.session()


@pytest.mark.parametrize("tick_s", [900, 7200])
def test_ticks_go_on_after_their_length_was_changed(store: Store, tick_s: int) -> None:
    last = store.session(store.drive(4))[-1]
    changed = store.at(store__tick_s=tick_s)
    changed.clock.advance(tick_s)

    ticked = changed.session(lambda daemon: (daemon.wake(), daemon.missed))

    assert ticked[0] is not None
    assert ticked[0].decision.tick == int(changed.clock.now().timestamp()) // tick_s
    assert ticked[1] <= (changed.clock.now() - last.at).total_seconds() / tick_s


def test_the_markets_clock_starts_with_the_market(store: Store) -> None:
    (store.state_dir / "journal.sqlite").unlink()

    late_s = (market_clock(store.loaded).now() - opening_of(wiring.market_of(store.loaded))).total_seconds()

    assert 0 <= late_s < 5 * store.loaded.settings.platform.time_scale


def test_the_markets_clock_never_goes_back_before_anything_that_was_done(store: Store) -> None:
    store.dies_before_sending(6)
    store.clock.advance(1200)
    store.session()
    written_at = max(effect.at for effect in FileEffects(store.state_dir / EFFECTS).all())
    ordered_at = store.clock.now() + timedelta(minutes=3)
    store.clock.advance(180)
    store.order(Event.SHADOW)
    store.session()

    now = market_clock(store.loaded).now()

    assert now >= written_at
    assert now >= ordered_at


@pytest.mark.parametrize(
    ("tick_s", "time_scale", "every_s"), [(3600, 1.0, 1.0), (60, 1.0, 1.0), (3600, 3600.0, 0.1), (60, 1e6, 0.02), (86_400, 1.0, 1.0)]
)
def test_wake_ups_are_frequent_enough_for_the_ticks_and_no_more(store: Store, tick_s: int, time_scale: float, every_s: float) -> None:
    loaded = store.at(store__tick_s=tick_s, platform__time_scale=time_scale).loaded

    assert wake_every_s(loaded) == pytest.approx(every_s)


def test_a_reload_reads_the_stores_file_again(store: Store, tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "shop.toml"
    text = (repository / "configs" / "stores" / "gift-shop.toml").read_text(encoding="utf-8")
    text = text.replace("tick_s = 3600", f'tick_s = 3600\nstate_dir = "{store.state_dir}"')
    path.write_text(text, encoding="utf-8")
    from autopilot.settings_sources import load_store

    store.loaded = load_store(str(path), environ={})

    def act(daemon: Daemon) -> list[int]:
        seen = []
        for limit in ("max_bid_cents = 250", "max_bid_cents = 'many'", "max_bid_cents = 240"):
            path.write_text(text.replace("[envelope]", f"[envelope]\n{limit}"), encoding="utf-8")
            daemon.ask_to_reload()
            daemon.wake()
            seen.append(daemon.loop.config.limits.max_bid_cents)
        return seen

    assert store.session(act) == [250, 250, 240]


def test_a_state_folder_in_the_way_is_a_matter_of_configuration(store: Store, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way")
    other = Store(store.loaded, blocked).at()

    with pytest.raises(ConfigError, match=r"store\.state_dir"):
        other.session()


def test_recovered_instants_are_aware_utc(store: Store) -> None:
    store.session(store.drive(2))

    with closing(store.journal()) as journal:
        instants = [record.val["at"] for record in journal.records(topics=[Topic.OBSERVATION, Topic.DECISION])]

    assert instants
    assert all(datetime.fromisoformat(at).utcoffset() == timedelta(0) for at in instants)
