"""Drives of several seeds and controllers at once, a process each: they share nothing, so the machine's cores can."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from multiprocessing.sharedctypes import SynchronizedArray
from pathlib import Path

from autopilot.drive import BASELINES, Driven, Progress, SeedDriven, drive_one, steered_by, with_seed
from autopilot.settings_sources import Loaded

POLL_S = 0.2
"""How often progress is asked for."""


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
    # spawned, so that no worker inherits the locks or threads of this process
    context = multiprocessing.get_context("spawn")
    done = context.Array("d", len(seeds) * len(names))
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=_share, initargs=(done,)) as pool:
        futures: list[Future[Driven]] = []
        for seed in seeds:
            for place, name in enumerate(names):
                task = steered_by(with_seed(loaded, seed), name)
                futures.append(pool.submit(_drive, task, days, journals[seed] if place == 0 else None, len(futures)))
        while wait(futures, timeout=POLL_S, return_when=FIRST_EXCEPTION).not_done:
            failed = next((future for future in futures if future.done() and future.exception()), None)
            if failed is not None:
                pool.shutdown(cancel_futures=True)
                break
            progress(math.fsum(done[:]) / len(done))
        driven = [future.result() for future in futures]
    progress(1.0)
    return [
        SeedDriven(
            seed=seed,
            driven=driven[at],
            baselines={one.controller: one for one in driven[at + 1 : at + len(names)]},
            journal=journals[seed],
        )
        for at, seed in zip(range(0, len(driven), len(names)), seeds, strict=True)
    ]


class _Worker:
    """What a worker process was given when it started."""

    done: SynchronizedArray[float]


def _share(done: SynchronizedArray[float]) -> None:
    _Worker.done = done


def _drive(loaded: Loaded, days: int, journal: Path | None, place: int) -> Driven:
    def progress(share: float) -> None:
        _Worker.done[place] = share

    return drive_one(loaded, days=days, journal=journal, progress=progress)
