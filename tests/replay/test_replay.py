"""Committed episodes: they replay without a difference, and anything that shapes a decision makes them fail with words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import refs_lock
from autopilot.cli.shell import run
from autopilot.episode import EpisodeDamaged, read_episode, write_episode
from autopilot.journal import Topic
from autopilot.replay import replay, unequal

EPISODES = sorted((Path(__file__).parent.parent / "episodes").glob("*.episode.jsonl.zst"))
BAD = Path(__file__).parent.parent / "episodes" / "bad" / "known_bad.episode.jsonl.zst"
NORMAL = next(path for path in EPISODES if path.name.startswith("normal_day"))


def name_of(path: Path) -> str:
    return path.name.partition(".")[0]


def replayed_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["replay", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.no_cover
@pytest.mark.parametrize("path", EPISODES, ids=name_of)
def test_episode_replays_without_a_difference_and_is_the_pinned_one(path: Path) -> None:
    replayed = replay(path)

    assert [str(difference) for difference in replayed.differences] == []
    assert refs_lock.pinned_differences(replayed) == ()
    assert path.name in json.loads((path.parent / refs_lock.NAME).read_text())


def test_every_kind_of_episode_is_there() -> None:
    assert {"normal_day", "stock_out", "api_outage", "stale_metrics", "price_floor_pressure"} <= {name_of(path) for path in EPISODES}


def modes_and_more(path: Path) -> tuple[set[str], list[Any]]:
    decisions = [record.val for record in read_episode(path).records if record.topic is Topic.DECISION]
    return {decision["mode"] for decision in decisions}, decisions


def test_episodes_hold_what_their_names_say() -> None:
    by_name = {name_of(path): path for path in EPISODES}

    outage_modes, _ = modes_and_more(by_name["api_outage"])
    stale_modes, stale = modes_and_more(by_name["stale_metrics"])
    stock = [r.val["rows"] for r in read_episode(by_name["stock_out"]).records if r.topic is Topic.OBSERVATION]
    _, edited = modes_and_more(by_name["edited_by_a_person"])

    assert "hold" in outage_modes
    assert "hold" in stale_modes
    assert any(rejection["reason"] == "out_of_order" for decision in stale for rejection in decision["rejected"])
    assert any(value[0] == 0.0 for rows in stock for row in rows if row["signal"] == "stock" for value in row["values"])
    assert not any(c["entity"] == "G02" and c["field"] == "price" for decision in edited[12:] for c in decision["commands"])


def test_price_floor_episode_presses_prices_against_their_floor() -> None:
    path = next(path for path in EPISODES if path.name.startswith("price_floor_pressure"))
    records = read_episode(path).records
    catalogue = next(r.val for r in records if r.topic is Topic.CATALOGUE)
    prices = [c for r in records if r.topic is Topic.DECISION for c in r.val["commands"] if c["field"] == "price"]

    # a price that stood below the floor before may be raised towards it; none may be lowered past it
    margins = [1.0 - catalogue["cost_cents"][c["index"]] / c["value"] for c in prices if c["value"] < c["previous"]]

    assert min(margins) >= 0.45 - 1e-9
    assert min(margins) < 0.47


def test_known_bad_episode_fails(capsys: pytest.CaptureFixture[str]) -> None:
    code, payload = replayed_json(capsys, str(BAD))

    assert code == 1
    assert payload["differences"] >= 1
    assert payload["files"][0]["first"][0]["was"] == 1


def test_replay_json_has_the_keys_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    code, payload = replayed_json(capsys, str(NORMAL))

    assert code == 0
    assert {"episodes", "records", "differences", "wall_s", "episode_s"} <= payload.keys()
    assert (payload["episodes"], payload["differences"]) == (1, 0)
    assert payload["episode_s"] >= 35 * 3600


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first eight ticks of the normal day: enough wherever the configuration alone is compared."""
    records = read_episode(NORMAL).records
    end = [place for place, record in enumerate(records) if record.topic is Topic.DECISION][8]
    path = tmp_path_factory.mktemp("morning") / NORMAL.name
    write_episode(path, records[:end])
    return path


