"""The luck of one day: what is drawn at midnight and holds until the next."""

from __future__ import annotations

from dataclasses import dataclass

from perception.units import Floats, Ints
from sim.auction import next_cpc_drift, rival_budgets
from sim.campaign_budget import overdelivery
from sim.conversion import day_noise
from sim.demand import day_factor
from sim.parameters import MarketParameters
from sim.randomness import Draw
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEffects:
    """What luck made of today.

    Attributes:
        demand, ctr, cvr: (N, M) factors, mean 1.
        log_cpc_drift: (N,) log level of rivals' bids.
        rival_budget: (N, R) shares of what a usual day would cost a rival.
        overdelivery: (N, C) today's limit of a campaign as a multiple of its budget.
    """

    demand: Floats
    ctr: Floats
    cvr: Floats
    log_cpc_drift: Floats
    rival_budget: Floats
    overdelivery: Floats


def draw_day(parameters: MarketParameters, world: World, *, seeds: Ints, day_index: int, previous_drift: Floats) -> DayEffects:
    """Draw a day, counted from the first of the market; only the bid level remembers the day before."""
    return DayEffects(
        demand=day_factor(world, seeds=seeds, day=day_index),
        ctr=day_noise(parameters, seeds=seeds, draw=Draw.DAY_CTR, day=day_index),
        cvr=day_noise(parameters, seeds=seeds, draw=Draw.DAY_CVR, day=day_index),
        log_cpc_drift=next_cpc_drift(parameters.auction, previous_drift, seeds=seeds, day=day_index),
        rival_budget=rival_budgets(parameters.auction, seeds=seeds, day=day_index),
        overdelivery=overdelivery(parameters.budget, seeds=seeds, day=day_index, campaigns=len(parameters.assortment.campaigns)),
    )
