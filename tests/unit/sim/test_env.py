"""The gymnasium faces: clean by gymnasium's own checks, reproducible, and the same store in every shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402
from gymnasium.vector import AutoresetMode  # noqa: E402

from control.baselines import FixedBid  # noqa: E402
from control.features import FEATURES  # noqa: E402
from sim.env import STORE_ID, FleetEnv, StoreEnv, store_space, task_of  # noqa: E402
from sim.fleet.fleet import FleetTerms  # noqa: E402
from sim.scenarios import families, load_scenario  # noqa: E402
from sim.task import Charges, Task  # noqa: E402


@pytest.fixture(scope="module")
def task() -> Task:
    """Two days of the steady scenario, six decisions a day."""
    return task_of(replace(load_scenario("steady"), days=2, history_days=1), decision_hours=4)


def test_gymnasium_s_own_checker_is_content(task: Task) -> None:
    check_env(StoreEnv(task), skip_render_check=True)


def test_every_scenario_has_an_id() -> None:
    ids = set(gymnasium.registry)

    assert {STORE_ID, "autopilot/Steady-v0", "autopilot/ThinData-v0"} <= ids
    assert sum(name.startswith("autopilot/") for name in ids) == len(families()) + 1


def test_ids_make_the_store_and_the_fleet() -> None:
    one = gymnasium.make("autopilot/Steady-v0", history_days=1)
    many = gymnasium.make_vec("autopilot/Steady-v0", num_envs=3, vectorization_mode="vector_entry_point", history_days=1)

    assert isinstance(one.unwrapped, StoreEnv)
    assert isinstance(many.unwrapped, FleetEnv)
    assert many.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert one.observation_space.shape == (10 * len(FEATURES),)
    assert many.action_space.shape == (3, 20)


def test_spaces_are_finite_and_hold_what_is_seen(task: Task) -> None:
    fleet = FleetEnv(task, num_envs=4)
    seen, _ = fleet.reset(seed=1)

    assert np.isfinite(store_space(task).low).all()
    assert np.isfinite(store_space(task).high).all()
    for _ in range(task.decisions):
        assert seen in fleet.observation_space
        seen, rewards, _, _, _ = fleet.step(fleet.action_space.sample())
        assert np.isfinite(rewards).all()


def test_the_same_seed_gives_the_same_episode(task: Task) -> None:
    first, again, other = (_episode(StoreEnv(task), seed) for seed in (5, 5, 6))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_stores_are_drawn_from_the_training_seeds_unless_chosen(task: Task) -> None:
    seeds = task.terms.scenario.train_seeds
    env = StoreEnv(task)

    drawn = [env.reset(seed=seed)[1]["store_seed"] for seed in range(5)]
    chosen = env.reset(options={"store_seed": 200_007})[1]["store_seed"]

    assert len(set(drawn)) > 1
    assert all(seeds.lo <= seed <= seeds.hi for seed in drawn)
    assert chosen == 200_007


def test_a_row_of_the_fleet_is_the_store_alone_through_several_episodes(task: Task) -> None:
    fleet, store, row = FleetEnv(task, num_envs=3), StoreEnv(task), 1
    seen, info = fleet.reset(seed=40)
    alone, told = store.reset(seed=40 + row)
    assert info["store_seed"][row] == told["store_seed"]
    draw = np.random.default_rng(0)

    for _ in range(2 * task.decisions + 3):
        action = draw.uniform(-1.0, 1.0, (3, 20)).astype(np.float32)
        seen, rewards, ended, cut, info = fleet.step(action)
        alone, reward, has_ended, _, told = store.step(action[row])
        assert rewards[row] == reward
        assert ended[row] == has_ended
        assert not cut.any()
        if has_ended:
            assert np.array_equal(info["final_obs"][row], alone)
            assert info["final_info"]["profit_cents"][row] == told["profit_cents"]
            assert info["_final_obs"].all()
            alone, _ = store.reset()
        assert np.array_equal(seen[row], alone)


def test_next_step_mode_shows_the_last_observation_first(task: Task) -> None:
    same, following = (FleetEnv(task, num_envs=2, autoreset_mode=mode) for mode in (AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP))
    action = np.zeros((2, 20), dtype=np.float32)
    for fleet in (same, following):
        fleet.reset(seed=3)
        for _ in range(task.decisions - 1):
            fleet.step(action)

    now, _, ended, _, info = same.step(action)
    last, _, ended_too, _, _ = following.step(action)
    first, rewards, ended_again, _, _ = following.step(action)

    assert ended.all()
    assert ended_too.all()
    assert not ended_again.any()
    assert np.array_equal(np.stack(list(info["final_obs"])), last)
    assert np.array_equal(now, first)
    assert not rewards.any()


def test_kept_openings_are_used_in_turns(task: Task) -> None:
    fleet = FleetEnv(task, num_envs=2, openings=2)
    action = np.zeros((2, 20), dtype=np.float32)
    seeds = [fleet.reset(seed=3)[1]["store_seed"].tolist()]
    for _ in range(3 * task.decisions):
        info = fleet.step(action)[4]
        seeds += [info["store_seed"].tolist()] if "store_seed" in info else []

    assert seeds[0] != seeds[1]
    assert seeds[2:] == seeds[:2]


def test_the_neutral_action_is_the_base_controller(task: Task) -> None:
    free = replace(task, charges=Charges(roas_shortfall=0.0))
    neutral, moved = FleetEnv(free, num_envs=2), FleetEnv(free, num_envs=2)
    neutral.reset(seed=9)
    moved.reset(seed=9)
    zeros = np.zeros((2, 20), dtype=np.float32)

    _, rewards, _, _, info = neutral.step(zeros)
    moved.step(zeros + 1.0)

    assert (info["interventions"] == 0).all()
    assert neutral.scene.fleet.window.profit_cents / 100.0 == pytest.approx(rewards)
    assert not np.array_equal(neutral.scene.fleet.setpoints.price_cents, moved.scene.fleet.setpoints.price_cents)


def test_an_episode_pays_its_profit_less_what_its_broken_limits_cost(task: Task) -> None:
    strict = replace(task, terms=_with_target(task, target_roas=100.0), base=FixedBid(bid_cents=80), charges=Charges(roas_shortfall=3.0))
    env, total, ended = StoreEnv(strict), 0.0, False
    env.reset(options={"store_seed": 100_001})

    while not ended:
        _, reward, ended, _, _ = env.step(np.ones(20, dtype=np.float32))
        total += reward

    window = env.scene.fleet.window
    shortfall = max(window.spend_cents[0] - window.ad_revenue_cents[0] / 100.0, 0.0)
    assert shortfall > 0.0
    assert total == pytest.approx((window.profit_cents[0] - 3.0 * shortfall) / 100.0)


def test_rewards_beside_the_base_are_what_is_won_over_it(task: Task) -> None:
    beside = FleetEnv(replace(task, beside_base=True), num_envs=2)
    plain, base = FleetEnv(task, num_envs=2), FleetEnv(task, num_envs=2)
    for fleet in (beside, plain, base):
        fleet.reset(seed=4)
    zeros, ones = np.zeros((2, 20), dtype=np.float32), np.ones((2, 20), dtype=np.float32)

    assert not beside.step(zeros)[1].any()
    plain.step(zeros)
    base.step(zeros)
    for _ in range(4):
        won, moved, usual = beside.step(ones)[1], plain.step(ones)[1], base.step(zeros)[1]
        assert won == pytest.approx(moved - usual)


def test_a_step_before_the_first_reset_says_so(task: Task) -> None:
    with pytest.raises(RuntimeError, match="reset"):
        StoreEnv(task).step(np.zeros(20, dtype=np.float32))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"decision_hours": 5}, "decision_hours: expected a divisor of 24, was 5"), ({"render_mode": "human"}, "render_mode: expected")],
)
def test_wrong_options_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StoreEnv("steady", **options)


def test_the_last_day_is_drawn_and_told(task: Task) -> None:
    drawn, told, silent = StoreEnv(task, render_mode="rgb_array"), StoreEnv(task, render_mode="ansi"), StoreEnv(task)
    for env in (drawn, told, silent):
        env.reset(seed=1)
        for _ in range(7):
            env.step(np.zeros(20, dtype=np.float32))

    picture, lines = drawn.render(), told.render().splitlines()
    assert picture.shape == (800, 640, 3)
    assert picture.dtype == np.uint8
    assert picture.min() < picture.max()
    assert len(lines) == 1 + 24
    assert silent.render() is None


def _with_target(task: Task, *, target_roas: float) -> FleetTerms:
    scenario = task.terms.scenario
    return replace(task.terms, scenario=replace(scenario, terms=replace(scenario.terms, target_roas=target_roas)))


def _episode(env: StoreEnv, seed: int) -> Any:
    seen, _ = env.reset(seed=seed)
    draw = np.random.default_rng(1)
    rows = [seen]
    for _ in range(6):
        seen, reward, *_ = env.step(draw.uniform(-1.0, 1.0, 20).astype(np.float32))
        rows += [np.append(seen, reward)]
    return np.concatenate(rows)
