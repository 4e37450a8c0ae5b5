"""``autopilot bench sim``: how fast the market and its environments are, each beside its own baseline.

``step_over_own_draws``: a market step against the random draws it makes. ``counter_over_sequential``: those draws against the same numbers
of draws from numpy's SFC64 generator, which is fast but makes a store's luck depend on its batch. ``native_over_sync``: stores per second
of the native vector environment against gymnasium's own way of batching the same scalar environment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from autopilot.benchmarks.draws import noted, sequential
from autopilot.benchmarks.timing import median_s, medians_in_turns
from autopilot.pool import Progress
from perception.units import Ints
from sim import market, reporting
from sim.env import FleetEnv, side_by_side
from sim.fleet.fleet import FleetTerms, fleet_terms, open_fleet
from sim.market import MarketState, Setpoints
from sim.parameters.market import MarketParameters
from sim.reporting import Reports
from sim.scenarios import load_scenario

STORES, SYNC_STORES = 1024, 8
HISTORY_DAYS = 3
"""Short: opening stores is not what is measured."""
WARM_HOURS = 36
REPEATS = 61
"""Rounds of which the median counts: a busy neighbour spoils some."""


def bench_sim(
    progress: Progress, *, scenario: str, stores: int = STORES, sync_stores: int = SYNC_STORES, repeats: int = REPEATS
) -> dict[str, Any]:
    """The contract's JSON: ``stores`` × the SKUs of a scenario."""
    terms = fleet_terms(load_scenario(scenario))
    seeds = np.array(terms.scenario.train_seeds.seeds[:stores], dtype=np.int64)
    step = _market_step(terms, seeds)
    progress(0.3)
    calls = noted(step)

    def draws() -> None:
        for call in calls:
            call.again()

    step_s, draws_s = medians_in_turns(step, draws, repeats=repeats)
    again_s, sequential_s = medians_in_turns(draws, sequential(calls, np.random.Generator(np.random.SFC64(1))), repeats=repeats)
    progress(0.5)
    native_s = _env_step_s(FleetEnv(scenario, num_envs=stores, history_days=HISTORY_DAYS), repeats=repeats)
    progress(0.8)
    sync_s = _env_step_s(side_by_side(scenario, num_envs=sync_stores, history_days=HISTORY_DAYS), repeats=repeats)
    progress(1.0)
    skus = len(terms.market.assortment.skus)
    return {
        "name": "sim",
        "figures": {
            "scenario": scenario,
            "mechanics_off": mechanics_off(terms.market),
            "stores": stores,
            "skus": skus,
            "sku_steps_per_s": stores * skus / step_s,
            "ns_per_sku_step": 1e9 * step_s / (stores * skus),
            "step_ms": 1e3 * step_s,
            "own_draws_ms": 1e3 * draws_s,
            "sequential_draws_ms": 1e3 * sequential_s,
            "draw_calls": len(calls),
            "native_env_store_steps_per_s": stores / native_s,
            "sync_env_store_steps_per_s": sync_stores / sync_s,
            "sync_stores": sync_stores,
        },
        "ratios": {
            "native_over_sync": (stores / native_s) / (sync_stores / sync_s),
            "step_over_own_draws": step_s / draws_s,
            "counter_over_sequential": again_s / sequential_s,
        },
    }


def mechanics_off(parameters: MarketParameters) -> list[str]:
    """Sections of a market that are switched off; ``daily_demand``, days replayed from a real store, excludes others."""
    return [item.name for item in fields(parameters) if getattr(parameters, item.name) is None]


def _market_step(terms: FleetTerms, seeds: Ints) -> Callable[[], object]:
    """One hour of a busy morning with ads, reports included."""
    opened = open_fleet(terms, seeds=seeds)
    state, reports = opened.market, opened.reports
    world = state.world
    worth = 0.3 * world.cvr * world.mean_units * (world.reference_price_cents - world.cost_cents)
    wanted = Setpoints(
        bid_cents=np.maximum(worth, 1.0).astype(np.int64),
        price_cents=opened.setpoints.price_cents,
        daily_budget_cents=opened.setpoints.daily_budget_cents,
    )
    for _ in range(WARM_HOURS):
        state, reports = _played(terms.market, state, reports, wanted)
    return lambda: _played(terms.market, state, reports, wanted)


def _played(parameters: MarketParameters, state: MarketState, reports: Reports, wanted: Setpoints) -> tuple[MarketState, Reports]:
    after, outcome = market.step(parameters, state, wanted)
    return after, reporting.advance(parameters, reports, outcome)


def _env_step_s(env: Any, *, repeats: int) -> float:
    """Median CPU seconds of one step of all its stores under random actions."""
    env.reset(seed=1)
    env.action_space.seed(1)
    actions = env.action_space.sample()
    try:
        return median_s(lambda: env.step(actions), repeats=repeats)
    finally:
        env.close()
