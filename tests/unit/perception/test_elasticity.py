"""Elasticity: recovered where prices moved, pooled where they did not, never of the wrong sign."""

from __future__ import annotations

import numpy as np
import pytest

from perception.elasticity import ElasticityTuning, Pooled, posterior, prior, spread_over
from perception.units import Floats

TUNING = ElasticityTuning(dispersion=1.0)
DAYS = 27


def market(truth: Floats, *, level: float, swing: float = 0.1, seed: int = 0) -> tuple[Floats, Floats]:
    """Orders and log prices of 27 days at random prices within ± swing."""
    draw = np.random.default_rng(seed)
    log_price = draw.uniform(-swing, swing, (DAYS, truth.size)) + np.log(1000.0)
    rate = level * np.exp(-truth * (log_price - np.log(1000.0)))
    return draw.poisson(rate).astype(np.float64), log_price


def learned(orders: Floats, log_price: Floats, tuning: ElasticityTuning = TUNING, exposure: Floats | None = None) -> Pooled:
    weights = np.ones_like(orders) if exposure is None else exposure
    return posterior(orders, log_price, weights, guess=prior(orders.shape[1], tuning).mean, tuning=tuning)


def test_prior_is_the_published_spread() -> None:
    belief = prior(1, ElasticityTuning())

    low, median, high = np.exp(belief.mean[0] + np.array([-1.2816, 0.0, 1.2816]) * belief.sd[0])
    assert (low, median, high) == pytest.approx((0.86, 1.8, 3.77), abs=0.1)


def test_magnitude_has_the_moments_of_the_lognormal() -> None:
    belief = prior(1, ElasticityTuning())
    samples = np.exp(np.random.default_rng(0).normal(belief.mean[0], belief.sd[0], 400_000))

    magnitude = belief.magnitude()

    assert magnitude.mean[0] == pytest.approx(samples.mean(), rel=0.01)
    assert magnitude.sd[0] == pytest.approx(samples.std(), rel=0.02)


@pytest.mark.parametrize("truth", [0.8, 1.8, 3.5])
def test_much_evidence_recovers_the_truth(truth: float) -> None:
    orders, log_price = market(np.full(40, truth), level=200.0)

    belief = learned(orders, log_price).own

    assert np.exp(belief.mean).mean() == pytest.approx(truth, rel=0.05)
    assert (belief.sd < 0.3).all()


def test_spread_of_estimates_is_what_they_claim() -> None:
    draw = np.random.default_rng(7)
    truth = np.exp(draw.normal(np.log(1.8), TUNING.between_log_sd, 400))
    orders, log_price = market(truth, level=20.0, seed=8)

    belief = learned(orders, log_price).own

    standardised = (belief.mean - np.log(truth)) / belief.sd
    assert standardised.mean() == pytest.approx(0.0, abs=0.15)
    assert standardised.std() == pytest.approx(1.0, abs=0.15)


def test_thin_evidence_stays_near_the_store() -> None:
    orders, log_price = market(np.full(30, 3.0), level=0.1)

    pooled = learned(orders, log_price)

    assert (np.abs(pooled.own.mean - pooled.store_mean) < 0.2).all()
    assert (pooled.own.sd > 0.35).all()


def test_wrong_sign_ends_at_the_small_side_of_the_prior() -> None:
    orders, log_price = market(np.array([-2.0, 1.8]), level=100.0, seed=3)

    belief = learned(orders, log_price).own

    assert 0.3 <= np.exp(belief.mean[0]) < 1.0
    assert np.exp(belief.mean[0]) < np.exp(belief.mean[1])
    assert (belief.magnitude().mean > 0.0).all()


def test_busy_days_are_not_read_as_price_effect() -> None:
    """Price raised exactly on busy days: without the days' opportunity the slope would look far too small."""
    draw = np.random.default_rng(4)
    busy = np.where(np.arange(DAYS) % 7 < 2, 2.0, 1.0)[:, None] * np.ones((1, 20))
    log_price = np.where(busy > 1.0, 0.08, 0.0) + draw.uniform(-0.02, 0.02, busy.shape)
    orders = draw.poisson(100.0 * busy * np.exp(-1.8 * log_price)).astype(np.float64)

    informed = learned(orders, log_price, exposure=busy).own
    naive = learned(orders, log_price).own

    assert np.exp(informed.mean).mean() == pytest.approx(1.8, rel=0.15)
    assert np.exp(naive.mean).mean() < 1.0


def test_store_learns_from_its_skus_and_passes_it_on() -> None:
    orders, log_price = market(np.full(60, 3.2), level=50.0)

    pooled = learned(orders, log_price)
    spread = spread_over(pooled, np.arange(60), 61, TUNING)

    assert np.exp(pooled.store_mean) == pytest.approx(3.2, rel=0.1)
    assert spread.mean[60] == pooled.store_mean
    assert spread.sd[60] == pytest.approx(TUNING.between_log_sd, abs=0.05)
    assert spread.mean[:60].tolist() == pooled.own.mean.tolist()


def test_dispersion_discounts_the_evidence() -> None:
    orders, log_price = market(np.full(20, 3.0), level=20.0)

    sure = learned(orders, log_price).own
    doubtful = learned(orders, log_price, ElasticityTuning(dispersion=8.0)).own

    assert (doubtful.sd > sure.sd).all()


def test_no_order_at_all_leaves_the_prior() -> None:
    _, log_price = market(np.full(3, 2.0), level=1.0)

    belief = learned(np.zeros((DAYS, 3)), log_price).own

    assert belief.mean == pytest.approx(prior(3, TUNING).mean)
    assert belief.sd == pytest.approx(prior(3, TUNING).sd)
