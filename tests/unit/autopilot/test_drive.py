"""A drive from the command line: the contract of its JSON, its reproducibility, its promises about money, and its files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from autopilot.cli.shell import run
from autopilot.clock import SystemClock
from autopilot.drive import BASELINES, Driven, settings_for
from autopilot.journal import SqlJournal, Topic, sqlite_url
from autopilot.pool import Progress, part_of

DAYS = 2

CONTRACT = {
    "store": str,
    "days": int,
    "ticks": int,
    "seeds": list,
    "gate": dict,
    "journal": str,
    "report": str,
    "wall_s": float,
}
SEED_CONTRACT = {
    "seed": int,
    "profit_cents": int,
    "gmv_cents": int,
    "orders": int,
    "spend_cents": int,
    "budget_cents": int,
    "roas": float,
    "first_sales": int,
    "min_margin_breaches": int,
    "decisions_sha256": str,
    "baselines": dict,
}


def driven(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["drive", "gift-shop", "--days", str(DAYS), "--out", str(folder), "--json", *arguments]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def records(path: Path, topic: Topic) -> int:
    with closing(SqlJournal(sqlite_url(path), clock=SystemClock())) as journal:
        return sum(1 for _ in journal.records(topics=[topic]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    """One drive that the tests share: they only look at it."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = run(["drive", "gift-shop", "--days", str(DAYS), "--out", str(folder), "--json"])
    assert code == 0
    result: dict[str, Any] = json.loads(said.getvalue())
    return result


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drives in this process, without a page and a picture: those of ``told`` are looked at."""
    monkeypatch.setattr("autopilot.drive_many.spread", one_after_the_other)
    monkeypatch.setattr("autopilot.report.page.write_page", lambda _figures, _path: None)
    monkeypatch.setattr("autopilot.report.picture.write_png", lambda _figures, _path: None)


def one_after_the_other(work: Callable[[Any, Progress], Driven], tasks: Sequence[Any], *, progress: Progress) -> list[Driven]:
    return [work(task, part_of(progress, place, len(tasks))) for place, task in enumerate(tasks)]


def test_the_json_has_every_key_of_the_contract_in_its_type(told: dict[str, Any]) -> None:
    (seed,) = told["seeds"]

    assert {name: type(told[name]) for name in CONTRACT} == CONTRACT
    assert {name: type(seed[name]) for name in SEED_CONTRACT} == SEED_CONTRACT
    assert seed["baselines"].keys() == set(BASELINES)
    assert all(type(baseline["profit_cents"]) is int for baseline in seed["baselines"].values())
    assert told["gate"].keys() == {"commands", "interventions"}


def test_the_figures_agree_with_each_other(told: dict[str, Any]) -> None:
    (seed,) = told["seeds"]

    assert (told["store"], told["days"], told["ticks"], seed["seed"]) == ("gift-shop", DAYS, DAYS * 24, 1)
    assert seed["orders"] > 0
    assert seed["gmv_cents"] > seed["profit_cents"]
    assert 0 <= told["gate"]["interventions"] <= told["gate"]["commands"]
    assert len(seed["decisions_sha256"]) == 64


def test_money_is_kept_together(told: dict[str, Any]) -> None:
    (seed,) = told["seeds"]

    assert 0 < seed["spend_cents"] <= seed["budget_cents"]
    assert seed["budget_cents"] <= settings_for("gift-shop", days=DAYS, controller=None).settings.budget.ad_spend_cents
    assert seed["min_margin_breaches"] == 0


def test_the_report_and_the_journal_are_where_they_are_said_to_be(told: dict[str, Any], folder: Path) -> None:
    page, journal = Path(told["report"]), Path(told["journal"])

    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert page.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert journal.is_relative_to(folder)
    assert page.is_relative_to(folder)
    assert records(journal, Topic.DECISION) == told["ticks"]


@pytest.mark.usefixtures("played_past", "quick")
def test_the_same_command_decides_the_same_again(told: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = driven(tmp_path, capsys)

    assert again["seeds"] == told["seeds"]
    assert again["gate"] == told["gate"]


def test_a_drive_in_the_same_folder_replaces_the_one_before(folder: Path, told: dict[str, Any], tmp_path: Path) -> None:
    journal = Path(told["journal"])

    assert journal.is_relative_to(folder)
    assert [path.name for path in journal.parent.iterdir() if path.suffix == ".sqlite"] == ["journal.sqlite"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", "1", "--seeds", "2"], "--seed and --seeds: expected one of them, was both"),
        (["--days", "0"], "--days"),
        (["--seeds", "0"], "--seeds"),
        (["--seed", "-1"], "--seed"),
        (["--controller", "nobody"], "control.controller: expected one of"),
    ],
)
def test_what_cannot_be_driven_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code = run(["drive", "gift-shop", "--out", str(tmp_path / "runs"), *arguments])

    said = capsys.readouterr()
    assert code == 2
    assert words in said.err
    assert said.out == ""
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("days", [1, 7, 14, 92])
def test_the_grant_shrinks_and_grows_with_the_days(days: int) -> None:
    whole = settings_for("gift-shop", days=14, controller=None).settings.budget

    scaled = settings_for("gift-shop", days=days, controller=None).settings.budget

    assert scaled.window_days == days
    assert scaled.ad_spend_cents == whole.ad_spend_cents * days // 14
    assert scaled.max_loss_cents == whole.max_loss_cents * days // 14


@pytest.mark.usefixtures("played_past", "quick")
def test_people_get_a_table_of_another_seed_and_the_way_to_the_reasons(
    told: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(told["journal"]).read_bytes()

    code = run(["drive", "gift-shop", "--days", "1", "--seed", "2", "--controller", "do_nothing", "--out", str(folder / "other")])

    said = capsys.readouterr().out
    journal = folder / "other" / "gift-shop" / "seed-2" / "journal.sqlite"
    assert code == 0
    assert "Profit after ads" in said
    assert "Report: " in said
    assert f"autopilot explain gift-shop --journal {journal}" in said.replace("\n", "")
    assert records(journal, Topic.DECISION) == 24
    assert records(journal, Topic.INTENT) == 0
    assert Path(told["journal"]).read_bytes() == before
