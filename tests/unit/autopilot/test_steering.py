"""Who is at the wheel: the policy from its folder, recorded by its hash; and the laws, openly, when its weights cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import store_check, wiring
from autopilot.cli.shell import run
from autopilot.clock import SteppedClock, SystemClock
from autopilot.config_record import record_of
from autopilot.daemon import Daemon
from autopilot.episode import write_episode
from autopilot.explain import explain, writes
from autopilot.findings import Level
from autopilot.fold import EngagementOrder
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.orders import place
from autopilot.platforms.simulated import opening_of
from autopilot.policies import WEIGHTS, PolicyError, load_policy, save_policy
from autopilot.reasons import moved_by_policy
from autopilot.replay import accept, replay
from autopilot.service import opened
from autopilot.settings_sources import Loaded, load_store
from autopilot.status import status_of
from autopilot.steering import steering_of, steering_or_laws
from control.engagement import Event
from control.laws import Laws
from control.policy import MEANINGS, Policy, PolicyState
from tests.unit.autopilot.made_policies import card_of, installed
from tests.unit.control.networks import constant, trained_of

pytestmark = pytest.mark.usefixtures("played_past")

AT_THE_WHEEL = {"control.controller": "policy"}
HOUR_S = 3600


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy under the default's name, in the configurations of the working directory; it raises every bid."""
    monkeypatch.chdir(tmp_path)
    return installed(tmp_path, constant(0.3, 0.0))


NOW = datetime(2026, 11, 28, tzinfo=UTC)


def journal_at(path: Path) -> Callable[[SteppedClock], SqlJournal]:
    return lambda clock: SqlJournal(sqlite_url(path), clock=clock, durable=False)


# settings


def test_the_settings_name_the_weights_that_the_laws_are_moved_by(folder: Path, load: Callable[..., Loaded]) -> None:
    steering = steering_of(load(AT_THE_WHEEL).settings)

    assert isinstance(steering.controller, Policy)
    assert isinstance(steering.controller.base, Laws)
    assert steering.policy_sha256 == load_policy(folder)[1].weights_sha256
    assert steering.policy_problem == ""


def test_prices_that_are_left_to_the_merchant_are_left_by_the_policys_laws_too(folder: Path, load: Callable[..., Loaded]) -> None:
    assert folder.is_dir()
    controller = steering_of(load(AT_THE_WHEEL | {"pricing.enabled": False}).settings).controller

    assert isinstance(controller, Policy)
    assert isinstance(controller.base, Laws)
    assert not controller.base.tuning.move_prices


def test_a_policy_may_be_named_by_the_path_of_its_folder(folder: Path, tmp_path: Path, load: Callable[..., Loaded]) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)

    steering = steering_of(load(AT_THE_WHEEL | {"control.policy": str(elsewhere)}).settings)

    assert len(steering.policy_sha256) == 64


def test_another_controller_needs_no_weights(load: Callable[..., Loaded]) -> None:
    steering = steering_of(load({"control.policy": "no_such_policy"}).settings)

    assert steering.controller.name == "laws"
    assert steering.policy_sha256 == ""


def test_the_name_of_a_policy_shapes_no_decision_of_another_controller(folder: Path, load: Callable[..., Loaded]) -> None:
    assert folder.is_dir()

    assert "control.policy" not in record_of(load({"control.policy": "some"})).resolved
    assert record_of(load(AT_THE_WHEEL)).resolved["control.policy"] == "residual"


# commands refuse


@pytest.mark.parametrize("command", ["check", "drive"])
def test_weights_that_were_swapped_are_refused_before_anything_is_done(
    folder: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / WEIGHTS).write_bytes(b"PK")
    monkeypatch.setenv("AUTOPILOT__CONTROL__CONTROLLER", "policy")

    code = run([command, "gift-shop", "--json"])

    said = json.loads(capsys.readouterr().out)["error"]
    assert (code, said["type"]) == (2, "PolicyError")
    assert "weights.npz: sha256: expected" in said["message"]
    assert not (tmp_path / "runs").exists()


def test_check_tells_which_policy_it_is_and_whether_the_laws_under_it_are_those_of_its_training(
    folder: Path, load: Callable[..., Loaded]
) -> None:
    assert folder.is_dir()

    def told(overrides: dict[str, Any]) -> list[tuple[Level, str]]:
        found = store_check.examine(load(AT_THE_WHEEL | overrides), now=NOW)
        return [(item.level, item.detail) for item in found if item.name == "policy"]

    ((level, detail),) = told({})
    (_, (warned, warning)) = told({"control.laws.bid_deadband_ratio": 0.2})

    assert (level, warned) == (Level.OK, Level.WARNING)
    assert detail.startswith("residual of 2026-01-02, weights ")
    assert "not those it was trained around" in warning


