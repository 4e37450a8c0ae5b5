"""Draws are pure functions of their coordinates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from sim.randomness import (
    Draw,
    at_index,
    cells,
    normals,
    quarter_normals,
    quarter_uniforms,
    sku_keys,
    sku_normals,
    sku_uniforms,
    split,
    store_keys,
    uniforms,
)

SEEDS = np.array([3, -1, 2**62, 0], dtype=np.int64)


def test_a_store_draws_the_same_in_any_batch() -> None:
    together = sku_uniforms(SEEDS, Draw.CLICKS, 17, 5)
    alone = [sku_uniforms(SEEDS[i : i + 1], Draw.CLICKS, 17, 5)[0] for i in range(SEEDS.size)]

    np.testing.assert_array_equal(together, alone)


def test_an_index_draws_the_same_whatever_the_count() -> None:
    keys = store_keys(SEEDS, Draw.CLICKS, 17)

    np.testing.assert_array_equal(split(keys, 3), split(keys, 9)[:, :3])
    np.testing.assert_array_equal(at_index(keys, np.full(SEEDS.size, 7)), split(keys, 9)[:, 7])


@pytest.mark.parametrize("other", [(Draw.VIEWS, 17), (Draw.CLICKS, 18), (Draw.CLICKS, -1)])
def test_purpose_and_time_change_every_draw(other: tuple[Draw, int]) -> None:
    assert (sku_uniforms(SEEDS, Draw.CLICKS, 17, 50) != sku_uniforms(SEEDS, *other, 50)).all()


def test_uniforms_are_uniform_and_neighbours_unrelated() -> None:
    drawn = uniforms(split(split(store_keys(np.arange(20), Draw.CONVERTS, 5), 20), 50))

    assert kstest(drawn.ravel(), "uniform").pvalue > 0.001
    for axis in range(3):
        ahead = np.take(drawn, range(1, drawn.shape[axis]), axis)
        behind = np.take(drawn, range(drawn.shape[axis] - 1), axis)
        assert abs(np.corrcoef(ahead.ravel(), behind.ravel())[0, 1]) < 0.03


def test_normals_are_standard() -> None:
    drawn = normals(split(store_keys(np.arange(100), Draw.CTR, 0), 200))

    assert abs(drawn.mean()) < 0.03
    assert abs(drawn.std() - 1.0) < 0.03


def test_keys_kept_for_later_are_those_made_at_once() -> None:
    np.testing.assert_array_equal(uniforms(sku_keys(cells(SEEDS, 5), Draw.CLICKS, 17)), sku_uniforms(SEEDS, Draw.CLICKS, 17, 5))
    np.testing.assert_array_equal(normals(sku_keys(cells(SEEDS, 5), Draw.CTR, 0)), sku_normals(SEEDS, Draw.CTR, 0, 5))


def test_hours_of_one_purpose_are_unrelated() -> None:
    many = cells(np.arange(200), 20)
    drawn = np.stack([uniforms(sku_keys(many, Draw.CLICKS, hour)) for hour in range(30)])

    assert kstest(drawn.ravel(), "uniform").pvalue > 0.001
    assert abs(np.corrcoef(drawn[1:].ravel(), drawn[:-1].ravel())[0, 1]) < 0.01
    assert abs(np.corrcoef(drawn[:, 1:].ravel(), drawn[:, :-1].ravel())[0, 1]) < 0.01


def test_quarters_of_a_key_are_uniform_and_unrelated() -> None:
    drawn = quarter_uniforms(split(store_keys(np.arange(300), Draw.AD_ORDER, 5), 100)).reshape(-1, 4)

    assert drawn.min() > 0.0
    assert drawn.max() < 1.0
    for quarter in range(4):
        assert kstest(drawn[:, quarter], "uniform").pvalue > 0.001
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.eye(4), atol=0.02)


def test_quarter_normals_are_standard_but_for_their_tails() -> None:
    keys = split(store_keys(np.arange(300), Draw.RIVAL_BID, 5), 300)
    drawn = quarter_normals(keys)

    assert drawn.dtype == np.float32
    assert drawn.shape == (*keys.shape, 4)
    assert drawn.mean() == pytest.approx(0.0, abs=0.006)
    assert drawn.std() == pytest.approx(1.0, abs=0.005)
    assert np.abs(drawn).max() < 4.33
    assert kstest(drawn.ravel()[:50_000], "norm").pvalue > 0.001


def test_the_draws_of_recorded_worlds_stay_as_they_are() -> None:
    """Golden values: if these move, every recorded world does."""
    keys = sku_keys(cells(np.array([7]), 2), Draw.CLICKS, 100)

    assert keys.tolist() == [[11023947478319906250, 5193498483120867594]]
