"""PPO of stable-baselines3 on the market: the settings that suit it, and the library's own, to compare with.

Measured before: a few hundred environments at once, batches of thousands of rows and one torch thread learn some twenty times faster than
the defaults; gamma = lambda = 1, because an episode is one window and what it earns is a sum (performance notes of the project).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from sim.env import StoreEnv
from sim.vec_env import SkuVecEnv


@dataclass(frozen=True, slots=True, kw_only=True)
class PpoSettings:
    """Of proximal policy optimisation (Schulman et al. 2017).

    Attributes:
        steps: Decisions of every environment between two updates.
        minibatches: Parts that the rows of a rollout are cut into.
        epochs: Passes over a rollout.
        learning_rate: Of Adam.
        gamma, gae_lambda: Discount and the advantage's trace; 1: an episode's sum is what counts.
        threads: Of torch; a second one costs more than it brings on small networks.
    """

    steps: int = 8
    minibatches: int = 10
    epochs: int = 4
    learning_rate: float = 3e-4
    gamma: float = 1.0
    gae_lambda: float = 1.0
    threads: int = 1


def ppo(env: SkuVecEnv, settings: PpoSettings, *, seed: int) -> PPO:
    """A learner for large batches of rows."""
    return PPO(
        "MlpPolicy",
        env,
        n_steps=settings.steps,
        batch_size=_batch(env, settings),
        n_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        seed=seed,
        device=_device(settings.threads),
    )


DEFAULT_STEPS = 2048
"""stable-baselines3's own rollout length."""


def default_ppo(env: StoreEnv, *, seed: int, steps: int = DEFAULT_STEPS) -> PPO:
    """stable-baselines3 as it comes, on one store; other ``steps`` than its own are for tests."""
    return PPO("MlpPolicy", env, n_steps=steps, seed=seed, device=_device(PpoSettings().threads))


def _batch(env: VecEnv, settings: PpoSettings) -> int:
    return env.num_envs * settings.steps // settings.minibatches


def _device(threads: int) -> str:
    torch.set_num_threads(threads)
    return "cpu"
