"""Whatever is set, the market stays finite, conserves money and goods, and reports what can be read."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perception.units import Ints
from sim.market import MarketState, Setpoints, start, step
from sim.parameters import MarketParameters, load_market
from sim.reporting import ad_figures, on_hand, shop_figures

STORES, SKUS, CAMPAIGNS, HOURS = 2, 30, 3, 30
WILD = st.one_of(st.integers(0, 200), st.integers(0, 10**9))


@pytest.fixture(scope="module")
def parameters() -> MarketParameters:
    whole = load_market(Path(__file__).parents[2] / "configs" / "markets" / "gift_shop.toml")
    return replace(whole, stock=replace(whole.stock, initial_low_days=1.0, initial_high_days=20.0))


setpoints = st.builds(
    Setpoints,
    bid_cents=arrays(np.int64, (STORES, SKUS), elements=WILD),
    price_cents=arrays(np.int64, (STORES, SKUS), elements=WILD.map(lambda cents: cents + 1)),
    daily_budget_cents=arrays(np.int64, (STORES, CAMPAIGNS), elements=WILD),
)


def _campaign_spend(state: MarketState, cost_cents: Ints) -> Ints:
    spend: Ints = cost_cents @ state.world.campaign_members.T
    return spend


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(changes=st.lists(setpoints, min_size=1, max_size=4), seed=st.integers(-(2**63), 2**63 - 2))
def test_market_stays_finite_and_conserves(parameters: MarketParameters, changes: list[Setpoints], seed: int) -> None:
    first_day = parameters.shop.first_day.toordinal()
    state = start(parameters, seeds=np.array([seed, seed + 1]), first_day=first_day)
    opening, sold = state.inventory.on_hand, np.zeros((STORES, SKUS), dtype=np.int64)
    for hour in range(HOURS):
        setting = changes[hour * len(changes) // HOURS]
        cap = np.floor(setting.daily_budget_cents * state.today.overdelivery)
        before, spent = state.inventory.on_hand, state.campaign_spent_cents
        delivered = state
        state, outcome = step(parameters, state, setting)
        sold += outcome.units

        assert all((getattr(outcome, item.name) >= 0).all() for item in fields(outcome))
        assert (outcome.units <= before).all()
        assert (outcome.clicks <= outcome.impressions).all()
        assert (outcome.cost_cents <= outcome.clicks * setting.bid_cents).all()
        assert (spent + _campaign_spend(delivered, outcome.cost_cents) <= np.maximum(spent, cap)).all()
    assert (sold <= opening).all()
    days = [first_day, first_day + 1]
    for figures in (ad_figures(parameters, state, hour=HOURS, days=days), shop_figures(state, hour=HOURS, days=days), on_hand(state)):
        assert np.isfinite(figures).all()
        assert (figures >= 0).all()
