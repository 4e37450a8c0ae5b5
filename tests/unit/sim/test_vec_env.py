"""The stable-baselines3 adapters: the same fleet, row for row, store by store and SKU by SKU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecMonitor

from control.features import FEATURES
from sim.env import FleetEnv, StoreEnv, task_of
from sim.scenarios import load_scenario
from sim.task import Task
from sim.vec_env import SkuVecEnv, StoreVecEnv

SKUS = 10


@pytest.fixture(scope="module")
def task() -> Task:
    return task_of(replace(load_scenario("steady"), days=1, history_days=1), decision_hours=6)


def test_stable_baselines_own_checker_is_content(task: Task) -> None:
    check_env(StoreEnv(task))


def test_both_shapes_are_the_same_fleet(task: Task) -> None:
    fleet, stores, rows = FleetEnv(task, num_envs=3), StoreVecEnv(FleetEnv(task, num_envs=3)), SkuVecEnv(FleetEnv(task, num_envs=3))
    stores.seed(8)
    rows.seed(8)
    seen, by_store, by_sku = fleet.reset(seed=8)[0], stores.reset(), rows.reset()
    assert isinstance(by_store, np.ndarray)
    assert isinstance(by_sku, np.ndarray)
    assert by_store.shape == (3, SKUS * len(FEATURES))
    assert by_sku.shape == (3 * SKUS, len(FEATURES))
    draw = np.random.default_rng(2)

    for _ in range(2 * task.decisions + 1):
        action = draw.uniform(-1.0, 1.0, (3, SKUS * 2)).astype(np.float32)
        seen, rewards, ended, _, info = fleet.step(action)
        by_store, store_rewards, store_ended, store_infos = stores.step(action)
        by_sku, sku_rewards, sku_ended, sku_infos = rows.step(action.reshape(-1, 2))
        assert isinstance(by_store, np.ndarray)
        assert isinstance(by_sku, np.ndarray)
        assert np.array_equal(by_store, seen)
        assert np.array_equal(by_sku.reshape(seen.shape), seen)
        assert np.array_equal(store_rewards, rewards.astype(np.float32))
        assert sku_rewards.reshape(3, SKUS).sum(axis=1) == pytest.approx(rewards, rel=1e-4, abs=1e-4)
        assert np.array_equal(store_ended, ended)
        assert np.array_equal(sku_ended, np.repeat(ended, SKUS))
        if ended.any():
            final = np.stack(list(info["final_obs"]))
            assert np.array_equal(np.stack([each["terminal_observation"] for each in store_infos]), final)
            assert np.array_equal(np.stack([each["terminal_observation"] for each in sku_infos]).reshape(final.shape), final)
            assert store_infos[0]["episode"]["l"] == task.decisions


def test_episode_returns_add_up(task: Task) -> None:
    rows = SkuVecEnv(FleetEnv(task, num_envs=2))
    rows.reset()
    total = np.zeros(rows.num_envs)

    infos: list[dict[str, Any]] = []
    for _ in range(task.decisions):
        _, rewards, _, infos = rows.step(np.zeros((rows.num_envs, 2), dtype=np.float32))
        total += rewards

    assert [each["episode"]["r"] for each in infos] == pytest.approx(total)


def test_wrappers_of_the_library_work(task: Task) -> None:
    wrapped = VecMonitor(StoreVecEnv(FleetEnv(task, num_envs=2)))
    wrapped.reset()
    infos: list[dict[str, Any]] = []

    for _ in range(task.decisions):
        _, _, _, infos = wrapped.step(np.zeros((2, SKUS * 2), dtype=np.float32))

    assert infos[0]["episode"]["l"] == task.decisions
    assert wrapped.env_is_wrapped(Monitor) == [False, False]


def test_rows_have_no_attributes_of_their_own(task: Task) -> None:
    rows = StoreVecEnv(FleetEnv(task, num_envs=2))

    assert rows.get_attr("num_envs") == [2, 2]
    with pytest.raises(NotImplementedError, match="render_mode"):
        rows.set_attr("render_mode", "ansi")
    with pytest.raises(NotImplementedError, match="reset"):
        rows.env_method("reset")


def test_images_come_from_the_fleet(task: Task) -> None:
    rows = StoreVecEnv(FleetEnv(task, num_envs=1, render_mode="rgb_array"))
    rows.reset()
    rows.step(np.zeros((1, SKUS * 2), dtype=np.float32))

    assert [image.shape for image in rows.get_images()] == [(800, 640, 3)]
