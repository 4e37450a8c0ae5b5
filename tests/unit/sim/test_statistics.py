"""The inter-quartile mean and its stratified bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import trim_mean

from sim.judging.statistics import interquartile_mean, interval


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize("count", [4, 8, 100])
def test_interquartile_mean_is_the_trimmed_mean_where_quarters_are_whole(count: int) -> None:
    values = generator().normal(size=count)

    assert interquartile_mean(values) == pytest.approx(trim_mean(values, 0.25))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_interquartile_mean_lies_within_the_values(values: list[float]) -> None:
    mean = float(interquartile_mean(np.array(values)))

    assert min(values) - 1e-6 <= mean <= max(values) + 1e-6


def test_interquartile_mean_does_not_feel_an_outlier() -> None:
    values = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1e9])

    assert interquartile_mean(values) == pytest.approx(1.0)


def test_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = generator(2)

    covered = [
        found.low <= 0.0 <= found.high
        for found in (interval([rng.normal(size=40), rng.normal(size=40)], rng, resamples=300) for _ in range(200))
    ]

    assert 0.90 <= np.mean(covered) <= 0.99


def test_interval_shrinks_with_the_root_of_the_number_of_stores() -> None:
    rng = generator(3)
    few, many = (interval([rng.normal(size=count)], rng) for count in (50, 5000))

    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10.0, rel=0.35)


def test_a_family_keeps_its_weight_in_every_resample() -> None:
    found = interval([np.zeros(4), np.ones(4)], generator())

    assert found.low == found.high == found.value == pytest.approx(0.5)


def test_no_stores_are_refused() -> None:
    with pytest.raises(ValueError, match="strata: expected at least one value"):
        interval([], generator())
