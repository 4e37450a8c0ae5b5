"""``autopilot eval`` and ``plot eval``: one JSON object as the contract has it, saved, drawn, and honest about bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autopilot import codec, evaluate, evaluate_pieces
from autopilot.cli.eval import command
from autopilot.cli.shell import run
from autopilot.cli.typed import typed_command
from autopilot.errors import ConfigError
from autopilot.evaluate import Judged, Task, pieces_for, put_together, tasks_of
from autopilot.evaluate_pieces import Errand, Outcome, Piece, Split, fingerprint, forget_others, kept_at, pieces_of, work
from autopilot.evaluate_result import payload, save, saved
from autopilot.report.eval_markdown import write_eval_markdown
from tests.unit.control.networks import trained_of

CONTRACT = {
    *("controller", "family", "n", "share_iqm", "ci_low", "ci_high", "violations", "interventions_per_1000", "writes"),
    *("roas_missed", "roas_missed_weeks_share"),
}
MADE = {"command": "autopilot eval", "made_at": "2025-01-01T00:00:00+00:00", "version": "1", "code_sha256": "c0de" * 16}
SEEDS = (200_000, 200_001, 200_002)


def nobody(_: float) -> None:
    """Nobody asks for progress."""


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario of one day: as much of an evaluation as a test can afford."""
    path = tmp_path_factory.mktemp("scenarios") / "short.toml"
    lines = ("[scenario]", 'name = "short"', 'like = "steady"', "days = 1", "history_days = 1")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def task(short: Path) -> Task:
    return Task(family=str(short), seeds=SEEDS, controllers=("do_nothing", "fixed_bid", "laws", "informed"))


def done(task: Task, split: Split, kept: Path | None = None) -> list[Judged]:
    """An evaluation in this process."""
    pieces = pieces_for([task], split=split)
    return put_together([task], pieces, [work(Errand(piece=piece, kept=kept), nobody) for piece in pieces])


@pytest.fixture(scope="module")
def judged(task: Task) -> list[Judged]:
    return evaluate.evaluate([task], progress=nobody)


@pytest.fixture(scope="module")
def result(judged: list[Judged]) -> dict[str, Any]:
    """A real evaluation of three stores and four controllers."""
    return payload("quick", judged, wall_s=1.0, made=MADE)


def test_rows_hold_what_the_contract_names(result: dict[str, Any]) -> None:
    assert all(row.keys() >= CONTRACT for row in result["rows"])
    assert all(row.keys() >= CONTRACT - {"family"} and "family" not in row for row in result["overall"])
    assert {row["controller"] for row in result["rows"]} == {"do_nothing", "fixed_bid", "laws", "informed", "oracle"}
    json.dumps(result)


def test_pairs_hold_what_the_contract_names_in_each_family_and_overall(result: dict[str, Any]) -> None:
    assert all(pair.keys() >= {"controller", "against", "family", "difference", "ci_low", "ci_high"} for pair in result["paired"])
    assert {pair["family"] for pair in result["paired"]} == {"short", None}
    assert [one["controller"] for one in result["to_informed"]] == ["laws"]


def test_results_do_not_depend_on_how_the_work_was_cut(task: Task, judged: list[Judged], result: dict[str, Any]) -> None:
    cut = done(task, Split(stores=2, controllers=3, bounds=2))

    assert cut[0].pieces > judged[0].pieces
    assert codec.to_bytes(cut[0].trials) == codec.to_bytes(judged[0].trials)
    again = payload("quick", cut, wall_s=1.0, made=MADE)
    for table in ("rows", "overall", "paired", "to_informed"):
        assert again[table] == result[table]


def test_an_interrupted_evaluation_goes_on_with_the_pieces_it_had_and_gives_the_same(
    task: Task, judged: list[Judged], tmp_path: Path
) -> None:
    first, *_ = pieces_for([task], split=Split())
    work(Errand(piece=first, kept=tmp_path), nobody)

    (resumed,), (repeated,) = done(task, Split(), tmp_path), done(task, Split(), tmp_path)

    assert (resumed.read, resumed.pieces) == (1, 2)
    assert repeated.read == 2
    for again in (resumed, repeated):
        assert codec.to_bytes(again.trials) == codec.to_bytes(judged[0].trials)
        assert codec.to_bytes(again.bounds) == codec.to_bytes(judged[0].bounds)


