"""Lessons: noted on the way through stores of training, kept, and brought together."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from control.features import FEATURES
from sim.env import task_of
from sim.judging.action_values import STRENGTHS
from sim.learning.lessons import Lessons, balanced, gather, joined, load, save, teachers_choice
from sim.task import Task


def lessons_of(rows: int, *, best: int = 0) -> Lessons:
    """Rows whose curves all peak at one strength."""
    curve = np.zeros((rows, STRENGTHS.size), dtype=np.float32)
    curve[:, best] = 1.0
    return Lessons(
        rows=np.zeros((rows, len(FEATURES)), dtype=np.float32),
        bid=curve,
        price=curve,
        price_moves=np.ones(rows, dtype=np.bool_),
        weight=np.ones(rows, dtype=np.float32),
    )


@pytest.fixture(scope="module")
def task() -> Task:
    return task_of("steady", history_days=2)


def gathered(task: Task, *, seed: int) -> Lessons:
    told: list[float] = []
    found = gather(
        task,
        seeds=np.arange(100_000, 100_002),
        network=None,
        every_hours=48,
        detour=0.5,
        rng=np.random.Generator(np.random.PCG64(seed)),
        progress=told.append,
    )
    assert told[-1] == 1.0
    return found


def test_a_lesson_is_noted_for_every_sku_now_and_then(task: Task) -> None:
    found = gathered(task, seed=1)

    assert found.weight.size % (2 * task.skus) == 0
    # 336 hours, one in 48 of them
    assert 1 <= found.weight.size // (2 * task.skus) <= 20
    assert found.rows.shape == (found.weight.size, len(FEATURES))
    assert np.ptp(found.bid, axis=1).max() > 0.0


def test_the_same_seeds_give_the_same_lessons(task: Task) -> None:
    one, again = gathered(task, seed=2), gathered(task, seed=2)

    for each in fields(Lessons):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(again, each.name))


def test_lessons_come_back_from_their_file(tmp_path: Path) -> None:
    save(lessons_of(3, best=2), tmp_path / "some.npz")

    found = load(tmp_path / "some.npz")

    assert [path.name for path in tmp_path.iterdir()] == ["some.npz"]
    np.testing.assert_array_equal(found.bid, lessons_of(3, best=2).bid)


def test_parts_of_any_size_count_alike() -> None:
    both = balanced([lessons_of(1), lessons_of(3)])

    assert both.weight.mean() == pytest.approx(1.0)
    assert both.weight[0] == pytest.approx(both.weight[1:].sum())


def test_joining_keeps_every_row() -> None:
    assert joined([lessons_of(1), lessons_of(3)]).weight.size == 4


def test_the_teacher_chooses_what_is_worth_most_and_leaves_what_cannot_move() -> None:
    chosen, matters = teachers_choice(lessons_of(2, best=7))
    flat, nothing = teachers_choice(
        Lessons(
            rows=np.zeros((1, len(FEATURES)), np.float32),
            bid=np.zeros((1, STRENGTHS.size), np.float32),
            price=np.zeros((1, STRENGTHS.size), np.float32),
            price_moves=np.zeros(1, np.bool_),
            weight=np.ones(1, np.float32),
        )
    )

    assert chosen.tolist() == [[STRENGTHS[7]] * 2] * 2
    assert matters.tolist() == [[1.0, 1.0]] * 2
    assert nothing.tolist() == [[0.0, 0.0]]
    assert flat.shape == (1, 2)
