"""Reinforcement learning that goes on from a fitted network: PPO on the rows of many stores, and SAC for comparison.

The reward is profit over the base controller's on the same luck, less charges for broken limits. The critic knows nothing at first, so
PPO's actor stands still until the critic had some updates to find its feet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from torch import nn

from control.policy_network import Network
from sim.learning.fitting import load, network_of
from sim.learning.pupils import PupilsEnv

_CRITIC = [128, 128]
_SAC_BATCH, _SAC_ENTROPY = 4096, 0.01
"""SAC's rows of a step, and what it pays for trying things out, small against rewards of some percent."""

Method: TypeAlias = Literal["ppo", "sac"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinforceSettings:
    """Of reinforcement learning from a start.

    Attributes:
        method: PPO (Schulman et al. 2017) or SAC (Haarnoja et al. 2018).
        steps: Decisions of every row in all.
        rollout: Decisions of every row between two updates of PPO.
        minibatches, epochs: Parts that a rollout is cut into, and passes over it.
        learning_rate: Of Adam.
        gamma: Discount per hour. Below 1, unlike for whole windows: what a bid brings is known within days, and the luck of weeks is not
            worth waiting for.
        gae_lambda: Of the advantage's trace.
        clip: Of PPO's ratio.
        spread: Standard deviation of the first actions before the hyperbolic tangent.
        still: Share of the steps in which only the critic learns.
    """

    method: Method = "ppo"
    steps: int = 336
    rollout: int = 24
    minibatches: int = 8
    epochs: int = 3
    learning_rate: float = 1e-4
    gamma: float = 0.97
    gae_lambda: float = 0.95
    clip: float = 0.1
    spread: float = 0.25
    still: float = 0.2


def reinforced(
    env: PupilsEnv,
    start: Network,
    settings: ReinforceSettings,
    *,
    seed: int,
    logs: str | None,
    tell: Callable[[float, dict[str, float]], None],
) -> Network:
    """The network after learning from what it tried.

    Args:
        env: The stores; ``latent`` for PPO only.
        start: Where it begins.
        settings: How.
        seed: Of everything that is drawn.
        logs: Folder for TensorBoard; None for none.
        tell: Told the share of the steps that is done and the latest figures.
    """
    torch.set_num_threads(1)
    learner = (_ppo if settings.method == "ppo" else _sac)(env, start, settings, seed, logs)
    callback = _Watching(settings, tell)
    learner.learn(total_timesteps=settings.steps * env.num_envs, callback=callback, tb_log_name=settings.method)
    return network_of(_actor(learner), mean=start.mean, scale=start.scale)


def _ppo(env: PupilsEnv, start: Network, settings: ReinforceSettings, seed: int, logs: str | None) -> BaseAlgorithm:
    learner = PPO(
        "MlpPolicy",
        env,
        n_steps=settings.rollout,
        batch_size=max(env.num_envs * settings.rollout // settings.minibatches, 2),
        n_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip,
        policy_kwargs={
            "net_arch": {"pi": _hidden(start), "vf": _CRITIC},
            "activation_fn": nn.Tanh,
            "log_std_init": math.log(settings.spread),
        },
        tensorboard_log=logs,
        seed=seed,
        device="cpu",
    )
    return _started(learner, start)


def _sac(env: PupilsEnv, start: Network, settings: ReinforceSettings, seed: int, logs: str | None) -> BaseAlgorithm:
    learner = SAC(
        "MlpPolicy",
        env,
        learning_rate=settings.learning_rate,
        buffer_size=max(settings.steps * env.num_envs // 2, _SAC_BATCH),
        learning_starts=settings.rollout * env.num_envs,
        batch_size=_SAC_BATCH,
        gamma=settings.gamma,
        train_freq=1,
        gradient_steps=settings.epochs,
        ent_coef=_SAC_ENTROPY,
        policy_kwargs={"net_arch": {"pi": _hidden(start), "qf": _CRITIC}, "activation_fn": nn.Tanh},
        tensorboard_log=logs,
        seed=seed,
        device="cpu",
    )
    spread = learner.actor.log_std
    if isinstance(spread, nn.Linear):
        with torch.no_grad():
            # it depends on the state; at first it is the same everywhere
            spread.weight.zero_()
            spread.bias.fill_(math.log(settings.spread))
    return _started(learner, start)


def _hidden(network: Network) -> list[int]:
    return list(network.architecture[1:-1])


def _actor(learner: BaseAlgorithm) -> list[nn.Linear]:
    """The actor's layers in order."""
    if isinstance(learner, SAC):
        parts: list[nn.Module] = [*learner.actor.latent_pi.children(), learner.actor.mu]
    else:
        policy = learner.policy
        parts = [*policy.mlp_extractor.policy_net.children(), policy.action_net]  # type: ignore[union-attr,list-item]
    return [part for part in parts if isinstance(part, nn.Linear)]


def _started(learner: BaseAlgorithm, start: Network) -> BaseAlgorithm:
    load(_actor(learner), start)
    return learner


class _Watching(BaseCallback):
    """Tells how far learning is, and holds the actor still at first."""

    def __init__(self, settings: ReinforceSettings, tell: Callable[[float, dict[str, float]], None]) -> None:
        super().__init__()
        self._settings, self._tell = settings, tell

    def _on_training_start(self) -> None:
        self._let_learn(free=self._settings.still <= 0.0)

    def _on_step(self) -> bool:
        done = self.num_timesteps / (self._settings.steps * self.training_env.num_envs)
        self._let_learn(free=done >= self._settings.still)
        figures = self.logger.name_to_value
        self._tell(min(done, 1.0), {name: float(figure) for name, figure in figures.items()})
        return True

    def _let_learn(self, *, free: bool) -> None:
        if isinstance(self.model, PPO):
            for layer in _actor(self.model):
                layer.requires_grad_(free)
            self.model.policy.log_std.requires_grad_(free)
