"""Gamma factors: mean 1, the given variance, and the exact quantiles within a fraction of a per cent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaincinv

from sim.gamma_quantiles import gamma_factors

DISPERSION = np.array([0.0, 1e-9, 0.01, 0.06, 0.3, 1.7])
UNIFORM = np.repeat(((np.arange(40_000) + 0.5) / 40_000)[:, None], 6, axis=1)


def test_factors_have_mean_one_and_the_variance_asked_for() -> None:
    factors = gamma_factors(DISPERSION, UNIFORM)

    np.testing.assert_allclose(factors.mean(axis=0), 1.0, atol=0.001)
    np.testing.assert_allclose(factors.var(axis=0), DISPERSION, rtol=0.01, atol=1e-8)


def test_without_dispersion_every_day_is_alike() -> None:
    assert (gamma_factors(DISPERSION, UNIFORM)[:, :2] == 1.0).all()


def test_quantiles_are_those_of_the_gamma_distribution() -> None:
    factors = gamma_factors(DISPERSION, UNIFORM)[:, 2:]
    exact = gammaincinv(1.0 / DISPERSION[2:], UNIFORM[:, 2:]) * DISPERSION[2:]

    assert np.abs(factors / exact - 1.0).max() < 0.005


@pytest.mark.parametrize("extreme", [2.0**-53, 1e-6, 1.0 - 1e-6, 1.0 - 2.0**-53])
def test_tails_are_exact(extreme: float) -> None:
    factors = gamma_factors(DISPERSION, np.full((1, 6), extreme))[0, 2:]

    np.testing.assert_array_equal(factors, gammaincinv(1.0 / DISPERSION[2:], extreme) * DISPERSION[2:])


def test_a_luckier_day_is_never_a_worse_one() -> None:
    level = np.repeat(np.linspace(1e-6, 1.0 - 1e-6, 20_000)[:, None], 6, axis=1)

    assert (np.diff(gamma_factors(DISPERSION, level), axis=0) >= -1e-9).all()
