"""Counts are exact and monotone, choices are even, and what is shared out adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom as exact_binomial
from scipy.stats import poisson as exact_poisson

from sim.conversion import delay_shares
from sim.randomness import Draw, split, store_keys, uniforms
from sim.samplers import binomial, inverted, picked, poisson, shared_out, whole_numbers
from tests.unit.sim.conftest import Bench

EDGES = np.array([1e-16, 0.5, 1.0 - 2.0**-53])


def test_whole_numbers_are_even_and_stay_within_their_bounds() -> None:
    drawn = whole_numbers(3, 7, (np.arange(5000) + 0.5) / 5000)

    assert np.bincount(drawn).tolist() == [0, 0, 0, 1000, 1000, 1000, 1000, 1000]
    assert whole_numbers(3, 7, EDGES).tolist() == [3, 5, 7]


def test_one_of_the_values_of_its_row_is_picked() -> None:
    deciles = np.array([np.arange(1, 11), np.arange(11, 21)])

    values = picked(deciles, np.array([0, 0, 1, 1]), np.array([0.0001, 0.9999, 0.05, 0.55]))

    assert values.tolist() == [1, 10, 11, 16]


def test_delays_are_drawn_by_inversion(bench: Bench) -> None:
    cumulative = np.cumsum(delay_shares(bench.parameters.conversion))

    hours = inverted(cumulative, np.array([1e-9, cumulative[10] - 1e-9, cumulative[10] + 1e-9, 1.0 - 1e-16]))

    assert hours.tolist() == [0, 10, 11, 168]


weights = st.lists(st.floats(0.0, 1e6), min_size=1, max_size=8).map(lambda given: np.cumsum(given)[:, None])


@given(count=st.integers(1, 10**6), until=weights, uniform=st.floats(1e-12, 1.0 - 1e-12))
def test_each_place_gets_its_share_rounded_up_or_down(count: int, until: np.ndarray, uniform: float) -> None:
    shares = shared_out(np.array([count]), until, np.array([uniform]))[:, 0]

    assert shares.sum() == count
    assert shares.min() >= 0
    if until[-1, 0] >= 1.0:
        fair = count * np.diff(until[:, 0], prepend=0.0) / until[-1, 0]
        assert (np.abs(shares - fair) < 1.0 + 1e-6).all()


def test_shares_are_fair_on_average() -> None:
    uniform = (np.arange(1000) + 0.5) / 1000
    until = np.repeat(np.array([[0.2], [0.5], [1.0]]), 1000, axis=1)

    shares = shared_out(np.full(1000, 7), until, uniform)

    np.testing.assert_allclose(shares.mean(axis=1), [1.4, 2.1, 3.5], atol=0.002)


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
