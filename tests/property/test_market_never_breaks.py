"""Whatever is set, the market stays finite, conserves money and goods, and reports what can be read; with few and with all mechanics."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perception.economics import Economics
from perception.units import Ints
from sim.contribution import came_back, contribution_between
from sim.market import HourOutcome, MarketState, Setpoints, start, step
from sim.parameters.market import MarketParameters, load_market
from sim.reporting import Reports, ad_figures, advance, on_hand, open_reports, shop_figures

STORES, HOURS = 2, 50
WILD = st.one_of(st.integers(0, 200), st.integers(0, 10**9))
FIGURES = [item.name for item in fields(HourOutcome) if item.name != "delivered"]
TESTS = Path(__file__).parents[1]
MARKETS = {
    "gift_shop": TESTS.parent / "configs" / "markets" / "gift_shop.toml",
    "all_mechanics": TESTS / "unit" / "sim" / "all_mechanics.toml",
}
TERMS = Economics(fee_ratio=0.1, return_rate=0.1, return_rate_upper=0.2, return_cost_cents=100)


@pytest.fixture(scope="module", params=list(MARKETS))
def parameters(request: pytest.FixtureRequest) -> MarketParameters:
    whole = load_market(MARKETS[request.param])
    scarce = replace(whole.stock, initial_low_days=1.0, initial_high_days=20.0)
    shocks = whole.shocks and replace(
        whole.shocks, platform_outages_per_year=100.0, tracking_outages_per_year=200.0, viral_per_sku_year=30.0
    )
    returns = whole.returns and replace(whole.returns, return_delay_low_days=1, return_delay_high_days=2)
    return replace(whole, stock=scarce, shocks=shocks, returns=returns)


@st.composite
def changes(draw: st.DrawFn, skus: int, campaigns: int) -> list[Setpoints]:
    """Up to four extreme set-points."""
    return [
        Setpoints(
            bid_cents=draw(arrays(np.int64, (STORES, skus), elements=WILD)),
            price_cents=draw(arrays(np.int64, (STORES, skus), elements=WILD.map(lambda cents: cents + 1))),
            daily_budget_cents=draw(arrays(np.int64, (STORES, campaigns), elements=WILD)),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]


def _campaign_spend(state: MarketState, cost_cents: Ints) -> Ints:
    spend: Ints = cost_cents @ state.world.campaign_members.T
    return spend


def _check_hour(before: MarketState, outcome: HourOutcome, setting: Setpoints) -> None:
    cap = np.floor(setting.daily_budget_cents * before.today.overdelivery)
    spent = before.campaign_spent_cents
    assert all((getattr(outcome, name) >= 0).all() for name in FIGURES)
    assert (outcome.units <= before.inventory.on_hand).all()
    assert (outcome.clicks <= outcome.impressions).all()
    assert (outcome.cost_cents <= outcome.clicks * setting.bid_cents).all()
    assert (spent + _campaign_spend(before, outcome.cost_cents) <= np.maximum(spent, cap)).all()
    assert (outcome.delivered.units > 0).all()
    np.testing.assert_array_equal(np.bincount(outcome.delivered.cell, minlength=outcome.units.size), outcome.ad_orders.ravel())


def _check_end(opened: MarketState, state: MarketState, reports: Reports, delivered: Ints) -> None:
    totals, back = state.totals, came_back(state)
    assert (state.inventory.on_hand >= 0).all()
    # what is in stock is what was delivered or came back and was not sold
    np.testing.assert_array_equal(state.inventory.on_hand, delivered + totals.restocked_units - totals.units)
    assert (totals.cancelled_units + totals.returned_units <= totals.units).all()
    assert (back.refunded_cents <= totals.revenue_cents).all()
    assert (back.kept_out_units >= 0).all()
    assert np.isfinite(contribution_between(opened, state, TERMS)).all()
    shop = shop_figures(reports, reports.days)
    np.testing.assert_array_equal(shop[..., 1].sum(axis=1), totals.units)
    for figures in (ad_figures(reports, reports.days), shop, on_hand(state)):
        assert np.isfinite(figures).all()
        assert (figures >= 0).all()


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data(), seed=st.integers(-(2**63), 2**63 - 2))
def test_market_stays_finite_and_conserves(parameters: MarketParameters, data: st.DataObject, seed: int) -> None:
    assortment = parameters.assortment
    chosen = data.draw(changes(len(assortment.skus), len(assortment.campaigns)))
    state = start(parameters, seeds=np.array([seed, seed + 1]), first_day=parameters.shop.first_day.toordinal())
    opened, reports, delivered = state, open_reports(state), state.inventory.on_hand
    for hour in range(HOURS):
        setting, before = chosen[hour * len(chosen) // HOURS], state
        state, outcome = step(parameters, state, setting)
        reports = advance(parameters, reports, outcome)
        _check_hour(before, outcome, setting)
        if state.hour % 24 == 0:
            arrives = before.inventory.due_day == state.hour // 24
            delivered = delivered + np.where(arrives, before.inventory.on_order, 0)
    _check_end(opened, state, reports, delivered)


def test_extreme_setpoints_for_many_days_do_no_harm(parameters: MarketParameters) -> None:
    """A hundred stores for ten days, every set-point between nothing and a fortune."""
    skus, campaigns, stores, luck = len(parameters.assortment.skus), len(parameters.assortment.campaigns), 100, np.random.default_rng(3)
    state = start(parameters, seeds=np.arange(stores), first_day=parameters.shop.first_day.toordinal())
    reports = open_reports(state)
    for _ in range(40):
        drawn = [np.floor(10 ** luck.uniform(-0.5, 9.0, (stores, many))).astype(np.int64) for many in (skus, skus, campaigns)]
        setting = Setpoints(bid_cents=drawn[0], price_cents=drawn[1] + 1, daily_budget_cents=drawn[2])
        for _ in range(6):
            before = state
            state, outcome = step(parameters, state, setting)
            reports = advance(parameters, reports, outcome)
            _check_hour(before, outcome, setting)
    assert np.isfinite(state.rivals.multiplier).all()
    assert np.isfinite(ad_figures(reports, reports.days)).all()
