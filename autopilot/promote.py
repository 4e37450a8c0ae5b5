"""Promotion: a policy is judged on test seeds, on recorded episodes and in the shadow of the laws before it may take the wheel.

Whatever comes of it is written into the policy's card, with the figures and the reasons. A promoted policy is installed under a name that
the settings can call; a refused one stays where it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from autopilot.clock import SystemClock
from autopilot.drive import drive_one
from autopilot.episode import SUFFIX, read_episode
from autopilot.errors import ConfigError
from autopilot.evaluate import Judged, Task, evaluate
from autopilot.evaluate_result import BOOTSTRAP_SEED
from autopilot.journal import SqlJournal, sqlite_url
from autopilot.policies import install, load_policy, save_card
from autopilot.policy_card import PolicyCard, PromotionEntry, ScoreRow
from autopilot.pool import Progress
from autopilot.promotion_judgement import Evidence, FamilyFigures, refusals
from autopilot.promotion_shadow import Shadowed, shadowed
from autopilot.settings_sources import Loaded
from autopilot.steering import POLICY
from control.policy import Trained
from sim.judging.comparison import LAWS, paired
from sim.judging.evaluation import REFERENCE, rows
from sim.scenarios import load_scenario

SUITE = "promotion"
"""What the rows of the card's scores say of themselves."""

SEEDS = 100
"""Test seeds of every family."""

SHADOW_DAYS = 14
"""Length of the drive that the policy shadows: the usual window."""

_SIM_SHARE, _EPISODES_SHARE = 0.9, 0.95
"""Of the whole work, after each stage: what a progress bar shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a promotion is to look at.

    Attributes:
        families: Of scenarios, whose test seeds are driven.
        seeds: Of each family, >= 1; the first ones.
        episodes: Files, at least one.
        store: Whose drive under the laws the policy shadows, with its seed; its controller does not matter.
        days: Length of that drive.
        journals: Journals of real stores to shadow besides, by what they are called.
        kept: Folder of the evaluation's finished pieces; None keeps nothing.
    """

    families: tuple[str, ...]
    episodes: tuple[Path, ...]
    store: Loaded
    seeds: int = SEEDS
    days: int = SHADOW_DAYS
    journals: tuple[tuple[str, Path], ...] = ()
    kept: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What came of it.

    Attributes:
        card: Of the policy, with the decision as its newest entry.
        evidence: What the decision rests on.
        installed: Folder that a promoted policy can be called from; None for a refused one.
    """

    card: PolicyCard
    evidence: Evidence
    installed: Path | None

    @property
    def decision(self) -> PromotionEntry:
        """The newest entry of the card."""
        return self.card.promotions[-1]


def episodes_in(folder: Path) -> tuple[Path, ...]:
    """The episodes of a folder, in order. Raises: ConfigError, there are none."""
    found = tuple(sorted(folder.glob(f"*{SUFFIX}")))
    if not found:
        raise ConfigError(f"--episodes: expected a folder with files *{SUFFIX}, was {folder}, which has none")
    return found


def promote(folder: Path, *, to: Path, plan: Plan, at: datetime, progress: Progress) -> Promotion:
    """Judge a policy, write the decision into its card, and install it if it may take the wheel.

    Args:
        folder: Of the policy.
        to: Folder to install it in; may be ``folder`` itself.
        plan: What to look at.
        at: When the decision is made, aware.
        progress: Told the share of the work that is done.

    Raises:
        PolicyError: The policy cannot be used.
        ConfigError, EpisodeDamaged, JournalUnavailable: What it is to be judged by cannot be read.
    """
    trained, card = load_policy(folder)
    evidence = gather(trained, plan, progress=progress)
    reasons = refusals(evidence)
    entry = PromotionEntry(at=at, promoted=not reasons, to=to.name, reasons=reasons, figures=figures_of(evidence))
    decided = card.model_copy(update={"scores": _scores(evidence.sim), "promotions": (*card.promotions, entry)})
    save_card(folder, decided)
    if not reasons:
        install(folder, to, decided)
    return Promotion(card=decided, evidence=evidence, installed=None if reasons else to)


def gather(trained: Trained, plan: Plan, *, progress: Progress) -> Evidence:
    """All figures: test seeds, then recorded episodes, then shadow."""
    sim = on_test_seeds(trained, plan, progress=lambda done: progress(_SIM_SHARE * done))
    episodes = []
    for place, path in enumerate(plan.episodes):
        episodes.append(shadowed(path.name.removesuffix(SUFFIX), read_episode(path).records, trained))
        progress(_SIM_SHARE + (_EPISODES_SHARE - _SIM_SHARE) * (place + 1) / len(plan.episodes))
    shadow = [in_shadow(trained, plan.store, days=plan.days, progress=lambda done: progress(_EPISODES_SHARE + 0.04 * done))]
    shadow += [_on_journal(name, path, trained) for name, path in plan.journals]
    progress(1.0)
    return Evidence(sim=sim, episodes=tuple(episodes), shadow=tuple(shadow))


def on_test_seeds(trained: Trained, plan: Plan, *, progress: Progress) -> tuple[FamilyFigures, ...]:
    """Policy and laws on the same stores of every family; the last figures are those of all families together."""
    tasks = [
        Task(
            family=family,
            seeds=tuple(load_scenario(family).test_seeds.seeds[: plan.seeds]),
            controllers=(REFERENCE, LAWS, POLICY),
            policy=trained,
        )
        for family in plan.families
    ]
    return _compared(evaluate(tasks, progress=progress, kept=plan.kept))


def in_shadow(trained: Trained, store: Loaded, *, days: int, progress: Progress) -> Shadowed:
    """Drive a simulated store under the laws, and ask the policy at every tick what it would have written."""
    control = store.settings.control.model_copy(update={"controller": LAWS})
    steered = Loaded(
        path=store.path,
        settings=store.settings.model_copy(update={"control": control}),
        provenance=store.provenance,
        warnings=store.warnings,
    )
    with tempfile.TemporaryDirectory() as scratch:
        journal = Path(scratch) / "journal.sqlite"
        drive_one(steered, days=days, journal=journal, progress=progress)
        return _on_journal(f"drive of {store.settings.store.name}", journal, trained)


def figures_of(evidence: Evidence) -> dict[str, Any]:
    """The figures by stage, as plain values for a card and for the contract's JSON."""
    return {
        "sim": [asdict(one) for one in evidence.sim],
        "episodes": [_plain(one) for one in evidence.episodes],
        "shadow": [_plain(one) for one in evidence.shadow],
    }


