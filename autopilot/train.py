"""Training a policy: stage after stage, and then the choice between what was learnt.

Every stage leaves a file of figures in the run's folder when it is done and is not done again while that is there, so that an interrupted
training goes on where it was. The folder's name holds a hash of the configuration and of the code of the four floors that shape the
result: other code begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from autopilot.clock import Clock
from autopilot.policies import load_policy, save_policy
from autopilot.policy_card import text_sha256
from autopilot.pool import Progress, part_of
from autopilot.training_settings import load_training
from autopilot.training_stages import Run, Stage, card_of, stages_of
from autopilot.versions import code_sha256

POLICY = "policy"
"""Folder of the finished policy within that of its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A network that training came by, judged on the holdout.

    Attributes:
        stage: That made it.
        lift: By family, what it wins over the laws as a share of what the laws earn.
    """

    stage: str
    lift: dict[str, float]

    @property
    def mean_lift(self) -> float:
        """Over the families, which count alike."""
        return float(np.mean(list(self.lift.values())))

    @property
    def least_lift(self) -> float:
        """Of the family in which it wins least."""
        return min(self.lift.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What a training gave.

    Attributes:
        folder: Of the policy, with weights and card.
        candidates: In the order in which they were learnt.
        chosen: The one that the policy is; see ``best_of``.
        cpu_s: CPU seconds of all stages, those done before an interruption too.
    """

    folder: Path
    candidates: tuple[Candidate, ...]
    chosen: Candidate
    cpu_s: float


def train(config: Path, *, runs: Path, clock: Clock, tell: Callable[[str, dict[str, Any]], None], progress: Progress) -> TrainingResult:
    """Train the policy of a configuration, or go on where that was interrupted.

    Args:
        config: The file.
        runs: Folder of the run's folder.
        clock: For the date on the card.
        tell: Told the name and the figures of every stage that is done.
        progress: Told the share of the stages that is done.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    settings, text = load_training(config)
    key = text_sha256(text + code_sha256(("perception", "planning", "control", "sim")))
    run = Run(settings=settings, text=text, folder=runs / f"{settings.policy.name}-{key[:10]}", clock=clock)
    run.folder.mkdir(parents=True, exist_ok=True)
    stages, figures = stages_of(settings), {}
    for place, stage in enumerate(stages):
        figures[stage.name] = _done(stage, run, part_of(progress, place, len(stages)))
        tell(stage.name, figures[stage.name])
    candidates = tuple(
        Candidate(stage=stage.name, lift=_lift(figures[f"holdout-{stage.name}"], figures["holdout-laws"]))
        for stage in stages
        if stage.network
    )
    chosen = best_of(candidates)
    cpu_s = sum(figure["cpu_s"] for figure in figures.values())
    trained, _ = load_policy(run.folder / chosen.stage)
    save_policy(run.folder / POLICY, trained, card_of(run, trained, cpu_seconds=cpu_s))
    return TrainingResult(folder=run.folder / POLICY, candidates=candidates, chosen=chosen, cpu_s=cpu_s)


def best_of(candidates: Sequence[Candidate]) -> Candidate:
    """Of those that lose in no family the one that wins most on average; where all lose somewhere, the worst family's loss counts twice."""
    harmless = [candidate for candidate in candidates if candidate.least_lift >= 0.0]
    if harmless:
        return max(harmless, key=lambda candidate: candidate.mean_lift)
    return max(candidates, key=lambda candidate: candidate.mean_lift + min(candidate.least_lift, 0.0))


def _done(stage: Stage, run: Run, progress: Progress) -> dict[str, Any]:
    """The figures of a stage, which is done if they are not there yet."""
    path = run.folder / f"{stage.name}.json"
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_bytes(orjson.dumps(stage.work(run, progress), option=orjson.OPT_INDENT_2))
        partial.replace(path)
    told: dict[str, Any] = orjson.loads(path.read_bytes())
    return told


def _lift(judged: dict[str, Any], laws: dict[str, Any]) -> dict[str, float]:
    return {
        family: float(np.sum(profits) / np.sum(laws["profit_cents"][family]) - 1.0) for family, profits in judged["profit_cents"].items()
    }
