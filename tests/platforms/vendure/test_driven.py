"""The whole loop on a Vendure: from its store file through the daemon to the server, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from autopilot.cli.shell import run
from autopilot.clock import SteppedClock
from autopilot.daemon import Daemon
from autopilot.loop import Ticked
from autopilot.service import opened
from autopilot.settings_sources import load_store
from control.mode import Mode
from control.ports import Effect
from tests.platforms.local_server import LOST_AFTER
from tests.platforms.vendure.admin import NOW, PASSWORD, USERNAME, Admin
from tests.platforms.vendure.opened import IMPATIENT_S, Site, site

HOUR = timedelta(hours=1)
SECRETS = {"USERNAME": USERNAME, "PASSWORD": PASSWORD}


def sold_for_days(admin: Admin) -> Admin:
    """Ten days in which the shop sold two or three of everything."""
    for hours in range(240, 0, -6):
        admin.now = NOW - hours * HOUR
        admin.sell(("1", 1 + hours % 4 // 2), ("2", 1), ("3", 1))
    admin.now = NOW
    return admin


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"AUTOPILOT__SECRETS__PLATFORM__{name}", value)
    admin = Admin()
    for sku, cents, cost in (("MUG", 1999, 700), ("TEAPOT", 2665, 900), ("CANDLE", 500, None)):
        admin.add(sku, cents, cost=cost, on_hand=5_000)
    with site(sold_for_days(admin)) as here:
        yield here


def store_file(here: Site, folder: Path, *, timeout_s: float = 20.0) -> Path:
    file = folder / "shop.toml"
    assert run(["init", str(file), "--platform", "vendure", "--yes"]) == 0
    text = file.read_text(encoding="utf-8").replace("https://shop.example.com/admin-api", f"{here.server.url}/admin-api")
    text = text.replace("# cost_field =", "cost_field =").replace("# timeout_s = 20.0", f"timeout_s = {timeout_s}")
    file.write_text(text.replace("tick_s = 3600", f'tick_s = 3600\nstate_dir = "{folder / "state"}"'), encoding="utf-8")
    return file


@contextmanager
def daemon_on(file: Path, clock: SteppedClock) -> Iterator[Daemon]:
    with opened(load_store(str(file)), clock=clock) as daemon:
        yield daemon


def ticks(daemon: Daemon, clock: SteppedClock, here: Site, count: int) -> list[Ticked]:
    """So many, an hour apart; something is sold in each."""
    done = []
    for _ in range(count):
        clock.advance(HOUR.total_seconds())
        here.admin.now = clock.now() - timedelta(minutes=1)
        here.admin.sell(("3", 1))
        ticked = daemon.wake()
        assert ticked is not None
        done.append(ticked)
    return done


def test_a_file_that_init_wrote_passes_the_check(here: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = store_file(here, tmp_path)
    capsys.readouterr()

    code = run(["check", str(file), "--json"])
    found = {item["name"]: item for item in json.loads(capsys.readouterr().out)["findings"]}

    assert code == 0
    assert {item["level"] for item in found.values()} == {"ok"}
    assert found["set-points"]["detail"] == "3 read back"


def test_a_shop_with_another_currency_is_refused_before_anything_begins(
    here: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = store_file(here, tmp_path)
    here.admin.currency = "EUR"

    codes = [run(["check", str(file)]), run(["run", str(file), "--ticks", "1"])]

    assert codes == [2, 2]
    assert "store.currency: expected 'EUR', in which the shop keeps its prices, was 'GBP'" in capsys.readouterr().err


def test_prices_move_only_once_a_person_has_armed_and_an_edit_by_hand_is_respected(here: Site, tmp_path: Path) -> None:
    file, clock = store_file(here, tmp_path), SteppedClock(NOW)
    run(["mode", str(file), "shadow"])
    with daemon_on(file, clock) as daemon:
        ticks(daemon, clock, here, 3)
        assert here.admin.prices_set == []

        run(["arm", str(file), "--by", "Ann", "--reason", "test"])
        driven = ticks(daemon, clock, here, 24)
        moved = [command for tick in driven if tick.decision.mode is Mode.AUTO for command in tick.decision.commands.listed]
        assert moved
        assert "CANDLE" not in {command.entity for command in moved}
        assert {answer.effect for tick in driven for answer in tick.answers} == {Effect.APPLIED}

        edited = moved[-1].entity
        variant = next(variant for variant in here.admin.variants.values() if variant.sku == edited)
        variant.price += 3
        by_hand, sent = variant.price, len(here.admin.prices_set)
        ticks(daemon, clock, here, 23)

        assert variant.price == by_hand
        assert variant.id not in {name for name, _ in here.admin.prices_set[sent:]}


def test_a_lost_answer_is_settled_and_nothing_is_sent_twice(here: Site, tmp_path: Path) -> None:
    file, clock = store_file(here, tmp_path, timeout_s=IMPATIENT_S), SteppedClock(NOW)
    run(["arm", str(file), "--by", "Ann", "--reason", "test"])
    with daemon_on(file, clock) as daemon:
        here.server.strike("SetPrice", LOST_AFTER)
        driven = ticks(daemon, clock, here, 30)
        unknown = {a.intent_id for tick in driven for a in tick.answers if a.effect is Effect.UNKNOWN}
        settled = {a.intent_id: a.effect for tick in driven for a in tick.decision.settled}
        meant = [command for tick in driven for command in tick.decision.commands.listed]

        assert unknown
        assert {settled[intent] for intent in unknown} == {Effect.APPLIED}
        assert len(here.server.asked("SetPrice")) == len(meant)
        assert len(daemon.loop.folded.state.ledger.unresolved.listed) == 0


def test_refused_credentials_hold_the_store_and_are_told(here: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, clock = store_file(here, tmp_path), SteppedClock(NOW)
    with daemon_on(file, clock) as daemon:
        run(["arm", str(file), "--by", "Ann", "--reason", "test"])
        ticks(daemon, clock, here, 6)
        here.admin.forbidden = {"orders", "productVariants"}
        held = ticks(daemon, clock, here, 3)
        asked = len(here.server.requests)
        ticks(daemon, clock, here, 3)

        assert held[-1].decision.mode_after is Mode.HOLD
        assert len(here.server.requests) == asked
    capsys.readouterr()
    run(["status", str(file), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [failure.partition(": ")[0] for failure in told["failures"]] == ["vendure", "setpoints"]
    assert all("NeedsReauthorisation: not asked again since" in failure for failure in told["failures"])
    assert PASSWORD not in json.dumps(told)
