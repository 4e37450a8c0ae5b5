"""Leading axes are stores that know nothing of each other: row i of a batch is, bit for bit, store i alone."""

from __future__ import annotations

import numpy as np
import pytest

from perception import elasticity
from perception.beliefs import Shelf, Worth, worth_of
from perception.economics import Economics
from perception.elasticity import ElasticityTuning
from perception.loss import ad_result_cents, price_result_cents, price_results_cents, window_loss_cents
from perception.state import Estimate
from perception.tally import ConversionTally, ShopTally, relative_record
from perception.tuning import EstimatorTuning
from perception.units import Floats

TERMS = Economics(fee_ratio=0.1, return_rate=0.05, return_rate_upper=0.1, return_cost_cents=200)


@pytest.mark.parametrize("skus", [1, 7, 10, 33])
def test_what_a_click_is_worth_does_not_depend_on_the_batch(skus: int) -> None:
    draw = np.random.default_rng(skus)
    counts = draw.gamma(1.0, 20.0, (7, 7, skus))
    price, cost = np.rint(draw.uniform(500.0, 5000.0, (7, skus))), np.rint(draw.uniform(200.0, 600.0, (7, skus)))
    stock, new = draw.poisson(2.0, (7, skus)).astype(np.float64), draw.random((7, skus)) < 0.2

    def worth(rows: slice | int) -> Worth:
        clicks, conversions, expected, orders, units, days, _ = (figures[rows] for figures in counts)
        return worth_of(
            ConversionTally(conversions=conversions, trials=clicks * 30.0, expected_conversions=expected),
            ShopTally(orders=orders, units=units, days=days),
            Shelf(price_cents=price[rows], on_hand=stock[rows], cost_cents=cost[rows], is_new=new[rows]),
            economics=TERMS,
            tuning=EstimatorTuning(),
        )

    batch = worth(slice(None))
    for row in range(7):
        alone = worth(row)
        for name in ("cvr", "units_per_order", "organic_units_per_day", "value_per_click_cents"):
            assert np.array_equal(getattr(batch, name).mean[row], getattr(alone, name).mean), name
            assert np.array_equal(getattr(batch, name).sd[row], getattr(alone, name).sd), name


def test_elasticity_does_not_depend_on_the_batch() -> None:
    draw = np.random.default_rng(0)
    orders = draw.poisson(3.0, (5, 12, 10)).astype(np.float64)
    price = draw.normal(7.0, 0.05, (5, 12, 10))
    stocked = draw.uniform(0.5, 1.0, (5, 12, 10))

    def believed(rows: slice | int) -> Estimate:
        record = relative_record(orders[rows], price[rows], stocked[rows])
        found = elasticity.evidence(record.orders, record.log_price, record.opportunity, ElasticityTuning())
        return elasticity.pool(found, ElasticityTuning()).own

    batch = believed(slice(None))
    for row in range(5):
        assert np.array_equal(batch.mean[row], believed(row).mean)
        assert np.array_equal(batch.sd[row], believed(row).sd)


def test_a_sku_without_information_is_believed_to_be_like_the_others() -> None:
    found = elasticity.Evidence(peak=np.array([3.0, 2.5, 9.0]), information=np.array([20.0, 30.0, 0.0]))

    pooled = elasticity.pool(found, ElasticityTuning())

    assert pooled.own.mean[2] == pytest.approx(pooled.other.mean[0])
    assert pooled.own.sd[2] == pytest.approx(pooled.other.sd[0])


def test_losses_of_a_batch_are_those_of_each_store() -> None:
    draw = np.random.default_rng(3)
    units, price, anchor, cost = (draw.uniform(low, 900.0, (4, 6)) for low in (1.0, 500.0, 500.0, 100.0))
    belief = Estimate(mean=draw.uniform(0.5, 3.0, (4, 6)), sd=draw.uniform(0.1, 0.5, (4, 6)))

    def by_ads(rows: slice | int) -> Floats:
        return ad_result_cents(
            cost_cents=cost[rows],
            clicks=units[rows],
            conversions=units[rows] / 30.0,
            maturity=0.4,
            order_margin_cents=anchor[rows],
            cvr=Estimate(mean=belief.mean[rows] / 50.0, sd=belief.sd[rows] / 50.0),
        )

    batch = by_ads(slice(None))
    by_prices = price_results_cents(
        units=units, price_cents=price, anchor_cents=anchor, cost_cents=cost, elasticity=belief, terms=TERMS
    ).sum(axis=1)
    assert [float(by_ads(row)) for row in range(4)] == batch.tolist()
    for row in range(4):
        own = Estimate(mean=belief.mean[row], sd=belief.sd[row])
        alone = price_result_cents(
            units=units[row], price_cents=price[row], anchor_cents=anchor[row], cost_cents=cost[row], elasticity=own, terms=TERMS
        )
        assert alone == pytest.approx(by_prices[row])


def test_window_losses_are_counted_store_by_store() -> None:
    results: dict[int, Floats | float] = {10: np.array([-5.0, 3.0]), 9: np.array([-1.0, -9.0])}

    lost = window_loss_cents(results, today=10, day_fraction=0.5, days=1)

    assert lost.tolist() == [5.5, 1.5]