@pytest.mark.parametrize(
    "other",
    [
        Piece(family="steady", seeds=(1, 2), controllers=("laws",)),
        Piece(family="steady", seeds=(1,), controllers=("pid",)),
        Piece(family="steady", seeds=(1,)),
        Piece(family="thin_data", seeds=(1,), controllers=("laws",)),
    ],
)
def test_other_seeds_controllers_or_scenarios_are_another_piece(other: Piece) -> None:
    assert fingerprint(other) != fingerprint(Piece(family="steady", seeds=(1,), controllers=("laws",)))


def test_other_code_makes_other_pieces_and_what_it_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = Piece(family="steady", seeds=(1,), controllers=("laws",))
    today = kept_at(tmp_path, piece)
    monkeypatch.setattr(evaluate_pieces, "code_sha256", lambda _: "ab" * 32)
    tomorrow = kept_at(tmp_path, piece)
    for path in (today, tomorrow):
        path.parent.mkdir()
        path.write_bytes(codec.to_bytes(Outcome(trials={}, bounds=(), cpu_s=1.0)))

    forget_others(tmp_path)

    assert today.name != tomorrow.name
    assert not today.exists()
    assert tomorrow.exists()


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


def test_no_piece_of_a_suite_is_so_large_that_a_core_waits_for_it() -> None:
    pieces = pieces_for(tasks_of("full", ["steady", "thin_data"], None))

    assert all(len(piece.seeds) <= 25 for piece in pieces if not piece.controllers)
    kinds = [bool(piece.controllers) for piece in pieces]
    assert kinds == sorted(kinds, reverse=True)
    for family in ("steady", "thin_data"):
        bounds = [seed for piece in pieces for seed in piece.seeds if piece.family == family and not piece.controllers]
        assert bounds == list(range(200_000, 200_100))


def test_a_policy_takes_part_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "policy_names", tuple)

    assert "policy" not in tasks_of("quick", ["steady"], None)[0].controllers
    with pytest.raises(ConfigError, match="nobody: expected a folder"):
        tasks_of("quick", ["steady"], None, policy="nobody")
    with pytest.raises(ConfigError, match="--policy: expected policy among --controllers, was laws"):
        tasks_of("quick", ["steady"], ["laws"], policy="nobody")


def test_an_unknown_controller_is_named_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"--controllers: expected some of .*laws.*, was 'magic'"):
        tasks_of("quick", ["steady"], ["magic"])


def test_an_unknown_family_ends_with_usage_and_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "--families", "mars", "--json"]) == 2

    said = json.loads(capsys.readouterr().out)["error"]["message"]
    assert "expected some of" in said
    assert "mars" in said


def test_a_saved_result_is_drawn_as_picture_and_page(result: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(result, tmp_path / "quick.json")

    assert run(["plot", "eval", str(tmp_path / "quick.json"), "--json"]) == 0

    drawn = json.loads(capsys.readouterr().out)
    assert Path(drawn["picture"]).read_bytes().startswith(b"\x89PNG")
    page = Path(drawn["page"]).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "fixed bid" in page
    assert "autopilot less fixed bid" in page
    assert saved(tmp_path / "quick.json") == json.loads(json.dumps(result))


def test_markdown_has_every_controller_the_pairs_at_its_foot_and_how_it_was_made(result: dict[str, Any], tmp_path: Path) -> None:
    write_eval_markdown(result, tmp_path / "quick.md")

    text = (tmp_path / "quick.md").read_text(encoding="utf-8")
    assert "| autopilot |" in text
    assert "| autopilot less fixed bid |" in text
    assert "autopilot earns" in text
    assert "Made by `autopilot eval` at 2025-01-01T00:00:00+00:00, version 1, code c0dec0dec0de." in text


def test_a_result_says_what_was_typed() -> None:
    with command.make_context("autopilot eval", ["--suite", "full", "--controllers", "laws,pid", "--json"]) as context:
        assert typed_command(context) == "autopilot eval --suite full --controllers laws,pid"


def _missing(path: Path) -> None:
    del path


def _not_json(path: Path) -> None:
    path.write_text("{", encoding="utf-8")


def _other_json(path: Path) -> None:
    path.write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"), [(_missing, "no evaluation there"), (_not_json, "not JSON"), (_other_json, "suite, rows, overall and paired")]
)
def test_what_cannot_be_drawn_is_said(spoil: Callable[[Path], None], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(tmp_path / "quick.json")

    assert run(["plot", "eval", str(tmp_path / "quick.json")]) == 2
    assert said in capsys.readouterr().err


def test_pieces_of_other_controllers_do_not_rest_on_the_policy() -> None:
    trials, _ = pieces_of("steady", (1, 2), ("laws", "policy", "pid"), policy=trained_of(), split=Split())

    assert [(piece.controllers, piece.policy is None) for piece in trials] == [(("laws", "pid"), True), (("policy",), False)]
