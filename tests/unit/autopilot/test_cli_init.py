"""``autopilot init``: a commented file that is valid, for whichever platform."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path

import pytest

from autopilot.cli.shell import run
from autopilot.platforms.kinds import Role, find_kind, kind_names
from autopilot.settings_sources import load_store

pytestmark = pytest.mark.usefixtures("played_past")


def test_init_writes_what_check_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)

    wrote = run(["init", "My Shop.toml", "--yes", "--json"])
    written = json.loads(capsys.readouterr().out)
    checked = run(["check", "My Shop.toml", "--json"])
    result = json.loads(capsys.readouterr().out)

    assert (wrote, checked) == (0, 0)
    assert written == {"file": "My Shop.toml", "store": "my-shop"}
    assert result["ok"] is True
    assert "#" in (tmp_path / "My Shop.toml").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["My Shop.toml"]


def test_init_never_overwrites_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.toml"
    path.write_text("mine")

    code = run(["init", str(path), "--yes"])
    kept = path.read_text()
    forced = run(["init", str(path), "--yes", "--force"])

    assert (code, kept, forced) == (2, "mine", 0)
    assert "exists" in capsys.readouterr().err
    assert path.read_text() != "mine"


def test_init_asks_and_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("\npounds\nEUR\nParis\nEurope/Paris\n\n5000\n-1\n6000\n"))

    code = run(["init", "s.toml"])
    capsys.readouterr()
    run(["show-config", "s.toml", "--json"])
    values = json.loads(capsys.readouterr().out)["values"]

    assert code == 0
    assert [values[key]["value"] for key in ("store.currency", "store.timezone", "budget.ad_spend_cents", "budget.max_loss_cents")] == [
        "EUR",
        "Europe/Paris",
        5000,
        6000,
    ]


def test_init_writes_what_a_kind_of_shop_needs_to_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = ["", "", "", "http://shop.example.com/admin-api", "https://tea.example/admin-api", "", ""]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(typed) + "\n"))

    code = run(["init", "tea.toml", "--platform", "vendure"])
    asked = capsys.readouterr().err
    text = (tmp_path / "tea.toml").read_text()
    platform = tomllib.loads(text)["platform"]

    assert code == 0
    assert "expected an address that begins with https://" in asked
    assert platform == {"kind": "vendure", "options": {"url": "https://tea.example/admin-api"}}
    assert '# cost_field = "unitCost"' in text
    assert "#   AUTOPILOT__SECRETS__PLATFORM__USERNAME\n#   AUTOPILOT__SECRETS__PLATFORM__PASSWORD\n" in text
    assert tomllib.loads(text)["budget"]["ad_spend_cents"] == 0


@pytest.mark.parametrize("name", kind_names(Role.SHOP))
def test_init_writes_a_valid_file_for_every_kind_of_shop(name: str, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"

    code = run(["init", str(path), "--yes", "--platform", name])
    platform = load_store(str(path), environ={}).settings.platform

    assert code == 0
    find_kind(name, Role.SHOP).options.model_validate(platform.options)


@pytest.mark.parametrize("name", kind_names(Role.ADS))
def test_init_writes_a_valid_file_for_every_kind_of_ad_platform(name: str, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"

    code = run(["init", str(path), "--yes", "--platform", "vendure", "--ads", name])
    ads = load_store(str(path), environ={}).settings.ads

    assert code == 0
    find_kind(name, Role.ADS).options.model_validate(ads.options)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (["--platform", "nonesuch"], "expected one of"),
        (["--ads", "nonesuch"], "simulated"),
        (["--platform", "vendure", "--ads", "vendure"], "was 'vendure'"),
    ],
)
def test_init_names_the_kinds_there_are(options: list[str], wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["init", str(tmp_path / "s.toml"), "--yes", *options])

    assert code == 2
    assert wrong in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
