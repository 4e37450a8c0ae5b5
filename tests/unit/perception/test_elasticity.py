"""Elasticity: recovered where prices moved, pooled where they did not, never of the wrong sign."""

from __future__ import annotations

import numpy as np
import pytest

from perception.elasticity import ElasticityTuning, Pooled, evidence, pool, prior, spread_over
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
    return pool(evidence(orders, log_price, weights, tuning), tuning)


def test_prior_has_the_moments_of_the_published_spread() -> None:
    """80 % within 0.8-3.5 about 1.8: the mean and sd of that lognormal, less the tails beyond 0.3 and 8."""
    samples = np.exp(np.random.default_rng(0).normal(np.log(1.8), np.log(3.5 / 0.8) / 2.563, 400_000))
    samples = samples[(samples > 0.3) & (samples < 8.0)]

    belief = prior(2, ElasticityTuning())

    assert belief.mean == pytest.approx(np.full(2, samples.mean()), rel=0.02)
    assert belief.sd == pytest.approx(np.full(2, samples.std()), rel=0.04)


@pytest.mark.parametrize("truth", [0.8, 1.8, 3.5])
def test_much_evidence_recovers_the_truth(truth: float) -> None:
    orders, log_price = market(np.full(40, truth), level=200.0)

    belief = learned(orders, log_price).own

    assert belief.mean.mean() == pytest.approx(truth, rel=0.05)
    assert (belief.sd < 0.35).all()


def test_spread_of_estimates_is_what_they_claim() -> None:
    draw = np.random.default_rng(7)
    truth = np.exp(draw.normal(np.log(1.8), TUNING.between_log_sd, 600))
    orders, log_price = market(truth, level=20.0, seed=8)

    belief = learned(orders, log_price).own

    assert (belief.mean - truth).mean() == pytest.approx(0.0, abs=0.06)
    assert ((belief.mean - truth) / belief.sd).std() == pytest.approx(1.0, abs=0.12)


def test_thin_evidence_stays_near_the_store() -> None:
    orders, log_price = market(np.full(30, 3.0), level=0.1)

    pooled = learned(orders, log_price)

    assert pooled.own.mean == pytest.approx(np.full(30, pooled.other.mean[0]), abs=0.5)
    assert (pooled.own.sd > 0.7).all()


def test_wrong_sign_ends_at_the_small_side_of_the_prior() -> None:
    orders, log_price = market(np.array([-2.0, 1.8]), level=100.0, seed=3)

    belief = learned(orders, log_price).own

    assert 0.3 <= belief.mean[0] < 1.0
    assert belief.mean[0] < belief.mean[1]


def test_busy_days_are_not_read_as_price_effect() -> None:
    """Price raised exactly on busy days: without the days' opportunity the slope would look far too small."""
    draw = np.random.default_rng(4)
    busy = np.where(np.arange(DAYS) % 7 < 2, 2.0, 1.0)[:, None] * np.ones((1, 20))
    log_price = np.where(busy > 1.0, 0.08, 0.0) + draw.uniform(-0.02, 0.02, busy.shape)
    orders = draw.poisson(100.0 * busy * np.exp(-1.8 * log_price)).astype(np.float64)

    informed = learned(orders, log_price, exposure=busy).own
    naive = learned(orders, log_price).own

    assert informed.mean.mean() == pytest.approx(1.8, rel=0.15)
    assert naive.mean.mean() < 1.0


def test_store_learns_from_its_skus_and_passes_it_on() -> None:
    orders, log_price = market(np.full(60, 3.2), level=50.0)

    pooled = learned(orders, log_price)
    spread = spread_over(pooled, np.arange(60), 61)

    assert pooled.other.mean[0] == pytest.approx(3.2, rel=0.15)
    assert spread.mean[60] == pooled.other.mean[0]
    assert spread.sd[60] > spread.sd[:60].max()
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


def test_no_amount_of_data_fixes_it_beyond_the_model() -> None:
    orders, log_price = market(np.full(2, 1.8), level=1e7, swing=0.3)

    belief = learned(orders, log_price).own

    assert belief.mean == pytest.approx(np.full(2, 1.8), abs=0.05)
    assert belief.sd == pytest.approx(np.full(2, 0.1), rel=0.1)
