"""Worlds: drawn around the market's figures, store by store, and seen by the merchant as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.market import catalogue, initial_setpoints, start
from sim.parameters.market import MarketParameters
from sim.parameters.store_spread import StoreSpread
from sim.world import truth

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

SEEDS = np.arange(3_000)
SPREAD = StoreSpread(price_log_sd=0.3, margin_logit_sd=0.4, order_log_sd=0.5, elasticity_log_sd=0.2)


@pytest.fixture(scope="module")
def spread(bench: Bench) -> MarketParameters:
    return replace(bench.parameters, stores=SPREAD)


def test_without_spread_all_stores_sell_at_the_markets_prices_and_costs(bench: Bench) -> None:
    world = truth(bench.parameters, seeds=SEEDS[:20])

    price = np.array(bench.parameters.assortment.price_cents)
    cost = np.rint(price * (1.0 - np.array(bench.parameters.costs.gross_margin_ratio)))
    assert (world.reference_price_cents == price).all()
    assert (world.cost_cents == cost).all()
    assert (world.order_level == 1.0).all()


def test_levels_are_shared_by_the_products_of_a_store(bench: Bench, spread: MarketParameters) -> None:
    plain, world = truth(bench.parameters, seeds=SEEDS), truth(spread, seeds=SEEDS)

    for name in ("orders_per_day", "elasticity"):
        ratio = getattr(world, name) / getattr(plain, name)
        np.testing.assert_allclose(ratio, np.repeat(ratio[:, :1], 30, axis=1))
    bids = world.rival_log_bid - plain.rival_log_bid
    np.testing.assert_allclose(bids, np.broadcast_to(bids[:, :1, :1], bids.shape))
    # prices are whole, so the level of a dear product shows it best
    dear = int(np.argmax(plain.reference_price_cents[0]))
    level = np.log(world.reference_price_cents / plain.reference_price_cents)[:, dear]
    np.testing.assert_allclose(level, bids[:, 0, 0], atol=0.001)


def test_levels_spread_as_far_as_said_and_independently(bench: Bench, spread: MarketParameters) -> None:
    plain, world = truth(bench.parameters, seeds=SEEDS), truth(spread, seeds=SEEDS)

    dear = int(np.argmax(plain.reference_price_cents[0]))
    kept = 1.0 - world.cost_cents / world.reference_price_cents
    own = bench.parameters.costs.gross_margin_ratio[dear]
    logs = np.stack(
        [
            np.log(world.reference_price_cents / plain.reference_price_cents)[:, dear],
            np.log(kept / (1.0 - kept))[:, dear] - np.log(own / (1.0 - own)),
            np.log(world.order_level[:, 0]),
            np.log(world.elasticity / plain.elasticity)[:, 0],
        ]
    )
    np.testing.assert_allclose(logs.mean(axis=1), 0.0, atol=0.04)
    np.testing.assert_allclose(logs.std(axis=1), [0.3, 0.4, 0.5, 0.2], rtol=0.06)
    np.testing.assert_allclose(np.corrcoef(logs), np.eye(4), atol=0.07)


def test_prices_and_costs_stay_whole_positive_and_profitable(spread: MarketParameters) -> None:
    wild = replace(spread, stores=StoreSpread(price_log_sd=3.0, margin_logit_sd=3.0))
    world = truth(wild, seeds=SEEDS)

    for cents in (world.reference_price_cents, world.cost_cents):
        assert (cents == np.rint(cents)).all()
        assert (cents >= 1).all()
    assert (world.cost_cents <= world.reference_price_cents).all()


def test_a_merchant_knows_the_prices_and_costs_of_the_own_seed(spread: MarketParameters) -> None:
    seeds = np.array([11, 12])
    world, standing = truth(spread, seeds=seeds), initial_setpoints(spread, seeds=seeds)

    for row, seed in enumerate(seeds.tolist()):
        known = catalogue(spread, seed=seed)
        np.testing.assert_array_equal(known.anchor_price_cents, world.reference_price_cents[row])
        np.testing.assert_array_equal(known.cost_cents, world.cost_cents[row])
        np.testing.assert_array_equal(standing.price_cents[row], world.reference_price_cents[row])
    assert (standing.price_cents[0] != standing.price_cents[1]).any()


def test_a_bigger_store_holds_more_stock(spread: MarketParameters) -> None:
    state = start(spread, seeds=SEEDS[:400], first_day=spread.shop.first_day.toordinal())

    stock, level = np.log(state.inventory.on_hand.sum(axis=1)), np.log(state.world.order_level[:, 0])
    assert np.corrcoef(stock, level)[0, 1] > 0.9
