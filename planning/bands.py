"""How far each price may move: within the merchant's bounds, the stage's, and what elasticity says could pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.economics import Economics
from perception.units import Bools, Floats
from planning.evidence import price_bounds_cents, price_in_force_cents
from planning.plan import Stage
from planning.ports import PlanRequest
from planning.selection import POLICIES, Selection

SAFETY_MARGIN = 1.002
"""Margin of the break-even floor over the guard's permille arithmetic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """(m,) whole prices each.

    Attributes:
        price: In force.
        low, high: Lowest and highest allowed; both equal ``price`` where it must not move.
        target: The margin rule's price within the band, unrounded: where a controller is expected to go.
    """

    price: Floats
    low: Floats
    high: Floats
    target: Floats

    def shrunk(self, depth: float) -> Bands:
        """The same bands with every distance from the price in force scaled by ``depth`` in [0, 1]."""
        low = self.price - np.floor((self.price - self.low) * depth)
        high = self.price + np.floor((self.high - self.price) * depth)
        return Bands(price=self.price, low=low, high=high, target=np.clip(self.target, low, high))


def bands(request: PlanRequest, selection: Selection, *, may_move: Bools) -> Bands:
    """The widest bands that may pay.

    A price may go as far as the margin rule p* = c·e / (e - 1) puts it, down at the upper end of the belief about elasticity and up at the
    lower end (one sd each); where both ends agree on the direction it goes one way only. So the grant is not spent on freedom that nobody
    would use. Clearance goes down whatever elasticity says.

    Args:
        request: Terms and beliefs.
        selection: Stages.
        may_move: (m,) where the price may move at all.
    """
    price = price_in_force_cents(request)
    floor, ceiling = price_bounds_cents(request)
    economics, catalogue = request.economics, request.catalogue
    anchor = np.nan_to_num(catalogue.anchor_price_cents)
    down, up = _freedom(selection.stages)
    lowest = np.maximum(floor, np.ceil(anchor * (1.0 - down)))
    lowest = np.maximum(lowest, np.ceil(break_even_cents(catalogue.cost_cents, economics) * SAFETY_MARGIN))
    highest = np.minimum(ceiling, np.floor(anchor * (1.0 + up)))
    clearing = np.array([stage is Stage.CLEARANCE for stage in selection.stages], dtype=np.bool_)
    belief, cost = request.state.elasticity, catalogue.cost_cents
    cheapest = np.where(clearing, 0.0, best_price_cents(cost, belief.mean + belief.sd, economics))
    dearest = best_price_cents(cost, belief.mean - belief.sd, economics)
    lowest = np.maximum(lowest, np.floor(cheapest))
    highest = np.minimum(highest, np.ceil(dearest))
    low = np.where(may_move, np.minimum(lowest, price), price)
    high = np.where(may_move & ~clearing, np.maximum(highest, price), price)
    target = np.where(clearing, low, best_price_cents(cost, belief.mean, economics))
    return Bands(price=price, low=low, high=high, target=np.clip(target, low, high))


def _freedom(stages: tuple[Stage, ...]) -> tuple[Floats, Floats]:
    """(m,) deepest discount and (m,) highest rise of each product's stage."""
    policies = [POLICIES[stage] for stage in stages]
    return np.array([policy.deepest_discount for policy in policies]), np.array([policy.highest_rise for policy in policies])


def break_even_cents(cost_cents: Floats, economics: Economics) -> Floats:
    """(m,) price at which a unit leaves nothing at the upper return rate; NaN where the cost is unknown.

    0 = (1 - r)·(p·(1 - fee) - cost) - r·handling, solved for p.
    """
    upper = economics.return_rate_upper
    handling = upper * economics.return_cost_cents / (1.0 - upper)
    return (cost_cents + handling) / (1.0 - economics.fee_ratio)


def best_price_cents(cost_cents: Floats, elasticity: Floats, economics: Economics) -> Floats:
    """(m,) margin rule p* = c·e / (e - 1) with c the break-even price at the usual return rate; infinite where e <= 1 (Lerner 1934)."""
    usual = economics.return_rate
    break_even = (cost_cents + usual * economics.return_cost_cents / (1.0 - usual)) / (1.0 - economics.fee_ratio)
    above = elasticity > 1.0
    return np.where(above, break_even * elasticity / np.where(above, elasticity - 1.0, 1.0), np.inf)
