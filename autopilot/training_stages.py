"""The stages of a training. Each leaves its work in the run's folder and says in figures what it gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from autopilot.clock import Clock, cpu_s
from autopilot.policies import load_policy, save_policy
from autopilot.policy_card import PolicyCard, TrainingPart, describe, text_sha256
from autopilot.pool import Progress, spread
from autopilot.training_drives import Drive, gather, judge
from autopilot.training_settings import TrainingSettings
from autopilot.versions import installed_version
from control.laws import LawsTuning
from control.policy import Trained
from control.trust import spanned
from sim.env import FleetEnv, task_of
from sim.learning import lessons as lessons_of
from sim.learning.fitting import FitSettings, fit
from sim.learning.lessons import Lessons
from sim.learning.logs import log_epochs
from sim.learning.pupils import PupilsEnv
from sim.learning.reinforcing import ReinforceSettings, reinforced

LOGS = "tensorboard"
"""Folder of the logs within that of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training.

    Attributes:
        settings, text: The configuration and the file it came from.
        folder: Where its stages leave their work.
        clock: For the date on cards.
    """

    settings: TrainingSettings
    text: str
    folder: Path
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a training.

    Attributes:
        name: Of its files.
        network: Whether it makes a network: a folder of its name, as a policy.
        work: Does it and returns its figures, of which one is ``cpu_s``.
    """

    name: str
    network: bool
    work: Callable[[Run, Progress], dict[str, Any]]


def stages_of(settings: TrainingSettings) -> list[Stage]:
    """All stages in their order: in rounds lessons, a fit to all lessons so far, and how it does; then the same of what reinforces it."""
    found = [Stage(name="holdout-laws", network=False, work=partial(_judged, None))]
    before: str | None = None
    for lesson_round in range(len(settings.lessons.detours)):
        fitted = f"fit-{lesson_round}"
        found += [
            Stage(name=f"lessons-{lesson_round}", network=False, work=partial(_lessons, lesson_round, before)),
            Stage(name=fitted, network=True, work=partial(_fitted, lesson_round)),
            Stage(name=f"holdout-{fitted}", network=False, work=partial(_judged, fitted)),
        ]
        before = fitted
    if settings.reinforce is not None and before is not None:
        method = settings.reinforce.method
        found += [
            Stage(name=method, network=True, work=partial(_reinforced, before)),
            Stage(name=f"holdout-{method}", network=False, work=partial(_judged, method)),
        ]
    return found


def _lessons(lesson_round: int, before: str | None, run: Run, progress: Progress) -> dict[str, Any]:
    told = run.settings.lessons
    drives = [
        Drive(
            family=family,
            seeds=tuple(run.settings.lesson_seeds(family, lesson_round)),
            policy=None if before is None else run.folder / before,
            output=_lessons_path(run, lesson_round, family),
            every_hours=told.every_hours,
            detour=told.detours[lesson_round],
            rng_seed=(run.settings.policy.seed, lesson_round, place),
        )
        for place, family in enumerate(run.settings.families)
    ]
    results = spread(gather, drives, progress=progress)
    return {"rows": sum(rows for rows, _ in results), "cpu_s": sum(seconds for _, seconds in results)}


def _fitted(lesson_round: int, run: Run, progress: Progress) -> dict[str, Any]:
    began_s = cpu_s()
    told = run.settings.fit
    found = _all_lessons(run, lesson_round)
    epochs: list[dict[str, float]] = []

    def tell(epoch: int, figures: dict[str, float]) -> None:
        epochs.append(figures)
        progress(epoch / told.epochs)

    network = fit(found, FitSettings(**told.model_dump()), start=None, seed=run.settings.policy.seed, tell=tell)
    log_epochs(run.folder / LOGS / f"fit-{lesson_round}", epochs)
    _keep(run, f"fit-{lesson_round}", Trained(network=network, trust=spanned(found.rows)))
    return {"rows": len(found.weight), **epochs[-1], "cpu_s": cpu_s() - began_s}


def _reinforced(before: str, run: Run, progress: Progress) -> dict[str, Any]:
    began_s = cpu_s()
    told = run.settings.reinforce
    if told is None:
        raise ValueError("reinforce: expected a table, was none")
    start, _ = load_policy(run.folder / before)
    fleets = [FleetEnv(task_of(family, beside_base=True), num_envs=told.stores) for family in run.settings.families]
    latest: dict[str, float] = {}

    def tell(done: float, figures: dict[str, float]) -> None:
        latest.update(figures)
        progress(done)

    network = reinforced(
        PupilsEnv(fleets, start.network, latent=told.method == "ppo"),
        start.network,
        ReinforceSettings(**told.model_dump(exclude={"stores"})),
        seed=run.settings.policy.seed,
        logs=str(run.folder / LOGS),
        tell=tell,
    )
    _keep(run, told.method, Trained(network=network, trust=start.trust))
    return {**latest, "cpu_s": cpu_s() - began_s}


def _judged(stage: str | None, run: Run, progress: Progress) -> dict[str, Any]:
    """Charged profit of every holdout store under a stage's network, or under the laws."""
    policy = None if stage is None else run.folder / stage
    drives = [Drive(family=family, seeds=tuple(run.settings.holdout_seeds(family)), policy=policy) for family in run.settings.families]
    results = spread(judge, drives, progress=progress)
    profits = {drive.family: profit for drive, (profit, _) in zip(drives, results, strict=True)}
    return {"profit_cents": profits, "cpu_s": sum(seconds for _, seconds in results)}


def _all_lessons(run: Run, lesson_round: int) -> Lessons:
    """Those of all rounds so far; families and rounds count alike."""
    return lessons_of.balanced(
        [lessons_of.load(_lessons_path(run, earlier, family)) for earlier in range(lesson_round + 1) for family in run.settings.families]
    )


def _lessons_path(run: Run, lesson_round: int, family: str) -> Path:
    return run.folder / f"lessons-{lesson_round}-{family}.npz"


def _keep(run: Run, stage: str, trained: Trained) -> None:
    save_policy(run.folder / stage, trained, card_of(run, trained, cpu_seconds=0.0))


def card_of(run: Run, trained: Trained, *, cpu_seconds: float) -> PolicyCard:
    """The card of a network that this run made."""
    settings = run.settings
    last = len(settings.lessons.detours) - 1
    seeds = [seed for family in settings.families for each in (0, last) for seed in settings.lesson_seeds(family, each)]
    return describe(
        trained,
        name=settings.policy.name,
        created=run.clock.now().date(),
        training=TrainingPart(
            config=run.text,
            config_sha256=text_sha256(run.text),
            seeds=(settings.policy.seed,),
            market_seeds=(min(seeds), max(seeds)),
            code_version=installed_version(),
            cpu_s=cpu_seconds,
        ),
        gains=LawsTuning(),
    )