def test_morning_replays_without_a_difference(morning: Path) -> None:
    replayed = replay(morning)

    assert (replayed.decisions, replayed.differences) == (8, ())


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("AUTOPILOT__ENVELOPE__PRICE_STEP_RATIO", "0.02", "envelope.price_step_ratio"),
        ("AUTOPILOT__ENVELOPE__MAX_BID_CENTS", "299", "envelope.max_bid_cents"),
        ("AUTOPILOT__CONTROL__LAWS__PACING__KP", "0.81", "control.laws.pacing.kp"),
        ("AUTOPILOT__CONTROL__LAWS__PRICING__STEP_RATIO", "0.03", "control.laws.pricing.step_ratio"),
        ("AUTOPILOT__ESTIMATOR__HALF_LIFE_DAYS", "13", "estimator.half_life_days"),
        ("AUTOPILOT__ENGAGEMENT__TRANSITION_TICKS", "5", "engagement.transition_ticks"),
    ],
)
def test_changed_gain_or_limit_is_named_with_both_values(
    morning: Path, variable: str, value: str, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)

    code, payload = replayed_json(capsys, str(morning))

    assert code == 1
    first = payload["files"][0]["first"][0]
    assert first["where"] == f"config {key}"
    assert float(first["now"]) == float(value)


def test_changed_law_is_found_even_where_no_number_in_the_configuration_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control.laws.implied_alpha", lambda _sight, worth_cents: np.full(len(worth_cents), 0.2))

    differences = replay(NORMAL).differences

    assert any(".commands" in str(d) or "commands[" in str(d) for d in differences)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for source in (NORMAL, NORMAL.parent / refs_lock.NAME):
        shutil.copy(source, tmp_path)
    return tmp_path / NORMAL.name


def test_accept_makes_the_change_the_reference_and_keeps_its_reason(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTOPILOT__CONTROL__LAWS__PACING__KP", "0.9")

    refused, _ = replayed_json(capsys, str(copied))
    accepted, _ = replayed_json(capsys, str(copied), "--accept", "--reason", "pace harder")
    again, payload = replayed_json(capsys, str(copied))

    assert (refused, accepted, again) == (1, 0, 0)
    assert payload["differences"] == 0
    pins = json.loads((copied.parent / refs_lock.NAME).read_text())
    assert pins[copied.name]["reasons"][-1] == "pace harder"


def test_accept_without_a_reason_is_refused(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = copied.read_bytes()

    code = run(["replay", str(copied), "--accept"])

    assert code == 2
    assert "--reason" in capsys.readouterr().err
    assert copied.read_bytes() == before


def test_swapped_episode_is_not_the_pinned_one(copied: Path) -> None:
    records = read_episode(copied).records
    write_episode(copied, records[: len(records) // 2])

    assert [d.where for d in refs_lock.pinned_differences(replay(copied))] == ["refs.lock: file sha256", "refs.lock: decisions sha256"]


def test_cut_file_reads_up_to_the_cut(copied: Path) -> None:
    whole = read_episode(copied)
    data = copied.read_bytes()
    copied.write_bytes(data[: len(data) * 2 // 3])

    cut = read_episode(copied)

    assert cut.cut
    assert 0 < len(cut.records) < len(whole.records)
    assert cut.records == whole.records[: len(cut.records)]


def test_file_with_something_behind_its_end_is_damaged(copied: Path, tmp_path: Path) -> None:
    whole = read_episode(copied)
    other = tmp_path / "other.episode.jsonl.zst"
    write_episode(other, whole.records[256:])
    first = tmp_path / "first.episode.jsonl.zst"
    write_episode(first, whole.records[:256])

    other.write_bytes(first.read_bytes() + other.read_bytes())

    with pytest.raises(EpisodeDamaged, match="expected to end"):
        read_episode(other)


def test_floats_are_compared_with_tolerance_and_everything_else_exactly() -> None:
    was = {"f": 1.0, "n": "nan", "i": 3, "l": [1, 2], "s": "auto"}

    assert list(unequal(was, was | {"f": 1.0 + 1e-9})) == []
    assert list(unequal(was, was | {"f": 1.001})) == [("f", 1.0, 1.001)]
    assert list(unequal(was, was | {"i": 4, "s": "hold"})) == [("i", 3, 4), ("s", "auto", "hold")]
    assert list(unequal(was, was | {"l": [1]})) == [("l[1]", 2, None)]
    assert list(unequal({"x": 1}, {"x": 1.0})) == [("x", 1, 1.0)]


def test_exported_drive_replays(harness: Callable[..., Any], tmp_path: Path) -> None:
    from autopilot.journal import SqlJournal, sqlite_url

    store = harness(journal=lambda clock: SqlJournal(sqlite_url(tmp_path / "j.sqlite"), clock=clock, durable=False))
    store.ticks(6)
    path = tmp_path / "six.episode.jsonl.zst"
    write_episode(path, store.journal.records())

    assert replay(path).differences == ()
