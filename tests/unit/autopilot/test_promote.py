"""Promotion from end to end on few stores: the stages' figures, the decision in the card, and the installed policy."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autopilot import promote as promotion
from autopilot.cli.shell import run
from autopilot.drive import settings_for
from autopilot.episode import SUFFIX, read_episode, write_episode
from autopilot.errors import ConfigError
from autopilot.evaluate import Judged, Task
from autopilot.policies import PolicyError, load_policy
from autopilot.pool import Progress
from autopilot.promote import Plan, Promotion, episodes_in, promote
from autopilot.promotion_judgement import Evidence
from autopilot.promotion_shadow import shadowed
from autopilot.settings_sources import load_store
from autopilot.steering import steering_of
from control.features import highs
from control.trust import TrustRegion
from perception.fields import Field
from sim.judging.evaluation import FamilyTrials, Trial
from sim.judging.statistics import Interval
from tests.unit.autopilot.made_policies import installed
from tests.unit.control.networks import constant

AT = datetime(2026, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def episodes() -> Path:
    return Path(__file__).parents[2] / "episodes"


def episode(folder: Path, name: str) -> Any:
    """The first hours of a committed episode: enough to see what is counted."""
    return read_episode(folder / f"{name}{SUFFIX}").records[:200]


# open loop


def test_a_policy_that_does_nothing_is_the_laws_on_every_recorded_tick(episodes: Path) -> None:
    found = shadowed("normal_day", episode(episodes, "normal_day"), constant(0.0, 0.0))

    assert found.ticks > 8
    assert found.policy == found.laws
    assert all(found.disagreements[field].count == 0 for field in Field)
    assert (found.trust_share, found.handed_over_ticks, found.not_finite_ticks) == (1.0, 0, 0)


def test_a_policy_that_bids_more_disagrees_by_about_so_much_and_leaves_the_budgets(episodes: Path) -> None:
    found = shadowed("normal_day", episode(episodes, "normal_day"), constant(0.5, 0.0))

    bids = found.disagreements[Field.BID]
    assert bids.count > 50
    assert 0.1 < bids.median_ratio < 0.7
    assert bids.median_ratio <= bids.p95_ratio
    assert found.disagreements[Field.DAILY_BUDGET].count == 0
    assert found.policy.unsafe == found.laws.unsafe == 0


def test_a_policy_that_is_believed_nowhere_is_counted_as_handed_over(episodes: Path) -> None:
    beyond = highs() + 1
    nowhere = TrustRegion(low=beyond, high=beyond)

    found = shadowed("normal_day", episode(episodes, "normal_day"), constant(0.5, 0.5, trust=nowhere))

    assert found.trust_share == 0.0
    assert found.handed_over_ticks == found.ticks
    assert found.policy == found.laws


def test_writes_that_the_gate_only_rationed_are_counted_apart(episodes: Path) -> None:
    found = shadowed("gate_at_work", episode(episodes, "gate_at_work"), constant(0.5, 0.0))

    assert found.laws.rationed > 0
    assert found.laws.interventions == 0
    assert found.laws.wishes == found.laws.writes + found.laws.rationed


def test_the_recorded_course_is_followed_whatever_the_policy_says(episodes: Path) -> None:
    records = episode(episodes, "normal_day")

    calm, loud = (shadowed("some", records, constant(log_bid, log_bid)) for log_bid in (0.0, 0.9))

    assert calm.ticks == loud.ticks > 5
    assert calm.laws == loud.laws
    assert calm.policy != loud.policy


# the decision


def judged_of(tasks: Sequence[Task], *, progress: Progress, kept: Path | None) -> list[Judged]:
    """Stands for an evaluation: in every store the policy earns 2 % of the bound more than the laws, which earn 80 % of it."""
    assert kept is None
    progress(1.0)
    return [_judged(task) for task in tasks]


def _judged(task: Task) -> Judged:
    count = len(task.seeds)
    bound = np.linspace(1000.0, 2000.0, count)
    none, weeks = np.zeros(count, dtype=np.int64), np.zeros((count, 2), dtype=np.int64)
    trials = {
        name: Trial(
            profit_cents=share * bound,
            spend_cents=np.zeros(count),
            ad_revenue_cents=np.zeros(count),
            week_spend_cents=weeks,
            week_revenue_cents=weeks,
            broken=np.array([name == "policy" and task.family == "event"] * count),
            wishes=none,
            interventions=none,
            writes=none,
        )
        for name, share in (("do_nothing", 0.5), ("laws", 0.8), ("policy", 0.82))
    }
    assert tuple(trials) == task.controllers
    found = FamilyTrials(family=task.family, target_roas=0.0, oracle_cents=bound, trials=trials)
    return Judged(trials=found, bounds=(), trials_s=0.0, bounds_s=0.0, pieces=1, read=0)


@pytest.fixture(scope="module")
def plan(episodes: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    short = tmp_path_factory.mktemp("episodes") / f"normal_day{SUFFIX}"
    write_episode(short, episode(episodes, "normal_day"))
    return Plan(
        families=("steady", "event"),
        seeds=6,
        episodes=(short,),
        store=settings_for("gift-shop", days=1, controller="laws"),
        days=1,
    )


@pytest.fixture(scope="module")
def evidence(plan: Plan) -> Iterator[Evidence]:
    """Figures that the tests of the decision share: recorded and shadowed courses are real, test seeds made up."""
    told: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(promotion, "evaluate", judged_of)
        yield promotion.gather(constant(0.1, 0.0), plan, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_every_stage_has_its_figures(evidence: Evidence) -> None:
    steady, event, overall = evidence.sim

    assert (steady.family, event.family, overall.family) == ("steady", "event", None)
    assert (steady.stores, overall.stores) == (6, 12)
    assert steady.policy.value == pytest.approx(0.82)
    assert steady.laws.value == pytest.approx(0.8)
    assert (steady.difference.low, steady.difference.high) == pytest.approx((0.02, 0.02))
    assert (steady.violations, event.violations) == (0, 6)
    assert [one.source for one in evidence.episodes] == ["normal_day"]
    assert [one.source for one in evidence.shadow] == ["drive of gift-shop"]
    assert evidence.shadow[0].ticks == 24


def decided(folder: Path, plan: Plan, evidence: Evidence, monkeypatch: pytest.MonkeyPatch, *, to: Path) -> Promotion:
    monkeypatch.setattr(promotion, "gather", lambda _trained, _plan, progress: progress(1.0) or evidence)
    return promote(folder, to=to, plan=plan, at=AT, progress=lambda _done: None)


def better(evidence: Evidence, by: float) -> Evidence:
    """The figures with another difference."""
    return replace(
        evidence,
        sim=tuple(
            replace(one, violations=0, difference=Interval(value=by, low=by - 0.001, high=by + 0.001))
            for one in evidence.sim
            if one.family != "event"
        ),
    )


def test_a_better_policy_is_installed_with_the_decision_and_its_figures_in_the_card(
    tmp_path: Path, plan: Plan, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = installed(tmp_path / "trained", constant(0.1, 0.0), name="fresh")
    monkeypatch.chdir(tmp_path)
    to = Path("configs") / "policies" / "residual"

    done = decided(folder, plan, better(evidence, 0.02), monkeypatch, to=to)

    trained, card = load_policy(to)
    (entry,) = card.promotions
    assert done.installed == to
    assert (entry.promoted, entry.to, entry.reasons, entry.at) == (True, "residual", (), AT)
    assert entry.figures["sim"][0]["difference"]["value"] == pytest.approx(0.02)
    assert card.name == "residual"
    assert [(row.suite, row.family) for row in card.scores] == [("promotion", "steady"), ("promotion", None)]
    assert load_policy(folder)[1].promotions == card.promotions
    settings = load_store("gift-shop", overrides={"control.controller": "policy"}, environ={}).settings
    assert steering_of(settings).policy_sha256 == trained.sha256


def test_a_worse_policy_stays_where_it_is_and_keeps_the_reasons(
    tmp_path: Path, plan: Plan, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = installed(tmp_path / "trained", constant(0.1, 0.0), name="fresh")
    to = tmp_path / "configs" / "policies" / "residual"

    first = decided(folder, plan, better(evidence, -0.02), monkeypatch, to=to)
    second = decided(folder, plan, better(evidence, -0.03), monkeypatch, to=to)

    assert first.installed is None
    assert not to.exists()
    assert [entry.promoted for entry in load_policy(folder)[1].promotions] == [False, False]
    assert second.decision.reasons[0].startswith("steady: expected the interval of policy less laws above -0.01, was -0.0300")


def test_a_policy_can_be_judged_again_where_it_is(tmp_path: Path, plan: Plan, evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = installed(tmp_path, constant(0.1, 0.0), name="residual")

    done = decided(folder, plan, better(evidence, 0.02), monkeypatch, to=folder)

    assert done.installed == folder
    assert load_policy(folder)[1].promotions[-1].promoted


def test_spoilt_weights_are_refused_before_anything_is_judged(tmp_path: Path, plan: Plan) -> None:
    folder = installed(tmp_path, constant(0.1, 0.0))
    (folder / "weights.npz").write_bytes(b"PK")

    with pytest.raises(PolicyError, match="sha256"):
        promote(folder, to=folder, plan=plan, at=AT, progress=lambda _done: None)


def test_a_folder_without_episodes_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--episodes: expected a folder with files \*\.episode\.jsonl\.zst, was .*, which has none"):
        episodes_in(tmp_path)


# the command


def said(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    with redirect_stdout(out):
        code = run(["promote", *arguments, "--json"])
    return code, json.loads(out.getvalue())


def test_the_command_refuses_with_1_and_every_figure(
    tmp_path: Path, evidence: Evidence, episodes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(tmp_path, constant(0.1, 0.0))
    monkeypatch.chdir(tmp_path)
    worse = better(evidence, -0.02)
    monkeypatch.setattr(promotion, "gather", lambda _trained, _plan, progress: progress(1.0) or worse)
    where = ["residual", "--episodes", str(episodes)]

    code, told = said(*where, "--to", "next")
    drawn = run(["promote", *where])

    assert (code, drawn) == (1, 1)
    assert (told["promoted"], told["installed"], told["to"]) == (False, None, "next")
    assert told["reasons"]
    assert {"sim", "episodes", "shadow", "weights_sha256", "policy", "wall_s"} <= told.keys()
    words = capsys.readouterr().out
    assert "Refused" in words
    assert "steady: expected the interval of policy less laws above -0.01" in words
    assert "normal_day" in words


def test_the_command_installs_with_0(tmp_path: Path, evidence: Evidence, episodes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, constant(0.1, 0.0), name="fresh")
    monkeypatch.chdir(tmp_path)
    good = better(evidence, 0.02)
    monkeypatch.setattr(promotion, "gather", lambda _trained, _plan, progress: progress(1.0) or good)

    code, told = said("fresh", "--to", "residual", "--episodes", str(episodes))

    assert (code, told["promoted"], told["reasons"]) == (0, True, [])
    assert load_policy(tmp_path / told["installed"])[1].name == "residual"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no_such_policy"], "no_such_policy: expected a folder with a card.json or the name of a policy"),
        (["residual", "--to", "Bad Name"], "--to: expected a name of small letters, digits, - and _, was 'Bad Name'"),
        (["residual", "--episodes", "nowhere"], "--episodes: expected a folder with files"),
        (["residual", "--journal", "gift-shop"], "--journal: expected a store that was driven"),
    ],
)
def test_what_cannot_be_judged_ends_with_usage(
    tmp_path: Path, episodes: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    installed(tmp_path, constant(0.1, 0.0))
    monkeypatch.chdir(tmp_path)
    usual = [] if "--episodes" in arguments else ["--episodes", str(episodes)]

    code, told = said(*arguments, *usual)

    assert code == 2
    assert words in told["error"]["message"]
