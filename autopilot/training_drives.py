"""What workers of a training do: drive stores of one family, to take lessons from or to judge. They need no learning package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autopilot.clock import cpu_s
from autopilot.policies import load_policy
from autopilot.pool import Progress
from control.controller import Controller
from control.laws import Laws, LawsTuning
from control.policy import Policy
from control.residual import undamped
from sim.env import task_of
from sim.fleet.fleet import fleet_terms, open_fleet
from sim.judging.contenders import Blind
from sim.judging.evaluation import charged_cents, trial
from sim.learning import lessons as lessons_of
from sim.scenarios import load_scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """Stores of one family for one worker.

    Attributes:
        family, seeds: Which.
        policy: Folder of the policy at the wheel; None for the laws.
        output: Where lessons go.
        every_hours, detour: As in ``sim.learning.lessons.gather``.
        rng_seed: Of detours and of the choice of hours.
    """

    family: str
    seeds: tuple[int, ...]
    policy: Path | None
    output: Path | None = None
    every_hours: int = 1
    detour: float = 0.0
    rng_seed: tuple[int, ...] = ()


def gather(drive: Drive, progress: Progress) -> tuple[int, float]:
    """Rows and CPU seconds of one family's lessons, which are written unless they are there."""
    began_s = cpu_s()
    if drive.output is None:
        raise ValueError("output: expected a file to write lessons to, was None")
    if drive.output.exists():
        return len(lessons_of.load(drive.output).weight), 0.0
    network = None if drive.policy is None else load_policy(drive.policy)[0].network
    found = lessons_of.gather(
        task_of(drive.family),
        seeds=np.array(drive.seeds, dtype=np.int64),
        network=network,
        every_hours=drive.every_hours,
        detour=drive.detour,
        rng=np.random.Generator(np.random.PCG64(drive.rng_seed)),
        progress=progress,
    )
    lessons_of.save(found, drive.output)
    return len(found.weight), cpu_s() - began_s


def judge(drive: Drive, progress: Progress) -> tuple[list[float], float]:
    """Charged profit of every store, minor units, and CPU seconds."""
    began_s = cpu_s()
    terms = fleet_terms(load_scenario(drive.family))
    controller: Controller = Laws()
    if drive.policy is not None:
        controller = Policy(base=undamped(LawsTuning()), trained=load_policy(drive.policy)[0])
    opened = open_fleet(terms, seeds=np.array(drive.seeds, dtype=np.int64))
    one = trial(terms, opened, Blind(controller=controller), progress=progress)
    return charged_cents(one, target_roas=terms.scenario.terms.target_roas).tolist(), cpu_s() - began_s
