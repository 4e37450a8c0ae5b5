"""Drives of several seeds and controllers at once, a process each: they share nothing, so the machine's cores can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autopilot.drive import BASELINES, Driven, SeedDriven, drive_one, steered_by, with_seed
from autopilot.pool import Progress, spread
from autopilot.settings_sources import Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One controller on one seed; ``journal`` is where to record, None for nowhere."""

    loaded: Loaded
    days: int
    journal: Path | None


def drive_seeds(loaded: Loaded, seeds: Sequence[int], *, days: int, runs: Path, progress: Progress) -> list[SeedDriven]:
    """Drive every seed with the configured controller and with each baseline.

    Args:
        loaded: Settings; the seed in them is not used.
        seeds: In the order wanted back.
        days: Length of each drive.
        runs: Gets ``seed-N/journal.sqlite``, replacing those of earlier drives.
        progress: Told the share of all the work that is done, 0…1.
    """
    names = (loaded.settings.control.controller, *BASELINES)
    journals = {seed: runs / f"seed-{seed}" / "journal.sqlite" for seed in seeds}
    tasks = [
        _Task(loaded=steered_by(with_seed(loaded, seed), name), days=days, journal=journals[seed] if place == 0 else None)
        for seed in seeds
        for place, name in enumerate(names)
    ]
    driven = spread(_drive, tasks, progress=progress)
    return [
        SeedDriven(
            seed=seed,
            driven=driven[at],
            baselines={one.controller: one for one in driven[at + 1 : at + len(names)]},
            journal=journals[seed],
        )
        for at, seed in zip(range(0, len(driven), len(names)), seeds, strict=True)
    ]


def _drive(task: _Task, progress: Progress) -> Driven:
    return drive_one(task.loaded, days=task.days, journal=task.journal, progress=progress)
