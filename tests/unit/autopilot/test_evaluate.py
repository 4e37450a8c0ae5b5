"""``autopilot eval`` and ``plot eval``: one JSON object as the contract has it, saved, drawn, and honest about bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autopilot import evaluate
from autopilot.cli.shell import run
from autopilot.errors import ConfigError
from autopilot.evaluate import Task, payload, saved, tasks_of

CONTRACT = {"controller", "family", "n", "share_iqm", "ci_low", "ci_high", "violations", "interventions_per_1000", "writes"}


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """A real evaluation of two stores and two controllers."""
    task = Task(family="steady", seeds=(200_000, 200_001), controllers=("do_nothing", "fixed_bid"))
    return payload("quick", evaluate.evaluate([task], progress=lambda _: None), wall_s=1.0)


def test_rows_hold_what_the_contract_names(result: dict[str, Any]) -> None:
    assert all(row.keys() >= CONTRACT for row in result["rows"])
    assert all(row.keys() >= CONTRACT - {"family"} and "family" not in row for row in result["overall"])
    assert {row["controller"] for row in result["rows"]} == {"do_nothing", "fixed_bid", "oracle"}
    json.dumps(result)


def test_the_oracle_is_the_measure_and_nobody_beats_it(result: dict[str, Any]) -> None:
    shares = {row["controller"]: row["share_iqm"] for row in result["overall"]}

    assert shares["oracle"] == pytest.approx(1.0)
    assert all(share <= 1.0 for share in shares.values())
    assert result["oracle"]["beaten"] == 0
    assert abs(result["oracle"]["largest_gap_ratio"]) < 1e-6


def test_a_suite_takes_test_seeds_only_and_always_the_reference() -> None:
    tasks = tasks_of("quick", ["steady", "thin_data"], ["laws"])

    assert [task.family for task in tasks] == ["steady", "thin_data"]
    assert all(task.controllers == ("do_nothing", "laws") for task in tasks)
    assert all(min(task.seeds) >= 200_000 and len(task.seeds) == evaluate.STORES["quick"] for task in tasks)


def test_an_unknown_controller_is_named_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"--controllers: expected some of .*laws.*, was 'magic'"):
        tasks_of("quick", ["steady"], ["magic"])


def test_an_unknown_family_ends_with_usage_and_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "--families", "mars", "--json"]) == 2

    said = json.loads(capsys.readouterr().out)["error"]["message"]
    assert "expected some of" in said
    assert "mars" in said


def test_a_saved_result_is_drawn_as_picture_and_page(result: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.save(result, tmp_path / "quick.json")

    assert run(["plot", "eval", str(tmp_path / "quick.json"), "--json"]) == 0

    drawn = json.loads(capsys.readouterr().out)
    assert Path(drawn["picture"]).read_bytes().startswith(b"\x89PNG")
    page = Path(drawn["page"]).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "fixed bid" in page
    assert saved(tmp_path / "quick.json") == json.loads(json.dumps(result))


def _missing(path: Path) -> None:
    del path


def _not_json(path: Path) -> None:
    path.write_text("{", encoding="utf-8")


def _other_json(path: Path) -> None:
    path.write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"), [(_missing, "no evaluation there"), (_not_json, "not JSON"), (_other_json, "suite, rows and overall")]
)
def test_what_cannot_be_drawn_is_said(spoil: Callable[[Path], None], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(tmp_path / "quick.json")

    assert run(["plot", "eval", str(tmp_path / "quick.json")]) == 2
    assert said in capsys.readouterr().err
