"""``autopilot tune``: what it searches, that it chooses without luck, goes on after an interruption, and says how its result was made."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import tune as tuning
from autopilot.cli.shell import run
from autopilot.errors import ConfigError
from autopilot.pool import Progress
from autopilot.toml_model import read_model
from autopilot.tune import HALVING, PROOF, SEARCH, Tuned, phase_sizes, tune
from autopilot.tune_result import differing
from autopilot.tune_search import CmaEs, OneAtATime
from autopilot.tune_settings import Gain, Search, TuneSettings, gains_of, with_gains
from autopilot.tune_trials import Earned, Errand, Gains, Verdict, earn, verdict
from control.laws import LawsTuning
from perception.units import Floats
from sim.judging.statistics import Interval

CONFIGS = Path(__file__).parents[3] / "configs"
GAINS = {
    "pacing.alpha_start": Gain(low=0.1, high=1.6, scale="log"),
    "scarcity.droop": Gain(low=0.0, high=2.0),
}
BEST = {"pacing.alpha_start": 0.8, "scarcity.droop": 0.5}
"""Where the made-up scores below have their top."""


def settings(**search: Any) -> TuneSettings:
    small: dict[str, Any] = {"families": ("steady",), "rounds": 6, "candidates": 8, "stores": 4, "finalists": 4, "proof_stores": 16}
    return TuneSettings(search=Search(**(small | search)), gains=GAINS)


def nobody(_: float) -> None:
    """Nobody asks for progress."""


def height(gains: Gains) -> float:
    """A hill in the unit cube."""
    found = {name: gain.share_of(gains[name]) - gain.share_of(BEST[name]) for name, gain in GAINS.items()}
    return -sum(off**2 for off in found.values())


class Hill:
    """Stands in for driving stores: scores are heights of a hill, with luck that falls as stores rise; ``rule`` says who is rejected."""

    def __init__(self, rule: Callable[[Gains], bool] = lambda _: False) -> None:
        self.asked: list[tuple[range, list[Gains]]] = []
        self._rule = rule

    def __call__(
        self, families: Sequence[str], seeds: range, candidates: Sequence[Gains], *, progress: Progress
    ) -> tuple[list[Verdict], float]:
        self.asked.append((seeds, list(candidates)))
        luck = np.random.Generator(np.random.PCG64(seeds.start)).normal(scale=0.02 / len(seeds) ** 0.5, size=len(candidates))
        defaults = height({name: gains_of(LawsTuning())[name] for name in GAINS})
        found = []
        for gains, chance in zip(candidates, luck, strict=True):
            value = height(gains) - defaults + float(chance)
            one = Interval(value=value, low=value - 0.01, high=value + 0.01)
            found.append(Verdict(gains=dict(gains), difference=one, by_family=dict.fromkeys(families, one), rejected=self._rule(gains)))
        progress(1.0)
        return found, 1.0


@pytest.fixture
def hill(monkeypatch: pytest.MonkeyPatch) -> Hill:
    made = Hill()
    monkeypatch.setattr(tuning, "compare", made)
    return made


@pytest.mark.usefixtures("hill")
def test_a_search_comes_near_the_best_gains(tmp_path: Path) -> None:
    told: list[float] = []

    found = tune(settings(rounds=12), state=tmp_path / "state.json", progress=told.append)

    assert found.winner is not None
    assert height(found.winner.gains) > -0.01
    assert found.winner.difference.value > 0.0
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_no_store_is_ever_used_twice_and_the_proof_chooses_nothing(hill: Hill, tmp_path: Path) -> None:
    asked = settings()

    found = tune(asked, state=tmp_path / "state.json", progress=nobody)

    seeds = [seed for phase in found.phases for seed in phase.seeds]
    assert len(seeds) == len(set(seeds))
    assert [phase.kind for phase in found.phases] == [*[SEARCH] * 6, HALVING, HALVING, PROOF]
    assert [(phase.stores, len(phase.verdicts)) for phase in found.phases] == phase_sizes(asked)
    assert [(stores, len(candidates)) for stores, candidates in hill.asked] == [(p.seeds, len(p.verdicts)) for p in found.phases]


@pytest.mark.usefixtures("hill")
def test_each_halving_keeps_the_better_half_on_twice_the_stores(tmp_path: Path) -> None:
    found = tune(settings(finalists=4), state=tmp_path / "state.json", progress=nobody)

    first, second, proof = (phase for phase in found.phases if phase.kind != SEARCH)
    ranked = sorted(first.verdicts, key=lambda one: -one.difference.value)
    assert [one.gains for one in second.verdicts] == [one.gains for one in ranked[:2]]
    assert (first.stores, second.stores) == (8, 16)
    assert proof.verdicts[0].gains == max(second.verdicts, key=lambda one: one.difference.value).gains


def test_an_interrupted_search_goes_on_where_it_was_and_finds_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    undisturbed, broken_off, resumed = Hill(), Hill(), Hill()
    monkeypatch.setattr(tuning, "compare", undisturbed)
    whole = tune(settings(), state=tmp_path / "whole.json", progress=nobody)

    def break_off(*arguments: Any, **options: Any) -> Any:
        if len(broken_off.asked) == 4:
            raise KeyboardInterrupt
        return broken_off(*arguments, **options)

    monkeypatch.setattr(tuning, "compare", break_off)
    with pytest.raises(KeyboardInterrupt):
        tune(settings(), state=tmp_path / "state.json", progress=nobody)
    monkeypatch.setattr(tuning, "compare", resumed)
    after = tune(settings(), state=tmp_path / "state.json", progress=nobody)

    assert after == whole
    assert broken_off.asked + resumed.asked == undisturbed.asked


@pytest.mark.usefixtures("hill")
def test_the_state_of_another_search_is_refused(tmp_path: Path) -> None:
    tune(settings(), state=tmp_path / "state.json", progress=nobody)

    with pytest.raises(ConfigError, match=r"state.json: expected an interrupted search with these settings"):
        tune(settings(seed=2), state=tmp_path / "state.json", progress=nobody)


def test_gains_that_break_a_hard_limit_are_out_however_much_they_earn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tuning, "compare", Hill(lambda gains: gains["pacing.alpha_start"] > 0.5))

    found = tune(settings(), state=tmp_path / "state.json", progress=nobody)

    finals = [one for phase in found.phases if phase.kind != SEARCH for one in phase.verdicts]
    assert found.winner is not None
    assert found.winner.gains["pacing.alpha_start"] <= 0.5
    assert any(one.rejected for phase in found.phases for one in phase.verdicts)
    # the centre of the search was never driven before the first halving
    assert sum(one.rejected for one in finals) <= 1


def test_where_everything_breaks_a_limit_nothing_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tuning, "compare", Hill(lambda _: True))

    assert tune(settings(), state=tmp_path / "state.json", progress=nobody).winner is None


def test_too_many_stores_for_the_training_seeds_are_refused_before_anything_is_driven(hill: Hill, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"search.first_store: expected training seeds of steady, 100000 to 199999; .*199990 to 200053"):
        tune(settings(first_store=199_990), state=tmp_path / "state.json", progress=nobody)

    assert hill.asked == []


@pytest.mark.usefixtures("hill")
def test_one_at_a_time_moves_each_gain_down_and_up_and_chooses_nothing(tmp_path: Path) -> None:
    found = tune(settings(method="one_at_a_time"), state=tmp_path / "state.json", progress=nobody)

    (phase,) = found.phases
    defaults = gains_of(LawsTuning())
    moved = [{name for name, value in one.gains.items() if value != defaults[name]} for one in phase.verdicts]
    assert moved == [{"pacing.alpha_start"}, {"pacing.alpha_start"}, {"scarcity.droop"}, {"scarcity.droop"}]
    assert found.winner is None


def test_a_gain_at_the_end_of_its_range_moves_only_inwards() -> None:
    searcher = OneAtATime(np.array([0.0, 1.0]), Search(spread=0.2))

    assert [point.tolist() for point in searcher.ask()] == [[0.2, 1.0], [0.0, 0.8]]
    assert searcher.ask() == []


def test_searches_of_one_seed_ask_the_same_within_the_cube() -> None:
    def asked(seed: int) -> list[list[float]]:
        searcher = CmaEs(np.array([0.0, 0.5, 1.0]), Search(seed=seed, candidates=6))
        points: list[Floats] = []
        for _ in range(3):
            generation = searcher.ask()
            searcher.tell(generation, [float(point.sum()) for point in generation])
            points += generation
        return [point.tolist() for point in points]

    assert asked(1) == asked(1) != asked(2)
    assert all(0.0 <= share <= 1.0 for point in asked(1) for share in point)


@pytest.mark.parametrize("gain", [Gain(low=0.1, high=1.6, scale="log"), Gain(low=-1.0, high=3.0)])
def test_a_share_of_a_range_and_back(gain: Gain) -> None:
    assert [gain.at(share) for share in (0.0, 1.0)] == [gain.low, gain.high]
    assert gain.share_of(gain.at(0.3)) == pytest.approx(0.3, abs=0.01)
    assert (gain.share_of(gain.low - 1.0), gain.share_of(gain.high + 1.0)) == (0.0, 1.0)
    assert len(f"{gain.at(1 / 3):.10g}".lstrip("-0.").replace(".", "")) <= 3


def test_gains_are_named_by_dotted_paths() -> None:
    known = gains_of(LawsTuning())

    changed = with_gains(LawsTuning(), {"pacing.alpha_start": 0.9, "bid_deadband_ratio": 0.05, "pacing.alpha_high": 0.8})

    assert {"pacing.alpha_start", "pricing.doubt", "bid_deadband_ratio"} <= known.keys()
    assert "move_prices" not in known
    assert gains_of(changed) == known | {"pacing.alpha_start": 0.9, "bid_deadband_ratio": 0.05, "pacing.alpha_high": 0.8}


def test_a_verdict_is_the_paired_difference_and_names_broken_limits() -> None:
    poor, rich = np.linspace(50.0, 60.0, 12), np.linspace(5000.0, 9000.0, 12)

    def earned(profit: Floats, factor: float, *, broken: bool = False) -> Earned:
        return Earned(profit_cents=profit * factor, charged_cents=profit * factor, broken=broken)

    pairs = {"small": (earned(poor, 1.0), earned(poor, 1.1)), "large": (earned(rich, 1.0), earned(rich, 1.3, broken=True))}
    found = verdict({"pacing.alpha_start": 0.5}, pairs)

    assert found.difference.value == pytest.approx(0.2)
    assert found.difference.low == pytest.approx(0.2)
    assert found.by_family["small"].value == pytest.approx(0.1)
    assert found.rejected


def test_a_store_that_earns_next_to_nothing_outweighs_nobody() -> None:
    profit = np.array([1000.0, 1000.0, 1000.0, 1.0])
    pairs = {
        "a": (
            Earned(profit_cents=profit, charged_cents=profit, broken=False),
            Earned(profit_cents=profit + 100.0, charged_cents=profit + 100.0, broken=False),
        )
    }

    assert verdict({}, pairs).difference.value < 0.5


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario of two days: as much of a trial as a test can afford."""
    path = tmp_path_factory.mktemp("scenarios") / "short.toml"
    path.write_text('[scenario]\nname = "short"\nlike = "steady"\ndays = 2\nhistory_days = 2\n', encoding="utf-8")
    return path


