"""Independent work spread over the machine's cores, a process each, with one progress figure for all of it."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from multiprocessing.sharedctypes import SynchronizedArray
from typing import TypeAlias, TypeVar

Progress: TypeAlias = Callable[[float], None]
"""Told the share of the work that is done, 0…1."""

Task = TypeVar("Task")
Result = TypeVar("Result")

POLL_S = 0.2
"""How often progress is asked for."""


def spread(work: Callable[[Task, Progress], Result], tasks: Sequence[Task], *, progress: Progress) -> list[Result]:
    """Do every task and return the results in their order.

    Args:
        work: A function of a module, so that another process can find it.
        tasks: Picklable, with picklable results.
        progress: For all of them together.

    Raises:
        Exception: The first error of any task, or of ``progress``; the others are given up.
    """
    # spawned, so that no worker inherits the locks or threads of this process
    context = multiprocessing.get_context("spawn")
    done = context.Array("d", max(len(tasks), 1))
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=_share, initargs=(done,)) as pool:
        others = set(multiprocessing.active_children())
        futures = [pool.submit(_run, work, task, place) for place, task in enumerate(tasks)]
        try:
            while wait(futures, timeout=POLL_S, return_when=FIRST_EXCEPTION).not_done:
                if any(future.done() and future.exception() for future in futures):
                    pool.shutdown(cancel_futures=True)
                    break
                progress(math.fsum(done[:]) / len(done))
        except BaseException:
            # interrupted: nothing is waited for; a pool whose workers end gives up what is still to be done
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            raise
        # a task that was given up raises less than the one that failed: that one first
        for future in futures:
            if not future.cancelled():
                future.result()
        results = [future.result() for future in futures]
    progress(1.0)
    return results


def part_of(progress: Progress, place: int, steps: int) -> Progress:
    """Progress of one step of several."""
    return lambda done: progress((place + done) / steps)


class _Worker:
    """What a worker process was given when it started."""

    done: SynchronizedArray[float]


def _share(done: SynchronizedArray[float]) -> None:
    _Worker.done = done


def _run(work: Callable[[Task, Progress], Result], task: Task, place: int) -> Result:
    def progress(share: float) -> None:
        _Worker.done[place] = share

    return work(task, progress)
