"""Conjugate posteriors: right without data, right with much of it, and never surer than the counts allow."""

from __future__ import annotations

import numpy as np
import pytest

from perception import rates
from perception.state import Estimate


def test_beta_binomial_without_data_is_the_prior() -> None:
    belief = rates.beta_binomial(np.zeros(1), np.zeros(1), prior=np.array([0.08]), spread=0.6)

    assert belief.mean == pytest.approx([0.08])
    assert belief.sd == pytest.approx([0.6 * 0.08])


def test_beta_binomial_converges_to_the_truth() -> None:
    draw = np.random.default_rng(1)
    truth, trials = np.array([0.02, 0.10, 0.25]), np.full(3, 200_000.0)

    belief = rates.beta_binomial(draw.binomial(200_000, truth).astype(float), trials, prior=np.full(3, 0.08), spread=0.6)

    assert np.abs(belief.mean - truth) == pytest.approx(np.zeros(3), abs=4.0 * np.sqrt(truth * (1 - truth) / trials).max())
    assert belief.sd == pytest.approx(np.sqrt(truth * (1.0 - truth) / trials), rel=0.05)


def test_beta_binomial_interval_covers_as_often_as_it_says() -> None:
    """Truths drawn from the prior: the posterior's 80 % interval must hold about 80 % of them."""
    draw = np.random.default_rng(2)
    centre, spread, n = 0.08, 0.6, 4000
    weight = (1.0 - centre) / (centre * spread**2) - 1.0
    truth = draw.beta(weight * centre, weight * (1.0 - centre), n)
    trials = np.full(n, 300.0)

    belief = rates.beta_binomial(draw.binomial(300, truth).astype(float), trials, prior=np.full(n, centre), spread=spread)

    covered = np.abs(truth - belief.mean) <= 1.2816 * belief.sd
    assert covered.mean() == pytest.approx(0.80, abs=0.03)
    assert (belief.mean - truth).mean() == pytest.approx(0.0, abs=0.001)


def test_more_successes_than_trials_stay_a_probability() -> None:
    belief = rates.beta_binomial(np.array([10.0]), np.array([3.0]), prior=np.array([0.1]), spread=0.5)

    assert 0.0 < belief.mean[0] < 1.0
    assert np.isfinite(belief.sd).all()


def test_gamma_poisson_moments() -> None:
    belief = rates.gamma_poisson(np.array([0.0, 10.0]), np.array([0.0, 5.0]), prior=0.5, shape=2.0)

    assert belief.mean == pytest.approx([0.5, 12.0 / 9.0])
    assert belief.sd == pytest.approx([0.5 / np.sqrt(2.0), np.sqrt(12.0) / 9.0])


def test_pooled_rate_moves_from_prior_to_data() -> None:
    nothing = rates.pooled(np.zeros(3), np.zeros(3), prior=0.1, strength=20.0)
    much = rates.pooled(np.full(3, 1e6), np.full(3, 5e6), prior=0.1, strength=20.0)

    assert nothing == pytest.approx(0.1)
    assert much == pytest.approx(0.2, rel=1e-4)


def test_shrunk_ratio_weighs_prior_by_strength() -> None:
    belief = rates.shrunk_ratio(np.array([0.0, 30.0]), np.array([0.0, 10.0]), prior=1.5, strength=5.0, spread=0.8)

    assert belief.mean == pytest.approx([1.5, 2.5])
    assert belief.sd == pytest.approx([1.5 * 0.8 / np.sqrt(5.0), 2.5 * 0.8 / np.sqrt(15.0)])


def test_product_of_beliefs_matches_sampling() -> None:
    draw = np.random.default_rng(3)
    a, b = Estimate(mean=np.array([2.0]), sd=np.array([0.1])), Estimate(mean=np.array([5.0]), sd=np.array([0.4]))

    product = rates.product(a, b)

    samples = draw.normal(2.0, 0.1, 200_000) * draw.normal(5.0, 0.4, 200_000)
    assert product.mean[0] == pytest.approx(samples.mean(), rel=0.01)
    assert product.sd[0] == pytest.approx(samples.std(), rel=0.02)


@pytest.mark.parametrize(("successes", "trials"), [(1e300, 0.0), (1e300, 1.5e300), (0.0, 1e300), (1e300, 1e300)])
def test_a_probability_stays_one_whatever_counts_a_feed_claims(successes: float, trials: float) -> None:
    belief = rates.beta_binomial(np.array([successes]), np.array([trials]), prior=np.array([0.08]), spread=0.6)

    assert 0.0 < belief.mean[0] < 1.0
    assert np.isfinite(belief.sd).all()