def _on_journal(name: str, path: Path, trained: Trained) -> Shadowed:
    with closing(SqlJournal(sqlite_url(path), clock=SystemClock())) as journal:
        return shadowed(name, journal.records(), trained)


def _compared(judged: Sequence[Judged]) -> tuple[FamilyFigures, ...]:
    families = [one.trials for one in judged]
    # a generator each: no table depends on what else is worked out
    lines = {(row.controller, row.family): row for row in rows(families, _generator())}
    return tuple(
        FamilyFigures(
            family=pair.family,
            stores=pair.stores,
            policy=lines[POLICY, pair.family].share,
            laws=lines[LAWS, pair.family].share,
            difference=pair.difference,
            violations=lines[POLICY, pair.family].violations,
        )
        for pair in paired(families, _generator())
        if (pair.controller, pair.against) == (POLICY, LAWS)
    )


def _generator() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(BOOTSTRAP_SEED))


def _scores(sim: Sequence[FamilyFigures]) -> tuple[ScoreRow, ...]:
    return tuple(
        ScoreRow(
            suite=SUITE,
            family=one.family,
            n=one.stores,
            share_iqm=one.policy.value,
            ci_low=one.policy.low,
            ci_high=one.policy.high,
            laws_share_iqm=one.laws.value,
            laws_ci_low=one.laws.low,
            laws_ci_high=one.laws.high,
            difference=one.difference.value,
            difference_low=one.difference.low,
            difference_high=one.difference.high,
        )
        for one in sim
    )


def _plain(one: Shadowed) -> dict[str, Any]:
    plain = asdict(one)
    for name, conduct in (("policy", one.policy), ("laws", one.laws)):
        plain[name]["interventions_per_1000"] = conduct.interventions_per_1000
    plain["disagreements"] = {which.value: asdict(found) for which, found in one.disagreements.items()}
    return plain
