"""Stores of several scenarios as one stable-baselines3 ``VecEnv``, as a policy that has already learnt something wants to meet them.

Rows are those of all SKUs of all stores, one scenario after the other. Observations are normalised as the policy's network does it.
Rewards are what was won over the base controller, in percent of what the store earns in an hour: stores of any size then teach alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from control.features import FEATURES, Singles
from control.policy_network import Network
from control.residual import ACTIONS
from perception.economics import unit_margin_cents
from perception.fields import Field
from perception.units import Floats
from sim.env import FleetEnv, even_space
from sim.moment import HOURS_PER_DAY
from sim.task import CENTS, Scene
from sim.vec_env import SkuVecEnv

FARTHEST = 20.0
"""Normalised features beyond are clipped, so that the space has bounds."""

LATENT = 3.0
"""Actions before the hyperbolic tangent that a Gaussian policy gives: tanh 3 is 0.995."""

_PER_CENT = 100.0


class PupilsEnv(VecEnv):
    """All rows of some fleets."""

    def __init__(self, fleets: Sequence[FleetEnv], network: Network, *, latent: bool) -> None:
        """Take over fleets: they are stepped through this environment only.

        Args:
            fleets: Of any scenarios.
            network: Whose normalisation observations get.
            latent: Whether actions come before the hyperbolic tangent, within ±``LATENT``, or after it.
        """
        self.render_mode = None
        self._parts = [SkuVecEnv(fleet) for fleet in fleets]
        self._fleets = list(fleets)
        self._network, self._latent = network, latent
        self._ends = np.cumsum([part.num_envs for part in self._parts])
        self._units = np.ones(int(self._ends[-1]))
        moves = even_space(len(ACTIONS), reach=LATENT if latent else 1.0)
        super().__init__(int(self._ends[-1]), even_space(len(FEATURES), reach=FARTHEST), moves)
        self._actions: list[Singles] = []

    def reset(self) -> VecEnvObs:
        """Open stores everywhere."""
        rows = np.concatenate([np.asarray(part.reset()) for part in self._parts])
        for place in range(len(self._parts)):
            self._measure(place)
        return self._normalised(rows)

    def step_async(self, actions: Singles) -> None:
        """Take the actions; ``step_wait`` does the work."""
        moves = np.tanh(actions) if self._latent else np.asarray(actions)
        self._actions = np.split(moves, self._ends[:-1])

    def step_wait(self) -> VecEnvStepReturn:
        """One decision everywhere. Windows of different lengths end apart."""
        rows, rewards, ends, infos = [], [], [], []
        for place, (part, moves) in enumerate(zip(self._parts, self._actions, strict=True)):
            part.step_async(moves)
            seen, earned, ended, told = part.step_wait()
            rows.append(np.asarray(seen))
            rewards.append(earned / self._units[self._rows_of(place)])
            ends.append(ended)
            infos += told
            if ended.any():
                self._measure(place)
        return self._normalised(np.concatenate(rows)), np.concatenate(rewards).astype(np.float32), np.concatenate(ends), infos

    def close(self) -> None:
        """Nothing is open."""

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seeds of the next ``reset``; every fleet gets the same."""
        return [each for part in self._parts for each in part.seed(seed)]

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The same attribute of this environment for every row asked for."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Rows have no attributes of their own. Raises: NotImplementedError."""
        message = f"{attr_name}: rows have no attributes of their own"
        raise NotImplementedError(message)

    def env_method(self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any) -> list[Any]:
        """Rows have no methods of their own. Raises: NotImplementedError."""
        message = f"{method_name}: rows have no methods of their own"
        raise NotImplementedError(message)

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """No row is wrapped."""
        del wrapper_class
        return [False] * len(list(self._get_indices(indices)))

    def _normalised(self, rows: Singles) -> Singles:
        seen = (rows - self._network.mean) / self._network.scale
        return np.clip(seen, -FARTHEST, FARTHEST, out=seen)

    def _rows_of(self, place: int) -> slice:
        end = int(self._ends[place])
        return slice(end - self._parts[place].num_envs, end)

    def _measure(self, place: int) -> None:
        """Note how large the stores of a part are that were just opened."""
        earned = earned_an_hour(self._fleets[place].scene)
        self._units[self._rows_of(place)] = np.repeat(earned, self._fleets[place].task.skus) / _PER_CENT


def earned_an_hour(scene: Scene) -> Floats:
    """(n,) major units that each store is believed to earn in an average hour without ads."""
    seen = scene.seen
    margin = np.maximum(np.nan_to_num(unit_margin_cents(seen.setpoints[Field.PRICE], seen.goods.cost_cents, seen.economics)), 0.0)
    earned = (seen.beliefs.organic_units_per_day.mean * margin).sum(axis=1) / HOURS_PER_DAY / CENTS
    least: Floats = np.maximum(earned, 1.0 / CENTS)
    return least
