"""What the budget guard is told about the store: whole numbers, each rounded to the dear side, straight from state and terms."""

from __future__ import annotations

import math

import numpy as np

from perception.fields import Field
from perception.units import Floats
from planning.budget import PERMILLE, GuardFacts, SkuFacts
from planning.ports import PlanRequest

ELASTICITY_Z = 1.2816
"""Upper decile of a normal: the elasticity is taken at its 90 % quantile."""


def guard_facts(request: PlanRequest) -> GuardFacts:
    """Gather what the guard may know; nothing here comes from a plan, a forecast or a selection."""
    terms, economics, state, catalogue = request.terms, request.economics, request.state, request.catalogue
    price = price_in_force_cents(request)
    floor, ceiling = price_bounds_cents(request)
    record = np.ceil(sales_record(request)).astype(np.int64).T.tolist()
    upper = np.ceil((state.elasticity.mean + ELASTICITY_Z * state.elasticity.sd) * PERMILLE)
    skus = {
        sku: SkuFacts(
            price_cents=int(price[i]),
            floor_cents=int(floor[i]),
            ceiling_cents=int(ceiling[i]),
            cost_cents=math.ceil(catalogue.cost_cents[i]) if math.isfinite(catalogue.cost_cents[i]) else None,
            units_by_day=tuple(record[i]),
            elasticity_upper_milli=int(upper[i]),
        )
        for i, sku in enumerate(catalogue.skus)
        if sku not in terms.left_alone and price[i] > 0
    }
    return GuardFacts(
        currency=catalogue.currency,
        granted_cents=terms.granted_cents,
        ad_budget_cents=terms.ad_budget_cents,
        learning_budget_cents=terms.learning_budget_cents,
        overdelivery_permille=_permille_up(terms.overdelivery_ratio),
        fee_permille=_permille_up(economics.fee_ratio),
        return_permille=math.floor(economics.return_rate * PERMILLE),
        return_upper_permille=_permille_up(economics.return_rate_upper),
        return_cost_cents=economics.return_cost_cents,
        skus=skus,
    )


def price_in_force_cents(request: PlanRequest) -> Floats:
    """(m,) whole price that stands; the anchor where it was never read, 0 where neither is known."""
    read = request.state.setpoints[Field.PRICE]
    price = np.where(np.isfinite(read), read, request.catalogue.anchor_price_cents)
    return np.round(np.nan_to_num(price))


def price_bounds_cents(request: PlanRequest) -> tuple[Floats, Floats]:
    """(m,) floor and (m,) ceiling of a moved price: band around the anchor, margin floor, minimum advertised price, own bounds.

    floor = max(anchor · low ratio, cost / (1 - minimum margin), MAP, own floor), as the gate has it. Where the floor is above the
    ceiling the price cannot move.
    """
    terms, catalogue = request.terms, request.catalogue
    anchor = np.nan_to_num(catalogue.anchor_price_cents)
    margin_floor = np.nan_to_num(catalogue.cost_cents) / (1.0 - terms.min_margin_ratio)
    own = [terms.price_bounds.get(sku) for sku in catalogue.skus]
    own_floor = np.array([0 if b is None or b.floor_cents is None else b.floor_cents for b in own], dtype=np.float64)
    own_ceiling = np.array([np.inf if b is None or b.ceiling_cents is None else b.ceiling_cents for b in own])
    low = np.maximum.reduce([anchor * terms.price_low_ratio, margin_floor, catalogue.map_cents, own_floor])
    high = np.minimum(anchor * terms.price_high_ratio, own_ceiling)
    # a hair's breadth of float error must not move a bound by a whole unit
    return np.ceil(low - 1e-6), np.floor(high + 1e-6)


def sales_record(request: PlanRequest) -> Floats:
    """(d, m) units sold on each whole day from the first on record to yesterday; a day without a row sold nothing."""
    state = request.state
    nothing = np.zeros(len(request.catalogue.skus))
    days = range(min(state.units_by_day, default=state.day), state.day)
    return np.array([state.units_by_day.get(day, nothing) for day in days]).reshape(len(days), nothing.size)


def _permille_up(ratio: float) -> int:
    return math.ceil(round(ratio * PERMILLE, 6))
