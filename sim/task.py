"""What is to be learnt on a fleet, whichever library asks: observations from features, actions around a base controller, a reward in money.

A policy sees one row of features per SKU and answers with two numbers per SKU in [−1, 1]: how far to move log bid and log price around what
the base controller proposes. Zero is the base controller itself. What it proposes passes the gate like everything else.

An episode is one window of the scenario; it ends, and does not merely stop, when the window does: the time left is in the observation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from control import features
from control.controller import Controller, ControllerMemory, Proposal
from control.laws import LawsTuning
from control.residual import ACTIONS, Stride, around, undamped
from control.sight import Sight
from perception.units import Floats, Ints
from sim.fleet.fleet import FleetHour, FleetState, FleetTerms, advance, open_fleet, play, sight
from sim.moment import HOURS_PER_DAY

MOVES = len(ACTIONS)
"""Numbers per SKU in an action."""

CENTS = 100.0
"""Minor units in a major one: rewards are in major units, so that they are of a size that networks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """What broken limits take from the reward. Choices, not measurements; 0 leaves a limit out.

    Attributes:
        overspend: Per unit of money spent beyond the grant.
        below_floor: Major units per SKU and hour at a price under the least margin.
        roas_shortfall: Per unit of spend that the ROAS target does not allow. It is charged as the shortfall of the window so far changes,
            so what an episode pays is the shortfall at its end. High, because the score multiplies a whole window's profit by
            (ROAS ÷ target)².
    """

    overspend: float = 10.0
    below_floor: float = 10.0
    roas_shortfall: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The stores, the controller to improve on, how often to act, and what counts.

    Attributes:
        terms: Of the fleet.
        base: Whose proposals actions move.
        decision_hours: Hours between two decisions, a divisor of 24.
        stride: How far an action of ±1 moves bid and price.
        charges: For broken limits.
        beside_base: Rewards are what is won over the base controller alone on the same store and luck: most of the luck cancels out, which
            makes small improvements visible, and every step costs two.
    """

    terms: FleetTerms
    base: Controller = field(default_factory=lambda: undamped(LawsTuning()))
    decision_hours: int = 1
    stride: Stride = field(default_factory=Stride)
    charges: Charges = field(default_factory=Charges)
    beside_base: bool = False

    def __post_init__(self) -> None:
        """Refuse what does not fit a day. Raises: ValueError."""
        if self.decision_hours < 1 or HOURS_PER_DAY % self.decision_hours:
            message = f"decision_hours: expected a divisor of {HOURS_PER_DAY}, was {self.decision_hours}"
            raise ValueError(message)

    @property
    def skus(self) -> int:
        """SKUs of a store, m."""
        return self.terms.campaign_of.size

    @property
    def decisions(self) -> int:
        """Decisions of one episode."""
        return self.terms.hours // self.decision_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where n stores stand between two decisions.

    Attributes:
        fleet: The stores.
        seen: What a controller sees of them.
        proposal: What the base controller would do.
        memory: The base controller's, after that proposal.
        twin: The same stores with the base controller alone; None unless the task compares with it.
    """

    fleet: FleetState
    seen: Sight
    proposal: Proposal
    memory: ControllerMemory
    twin: Scene | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What one decision brought.

    Attributes:
        by_sku: (n, m) major units; a store's reward is the sum of its row.
        hours: What happened, hour by hour.
    """

    by_sku: Floats
    hours: tuple[FleetHour, ...]

    @property
    def by_store(self) -> Floats:
        """(n,) major units."""
        total: Floats = self.by_sku.sum(axis=1)
        return total

    @property
    def profit_cents(self) -> Floats:
        """(n,) contribution less ad spend, minor units."""
        total: Floats = np.sum([hour.profit_cents for hour in self.hours], axis=0)
        return total


def open_scene(task: Task, *, seeds: Ints) -> Scene:
    """The stores at the start of their window, one per seed."""
    opened = _scene_of(task, open_fleet(task.terms, seeds=seeds), ControllerMemory())
    return replace(opened, twin=opened) if task.beside_base else opened


def _scene_of(task: Task, fleet: FleetState, memory: ControllerMemory) -> Scene:
    """Look at the stores, and ask the base controller."""
    seen = sight(task.terms, fleet, dt_hours=task.decision_hours)
    proposal, after = task.base.propose(memory, seen)
    return Scene(fleet=fleet, seen=seen, proposal=proposal, memory=after)


def observation(scene: Scene) -> NDArray[np.float32]:
    """(n, m, F) float32 features, within the bounds of ``control.features.FEATURES``."""
    return features.observe(scene.seen)


def act(task: Task, scene: Scene, action: NDArray[np.floating]) -> tuple[Scene, Reward]:
    """Make one decision and live with it until the next.

    Args:
        task: The problem.
        scene: Now.
        action: (n, m, 2) in [−1, 1], any float type: the moves of log bid and log price.
    """
    after, reward = _acted(task, scene, action.astype(np.float64))
    if scene.twin is None:
        return after, reward
    twin, usual = _acted(task, scene.twin, np.zeros(action.shape))
    return replace(after, twin=twin), replace(reward, by_sku=reward.by_sku - usual.by_sku)


def _acted(task: Task, scene: Scene, action: Floats) -> tuple[Scene, Reward]:
    proposal = around(scene.proposal, scene.seen, action, task.stride)
    before = scene.fleet.window
    fleet, hour = advance(task.terms, scene.fleet, scene.seen, proposal)
    hours = [hour]
    for _ in range(task.decision_hours - 1):
        fleet, hour = play(task.terms, fleet, fleet.setpoints)
        hours.append(hour)
    shortfall = hours[-1].violations.roas_shortfall_cents - _shortfall_cents(task, before.spend_cents, before.ad_revenue_cents)
    return _scene_of(task, fleet, scene.memory), Reward(by_sku=_reward(task, hours, shortfall), hours=tuple(hours))


def episode_profit_cents(task: Task, policy: Callable[[NDArray[np.float32]], NDArray[np.floating]], *, seeds: Ints) -> Floats:
    """True profit of one whole window of each store, (n,) minor units.

    Args:
        task: The problem.
        policy: From (n · m, F) rows of features to (n · m, 2) actions.
        seeds: (n,) one per store; those of ``Scenario.test_seeds`` were never trained on.
    """
    scene = open_scene(task, seeds=seeds)
    for _ in range(task.decisions):
        rows = observation(scene)
        scene, _ = act(task, scene, policy(rows.reshape(-1, rows.shape[2])).reshape(seeds.size, task.skus, MOVES))
    return scene.fleet.window.profit_cents


def _shortfall_cents(task: Task, spend_cents: Ints, revenue_cents: Ints) -> Floats:
    """(n,) spend beyond what the target allows, as ``Violations`` has it."""
    target = task.terms.scenario.terms.target_roas
    if target <= 0.0:
        return np.zeros(spend_cents.shape)
    return np.maximum(spend_cents - revenue_cents / target, 0.0)


def _reward(task: Task, hours: list[FleetHour], shortfall_cents: Floats) -> Floats:
    """(n, m) profit of each SKU less an even share of what the store is charged."""
    charges = task.charges
    charged = charges.roas_shortfall * shortfall_cents / CENTS
    earned: Floats = np.zeros((charged.size, task.skus))
    for hour in hours:
        earned += (hour.contribution_cents - hour.spend_cents) / CENTS
        charged = charged + charges.overspend * hour.violations.overspent_cents / CENTS + charges.below_floor * hour.violations.below_floor
    return earned - charged[:, None] / task.skus
