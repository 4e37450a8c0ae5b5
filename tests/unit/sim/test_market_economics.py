"""The market pays for good judgement: ads at a fair share of their value beat none, and ads beyond it do not pay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.economics import Economics, unit_margin_cents
from perception.units import Floats, Ints
from sim.market import MarketState, Setpoints, initial_setpoints, step
from sim.world import World, truth

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

SEEDS = range(1, 11)
TERMS = Economics(fee_ratio=0.03, return_rate=0.026, return_rate_upper=0.05, return_cost_cents=150)


def _profit_cents(state: MarketState, setpoints: Setpoints) -> Floats:
    margin = unit_margin_cents(setpoints.price_cents.astype(np.float64), state.world.cost_cents, TERMS)
    profit: Floats = (state.totals.units * margin - state.totals.cost_cents).sum(axis=1)
    return profit


def _fortnight(bench: Bench, bid_cents: Ints) -> tuple[Floats, MarketState]:
    setpoints = replace(initial_setpoints(bench.parameters, seeds=np.array(SEEDS)), bid_cents=bid_cents)
    state = bench.opened(SEEDS)
    for _ in range(14 * 24):
        state, _ = step(bench.parameters, state, setpoints)
    return _profit_cents(state, setpoints), state


def _value_per_click_cents(world: World) -> Floats:
    value: Floats = world.cvr * world.mean_units * unit_margin_cents(world.reference_price_cents, world.cost_cents, TERMS)
    return value


@pytest.fixture(scope="module")
def no_ads(bench: Bench) -> Floats:
    return _fortnight(bench, np.zeros((len(SEEDS), 30), dtype=np.int64))[0]


def test_bids_at_half_of_their_value_beat_no_ads(bench: Bench, no_ads: Floats) -> None:
    value = _value_per_click_cents(truth(bench.parameters, seeds=np.array(SEEDS)))

    profit, state = _fortnight(bench, np.floor(0.5 * value).astype(np.int64))

    ad_orders = sum(orders.count for orders in state.arrived)
    assert (profit > no_ads).sum() >= 8
    assert profit.mean() > 1.05 * no_ads.mean()
    assert 0.1 < ad_orders / (state.totals.orders.sum() - ad_orders) < 0.4


def test_reckless_bids_lose_what_prudent_ones_earn(bench: Bench, no_ads: Floats) -> None:
    reckless, state = _fortnight(bench, np.full((len(SEEDS), 30), 150, dtype=np.int64))

    spend, budget = state.totals.cost_cents.sum(axis=1), 14 * sum(bench.parameters.budget.initial_daily_budget_cents)
    assert reckless.mean() < no_ads.mean()
    # the budget binds
    assert (spend > 0.8 * budget).all()


def test_ads_pay_for_some_products_and_not_for_others(bench: Bench) -> None:
    value = _value_per_click_cents(truth(bench.parameters, seeds=np.array(SEEDS)))

    worthwhile = value > bench.parameters.auction.median_bid_cents

    assert (worthwhile.mean(axis=1) > 0.3).all()
    assert (worthwhile.mean(axis=1) < 0.8).all()


def test_many_prices_are_not_at_their_optimum(bench: Bench) -> None:
    world = truth(bench.parameters, seeds=np.array(SEEDS))
    best = world.cost_cents * world.elasticity / np.maximum(world.elasticity - 1.0, 0.05)

    off = np.abs(best / world.reference_price_cents - 1.0) > 0.1

    assert 0.4 < off.mean() < 0.95
