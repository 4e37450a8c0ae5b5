"""Several seeds at once, one process each: seeds share nothing, so the machine's cores can."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from autopilot.drive import Progress, SeedDriven, drive_seed, with_seed
from autopilot.settings_sources import Loaded


def drive_seeds(loaded: Loaded, seeds: Sequence[int], *, days: int, runs: Path, progress: Progress) -> list[SeedDriven]:
    """Drive every seed and return them in the order given; ``progress`` is told the share that is done."""
    if len(seeds) == 1:
        return [drive_seed(with_seed(loaded, seeds[0]), days=days, run_dir=_run_dir(runs, seeds[0]), progress=progress)]
    workers = min(len(seeds), os.cpu_count() or 1)
    # spawned, so that no worker inherits the locks or threads of this process
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(_drive, loaded, seed, days, runs): seed for seed in seeds}
        driven: dict[int, SeedDriven] = {}
        for done, future in enumerate(as_completed(futures), start=1):
            driven[futures[future]] = future.result()
            progress(done / len(seeds))
    return [driven[seed] for seed in seeds]


def _drive(loaded: Loaded, seed: int, days: int, runs: Path) -> SeedDriven:
    return drive_seed(with_seed(loaded, seed), days=days, run_dir=_run_dir(runs, seed), progress=lambda _share: None)


def _run_dir(runs: Path, seed: int) -> Path:
    return runs / f"seed-{seed}"
