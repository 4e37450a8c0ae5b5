# ruff: noqa: INP001, T201  a script for people to read and run
"""Train a policy on the market for a minute and see what it earns, beside the built-in laws, on stores that it has never met."""

import numpy as np
import torch
from stable_baselines3 import PPO

from sim.env import FleetEnv
from sim.task import episode_profit_cents
from sim.vec_env import SkuVecEnv

torch.set_num_threads(1)  # small networks: a second thread costs more than it brings
fleet = FleetEnv("steady", num_envs=64, decision_hours=4, history_days=7, openings=2)
model = PPO("MlpPolicy", SkuVecEnv(fleet), n_steps=84, batch_size=6720, n_epochs=4, gamma=1.0, gae_lambda=1.0, seed=1, device="cpu")
model.learn(total_timesteps=4 * 84 * 64 * fleet.task.skus)
unseen = np.arange(200_000, 200_064)
trained = episode_profit_cents(fleet.task, lambda rows: model.predict(rows, deterministic=True)[0], seeds=unseen)
laws = episode_profit_cents(fleet.task, lambda rows: np.zeros((len(rows), 2)), seeds=unseen)
print(f"profit per store: laws {laws.mean() / 100:.2f}, laws moved by the policy {trained.mean() / 100:.2f}")
