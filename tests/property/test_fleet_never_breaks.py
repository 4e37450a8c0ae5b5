"""Whatever a policy does, the stores live on: nothing is NaN, no stock is negative, every hard limit holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.features import highs, lows
from sim.fleet.fleet import fleet_terms
from sim.scenarios import load_scenario
from sim.task import Scene, Task, act, observation, open_scene

STORES = 32


@pytest.fixture(scope="module")
def task() -> Task:
    return Task(terms=fleet_terms(replace(load_scenario("aggressive_rivals"), history_days=1)))


@pytest.fixture(scope="module")
def opened(task: Task) -> Scene:
    return open_scene(task, seeds=np.arange(STORES))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), extreme=st.sampled_from([0.3, 1.0, 1e9]), hours=st.sampled_from([30, 60]))
def test_extreme_actions_break_nothing(task: Task, opened: Scene, seed: int, extreme: float, hours: int) -> None:
    draw, scene = np.random.default_rng(seed), opened
    limits = task.terms.scenario.terms.limits
    bias = draw.choice([-1.0, 0.0, 1.0], (STORES, task.skus, 2))

    for _ in range(hours):
        action = extreme * (bias + draw.normal(0.0, 1.0, bias.shape))
        action[draw.random(action.shape) < 0.01] = draw.choice([np.nan, np.inf, -np.inf])
        scene, reward = act(task, scene, action)
        seen, standing = observation(scene), scene.fleet.setpoints
        assert ((seen >= lows()) & (seen <= highs())).all()
        assert np.isfinite(reward.by_sku).all()
        assert (scene.fleet.market.inventory.on_hand >= 0).all()
        assert (standing.bid_cents <= limits.max_bid_cents).all()
        assert (standing.price_cents * (1.0 - limits.min_margin_ratio) >= scene.fleet.goods.cost_cents).all()
        assert (standing.daily_budget_cents.sum(axis=1) * limits.overdelivery_day_ratio <= limits.max_store_daily_cents).all()
        hour = reward.hours[0]
        assert not hour.violations.overspent_cents.any()
        assert not hour.violations.oversold.any()