def test_stores_are_driven_with_the_gains_and_the_same_luck(short: Path) -> None:
    gains: tuple[Mapping[str, float], ...] = ({}, {}, {"pacing.alpha_start": 0.6})

    done = earn(Errand(family=str(short), seeds=range(100_000, 100_002), gains=gains), nobody)

    first, same, other = done.earned
    assert first.profit_cents.tolist() == same.profit_cents.tolist()
    assert first.profit_cents.tolist() != other.profit_cents.tolist()
    assert not any(one.broken for one in done.earned)


def written(path: Path, *, search: str = "", gains: str = '"pacing.alpha_start" = { low = 0.1, high = 1.6, scale = "log" }') -> Path:
    small = ("rounds = 2", "candidates = 4", "stores = 2", "finalists = 2", "proof_stores = 2")
    families = "" if "families" in search else 'families = ["steady", "thin_data"]'
    lines = ("[search]", *small, families, search, "[gains]", gains)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("search", "gains", "said"),
    [
        (
            "",
            '"pacing.alpha_startp" = { low = 0.1, high = 1.6 }',
            "gains: expected some of .*pacing.alpha_start, .*was 'pacing.alpha_startp'",
        ),
        ("", '"pacing.alpha_start" = { low = 0.0, high = 1.6, scale = "log" }', "low: expected > 0 on a log scale, was 0.0"),
        ("", '"pacing.alpha_start" = { low = 2.0, high = 1.6 }', r"low: expected below high \(1.6\), was 2.0"),
        (
            'families = ["mars"]',
            '"pacing.alpha_start" = { low = 0.1, high = 1.6 }',
            "search.families: expected some of .*steady.*, was 'mars'",
        ),
        ("stones = 3", '"pacing.alpha_start" = { low = 0.1, high = 1.6 }', "search.stones"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_said(search: str, gains: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        read_model(written(tmp_path / "laws.toml", search=search, gains=gains), TuneSettings)


@pytest.mark.usefixtures("hill")
def test_command_writes_the_result_with_how_it_was_made_and_removes_its_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, target = tmp_path / "laws.toml", tmp_path / "out" / "found.toml"
    written(config, gains='"pacing.alpha_start" = { low = 0.1, high = 1.6, scale = "log" }\n"scarcity.droop" = { low = 0.0, high = 2.0 }')

    assert run(["tune", "--config", str(config), "--rounds", "3", "--seed", "7", "-o", str(target), "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    saved = tomllib.loads(target.read_text(encoding="utf-8"))
    assert saved == {name: value for name, value in said.items() if name != "result"}
    assert saved["made"]["command"] == f"autopilot tune --config {config} --rounds 3 --seed 7 -o {target}"
    assert {"made_at", "version", "code_sha256", "cmaes"} <= saved["made"].keys()
    assert saved["config"]["text"] == config.read_text(encoding="utf-8")
    assert (saved["search"]["rounds"], saved["search"]["seed"]) == (3, 7)
    assert saved["stores"] == {"search": [110_000, 110_005], "halving": [110_006, 110_009], "proof": [110_010, 110_011]}
    assert saved["gains"].keys() == saved["defaults"].keys() == GAINS.keys()
    assert saved["objective"].keys() == {"difference", "ci_low", "ci_high", "by_family"}
    assert saved["top"][0]["gains"] == saved["gains"]
    assert [path.name for path in target.parent.iterdir()] == ["found.toml"]


def test_command_says_no_where_nothing_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tuning, "compare", Hill(lambda _: True))
    config = written(
        tmp_path / "laws.toml", gains='"pacing.alpha_start" = { low = 0.1, high = 1.6 }\n"scarcity.droop" = { low = 0.0, high = 2.0 }'
    )

    assert run(["tune", "--config", str(config), "-o", str(tmp_path / "found.toml")]) == 1
    assert "nothing was found" in capsys.readouterr().out


@pytest.mark.usefixtures("hill")
def test_command_draws_sensitivities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gains = '"pacing.alpha_start" = { low = 0.1, high = 1.6 }\n"scarcity.droop" = { low = 0.0, high = 2.0 }'
    config = written(tmp_path / "laws.toml", search='method = "one_at_a_time"', gains=gains)

    assert run(["tune", "--config", str(config), "-o", str(tmp_path / "found.toml")]) == 0

    assert "scarcity.droop" in capsys.readouterr().out
    rows = tomllib.loads((tmp_path / "found.toml").read_text(encoding="utf-8"))["sensitivity"]
    assert [row["gain"] for row in rows] == ["pacing.alpha_start", "pacing.alpha_start", "scarcity.droop", "scarcity.droop"]


def test_the_committed_configuration_can_be_used_and_holds_the_defaults() -> None:
    asked, _ = read_model(CONFIGS / "training" / "laws.toml", TuneSettings)

    defaults = gains_of(LawsTuning())
    assert asked.gains_at(asked.start()) == {name: defaults[name] for name in asked.gains}
    for corner in (np.zeros(len(asked.gains)), np.ones(len(asked.gains))):
        with_gains(LawsTuning(), asked.gains_at(corner)).pacing.loop()


def test_committed_results_are_what_the_code_says() -> None:
    assert [line for path in sorted((CONFIGS / "tuning").glob("*.toml")) for line in differing(path, LawsTuning())] == []


def test_a_result_that_the_code_does_not_follow_is_named(tmp_path: Path) -> None:
    (tmp_path / "laws.toml").write_text('[gains]\n"pacing.alpha_start" = 0.9\n"pacing.alpha_low" = 0.02\n', encoding="utf-8")

    assert differing(tmp_path / "laws.toml", LawsTuning()) == [
        f"laws.toml: pacing.alpha_start: expected 0.9, is {LawsTuning().pacing.alpha_start}"
    ]


def test_a_search_that_came_to_its_end_is_read_back_whole(hill: Hill, tmp_path: Path) -> None:
    first: Tuned = tune(settings(), state=tmp_path / "state.json", progress=nobody)
    count = len(hill.asked)

    assert tune(settings(), state=tmp_path / "state.json", progress=nobody) == first
    assert len(hill.asked) == count
