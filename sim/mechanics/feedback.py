"""What a store's own sales, ads and prices, and the world's shocks, do to the demand of later hours: all mechanics in one place.

The market calls, in this order::

    state = start(parameters, world, seeds=seeds, first_day=first_day)
    each hour:
        now = effects(parameters, state, world, price_cents, moment=moment, rival_log_price=…)
            orders without a click expected  = world.orders_per_day × season × today's luck × now.organic + now.companion_orders
            chance that a click orders       = min(world.cvr × today's luck × now.order_per_click, cvr_maximum)
            searches                         × now.searches
            rivals' bids                     × now.rival_bid
            where ~now.platform_up (N, 1):   nothing is shown, clicked or ordered, of either kind; ad orders due then are lost or wait
            where ~now.tracking_up (N, 1):   ad orders that arrive are not recorded by the ad platform
        state = after_hour(parameters, state, now, ad_orders=…)
    at midnight, before anything of the new day is drawn:
        state, comebacks = after_day(parameters, state, world, DayDone(…), seeds=seeds, moment=Moment(day=new day, hour=its first))
            stock on hand += comebacks.restocked_units; totals take the rest

Every array broadcasts against (N, M); a mechanic that is off leaves arrays of shape (1, 1) holding 1, 0 or True. ``organic`` and
``order_per_click`` contain the own-price effect: one exponential carries all price effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.mechanics import baskets
from sim.mechanics.feedback_day import closed, midnight, opened, today
from sim.mechanics.feedback_state import DayDone, FeedbackState, PriceEffect
from sim.mechanics.price_effect import Prices, price_effect
from sim.mechanics.returns import Comebacks
from sim.moment import Moment
from sim.parameters.market import MarketParameters
from sim.world import World

_NONE: Floats = np.zeros((1, 1))
_UP: Bools = np.ones((1, 1), dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """This hour's effects; each array broadcasts against (N, M).

    Attributes:
        prices: Factors on orders without a click and on the chance that a click orders, all price effects included.
        searches: Factor on the searches in which ads can be shown.
        rival_bid: (N, 1) factor on what rivals bid.
        companion_orders: (N, M) orders without a click expected on top, this hour, per SKU.
        platform_up: (N, 1) whether anything is shown and sold.
        tracking_up: (N, 1) whether conversions of ads are recorded.
    """

    prices: PriceEffect
    searches: Floats
    rival_bid: Floats
    companion_orders: Floats
    platform_up: Bools
    tracking_up: Bools

    @property
    def organic(self) -> Floats:
        """(N, M) factor on orders without a click, own-price effect included."""
        return self.prices.organic

    @property
    def order_per_click(self) -> Floats:
        """(N, M) factor on the chance that a click orders, own-price effect included."""
        return self.prices.order_per_click


def start(parameters: MarketParameters, world: World, *, seeds: Ints, first_day: int) -> FeedbackState:
    """The first midnight, date ordinal ``first_day``, of stores that were run as usual until then."""
    at = midnight(parameters, world, seeds=seeds, moment=Moment(day=first_day, hour=0))
    mechanics = opened(at)
    return FeedbackState(mechanics=mechanics, today=today(at, mechanics), prices=None, companion_orders=_NONE)


def effects(
    parameters: MarketParameters,
    state: FeedbackState,
    world: World,
    price_cents: Ints,
    *,
    moment: Moment,
    rival_log_price: Floats | float = 0.0,
) -> Effects:
    """This hour's effects.

    Args:
        parameters: The market.
        state: After all hours before.
        world: The truth.
        price_cents: (N, M) in force, > 0.
        moment: The hour.
        rival_log_price: (N, M) log of the price that rivals answer ours with over their usual price; 0 where they do not answer.
    """
    mechanics, day, shocks = state.mechanics, state.today, state.mechanics.shocks
    answer = rival_log_price if isinstance(rival_log_price, np.ndarray) else np.full(price_cents.shape, rival_log_price)
    prices = Prices(ours_cents=price_cents, rival_log_price=answer)
    return Effects(
        prices=price_effect(parameters, mechanics, day, world, prices, state.prices),
        searches=day.searches,
        rival_bid=day.rival_bid,
        companion_orders=state.companion_orders,
        platform_up=_UP if shocks is None else shocks.platform.is_over(moment.hour),
        tracking_up=_UP if shocks is None else shocks.tracking.is_over(moment.hour),
    )


def after_hour(parameters: MarketParameters, state: FeedbackState, now: Effects, *, ad_orders: Ints) -> FeedbackState:
    """Remember an hour: its effects, and the ``ad_orders`` (N, M) that were served in it."""
    customers, companion_orders = state.mechanics.baskets, _NONE
    if customers is not None and parameters.baskets is not None and ad_orders.any():
        companion_orders = baskets.companions(customers, parameters.baskets, ad_orders=ad_orders)
    return FeedbackState(mechanics=state.mechanics, today=state.today, prices=now.prices, companion_orders=companion_orders)


def after_day(
    parameters: MarketParameters, state: FeedbackState, world: World, done: DayDone, *, seeds: Ints, moment: Moment
) -> tuple[FeedbackState, Comebacks]:
    """Close a day and open the next.

    Args:
        parameters: The market.
        state: After the day's last hour.
        world: The truth.
        done: What happened on the day.
        seeds: (N,) of the stores.
        moment: The first hour of the new day.
    """
    at = midnight(parameters, world, seeds=seeds, moment=moment)
    mechanics, back = closed(at, state.mechanics, done)
    return FeedbackState(mechanics=mechanics, today=today(at, mechanics), prices=None, companion_orders=state.companion_orders), back
