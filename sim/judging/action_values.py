"""What every move that a policy can make would be worth in truth: the curves that policies are taught by.

For each SKU and each of a few strengths of an action, the set-points that it leads to are worked out as life would, with every clip, and
then valued in expectation: bids by what their clicks are worth less what they cost, on the expected landscape of this hour and at the
shadow prices of budget and ROAS target; prices by what the rest of the window would earn at them. Between two strengths the curves are
taken as straight, which makes them a smoothed simulator whose gradient says where to go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.controller import Proposal
from control.residual import ACTIONS, Stride, around
from control.sight import Sight
from perception.fields import Field
from perception.units import Bools, Floats
from sim.demand import search_index
from sim.fleet.fleet import FleetState, FleetTerms
from sim.judging.appraisal import Appraisal, appraise, landscape, margin_cents
from sim.judging.informed import earned_cents
from sim.moment import HOURS_PER_DAY

STRENGTHS = np.linspace(-1.0, 1.0, 9)
"""Actions that are valued. Odd in number, so that doing nothing is among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionValues:
    """n stores × m SKUs × K strengths, as shares of what the store earns in an hour.

    Attributes:
        bid, price: (n, m, K) of moving the bid, and of moving the price, over not moving it.
        price_moves: (n, m) whether the price could move at all.
    """

    bid: Floats
    price: Floats
    price_moves: Bools


def action_values(terms: FleetTerms, state: FleetState, seen: Sight, proposal: Proposal, stride: Stride) -> ActionValues:
    """Value every strength of either action around a base proposal.

    Args:
        terms, state: The truth.
        seen: What the base controller and the policy see of it.
        proposal: Of the base controller.
        stride: How far an action of 1 moves.
    """
    found = appraise(terms, state, seen)
    bids, prices = _reached(proposal, seen, stride)
    land = landscape(terms, state, found.traffic, bids.astype(np.int64))
    busy = search_index(terms.market.demand, terms.market.traffic, state.market.day, state.market.hour % HOURS_PER_DAY)
    bid = busy * (found.gain_cents[..., None] * land.clicks - found.price_of_money[:, None, None] * land.cost_cents)
    hours = max(state.hours_left(terms), 1)
    price = earned_cents(prices, seen, found, state) / hours
    scale = _earned_an_hour(found, seen)[:, None, None]
    still = STRENGTHS.size // 2
    return ActionValues(
        bid=(bid - bid[..., still : still + 1]) / scale,
        price=(price - price[..., still : still + 1]) / scale,
        price_moves=prices[..., -1] > prices[..., 0],
    )


def _reached(proposal: Proposal, seen: Sight, stride: Stride) -> tuple[Floats, Floats]:
    """(n, m, K) bids and prices that stand after each strength."""
    n, m = seen.setpoints[Field.BID].shape
    still = seen.setpoints
    after = [around(proposal, seen, np.full((n, m, len(ACTIONS)), strength), stride).setpoints for strength in STRENGTHS]
    bids, prices = (
        np.stack([np.where(np.isnan(moved[field]), still[field], moved[field]) for moved in after], axis=-1)
        for field in (Field.BID, Field.PRICE)
    )
    # a deadband may leave a bid where it stands although a weaker move would bring it further up
    return np.maximum.accumulate(bids, axis=-1), prices


def _earned_an_hour(found: Appraisal, seen: Sight) -> Floats:
    """(n,) what a store earns in an average hour, so that large and small stores teach alike."""
    units = found.outlook.organic_units + found.clicks * found.outlook.units_per_click
    earned = (units * margin_cents(seen.setpoints[Field.PRICE], seen)).sum(axis=1) / HOURS_PER_DAY
    at_least: Floats = np.maximum(earned, 1.0)
    return at_least
