"""Draws are pure functions of their coordinates, and counts are exact and monotone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom as exact_binomial
from scipy.stats import kstest
from scipy.stats import poisson as exact_poisson

from sim.randomness import (
    Draw,
    at_index,
    binomial,
    cells,
    normals,
    poisson,
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

    for rate in (0.3, 3.9, 4.1, 20.0, 60.0, 3e4):
        counts = poisson(np.full(drawn.shape, rate), drawn)
        assert counts.mean() == pytest.approx(rate, rel=0.03)
        assert counts.var() == pytest.approx(rate, rel=0.05)


def test_poisson_of_mixed_rates_is_that_of_each_alone() -> None:
    rate = np.geomspace(1e-6, 1e6, 400).reshape(20, 20)
    drawn = uniforms(split(store_keys(np.arange(20), Draw.CLICKS, 9), 20))

    alone = [poisson(rate.ravel()[i : i + 1], drawn.ravel()[i : i + 1])[0] for i in range(400)]

    assert poisson(rate, drawn).ravel().tolist() == alone
    assert alone == np.ravel(exact_poisson.ppf(drawn, rate)).tolist()


def test_poisson_is_exact_in_the_far_tails() -> None:
    chance = np.array([1e-300, 1e-15, 1e-9, 1.0 - 1e-9, 1.0 - 2.0**-53])
    for rate in (0.0, 0.01, 3.0, 4.5, 40.0, 1e4):
        counts = poisson(np.full(chance.shape, rate), chance)
        assert (np.diff(counts) >= 0).all()
        assert (exact_poisson.cdf(counts, rate) >= chance * (1.0 - 1e-9)).all()


trials = st.one_of(st.integers(0, 6), st.integers(0, 3000))
odds = st.one_of(st.just(0.0), st.floats(1e-9, 0.999))


@given(number=trials, odd=odds, chance=chances)
def test_binomial_is_the_exact_quantile(number: int, odd: float, chance: float) -> None:
    count = binomial(np.array([number]), np.array([odd]), np.array([chance]))[0]

    assert 0 <= count <= number
    assert exact_binomial.cdf(count, number, odd) >= chance * (1 - 1e-9) - 1e-14
    assert count == 0 or exact_binomial.cdf(count - 1, number, odd) < chance * (1 + 1e-9) + 1e-14


@given(number=trials, more=st.integers(0, 50), odd=st.floats(0.0, 0.9), further=st.floats(0.0, 0.09), chance=st.floats(1e-9, 1 - 1e-9))
def test_more_trials_or_better_odds_never_give_fewer_successes(number: int, more: int, odd: float, further: float, chance: float) -> None:
    low, tried, favoured = binomial(
        np.array([number, number + more, number]), np.array([odd, odd, odd + further]), np.array([chance, chance, chance])
    )

    assert tried >= low
    assert favoured >= low


def test_binomial_has_its_mean_and_variance() -> None:
    drawn = uniforms(split(store_keys(np.arange(200), Draw.CONVERTS, 1), 200))

    for number, odd in ((1, 0.05), (3, 0.3), (40, 0.1), (900, 0.4)):
        counts = binomial(np.full(drawn.shape, number), np.full(drawn.shape, odd), drawn)
        assert counts.mean() == pytest.approx(number * odd, rel=0.03)
        assert counts.var() == pytest.approx(number * odd * (1.0 - odd), rel=0.05)


def test_nothing_tried_is_nothing_won() -> None:
    assert not binomial(np.zeros((3, 4), dtype=np.int64), np.full((3, 4), 0.5), np.full((3, 4), 0.999)).any()
