"""Several drivers in one batch: each steers copies of the same stores, and an hour of all of them costs hardly more than one of its own.

A store's course does not depend on its batch, which is tested where fleets and controllers are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from control.controller import ControllerMemory, Proposal
from control.policy import Trained
from control.sight import Sight
from perception.fields import Field
from perception.units import Floats, Ints
from sim.fleet.fleet import FleetState, FleetTerms, open_fleet
from sim.judging.contenders import Driver, contender
from sim.judging.evaluation import Trial, trial


class Convoy:
    """Asks every driver about the whole batch, and lets it steer its own rows."""

    def __init__(self, drivers: Sequence[Driver], *, stores: int) -> None:
        """Of each driver ``stores`` rows, one driver after the other."""
        self._drivers = [(driver, slice(place * stores, (place + 1) * stores)) for place, driver in enumerate(drivers)]
        self._memories = [ControllerMemory() for _ in drivers]

    def steer(self, memory: ControllerMemory, seen: Sight, state: FleetState) -> tuple[Proposal, ControllerMemory]:
        """Each row as its driver wishes; what a driver leaves out stays as it is."""
        wished: dict[Field, Floats] = {field: np.full(standing.shape, np.nan) for field, standing in seen.setpoints.items()}
        for place, (driver, rows) in enumerate(self._drivers):
            proposal, self._memories[place] = driver.steer(self._memories[place], seen, state)
            for field, values in proposal.setpoints.items():
                wished[field][rows] = values[rows]
        return Proposal(setpoints=wished, terms={}, sku_terms={}), memory


def tried(terms: FleetTerms, names: Sequence[str], *, seeds: Ints, policy: Trained | None = None) -> dict[str, Trial]:
    """The trial of each contender on the stores of these seeds, (N,); with the network that a policy steers by, if one is among them."""
    opened = open_fleet(terms, seeds=np.tile(seeds, len(names)))
    convoy = Convoy([contender(name, terms, policy=policy) for name in names], stores=seeds.size)
    together = trial(terms, opened, convoy, progress=lambda _: None)
    apart = {item.name: np.split(getattr(together, item.name), len(names)) for item in fields(Trial)}
    return {name: Trial(**{key: parts[place] for key, parts in apart.items()}) for place, name in enumerate(names)}
