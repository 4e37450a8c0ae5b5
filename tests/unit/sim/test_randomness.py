"""Draws are pure functions of their coordinates, and Poisson counts are exact and monotone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from scipy.stats import poisson as exact_poisson

from sim.randomness import Draw, at_index, normals, poisson, sku_uniforms, split, store_keys, uniforms

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


rates = st.one_of(st.floats(0.0, 8.0), st.floats(0.0, 3000.0))
chances = st.floats(1e-12, 1.0 - 1e-12)


@given(rate=rates, chance=chances)
def test_poisson_is_the_exact_quantile(rate: float, chance: float) -> None:
    count = poisson(np.array([rate]), np.array([chance]))[0]

    # a uniform that falls on a step of the distribution function within rounding may go either way
    assert exact_poisson.cdf(count, rate) >= chance * (1 - 1e-9) - 1e-15
    assert count == 0 or exact_poisson.cdf(count - 1, rate) < chance * (1 + 1e-9) + 1e-15


@given(rate=rates, more=st.floats(0.0, 100.0), chance=chances)
def test_a_higher_rate_never_gives_a_smaller_count(rate: float, more: float, chance: float) -> None:
    fewer, greater = poisson(np.array([rate, rate + more]), np.array([chance, chance]))

    assert greater >= fewer


def test_poisson_has_mean_and_variance_of_its_rate() -> None:
    drawn = uniforms(split(store_keys(np.arange(200), Draw.CLICKS, 1), 200))

    for rate in (0.3, 3.9, 4.1, 60.0):
        counts = poisson(np.full(drawn.shape, rate), drawn)
        assert counts.mean() == pytest.approx(rate, rel=0.03)
        assert counts.var() == pytest.approx(rate, rel=0.05)
