"""Who takes part in an evaluation: every controller, blind to the truth, and the informed reference beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from control.controller import Controller, ControllerMemory, Proposal
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


def contender(name: str, terms: FleetTerms) -> Driver:
    """The driver of that name, set up as the scenario's merchant would. Raises: KeyError."""
    if name == INFORMED:
        return Informed(terms=terms)
    store = terms.scenario.terms
    return Blind(controller=controller_of(name, Options(start_bid_cents=store.rule_bid_cents, target_acos=store.rule_target_acos)))
