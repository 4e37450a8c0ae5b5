"""The market as gymnasium environments: one store (``StoreEnv``), and a whole fleet natively in batch (``FleetEnv``).

    import gymnasium, sim.env
    env = gymnasium.make("autopilot/Steady-v0")
    envs = gymnasium.make_vec("autopilot/Steady-v0", num_envs=1024, vectorization_mode="vector_entry_point")

Row i of a fleet that was reset with ``seed`` is, bit for bit, the store environment that was reset with ``seed + i``.
This is the only module that imports gymnasium; importing it registers the ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from control import features
from control.controller import Controller
from control.laws import LawsTuning
from control.residual import undamped
from perception.units import Bools, Floats, Ints
from sim.fleet.fleet import fleet_terms
from sim.render import DayLog, frame, text
from sim.scenarios import Scenario, families, load_scenario
from sim.task import MOVES, Charges, Reward, Scene, Task, act, observation, open_scene

Rows: TypeAlias = NDArray[np.float32]
"""Observations and actions."""

STORE_ID = "autopilot/Store-v0"
_RENDER_MODES = ("rgb_array", "ansi")


def task_of(
    scenario: Scenario | str = "steady",
    *,
    base: Controller | None = None,
    decision_hours: int = 1,
    history_days: int | None = None,
    charges: Charges | None = None,
    beside_base: bool = False,
) -> Task:
    """The learning problem of a scenario.

    Args:
        scenario: Or its name.
        base: Controller to improve on; the laws unless given.
        decision_hours: Hours between two decisions, a divisor of 24.
        history_days: Days that the stores were open before; the scenario's unless given. Fewer make resets cheaper and beliefs poorer.
        charges: For broken limits.
        beside_base: Whether rewards are what is won over the base controller alone.
    """
    found = load_scenario(scenario) if isinstance(scenario, str) else scenario
    found = found if history_days is None else replace(found, history_days=history_days)
    return Task(
        terms=fleet_terms(found),
        base=undamped(LawsTuning()) if base is None else base,
        decision_hours=decision_hours,
        charges=Charges() if charges is None else charges,
        beside_base=beside_base,
    )


def row_space() -> gymnasium.spaces.Box[np.float32]:
    """(F,) observation of one SKU; names, units and meanings are ``control.features.FEATURES``."""
    return gymnasium.spaces.Box(features.lows(), features.highs(), dtype=np.float32)


def row_action_space() -> gymnasium.spaces.Box[np.float32]:
    """(2,) action for one SKU: moves of log bid and log price, ±1 being as far as one decision may go."""
    return even_space(MOVES, reach=1.0)


def even_space(width: int, *, reach: float) -> gymnasium.spaces.Box[np.float32]:
    """(width,) numbers within ±reach."""
    return gymnasium.spaces.Box(-reach, reach, (width,), dtype=np.float32)


def store_space(task: Task) -> gymnasium.spaces.Box[np.float32]:
    """(m · F,) observation of one store: the rows of its SKUs, one after the other."""
    row = row_space()
    return gymnasium.spaces.Box(np.tile(row.low, task.skus), np.tile(row.high, task.skus), dtype=np.float32)


def store_action_space(task: Task) -> gymnasium.spaces.Box[np.float32]:
    """(m · 2,) action for one store: the moves of its SKUs, one after the other."""
    return even_space(task.skus * MOVES, reach=1.0)


class StoreEnv(gymnasium.Env[Rows, Rows]):
    """One store for one window of a scenario.

    Observation: (m · F,) float32. Action: (m · 2,) float32. Reward: profit of the step in major units less charges for broken limits.
    The episode terminates when the window ends.
    """

    metadata: dict[str, Any] = {"render_modes": list(_RENDER_MODES), "render_fps": 1}  # noqa: RUF012  gymnasium declares it so

    def __init__(self, task: Task | Scenario | str = "steady", *, render_mode: str | None = None, **options: Any) -> None:
        """Make the environment.

        Args:
            task: The problem, or the scenario to make one of.
            render_mode: ``rgb_array``, ``ansi`` or None.
            options: Of ``task_of``.
        """
        self.task = task if isinstance(task, Task) else task_of(task, **options)
        self.render_mode = _render_mode(render_mode)
        self.observation_space = store_space(self.task)
        self.action_space = store_action_space(self.task)
        self._scene: Scene | None = None
        self._log = DayLog()

    @property
    def scene(self) -> Scene:
        """Where the store stands. Raises: RuntimeError before the first reset."""
        return _open(self._scene)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Rows, dict[str, Any]]:
        """Open a store: of ``options["store_seed"]``, or of a training seed drawn with ``seed``."""
        super().reset(seed=seed)
        chosen = (options or {}).get("store_seed")
        store_seed = _draw(self.task, self.np_random) if chosen is None else int(chosen)
        self._scene = open_scene(self.task, seeds=np.array([store_seed], dtype=np.int64))
        self._log = DayLog()
        return _flat(self._scene)[0], {"store_seed": store_seed}

    def step(self, action: Rows) -> tuple[Rows, float, bool, bool, dict[str, Any]]:
        """Move the base controller's proposal, and live through the hours until the next decision."""
        scene, reward = act(self.task, self.scene, np.asarray(action).reshape(1, self.task.skus, MOVES))
        self._scene = scene
        if self.render_mode is not None:
            self._log = self._log.followed_by(reward.hours, scene.fleet.market.inventory.on_hand)
        ended = scene.fleet.hours_left(self.task.terms) <= 0
        told = {name: figures[0].item() for name, figures in _told(reward).items()}
        return _flat(scene)[0], float(reward.by_store[0]), ended, False, told

    def render(self) -> Any:
        """The last day: a picture, or lines of text."""
        return _drawn(self._log, self.render_mode, row=0)


