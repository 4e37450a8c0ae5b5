"""What is trained is what is driven: for what the daemon sees, the environments' path gives the commands that the daemon wrote.

The daemon asks the controller, presents every wish to the scalar gate and writes what it admits. The environments move the same
controller's proposal by the action (here: not at all) and pass it through the gate over arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from control.controller import Controller, ControllerMemory, Proposal
from control.decision import Decision
from control.envelope_batch import judge_batch, standing_of
from control.features import lows, observe
from control.mode import Mode
from control.registry import CONTROLLERS, Options, controller_of
from control.sight import Sight
from perception.fields import Field
from sim.fleet.fleet import fleet_terms, open_fleet
from sim.judging.contenders import contender
from sim.judging.evaluation import trial
from sim.scenarios import load_scenario
from sim.task import Task, episode_profit_cents
from tests.unit.control.networks import trained_of

TICKS = 80


@dataclass(frozen=True, slots=True)
class Listening:
    """A controller that notes what it was shown and what it wished."""

    inner: Controller
    heard: list[tuple[Sight, Proposal]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.inner.name

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        proposal, after = self.inner.propose(memory, sight)
        self.heard.append((sight, proposal))
        return proposal, after


def by_environment(sight: Sight, proposal: Proposal) -> dict[tuple[Field, int], int]:
    """What a fleet would write, {(field, index): value}."""
    nothing = np.zeros(1)
    standing = standing_of(
        sight,
        loss_24h_cents=nothing,
        loss_7d_cents=nothing,
        writes_last_hour=nothing.astype(np.int64),
        signal_age_s=dict.fromkeys(Field, nothing),
    )
    verdict = judge_batch(proposal.setpoints, standing=standing, limits=sight.reach.limits)
    return {
        (name, int(index)): int(values[0, index])
        for name, values in verdict.setpoints.items()
        for index in np.flatnonzero(values[0] != sight.setpoints[name][0])
    }


def by_daemon(decision: Decision) -> dict[tuple[Field, int], int]:
    return {(command.field, command.index): command.value for command in decision.commands}


@pytest.mark.parametrize("name", ["laws", "policy", "acos_rules", "dual", "margin_rule"])
def test_daemon_and_environment_write_the_same_for_the_same_sight(name: str, harness: Callable[..., Any]) -> None:
    store = harness()
    listening = Listening(controller_of(name, Options(policy=trained_of(1, 16))))
    store.loop.config = replace(store.loop.config, controller=listening)
    compared = 0

    for _ in range(TICKS):
        listening.heard.clear()
        (ticked,) = store.ticks(1)
        # before the canary has passed the daemon writes less on purpose
        if ticked.decision.mode is not Mode.AUTO or not listening.heard:
            continue
        ((sight, proposal),) = listening.heard
        assert by_environment(sight, proposal) == by_daemon(ticked.decision)
        compared += len(ticked.decision.commands)

    assert compared > (20 if name != "margin_rule" else 5)


def test_the_daemons_sight_gives_the_policy_its_observation(harness: Callable[..., Any]) -> None:
    store = harness()
    listening = Listening(controller_of("laws"))
    store.loop.config = replace(store.loop.config, controller=listening)
    store.ticks(12)

    seen = observe(listening.heard[-1][0])

    assert seen.shape == (1, len(store.loop.config.catalogue.skus), lows().size)
    assert np.isfinite(seen).all()
    assert set(CONTROLLERS) >= {"laws"}


def test_a_network_earns_in_an_evaluation_what_it_earned_in_training() -> None:
    """The same stores and luck: stepped by the training task, and driven by the policy's controller."""
    terms = fleet_terms(replace(load_scenario("steady"), days=2, history_days=3))
    trained, seeds = trained_of(3, 16), np.arange(5, dtype=np.int64)

    in_training = episode_profit_cents(Task(terms=terms, stride=trained.stride), trained.network.act, seeds=seeds)
    driven = trial(terms, open_fleet(terms, seeds=seeds), contender("policy", terms, policy=trained), progress=lambda _: None)

    np.testing.assert_equal(driven.profit_cents, in_training)
