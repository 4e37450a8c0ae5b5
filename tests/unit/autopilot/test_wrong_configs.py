"""Wrong configs from end to end: each gets one line that names the field, exit code 2, and the same as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autopilot.cli.shell import run


def changed(*replaced: str) -> Callable[[str], str]:
    """The shipped store with one text replaced by another, which must be there."""
    before, after = replaced

    def change(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    return change


WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "unknown key": (changed("tick_s =", "tick ="), "shop.toml: store.tick: unknown key; did you mean 'tick_s'?"),
    "unknown table": (changed("[pricing]", "[prices]"), "shop.toml: prices: unknown key; did you mean 'pricing'?"),
    "negative budget": (
        changed("ad_spend_cents = 150_000", "ad_spend_cents = -150_000"),
        "shop.toml: budget.ad_spend_cents: expected an integer >= 0, was -150000",
    ),
    "floor above ceiling": (
        changed("high_ratio = 1.15", "high_ratio = 0.85"),
        "shop.toml: pricing.low_ratio: expected a number <= pricing.high_ratio (0.85): a floor above the ceiling leaves no price, was 0.9",
    ),
    "floor above ceiling of a product": (
        changed("[control]", "[products.G01]\nfloor_cents = 300\nceiling_cents = 200\n\n[control]"),
        "shop.toml: products.G01.floor_cents: expected an integer <= its ceiling_cents (200), was 300",
    ),
    "another currency": (
        changed('currency = "GBP"             # must', 'currency = "EUR" # must'),
        "shop.toml: budget.currency: expected 'GBP' as in store.currency, was 'EUR'",
    ),
    "bad TOML": (changed("[budget]", "[budget"), "shop.toml: not valid TOML: "),
    "no text": (changed("[store]", "\0"), "shop.toml: not valid TOML: "),
    "missing table": (changed("[economics]", "[estimator]"), "shop.toml: "),
    "limits that contradict each other": (
        changed("[envelope]", "[envelope]\nprice_step_ratio = 0.5"),
        "shop.toml: envelope.price_step_ratio: expected at most envelope.price_day_ratio (0.1), was 0.5",
    ),
    "not a number": (
        changed("target_roas = 0.0", "target_roas = nan"),
        "shop.toml: budget.target_roas: expected a number >= 0, was nan",
    ),
    "an unknown market": (changed('market = "gift_shop"', 'market = "moon"'), "shop.toml: platform.market: moon: "),
}

COMMANDS = [["check"], ["show-config"], ["drive", "--days", "1"], ["run", "--ticks", "1"], ["status"], ["stop"]]
REFUSALS = [
    *((kind, command) for kind in ("negative budget", "bad TOML") for command in COMMANDS if command != ["stop"]),
    *(("an unknown market", command) for command in (["check"], ["run", "--ticks", "1"])),
]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Path:
    """The shipped store in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shop.toml"
    path.write_text((repository / "configs" / "stores" / "gift-shop.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    """What a command says to people, and to programs, when it refuses."""
    codes = [run(arguments)]
    for_people = capsys.readouterr()
    codes.append(run([*arguments, "--json"]))
    for_programs = capsys.readouterr()
    error = json.loads(for_programs.out)["error"]
    assert codes == [2, 2]
    assert error["exit_code"] == 2
    assert (for_people.out, for_programs.err) == ("", "")
    assert for_people.err.count("\n") == 1
    return for_people.err.rstrip("\n"), error["message"]


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_config_gets_one_line_that_names_the_field(shop: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    change, message = WRONG[kind]
    shop.write_text(change(shop.read_text(encoding="utf-8")), encoding="utf-8")

    for_people, for_programs = refused(capsys, "check", "shop.toml")

    assert for_people == f"autopilot: {for_programs}"
    assert for_programs.startswith(message)


@pytest.mark.parametrize(("kind", "command"), REFUSALS, ids=[f"{kind} {command[0]}" for kind, command in REFUSALS])
def test_every_command_refuses_the_same_way_and_writes_nothing(
    shop: Path, capsys: pytest.CaptureFixture[str], kind: str, command: list[str]
) -> None:
    change, message = WRONG[kind]
    shop.write_text(change(shop.read_text(encoding="utf-8")), encoding="utf-8")

    name, *options = command
    _, said = refused(capsys, name, "shop.toml", *options)

    assert said.startswith(message)
    assert not list(shop.parent.rglob("*.sqlite"))
    assert not (shop.parent / "runs").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=[command[0] for command in COMMANDS])
def test_a_missing_file_is_refused_with_the_names_there_are(shop: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    del shop
    name, *options = command

    _, said = refused(capsys, name, "no-such.toml", *options)

    assert said.startswith("no-such.toml: expected a TOML file or the name of a store or a scenario; there is no such file; known stores: ")
    assert "gift-shop" in said
    assert "known scenarios: " in said


def test_a_folder_is_no_store(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.parent / "folder.toml").mkdir()

    _, said = refused(capsys, "check", "folder.toml")

    assert said.startswith("folder.toml: ")


def test_a_wrong_variable_is_named_like_a_wrong_line(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del shop
    monkeypatch.setenv("AUTOPILOT__BUDGET__AD_SPEND_CENTS", "-1")

    _, said = refused(capsys, "check", "shop.toml")

    assert said == "env AUTOPILOT__BUDGET__AD_SPEND_CENTS: budget.ad_spend_cents: expected an integer >= 0, was -1"


def test_a_state_folder_in_the_way_is_named(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.parent / "blocked").write_text("in the way")
    monkeypatch.setenv("AUTOPILOT__STORE__STATE_DIR", "blocked/shop")

    for command in (["run", "shop.toml", "--ticks", "1"], ["arm", "shop.toml", "--by", "Ann", "--reason", "x"], ["stop", "shop.toml"]):
        _, said = refused(capsys, *command)
        assert said.startswith("store.state_dir: expected a folder that can be written, was blocked/shop: ")


@pytest.mark.parametrize("kind", ["negative budget", "bad TOML"])
def test_a_broken_config_does_not_stand_in_the_way_of_a_stop(shop: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    change, message = WRONG[kind]
    shop.write_text(change(shop.read_text(encoding="utf-8")), encoding="utf-8")

    code = run(["stop", "shop.toml", "--json"])

    said = capsys.readouterr()
    assert code == 0
    assert message in said.err
    assert (shop.parent / "state" / "shop" / "STOP").is_file()
