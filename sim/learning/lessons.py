"""Lessons: what a policy saw in stores of training, and what each of its moves would have been worth in truth.

Stores are driven by the policy as it is so far, with detours, so that it is taught about the states that it comes into itself (DAgger:
Ross, Gordon & Bagnell 2011). The values are ``sim.judging.action_values``: the informed controller's view of every strength of an action.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from control.features import FEATURES, Singles
from control.policy_network import Network
from perception.units import Bools, Floats, Ints
from sim.judging.action_values import STRENGTHS, action_values
from sim.task import MOVES, Task, act, observation, open_scene

DETOUR_HOURS = 12
"""How long one detour lasts: long enough to lead somewhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """r rows, one per SKU and hour.

    Attributes:
        rows: (r, F) features, float32.
        bid, price: (r, K) worth of each of ``STRENGTHS`` over doing nothing, as a share of what the store earns in an hour, float32.
        price_moves: (r,) whether the price could move at all.
        weight: (r,) how much a row counts; families count alike whatever their size. The mean is 1.
    """

    rows: Singles
    bid: Singles
    price: Singles
    price_moves: Bools
    weight: Singles


def gather(
    task: Task,
    *,
    seeds: Ints,
    network: Network | None,
    every_hours: int,
    detour: float,
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> Lessons:
    """Drive stores through their window and note down lessons on the way.

    Args:
        task: The stores; decisions are hourly.
        seeds: (n,) of training.
        network: The policy so far; None for the base controller alone.
        every_hours: Mean hours between two lessons of a store.
        detour: Standard deviation of what is added to the actions, held for ``DETOUR_HOURS``.
        rng: Of detours and of the choice of hours.
        progress: Told the share of the window that is done.
    """
    scene, shape = open_scene(task, seeds=seeds), (seeds.size, task.skus, MOVES)
    aside = np.zeros(shape)
    found: list[Lessons] = []
    for hour in range(task.decisions):
        rows = observation(scene)
        if rng.random() * every_hours < 1.0:
            values = action_values(task.terms, scene.fleet, scene.seen, scene.proposal, task.stride)
            found.append(_noted(rows, values.bid, values.price, values.price_moves))
        if hour % DETOUR_HOURS == 0:
            aside = rng.normal(scale=detour, size=shape) if detour > 0.0 else np.zeros(shape)
        wished = np.zeros(shape) if network is None else network.act(rows.reshape(-1, len(FEATURES))).reshape(shape)
        scene, _ = act(task, scene, np.clip(wished + aside, -1.0, 1.0))
        progress((hour + 1) / task.decisions)
    return joined(found) if found else _noted(*_nothing())


def joined(parts: Sequence[Lessons]) -> Lessons:
    """All of them as one; weights stay as they are."""
    return Lessons(**{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Lessons)})


def balanced(parts: Sequence[Lessons]) -> Lessons:
    """All of them as one, each part counting the same in sum."""
    rows = sum(part.weight.size for part in parts)
    even = [np.full(part.weight.size, rows / len(parts) / max(part.weight.size, 1), dtype=np.float32) for part in parts]
    return Lessons(
        rows=np.concatenate([part.rows for part in parts]),
        bid=np.concatenate([part.bid for part in parts]),
        price=np.concatenate([part.price for part in parts]),
        price_moves=np.concatenate([part.price_moves for part in parts]),
        weight=np.concatenate(even),
    )


def save(lessons: Lessons, path: Path) -> None:
    """Write them whole or not at all."""
    partial = path.with_name(f"{path.stem}.partial.npz")
    np.savez(partial, **{each.name: getattr(lessons, each.name) for each in fields(Lessons)})
    partial.replace(path)


def load(path: Path) -> Lessons:
    """Read them back. Raises: OSError, ValueError, KeyError for what is no file of lessons."""
    with np.load(path, allow_pickle=False) as packed:
        return Lessons(**{each.name: packed[each.name] for each in fields(Lessons)})


def teachers_choice(lessons: Lessons) -> tuple[Singles, Singles]:
    """(r, 2) the strengths that were worth most, and (r, 2) whether there was anything to choose, as 0 or 1."""
    chosen = np.stack([STRENGTHS[np.argmax(curve, axis=1)] for curve in (lessons.bid, lessons.price)], axis=1)
    matters = np.stack([np.ptp(lessons.bid, axis=1) > 0.0, lessons.price_moves], axis=1)
    return chosen.astype(np.float32), matters.astype(np.float32)


def _noted(rows: Singles, bid: Floats, price: Floats, price_moves: Bools) -> Lessons:
    count = price_moves.size
    return Lessons(
        rows=rows.reshape(count, len(FEATURES)).copy(),
        bid=bid.reshape(count, STRENGTHS.size).astype(np.float32),
        price=price.reshape(count, STRENGTHS.size).astype(np.float32),
        price_moves=price_moves.reshape(count).copy(),
        weight=np.ones(count, dtype=np.float32),
    )


def _nothing() -> tuple[Singles, Floats, Floats, Bools]:
    return np.empty((0, len(FEATURES)), np.float32), np.empty((0, STRENGTHS.size)), np.empty((0, STRENGTHS.size)), np.empty(0, np.bool_)
