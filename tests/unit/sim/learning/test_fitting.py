"""Fitting: a network finds what its moves are worth most at."""

from __future__ import annotations

import numpy as np
import pytest

from control.features import FEATURES
from sim.judging.action_values import STRENGTHS
from sim.learning.fitting import FitSettings, Teacher, fit, linears, load, network_of
from sim.learning.lessons import Lessons

ROWS = 2_000


def lessons(seed: int) -> Lessons:
    """The best bid move is the first feature's sign times a half, the best price move always 0.75; half of the prices cannot move."""
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = rng.normal(size=(ROWS, len(FEATURES))).astype(np.float32)
    best = np.where(rows[:, 0] > 0.0, 0.5, -0.5)
    return Lessons(
        rows=rows,
        bid=(-0.01 * (STRENGTHS - best[:, None]) ** 2).astype(np.float32),
        price=np.tile(-0.01 * (STRENGTHS - 0.75) ** 2, (ROWS, 1)).astype(np.float32),
        price_moves=rng.random(ROWS) < 0.5,
        weight=np.ones(ROWS, dtype=np.float32),
    )


@pytest.mark.parametrize("teacher", ["gradient", "imitation"])
def test_both_teachers_find_the_best_moves(teacher: Teacher) -> None:
    told: list[dict[str, float]] = []
    settings = FitSettings(teacher=teacher, hidden=(16,), epochs=25, batch=100, learning_rate=2e-2)

    network = fit(lessons(1), settings, start=None, seed=1, tell=lambda _, figures: told.append(figures))

    fresh = lessons(2)
    actions = network.act(fresh.rows)
    clear = np.abs(fresh.rows[:, 0]) > 0.5
    assert np.abs(actions[clear, 0] - np.where(fresh.rows[clear, 0] > 0.0, 0.5, -0.5)).mean() < 0.12
    assert np.abs(actions[:, 1] - 0.75).mean() < 0.12
    assert told[-1]["bid"] > told[0]["bid"]
    assert told[-1]["bid"] <= told[-1]["best_bid"] + 1e-6


def test_the_same_seed_fits_the_same_network() -> None:
    settings = FitSettings(hidden=(8,), epochs=1, batch=500)

    one, again = (fit(lessons(1), settings, start=None, seed=3, tell=lambda *_: None) for _ in range(2))

    assert all(np.array_equal(one.arrays()[name], again.arrays()[name]) for name in one.arrays())


def test_a_fit_goes_on_from_where_it_starts() -> None:
    settings = FitSettings(hidden=(8,), epochs=4, batch=100, learning_rate=1e-2)
    start = fit(lessons(1), settings, start=None, seed=3, tell=lambda *_: None)

    after = fit(lessons(1), FitSettings(hidden=(8,), epochs=1, batch=ROWS, learning_rate=1e-9), start=start, seed=4, tell=lambda *_: None)

    np.testing.assert_array_equal(after.mean, start.mean)
    np.testing.assert_allclose(after.layers[0][0], start.layers[0][0], atol=1e-6)


def test_weights_survive_the_way_through_torch() -> None:
    from torch import nn

    network = fit(lessons(1), FitSettings(hidden=(8,), epochs=1, batch=500), start=None, seed=3, tell=lambda *_: None)
    net = nn.Sequential(nn.Linear(len(FEATURES), 8), nn.Tanh(), nn.Linear(8, 2))

    load(linears(net), network)

    back = network_of(linears(net), mean=network.mean, scale=network.scale)
    assert all(np.array_equal(back.arrays()[name], network.arrays()[name]) for name in network.arrays())