class FleetEnv(gymnasium.vector.VectorEnv[Rows, Rows, NDArray[Any]]):
    """N stores in one batch; all begin and end their windows together.

    With ``SAME_STEP`` the step that ends an episode returns the first observation of the next one, and the last of the old one in
    ``info["final_obs"]``; with ``NEXT_STEP`` the next step begins the new episode, whatever its action.
    """

    metadata: dict[str, Any] = {**StoreEnv.metadata, "autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012  likewise

    def __init__(
        self,
        task: Task | Scenario | str = "steady",
        *,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
        openings: int = 0,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        """Make the environments.

        Args:
            task: The problem, or the scenario to make one of.
            num_envs: Stores, >= 1.
            autoreset_mode: What happens when the windows have ended.
            openings: 0: every episode opens stores of its own and lives through their history. k: the first k openings are kept and used in
                turns, which makes later resets free; the policy then meets k · num_envs different stores.
            render_mode: ``rgb_array``, ``ansi`` or None.
            options: Of ``task_of``.
        """
        self.task = task if isinstance(task, Task) else task_of(task, **options)
        self.render_mode = _render_mode(render_mode)
        self.num_envs, self._openings = num_envs, openings
        # the class's own table is shared; this instance may differ from it
        self.metadata = {**self.metadata, "autoreset_mode": autoreset_mode}
        self.single_observation_space, self.single_action_space = store_space(self.task), store_action_space(self.task)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)
        self._scene: Scene | None = None
        self._rngs: list[np.random.Generator] = []
        self._kept: list[tuple[Scene, Ints]] = []
        self._opened = 0
        self._ended = False
        self._log = DayLog()

    @property
    def scene(self) -> Scene:
        """Where the stores stand. Raises: RuntimeError before the first reset."""
        return _open(self._scene)

    def reset(self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None) -> tuple[Rows, dict[str, Any]]:
        """Open n stores: of ``options["store_seeds"]``, or of training seeds; store i draws its own with ``seed + i``."""
        if seed is not None or not self._rngs:
            super().reset(seed=seed if isinstance(seed, int) else None)
            self._rngs, self._kept, self._opened = self._seeded(seed), [], 0
        chosen = (options or {}).get("store_seeds")
        seeds = self._begin(None if chosen is None else np.asarray(chosen, dtype=np.int64))
        return _flat(self.scene), _with_masks({"store_seed": seeds})

    def step(self, actions: Rows) -> tuple[Rows, Floats, Bools, Bools, dict[str, Any]]:
        """One decision in every store."""
        never = np.zeros(self.num_envs, dtype=np.bool_)
        if self._ended:
            seeds = self._begin(None)
            return _flat(self.scene), np.zeros(self.num_envs), never, never, _with_masks({"store_seed": seeds})
        reward = self.move(np.asarray(actions).reshape(self.num_envs, self.task.skus, MOVES))
        told = _told(reward)
        if self.scene.fleet.hours_left(self.task.terms) > 0:
            return _flat(self.scene), reward.by_store, never, never, _with_masks(told)
        if self.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP:
            self._ended = True
            return _flat(self.scene), reward.by_store, ~never, never, _with_masks(told)
        final = _flat(self.scene)
        seeds = self._begin(None)
        info = _with_masks({"store_seed": seeds, "final_obs": _as_objects(final), "final_info": told})
        return _flat(self.scene), reward.by_store, ~never, never, info | {"final_info": _with_masks(told)}

    def move(self, action: Rows) -> Reward:
        """Make one decision, (n, m, 2), without beginning anew at the window's end: for adapters that read ``scene`` themselves."""
        self._scene, reward = act(self.task, self.scene, action)
        if self.render_mode is not None:
            self._log = self._log.followed_by(reward.hours, self.scene.fleet.market.inventory.on_hand)
        return reward

    def begin(self) -> Ints:
        """Open the stores of the next episode; returns their (n,) seeds."""
        return self._begin(None)

    def render(self) -> tuple[Any, ...] | None:
        """The last day of every store."""
        if self.render_mode is None:
            return None
        return tuple(_drawn(self._log, self.render_mode, row=row) for row in range(self.num_envs))

    def _seeded(self, seed: int | Sequence[int] | None) -> list[np.random.Generator]:
        """A generator per store, as n store environments would have them."""
        if seed is None:
            first = int(self.np_random.integers(2**31))
            return [seeding.np_random(first + i)[0] for i in range(self.num_envs)]
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else list(seed)
        if len(seeds) != self.num_envs:
            message = f"seed: expected {self.num_envs} of them, was {len(seeds)}"
            raise ValueError(message)
        return [seeding.np_random(each)[0] for each in seeds]

    def _begin(self, seeds: Ints | None) -> Ints:
        self._ended, self._log = False, DayLog()
        if seeds is None and len(self._kept) >= self._openings > 0:
            self._scene, kept = self._kept[self._opened % self._openings]
            self._opened += 1
            return kept
        drawn = np.array([_draw(self.task, rng) for rng in self._rngs], dtype=np.int64) if seeds is None else seeds
        self._scene = open_scene(self.task, seeds=drawn)
        if seeds is None and self._openings > 0:
            self._kept.append((self._scene, drawn))
            self._opened += 1
        return drawn


def side_by_side(task: Task | Scenario | str, *, num_envs: int, **options: Any) -> gymnasium.vector.SyncVectorEnv[Any, Any]:
    """The same stores as ``FleetEnv``, one scalar environment each, stepped one after the other: what native batching is compared with."""
    return gymnasium.vector.SyncVectorEnv([lambda: StoreEnv(task, **options)] * num_envs)


def register_environments() -> None:
    """Register ``autopilot/Store-v0`` (the steady scenario, or any other by its argument) and one id per scenario that is found."""
    ids = {STORE_ID: "steady"} | {f"autopilot/{_camel(family)}-v0": family for family in families()}
    for name, scenario in ids.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name, entry_point="sim.env:StoreEnv", vector_entry_point="sim.env:FleetEnv", kwargs={"task": scenario}, order_enforce=True
            )


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace("-", "_").split("_"))


