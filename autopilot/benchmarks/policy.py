"""``autopilot bench policy``: what a decision of a network costs in the daemon, beside stable-baselines3's ``predict`` of the same widths.

``one_row_over_predict``: an action for one SKU, plain numpy ÷ ``predict``. ``many_rows_over_predict``: the same for 1,024 rows at once. The
numpy side answers every row on its own, normalised and snapped to its grid, as the daemon does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autopilot.benchmarks.networks import random_network
from autopilot.benchmarks.timing import medians_in_turns
from autopilot.pool import Progress
from control.features import FEATURES, highs, lows
from sim.env import FleetEnv, task_of
from sim.learning.ppo import PpoSettings, ppo
from sim.vec_env import SkuVecEnv

ROWS = 1024
CALLS = 100
"""Calls of one row in a turn: one alone is shorter than the clock can tell."""
REPEATS = 15
HISTORY_DAYS = 3
"""Short: opening stores is not what is measured."""
SEED = 1


def bench_policy(progress: Progress, *, scenario: str, repeats: int = REPEATS, calls: int = CALLS) -> dict[str, Any]:
    """The contract's JSON."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    network = random_network(rng)
    env = SkuVecEnv(FleetEnv(task_of(scenario, history_days=HISTORY_DAYS), num_envs=1, openings=1))
    model = ppo(env, PpoSettings(), seed=SEED)
    progress(0.3)
    rows = rng.uniform(lows(), highs(), (ROWS, len(FEATURES))).astype(np.float32)
    one = rows[:1]

    def ours() -> None:
        for _ in range(calls):
            network.act(one)

    def theirs() -> None:
        for _ in range(calls):
            model.predict(one, deterministic=True)

    one_s, predict_one_s = (taken / calls for taken in medians_in_turns(ours, theirs, repeats=repeats))
    progress(0.8)
    many_s, predict_many_s = medians_in_turns(lambda: network.act(rows), lambda: model.predict(rows, deterministic=True), repeats=repeats)
    progress(1.0)
    return {
        "name": "policy",
        "figures": {
            "architecture": list(network.architecture),
            "one_row_us": 1e6 * one_s,
            "predict_one_row_us": 1e6 * predict_one_s,
            "rows": ROWS,
            "many_rows_us": 1e6 * many_s,
            "predict_many_rows_us": 1e6 * predict_many_s,
        },
        "ratios": {"one_row_over_predict": one_s / predict_one_s, "many_rows_over_predict": many_s / predict_many_s},
    }
