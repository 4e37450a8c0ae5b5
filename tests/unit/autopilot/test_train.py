"""Training: its settings, its stages, what an interruption loses, and the policy that comes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from autopilot import training_stages
from autopilot.clock import SteppedClock
from autopilot.errors import ConfigError
from autopilot.policies import load_policy
from autopilot.train import Candidate, TrainingResult, best_of, train
from autopilot.training_settings import load_training
from autopilot.training_stages import stages_of

SMALL = """
[policy]
name = "small"

[lessons]
families = ["thin_data"]
stores = 2
every_hours = 24
detours = [0.5]

[fit]
hidden = [8]
epochs = 2
batch = 64

[holdout]
stores = 2
"""


def config(folder: Path, text: str = SMALL) -> Path:
    path = folder / "small.toml"
    path.write_text(text)
    return path


def in_turn(work: Any, tasks: Any, *, progress: Any) -> list[Any]:
    """What the pool does, without its processes."""
    return [work(task, progress) for task in tasks]


@pytest.fixture(autouse=True)
def _without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_stages, "spread", in_turn)


def trained(folder: Path, *, told: list[str] | None = None) -> TrainingResult:
    def tell(stage: str, _: dict[str, Any]) -> None:
        if told is not None:
            told.append(stage)

    clock = SteppedClock(datetime(2026, 5, 1, tzinfo=UTC))
    return train(config(folder), runs=folder / "runs", clock=clock, tell=tell, progress=lambda _: None)


def test_training_gives_a_policy_with_its_card_and_does_nothing_twice(tmp_path: Path) -> None:
    told: list[str] = []
    result = trained(tmp_path, told=told)

    policy, card = load_policy(result.folder)
    assert told == ["holdout-laws", "lessons-0", "fit-0", "holdout-fit-0"]
    assert policy.network.architecture[1:] == (8, 2)
    assert card.name == "small"
    assert card.training.config == SMALL
    assert card.training.cpu_s == pytest.approx(result.cpu_s)
    assert (card.training.market_seeds, card.created.isoformat()) == ((100_000, 100_001), "2026-05-01")
    assert set(result.chosen.lift) == {"thin_data"}

    # an interruption before the last stage: only that is done again
    run = result.folder.parent
    before = (run / "fit-0.json").stat().st_mtime_ns
    (run / "holdout-fit-0.json").unlink()
    again = trained(tmp_path)

    assert (run / "fit-0.json").stat().st_mtime_ns == before
    assert again.chosen == result.chosen
    assert load_policy(again.folder)[1].weights_sha256 == card.weights_sha256


def test_every_round_learns_and_is_judged_and_reinforcement_comes_last(tmp_path: Path) -> None:
    text = SMALL.replace("detours = [0.5]", "detours = [0.5, 0.3]") + '\n[reinforce]\nmethod = "sac"\n'

    stages = stages_of(load_training(config(tmp_path, text))[0])

    assert [stage.name for stage in stages] == [
        "holdout-laws",
        *("lessons-0", "fit-0", "holdout-fit-0", "lessons-1", "fit-1", "holdout-fit-1"),
        *("sac", "holdout-sac"),
    ]
    assert [stage.name for stage in stages if stage.network] == ["fit-0", "fit-1", "sac"]


def test_who_loses_nowhere_is_chosen_before_who_wins_most() -> None:
    bold = Candidate(stage="bold", lift={"steady": 0.09, "seasonal": -0.01})
    sound = Candidate(stage="sound", lift={"steady": 0.03, "seasonal": 0.0})
    meek = Candidate(stage="meek", lift={"steady": 0.01, "seasonal": 0.01})

    assert best_of([bold, sound, meek]) == sound
    assert best_of([bold, Candidate(stage="bad", lift={"steady": 0.12, "seasonal": -0.04})]) == bold


def test_rounds_and_holdout_share_no_store(tmp_path: Path) -> None:
    settings, _ = load_training(config(tmp_path, SMALL.replace("detours = [0.5]", "detours = [0.5, 0.3]")))

    rounds = [set(settings.lesson_seeds("thin_data", each)) for each in (0, 1)]

    assert not rounds[0] & rounds[1]
    assert not (rounds[0] | rounds[1]) & set(settings.holdout_seeds("thin_data"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('families = ["thin_data"]', 'families = ["nowhere"]', "'nowhere'"),
        ("stores = 2\nevery", "stores = 90_000\nevery", "lessons.stores"),
        ("epochs = 2", "epochs = 0", "fit.epochs"),
        ("[fit]", "[fit]\nspeed = 1", "fit.speed"),
        ("[policy]", "[policy", "is not TOML"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in SMALL
    path = config(tmp_path, SMALL.replace(old, new).replace("detours = [0.5]", "detours = [0.5, 0.5]"))

    with pytest.raises(ConfigError, match=r"small\.toml|lessons\.stores") as caught:
        load_training(path)[0].lesson_seeds("thin_data", 0)

    assert says in str(caught.value)
