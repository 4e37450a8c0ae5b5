"""Reinforcement learning goes on from a network, on the rows of stores of several scenarios."""

from __future__ import annotations

import numpy as np
import pytest

from control.features import FEATURES
from control.policy_network import Network
from control.residual import ACTIONS
from sim.env import FleetEnv, task_of
from sim.learning.pupils import FARTHEST, LATENT, PupilsEnv, earned_an_hour
from sim.learning.reinforcing import Method, ReinforceSettings, reinforced

FAMILIES = ("steady", "thin_data")


def network(seed: int = 1) -> Network:
    rng = np.random.Generator(np.random.PCG64(seed))

    def layer(into: int, out: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.normal(scale=0.1, size=(into, out)).astype(np.float32), np.zeros(out, dtype=np.float32)

    flat = np.zeros(len(FEATURES), dtype=np.float32)
    return Network(layers=(layer(len(FEATURES), 8), layer(8, len(ACTIONS))), mean=flat, scale=flat + np.float32(2.0))


def pupils(*, latent: bool = True, stores: int = 2) -> PupilsEnv:
    fleets = [FleetEnv(task_of(name, history_days=1, decision_hours=24, beside_base=True), num_envs=stores) for name in FAMILIES]
    env = PupilsEnv(fleets, network(), latent=latent)
    env.seed(3)
    return env


def test_rows_of_all_scenarios_lie_one_after_the_other_and_are_normalised() -> None:
    env = pupils()

    seen = np.asarray(env.reset())

    assert seen.shape == (2 * 2 * 10, len(FEATURES))
    assert (np.abs(seen) <= FARTHEST).all()
    np.testing.assert_allclose(seen[:20], env._parts[0]._shaped(_observed(env, 0)) / 2.0, rtol=1e-6)


def _observed(env: PupilsEnv, place: int) -> np.ndarray:
    from sim.task import observation

    return observation(env._fleets[place].scene)


def test_doing_nothing_wins_nothing_over_the_laws() -> None:
    env = pupils()
    env.reset()

    _, rewards, ended, _ = env.step(np.zeros((env.num_envs, len(ACTIONS)), dtype=np.float32))

    assert not rewards.any()
    assert not ended.any()


def test_rewards_are_in_percent_of_what_a_store_earns_in_an_hour() -> None:
    env, plain = pupils(), FleetEnv(task_of("steady", history_days=1, decision_hours=24, beside_base=True), num_envs=2)
    env.reset()
    plain.reset(seed=3)
    moves = np.full((env.num_envs, len(ACTIONS)), 0.5, dtype=np.float32)

    _, rewards, _, _ = env.step(moves)

    won = plain.move(np.tanh(moves[:20]).reshape(2, 10, len(ACTIONS))).by_sku
    opened = pupils()
    opened.reset()
    scale = earned_an_hour(opened._fleets[0].scene)[:, None] / 100.0
    np.testing.assert_allclose(rewards[:20].reshape(2, 10), won / scale, rtol=1e-5, atol=1e-6)


def test_windows_that_end_begin_anew() -> None:
    env = pupils()
    env.reset()
    still = np.zeros((env.num_envs, len(ACTIONS)), dtype=np.float32)

    ends = [env.step(still)[2].all() for _ in range(15)]

    assert ends == [False] * 13 + [True, False]


@pytest.mark.parametrize("method", ["ppo", "sac"])
def test_learning_starts_at_the_network_and_leaves_it(method: Method) -> None:
    start = network()
    told: list[float] = []
    settings = ReinforceSettings(method=method, steps=16, rollout=4, minibatches=2, epochs=1, learning_rate=1e-3, still=0.25)

    after = reinforced(pupils(latent=method == "ppo"), start, settings, seed=1, logs=None, tell=lambda done, _: told.append(done))

    assert after.architecture == start.architecture
    moved = np.abs(after.layers[0][0] - start.layers[0][0]).max()
    assert 0.0 < moved < 0.2
    np.testing.assert_array_equal(after.scale, start.scale)
    assert told[-1] == 1.0


def test_an_actor_that_stands_still_learns_nothing() -> None:
    start = network()
    settings = ReinforceSettings(steps=8, rollout=4, minibatches=2, epochs=1, learning_rate=1e-2, still=1.0 + 1e-9)

    after = reinforced(pupils(), start, settings, seed=1, logs=None, tell=lambda *_: None)

    np.testing.assert_allclose(after.layers[0][0], start.layers[0][0], atol=1e-7)
    assert LATENT > 1.0
