"""Benchmarks: what they count as draws, and that they give the contract's figures. How fast is never tested."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

import sim.stock
from autopilot.benchmarks.draws import noted, sequential
from autopilot.benchmarks.learning import bench_ppo
from autopilot.benchmarks.policy import bench_policy
from autopilot.benchmarks.simulation import bench_sim
from sim import randomness, samplers
from sim.randomness import Draw

SEEDS = np.arange(5, dtype=np.int64)


def a_step() -> None:
    """As modules of the simulator draw: through the names they imported."""
    vars(sim.stock)["sku_uniforms"](SEEDS, Draw.LEAD_TIME, 3, 4)


def test_only_the_outermost_call_is_noted() -> None:
    calls = noted(a_step)

    assert [call.function.__name__ for call in calls] == ["sku_uniforms"]


def test_listening_leaves_no_trace() -> None:
    noted(a_step)

    assert vars(sim.stock)["sku_uniforms"] is randomness.sku_uniforms


def test_uniforms_that_feed_a_count_cost_the_sequential_generator_nothing() -> None:
    def step() -> None:
        uniform = randomness.sku_uniforms(SEEDS, Draw.ORGANIC_ORDERS, 3, 4)
        samplers.poisson(np.ones((5, 4)), uniform)

    calls = noted(step)

    assert [(call.function.__name__, call.feeds_count) for call in calls] == [("sku_uniforms", True), ("poisson", False)]
    sequential(calls, np.random.Generator(np.random.SFC64(1)))()


def test_delays_and_choices_are_draws_and_are_sampled_alike_by_both() -> None:
    def step() -> None:
        uniform = randomness.sku_uniforms(SEEDS, Draw.LEAD_TIME, 3, 4)
        samplers.whole_numbers(1, 6, uniform)

    calls = noted(step)
    rng = np.random.Generator(np.random.SFC64(1))
    before = rng.bit_generator.state
    sequential(calls, rng)()

    assert [(call.function.__name__, call.feeds_count) for call in calls] == [("sku_uniforms", False), ("whole_numbers", False)]
    assert str(rng.bit_generator.state) != str(before)


@pytest.fixture
def told() -> Iterator[list[float]]:
    """Progress, as it is told."""
    shares: list[float] = []
    yield shares
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_simulator_is_measured_as_the_contract_says(told: list[float]) -> None:
    result = bench_sim(told.append, scenario="event", stores=4, sync_stores=2, repeats=2)

    assert result["name"] == "sim"
    assert set(result["ratios"]) == {"native_over_sync", "step_over_own_draws", "counter_over_sequential"}
    assert result["figures"]["sku_steps_per_s"] > 0
    assert result["figures"]["mechanics_off"] == ["daily_demand"]
    json.dumps(result)


def test_learning_is_measured_as_the_contract_says(told: list[float]) -> None:
    result = bench_ppo(told.append, scenario="steady", stores=8, default_steps=64)

    assert result["name"] == "ppo"
    assert 0.0 < result["ratios"]["env_share"] < 1.0
    assert result["ratios"]["ppo_over_defaults"] > 0.0
    json.dumps(result)


def test_inference_is_measured_as_the_contract_says(told: list[float]) -> None:
    result = bench_policy(told.append, scenario="steady", repeats=2, calls=2)

    assert result["name"] == "policy"
    assert set(result["ratios"]) == {"one_row_over_predict", "many_rows_over_predict"}
    assert result["figures"]["architecture"][1:-1] == [64, 64]
    json.dumps(result)
