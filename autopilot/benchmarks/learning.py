"""``autopilot bench ppo``: how much of learning's time the market takes, and how much faster it learns than the library's defaults.

``env_share``: CPU time within the environment ÷ CPU time of rollout and update together. ``ppo_over_defaults``: decisions of whole stores
per second, learning included, against stable-baselines3's defaults on one scalar environment of the same scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autopilot.benchmarks.timing import timed_s
from autopilot.clock import cpu_s
from autopilot.pool import Progress
from sim.env import FleetEnv, StoreEnv, task_of
from sim.learning.ppo import DEFAULT_STEPS, PpoSettings, default_ppo, ppo
from sim.vec_env import SkuVecEnv

STORES = 1024
ROLLOUTS = 2
HISTORY_DAYS = 3
"""Short: opening stores is not what is measured."""
SEED = 1


@dataclass(slots=True)
class _Stopwatch:
    """Adds up the CPU time of calls."""

    total_s: float = 0.0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            began = cpu_s()
            try:
                return work(*arguments, **named)
            finally:
                self.total_s += cpu_s() - began

        return timed


def bench_ppo(progress: Progress, *, scenario: str, stores: int = STORES, default_steps: int = DEFAULT_STEPS) -> dict[str, Any]:
    """The contract's JSON."""
    settings = PpoSettings()
    task = task_of(scenario, history_days=HISTORY_DAYS)
    env = SkuVecEnv(FleetEnv(task, num_envs=stores, openings=1))
    model = ppo(env, settings, seed=SEED)
    rows = env.num_envs * settings.steps
    model.learn(total_timesteps=rows)
    progress(0.4)
    watch = _Stopwatch()
    env.step_wait = watch.around(env.step_wait)  # type: ignore[method-assign]
    ours_s = timed_s(lambda: model.learn(total_timesteps=ROLLOUTS * rows, reset_num_timesteps=False))
    decisions = ROLLOUTS * settings.steps * stores
    progress(0.7)
    scalar = StoreEnv(task)
    default = default_ppo(scalar, seed=SEED, steps=default_steps)
    default_s = timed_s(lambda: default.learn(total_timesteps=default_steps))
    progress(1.0)
    ours, theirs = decisions / ours_s, default_steps / default_s
    return {
        "name": "ppo",
        "figures": {
            "scenario": scenario,
            "stores": stores,
            "skus": task.skus,
            "rows": env.num_envs,
            "store_decisions_per_s": ours,
            "row_decisions_per_s": ours * task.skus,
            "default_store_decisions_per_s": theirs,
            "env_ms_per_step": 1e3 * watch.total_s / (ROLLOUTS * settings.steps),
            "learning_ms_per_step": 1e3 * (ours_s - watch.total_s) / (ROLLOUTS * settings.steps),
        },
        "ratios": {"env_share": watch.total_s / ours_s, "ppo_over_defaults": ours / theirs},
    }
