"""Intervals by drawing weeks again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from sim.calibration.week_bootstrap import interval, months_of, months_of_weeks, week_weights, weeks_of


def test_every_resample_keeps_the_number_of_weeks_of_each_stratum() -> None:
    strata = np.repeat([0, 1, 2], [1, 2, 5])

    weights = week_weights(strata, resamples=50)

    for stratum, size in ((0, 1), (1, 2), (2, 5)):
        np.testing.assert_allclose(weights[:, strata == stratum].sum(axis=1), size)
    assert (weights[:, 0] == 1.0).all()


@pytest.mark.parametrize("size", [2, 4, 26])
def test_the_variance_of_a_mean_is_right_even_for_strata_of_two(size: int) -> None:
    values = np.random.default_rng(1).normal(size=(40, size))
    weights = week_weights(np.zeros(size, dtype=np.int64), resamples=4000)

    resampled = (values @ weights.T / size).var(axis=1)

    np.testing.assert_allclose(resampled / (values.var(axis=1, ddof=1) / size), 1.0, rtol=0.12)


def test_the_same_weeks_are_drawn_again_and_other_streams_draw_others() -> None:
    strata = np.zeros(10, dtype=np.int64)

    assert (week_weights(strata) == week_weights(strata)).all()
    assert (week_weights(strata) != week_weights(strata, stream=1)).any()


def test_days_left_over_join_the_last_whole_week() -> None:
    assert weeks_of(16).tolist() == [0] * 7 + [1] * 9
    assert weeks_of(3).tolist() == [0, 0, 0]


def test_months_are_those_of_the_calendar() -> None:
    days = np.array([date(2024, 2, 29).toordinal(), date(2023, 12, 31).toordinal()])

    assert months_of(days).tolist() == [1, 11]
    assert months_of_weeks(date(2024, 1, 29).toordinal(), 2).tolist() == [1, 1]


def test_figures_that_are_none_do_not_count() -> None:
    low, high = interval(np.array([1.0, np.nan, 3.0]))

    assert 1.0 <= low < high <= 3.0
    assert np.isnan(interval(np.array([np.nan]))).all()
