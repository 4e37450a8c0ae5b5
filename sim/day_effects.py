"""The luck of one day: what is drawn at midnight and holds until the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Floats, Ints
from sim.ads.auction import next_cpc_drift
from sim.ads.campaign_budget import overdelivery
from sim.conversion import day_noise
from sim.demand import day_factor, on_sale, store_day_factor
from sim.mechanics.shocks import is_announced
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters.daily_demand import real_day
from sim.parameters.market import MarketParameters
from sim.randomness import Draw
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEffects:
    """What luck made of today.

    Attributes:
        orders_per_day: (N, M) organic orders of an average day at the reference price, if all days were as lucky as today; 0 before a
            SKU's launch.
        searches_per_day: (N, M) searches of an average day, if all days were as busy as today: who does not order may still look. Nobody
            knew of it in advance; rivals did not budget for it. 0 before a SKU's launch.
        click_rate: (N, M) click per impression, [0, 1].
        order_rate: (N, M) order per click at the reference price, before its ceiling.
        log_cpc_drift: (N,) log level of rivals' bids.
        bid_level: (N,) the same as a factor.
        busy: (N,) factor on today's searches that everyone knew of in advance.
        overdelivery: (N, C) today's limit of a campaign as a multiple of its budget.
    """

    orders_per_day: Floats
    searches_per_day: Floats
    click_rate: Floats
    order_rate: Floats
    log_cpc_drift: Floats
    bid_level: Floats
    busy: Floats
    overdelivery: Floats


def draw_day(parameters: MarketParameters, world: World, *, seeds: Ints, moment: Moment, previous_drift: Floats) -> DayEffects:
    """Draw the day that begins at ``moment``; only the bid level remembers the day before."""
    index = moment.hour // HOURS_PER_DAY
    drift = next_cpc_drift(parameters.auction, previous_drift, seeds=seeds, day=index)
    recorded = real_day(parameters.daily_demand, moment.day)
    if recorded is None:
        shared = store_day_factor(parameters.demand, seeds=seeds, day=index)
        luck = shared * day_factor(parameters.demand, world, seeds=seeds, day=index)
    else:
        # orders do not tell how many looked
        shared, luck = np.ones((seeds.size, 1)), recorded
    shocks = parameters.shocks
    busy = shocks.event_traffic_ratio if shocks is not None and is_announced(shocks, moment.day) else 1.0
    return DayEffects(
        orders_per_day=world.orders_per_day * luck * on_sale(world, moment.day),
        searches_per_day=world.searches_per_day * shared * on_sale(world, moment.day),
        click_rate=np.minimum(world.ctr * day_noise(parameters, seeds=seeds, draw=Draw.DAY_CTR, day=index), 1.0),
        order_rate=world.cvr * day_noise(parameters, seeds=seeds, draw=Draw.DAY_CVR, day=index),
        log_cpc_drift=drift,
        bid_level=np.exp(drift),
        busy=np.full(seeds.size, busy),
        overdelivery=overdelivery(parameters.budget, seeds=seeds, day=index, campaigns=len(parameters.assortment.campaigns)),
    )
