"""Who takes part in an evaluation: every controller, blind to the truth, and the informed reference beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from control.controller import Controller, ControllerMemory, Proposal
from control.policy import Trained
from control.registry import CONTROLLERS, Options, controller_of
from control.sight import Sight
from sim.fleet.fleet import FleetState, FleetTerms
from sim.judging.informed import Informed

INFORMED = "informed"
CONTENDERS = (*CONTROLLERS, INFORMED)
"""Names, in the order of the table."""


class Driver(Protocol):
    """Steers a fleet. Only the informed reference looks at ``state``."""

    def steer(self, memory: ControllerMemory, seen: Sight, state: FleetState) -> tuple[Proposal, ControllerMemory]:
        """The wished set-points for this hour."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """A controller at the wheel: it sees what it would see in the daemon."""

    controller: Controller

    def steer(self, memory: ControllerMemory, seen: Sight, state: FleetState) -> tuple[Proposal, ControllerMemory]:
        """Ask the controller, without showing it the truth."""
        del state
        return self.controller.propose(memory, seen)


def contender(name: str, terms: FleetTerms, *, policy: Trained | None = None) -> Driver:
    """The driver of that name, set up as the scenario's merchant would.

    Args:
        name: One of ``CONTENDERS``, or of ``control.registry``'s combinations.
        terms: Of the fleet.
        policy: The network that ``policy`` steers by; no other contender needs one.

    Raises:
        KeyError: There is no contender of that name, or it is ``policy`` and no network was given.
    """
    if name == INFORMED:
        return Informed(terms=terms)
    store = terms.scenario.terms
    options = Options(start_bid_cents=store.rule_bid_cents, target_acos=store.rule_target_acos, policy=policy)
    return Blind(controller=controller_of(name, options))
