"""What a store's sales were really worth between two moments, with what came back where the market has returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.economics import Economics, contribution_cents
from perception.units import Floats, Ints
from sim.market import MarketState
from sim.mechanics.returns import nothing_back, unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """Of everything sold since the start, what came back or will, (N, M) each; known for sales up to the last midnight.

    Attributes:
        refunded_cents: Paid back.
        returned_units: Sent back after delivery.
        kept_out_units: Sold, and neither cancelled nor back in stock: units that cost what they cost.
    """

    refunded_cents: Ints
    returned_units: Ints
    kept_out_units: Ints


def contribution_between(before: MarketState, after: MarketState, terms: Economics) -> Floats:
    """Contribution before ad spend of everything sold between two states of the same market, (N, M) minor units, unrounded.

    Without returns in the market, those of the terms are expected. With them, the real ones of these sales count, whenever they come:
    contribution = (revenue − refunds)·(1 − fee) − units gone for good·cost − returned units·handling.
    """
    units = after.totals.units - before.totals.units
    revenue_cents = after.totals.revenue_cents - before.totals.revenue_cents
    if after.feedback.mechanics.pending_returns is None:
        return contribution_cents(revenue_cents.astype(np.float64), units.astype(np.float64), after.world.cost_cents, terms)
    then, now = came_back(before), came_back(after)
    kept_cents = revenue_cents - (now.refunded_cents - then.refunded_cents)
    gone = now.kept_out_units - then.kept_out_units
    returned = now.returned_units - then.returned_units
    return kept_cents * (1.0 - terms.fee_ratio) - gone * after.world.cost_cents - returned * terms.return_cost_cents


def came_back(state: MarketState) -> CameBack:
    """What came back, and what is known to be on its way."""
    totals = state.totals
    waiting = tuple(parcels for midnight in state.feedback.mechanics.pending_returns or () for parcels in midnight)
    coming = unpacked(waiting, totals.units.shape) if waiting else nothing_back(*totals.units.shape)
    return CameBack(
        refunded_cents=totals.cancelled_cents + totals.returned_cents + coming.cancelled_cents + coming.returned_cents,
        returned_units=totals.returned_units + coming.returned_units,
        kept_out_units=totals.units - totals.restocked_units - coming.restocked_units,
    )