# the daemon hands over


class Shop:
    """The gift shop on disk under a policy, started again and again on one clock."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.loaded = load_store("gift-shop", overrides=AT_THE_WHEEL | {"store.state_dir": str(state_dir)}, environ={})
        self.clock = SteppedClock(opening_of(wiring.market_of(self.loaded)))
        state_dir.mkdir(parents=True, exist_ok=True)
        with closing(self.journal()) as journal:
            place(journal, EngagementOrder(event=Event.ARM, at=self.clock.now(), by="Ann", reason="test"))

    def journal(self) -> SqlJournal:
        return SqlJournal(sqlite_url(self.state_dir / "journal.sqlite"), clock=SystemClock())

    def drive(self, daemon: Daemon, ticks: int) -> list[Any]:
        done = []
        for _ in range(ticks):
            ticked = daemon.wake()
            assert ticked is not None
            done.append(ticked.decision)
            self.clock.advance(HOUR_S)
        return done


@pytest.fixture
def shop(folder: Path, tmp_path: Path) -> Shop:
    assert folder.is_dir()
    return Shop(tmp_path / "state")


def states(decisions: list[Any]) -> set[PolicyState]:
    return {PolicyState(int(decision.terms["policy_state"])) for decision in decisions}


def test_the_first_start_of_a_store_refuses_weights_that_it_cannot_use(shop: Shop, folder: Path) -> None:
    # not the card: without it the policy that is shipped under this name would be found
    (folder / WEIGHTS).unlink()

    with pytest.raises(PolicyError, match=r"weights\.npz: expected a file of the policy"), opened(shop.loaded, clock=shop.clock):
        pytest.fail("a store was started with a policy that is not there")


def test_a_store_that_was_driven_before_is_driven_on_by_the_laws_and_says_so(shop: Shop, folder: Path) -> None:
    with opened(shop.loaded, clock=shop.clock) as daemon:
        before = shop.drive(daemon, 3)
    (folder / WEIGHTS).write_bytes(b"PK")

    with opened(shop.loaded, clock=shop.clock) as daemon:
        after = shop.drive(daemon, 5)
        weight = daemon.loop.folded.state.controller.arrays["policy_weight"]

    with closing(shop.journal()) as journal:
        recorded, told = journal.last(Topic.CONFIG), status_of(journal, shop.state_dir)
    assert PolicyState.NO_NETWORK not in states(before)
    assert states(after) == {PolicyState.NO_NETWORK}
    assert (weight == 0.0).all()
    assert recorded is not None
    assert recorded.val["policy_sha256"] == ""
    assert "weights.npz: sha256: expected" in recorded.val["policy_problem"]
    assert told.policy.startswith("has handed over to the laws: its weights cannot be used (")
    assert "weights.npz" in told.policy


def test_the_start_record_names_the_weights(shop: Shop, folder: Path) -> None:
    with opened(shop.loaded, clock=shop.clock):
        pass

    with closing(shop.journal()) as journal:
        start = journal.last(Topic.START)
    assert start is not None
    assert start.val["policy_sha256"] == load_policy(folder)[0].sha256


def test_a_reload_that_finds_the_weights_spoilt_hands_over_and_one_that_finds_them_whole_takes_over(
    tmp_path: Path, folder: Path, repository: Path
) -> None:
    path = tmp_path / "shop.toml"
    text = (repository / "configs" / "stores" / "gift-shop.toml").read_text(encoding="utf-8")
    path.write_text(
        text.replace('controller = "laws"', 'controller = "policy"').replace("tick_s", f'state_dir = "{tmp_path}/state"\ntick_s')
    )
    shop = Shop(tmp_path / "state")
    shop.loaded = load_store(str(path), environ={})
    whole = (folder / WEIGHTS).read_bytes()

    with opened(shop.loaded, clock=shop.clock) as daemon:
        shop.drive(daemon, 1)
        (folder / WEIGHTS).write_bytes(b"PK")
        daemon.ask_to_reload()
        spoilt = shop.drive(daemon, 2)
        (folder / WEIGHTS).write_bytes(whole)
        daemon.ask_to_reload()
        again = shop.drive(daemon, 4)

    assert states(spoilt) == {PolicyState.NO_NETWORK}
    assert PolicyState.NO_NETWORK not in states(again)
    with closing(shop.journal()) as journal:
        hashes = [record.val["policy_sha256"] for record in journal.records(topics=[Topic.CONFIG])]
    assert [bool(sha256) for sha256 in hashes] == [True, False, True]


# replay and explain


def recorded(harness: Callable[..., Any], tmp_path: Path, ticks: int = 12) -> tuple[Any, Path]:
    """A store driven by the policy, and its episode."""
    store = harness(AT_THE_WHEEL, journal=journal_at(tmp_path / "j.sqlite"))
    store.ticks(ticks)
    path = tmp_path / "driven.episode.jsonl.zst"
    write_episode(path, store.journal.records())
    return store, path


def test_an_episode_of_a_policy_replays_with_the_weights_it_was_driven_by(
    folder: Path, harness: Callable[..., Any], tmp_path: Path
) -> None:
    _, path = recorded(harness, tmp_path)
    as_driven = replay(path)
    # another policy takes the name, and the one that drove is kept under another
    folder.rename(folder.with_name("former"))
    other = trained_of(5, 8)
    save_policy(folder, other, card_of(other, name="residual"))

    replayed = replay(path)

    assert as_driven.differences == ()
    assert replayed.differences == ()
    assert replayed.decisions_sha256 == as_driven.decisions_sha256


def test_a_replay_without_those_weights_names_both_hashes(folder: Path, harness: Callable[..., Any], tmp_path: Path) -> None:
    _, path = recorded(harness, tmp_path)
    driven_by = load_policy(folder)[0].sha256
    other = constant(-0.3, 0.0)
    today = save_policy(folder, other, card_of(other, name="residual")).weights_sha256

    first = replay(path).differences[0]
    (folder / WEIGHTS).unlink()
    lost = replay(path).differences[0]

    assert (first.where, first.was, first.now) == ("config policy_sha256", driven_by, today)
    assert (lost.where, lost.was, lost.now) == ("config policy_sha256", driven_by, "none")


def test_an_accepted_episode_is_recorded_with_todays_weights(folder: Path, harness: Callable[..., Any], tmp_path: Path) -> None:
    _, path = recorded(harness, tmp_path)
    other = constant(-0.3, 0.0)
    save_policy(folder, other, card_of(other, name="residual"))

    accept(path)

    assert replay(path).differences == ()


def test_explain_says_in_words_what_the_policy_moved(folder: Path, harness: Callable[..., Any], tmp_path: Path) -> None:
    assert folder.is_dir()
    store, _ = recorded(harness, tmp_path, ticks=16)

    told = [explain(store.journal, write.intent_id) for write in writes(store.journal, most=60) if write.field == "bid"][:12]

    moved = [chain.policy for chain in told if "over the laws" in chain.policy]
    assert len(moved) > 0
    assert all(words.startswith("bid +") for words in moved)


@pytest.mark.parametrize(
    ("terms", "evidence", "field", "words"),
    [
        ({}, {}, "bid", ""),
        ({"policy_state": 0.0}, {"policy_bid_ratio": 1.12}, "bid", "bid +12 % over the laws"),
        ({"policy_state": 0.0}, {"policy_price_ratio": 0.98}, "price", "price -2 % over the laws"),
        ({"policy_state": 0.0}, {"policy_bid_ratio": 1.12}, "daily_budget", "daily_budget as the laws have it"),
        ({"policy_state": 5.0}, {}, "bid", f"bid as the laws have it; it {MEANINGS[PolicyState.NO_NETWORK]}"),
    ],
)
def test_what_a_policy_moved_is_told_with_its_state(terms: dict[str, float], evidence: dict[str, float], field: str, words: str) -> None:
    assert moved_by_policy(terms, evidence, field) == words


def test_every_state_has_words() -> None:
    assert MEANINGS.keys() == set(PolicyState)


def test_the_laws_stand_in_with_what_they_were_told(folder: Path, load: Callable[..., Loaded]) -> None:
    (folder / WEIGHTS).unlink()

    steering = steering_or_laws(load(AT_THE_WHEEL | {"control.laws.pacing.kp": 0.2}).settings)

    assert isinstance(steering.controller, Policy)
    assert steering.controller.trained is None
    assert isinstance(steering.controller.base, Laws)
    assert np.isclose(steering.controller.base.tuning.pacing.kp, 0.2)
