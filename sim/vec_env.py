"""The fleet as a stable-baselines3 ``VecEnv``, in two shapes.

``StoreVecEnv`` has one environment per store: observations (n, m · F), actions (n, m · 2), rewards (n,).
``SkuVecEnv`` has one per SKU of every store: observations (n · m, F), actions (n · m, 2), rewards (n · m,). One small network is shared by
all SKUs and sees its store through the row's context, so it fits stores of any size; a store's reward is the sum of its rows'.

All windows end together. Then ``infos[i]["terminal_observation"]`` holds the last observation, ``"episode"`` the return and length, and the
observation returned is the first of the next window. Ends are terminations: no value is bootstrapped from them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from sim.env import FleetEnv, Rows, row_action_space, row_space
from sim.task import MOVES, Reward, observation


class _FleetVecEnv(VecEnv):
    """What both shapes share."""

    def __init__(self, fleet: FleetEnv, *, rows: int, observation_space: Any, action_space: Any) -> None:
        self._fleet = fleet
        self.render_mode = fleet.render_mode
        super().__init__(rows, observation_space, action_space)
        self._actions: Rows = np.zeros((rows, MOVES), dtype=np.float32)
        self._returns = np.zeros(rows)
        self._length = 0
        # made once: most steps have nothing to tell, and there may be ten thousand rows
        self._silent: list[dict[str, Any]] = [{} for _ in range(rows)]

    @abstractmethod
    def _shaped(self, rows: Rows) -> Rows:
        """(n, m, F) features as this shape's observation; never a view that later steps change."""

    @abstractmethod
    def _rewards(self, reward: Reward) -> Rows:
        """Rewards of this shape, float32."""

    def reset(self) -> VecEnvObs:
        """Open stores: anew with the seed given to ``seed()``, or the next ones."""
        self._fleet.reset(seed=self._seeds[0])
        self._reset_seeds()
        self._reset_options()
        self._returns[:], self._length = 0.0, 0
        return self._shaped(observation(self._fleet.scene))

    def step_async(self, actions: Rows) -> None:
        """Take the actions; ``step_wait`` does the work."""
        self._actions = np.asarray(actions)

    def step_wait(self) -> VecEnvStepReturn:
        """One decision everywhere."""
        reward = self._fleet.move(self._actions.reshape(self._fleet.num_envs, self._fleet.task.skus, MOVES))
        rewards = self._rewards(reward)
        self._returns += rewards
        self._length += 1
        seen = self._shaped(observation(self._fleet.scene))
        if self._fleet.scene.fleet.hours_left(self._fleet.task.terms) > 0:
            return seen, rewards, np.zeros(self.num_envs, dtype=np.bool_), self._silent
        infos: list[dict[str, Any]] = [
            {"terminal_observation": row, "TimeLimit.truncated": False, "episode": {"r": total, "l": self._length, "t": 0.0}}
            for row, total in zip(seen, self._returns.tolist(), strict=True)
        ]
        self._fleet.begin()
        self._returns[:], self._length = 0.0, 0
        return self._shaped(observation(self._fleet.scene)), rewards, np.ones(self.num_envs, dtype=np.bool_), infos

    def close(self) -> None:
        """Nothing is open."""

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seeds of the next ``reset``: store i gets ``seed + i``; without one, stores are drawn as before."""
        self._seeds = [seed] * self.num_envs
        return list(self._seeds)

    def get_images(self) -> Sequence[Any]:
        """The last day of each store."""
        return self._fleet.render() or ()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The same attribute of the fleet for every row asked for."""
        return [getattr(self._fleet, attr_name)] * len(self._places(indices))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Rows have no attributes of their own. Raises: NotImplementedError."""
        message = f"{attr_name}: rows of a fleet have no attributes of their own; set them on the task before the environment is made"
        raise NotImplementedError(message)

    def env_method(self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any) -> list[Any]:
        """Rows have no methods of their own. Raises: NotImplementedError."""
        message = f"{method_name}: rows of a fleet have no methods of their own"
        raise NotImplementedError(message)

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """No row is wrapped."""
        del wrapper_class
        return [False] * len(self._places(indices))

    def _places(self, indices: VecEnvIndices) -> list[int]:
        return list(self._get_indices(indices))


class StoreVecEnv(_FleetVecEnv):
    """One environment per store."""

    def __init__(self, fleet: FleetEnv) -> None:
        """Take over a fleet: it is stepped through this adapter only."""
        super().__init__(
            fleet, rows=fleet.num_envs, observation_space=fleet.single_observation_space, action_space=fleet.single_action_space
        )

    def _shaped(self, rows: Rows) -> Rows:
        return rows.reshape(rows.shape[0], -1)

    def _rewards(self, reward: Reward) -> Rows:
        return reward.by_store.astype(np.float32)


class SkuVecEnv(_FleetVecEnv):
    """One environment per SKU of every store."""

    def __init__(self, fleet: FleetEnv) -> None:
        """Take over a fleet: it is stepped through this adapter only."""
        super().__init__(fleet, rows=fleet.num_envs * fleet.task.skus, observation_space=row_space(), action_space=row_action_space())

    def _shaped(self, rows: Rows) -> Rows:
        return rows.reshape(-1, rows.shape[2])

    def _rewards(self, reward: Reward) -> Rows:
        return reward.by_sku.reshape(-1).astype(np.float32)