def _render_mode(mode: str | None) -> str | None:
    if mode is not None and mode not in _RENDER_MODES:
        message = f"render_mode: expected one of {', '.join(_RENDER_MODES)}, was {mode!r}"
        raise ValueError(message)
    return mode


def _draw(task: Task, rng: np.random.Generator) -> int:
    seeds = task.terms.scenario.train_seeds
    return int(rng.integers(seeds.lo, seeds.hi, endpoint=True))


def _open(scene: Scene | None) -> Scene:
    if scene is None:
        message = "expected a call of reset() before the first step()"
        raise RuntimeError(message)
    return scene


def _flat(scene: Scene) -> Rows:
    rows = observation(scene)
    return rows.reshape(rows.shape[0], -1)


def _told(reward: Reward) -> dict[str, NDArray[Any]]:
    """(n,) each: what a step says beside its reward."""

    def total(name: str) -> Ints:
        counts: Ints = np.sum([getattr(hour, name) for hour in reward.hours], axis=0)
        return counts

    return {"profit_cents": reward.profit_cents, "wishes": total("wishes"), "interventions": total("interventions")}


def _with_masks(told: dict[str, Any]) -> dict[str, Any]:
    """Form of gymnasium for batches: beside every array a mask of the rows that have it."""
    masks = {f"_{name}": np.ones(_rows_of(figures), dtype=np.bool_) for name, figures in told.items()}
    return {**told, **masks}


def _rows_of(figures: Any) -> int:
    return len(next(iter(figures.values()))) if isinstance(figures, dict) else len(figures)


def _as_objects(rows: Rows) -> NDArray[np.object_]:
    objects = np.empty(rows.shape[0], dtype=object)
    objects[:] = list(rows)
    return objects


def _drawn(log: DayLog, mode: str | None, *, row: int) -> Any:
    if mode is None:
        return None
    return frame(log, row=row) if mode == "rgb_array" else text(log, row=row)


register_environments()
