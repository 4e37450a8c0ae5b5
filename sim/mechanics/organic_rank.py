"""Organic rank: what sold lately stands higher in unpaid results, and is clicked as 1 / position.

Score of a SKU ∝ velocity^w, where velocity is the exponentially weighted mean of its sales of both kinds over the same mean of what it
usually sells; rivals' scores fall as 1 / position (Zipf), so its position is usual / velocity^w, and its share of clicks goes as
1 / position: the factor on organic orders is usual position / position. It is 1 at usual sales, so that a market's organic demand is what
its parameters say, and lies within [usual / last position, usual position]. With w < 1 the circle sales → rank → sales settles: a
lasting factor k on sales ends at k^(1 / (1 − w)).

The velocity counts both kinds of order, so ads lift the rank, and a stockout lets it decay with the half-life.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.parameters.mechanics import OrganicRank
from sim.randomness import Draw, sku_uniforms


@dataclass(frozen=True, slots=True, kw_only=True)
class RankState:
    """Where each SKU stands, (N, M) each.

    Attributes:
        sold: Exponentially weighted sum of daily orders.
        expected: The same sum of the orders that are usual for those days.
        usual_position: At its usual sales, >= 1; the seed's truth.
        effect: Factor on organic orders today.
    """

    sold: Floats
    expected: Floats
    usual_position: Floats
    effect: Floats


def opened(rank: OrganicRank, usual_orders: Floats, launch_day: Ints, *, seeds: Ints) -> RankState:
    """The first morning: established SKUs stand where they usually do, launches have sold nothing yet.

    Args:
        rank: The figures.
        usual_orders: (N, M) organic orders of the average day, > 0.
        launch_day: (M,) or (N, M) date ordinal of a launch, 0 for an established SKU.
        seeds: (N,) of the stores.
    """
    expected = usual_orders / (1.0 - _kept(rank))
    spread = sku_uniforms(seeds, Draw.USUAL_POSITION, 0, usual_orders.shape[1])
    state = RankState(
        sold=np.where(launch_day > 0, 0.0, expected),
        expected=expected,
        usual_position=rank.usual_position_low + (rank.usual_position_high - rank.usual_position_low) * spread,
        effect=expected,
    )
    return replace(state, effect=rank_effect(state, rank))


def next_day(state: RankState, rank: OrganicRank, *, orders: Ints, expected_orders: Floats, counts: Bools) -> RankState:
    """The morning after a day.

    Args:
        state: Of the day that ended.
        rank: The figures.
        orders: (N, M) of both kinds, of the day.
        expected_orders: (N, M) usual for such a day, in a market that has the same weekdays, months and events for everyone.
        counts: (M,) or (N, M) SKUs that were on sale; the others wait.
    """
    kept = _kept(rank)
    moved = replace(
        state,
        sold=np.where(counts, kept * state.sold + orders, state.sold),
        expected=np.where(counts, kept * state.expected + expected_orders, state.expected),
    )
    return replace(moved, effect=rank_effect(moved, rank))


def rank_effect(state: RankState, rank: OrganicRank) -> Floats:
    """Factor on organic orders, (N, M): usual position / position."""
    velocity = (state.sold + rank.evidence_orders) / (state.expected + rank.evidence_orders)
    position = np.clip(state.usual_position * velocity**-rank.velocity_weight, 1.0, rank.last_position)
    return state.usual_position / position


def _kept(rank: OrganicRank) -> float:
    return float(2.0 ** (-1.0 / rank.half_life_days))
