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
        state = after_hour(parameters, state, ad_orders=…)
    at midnight, before anything of the new day is drawn:
        state, comebacks = after_day(parameters, state, world, DayDone(…), seeds=seeds, moment=Moment(day=new day, hour=its first))
            stock on hand += comebacks.restocked_units; totals take the rest

Every array broadcasts against (N, M); a mechanic that is off leaves arrays of shape (1, 1) holding 1, 0 or True. ``organic`` and
``order_per_click`` contain the own-price effect: the one exponential of the hour carries all price effects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.demand import bounded_effect, log_price_ratio, price_exponent
from sim.mechanics import baskets
from sim.mechanics.cross_price import cross_price_exponent
from sim.mechanics.feedback_day import closed, midnight, opened, today
from sim.mechanics.feedback_state import DayDone, FeedbackState
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
        organic: Factor on orders without a click, own-price effect included.
        order_per_click: Factor on the chance that a click orders, own-price effect included.
        searches: Factor on the searches in which ads can be shown.
        rival_bid: (N, 1) factor on what rivals bid.
        companion_orders: (N, M) orders without a click expected on top, this hour, per SKU.
        platform_up: (N, 1) whether anything is shown and sold.
        tracking_up: (N, 1) whether conversions of ads are recorded.
        log_price: (N, M) log of our prices over the reference prices.
    """

    organic: Floats
    order_per_click: Floats
    searches: Floats
    rival_bid: Floats
    companion_orders: Floats
    platform_up: Bools
    tracking_up: Bools
    log_price: Floats


def start(parameters: MarketParameters, world: World, *, seeds: Ints, first_day: int) -> FeedbackState:
    """The first midnight, date ordinal ``first_day``, of stores that were run as usual until then."""
    at = midnight(parameters, world, seeds=seeds, moment=Moment(day=first_day, hour=0))
    mechanics = opened(at)
    return FeedbackState(mechanics=mechanics, today=today(at, mechanics))


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
    mechanics, day = state.mechanics, state.today
    log_price = log_price_ratio(price_cents, world)
    exponent = price_exponent(log_price, world)
    if mechanics.cross_price is not None and parameters.cross_price is not None:
        exponent += cross_price_exponent(
            mechanics.cross_price, parameters.cross_price, log_price=log_price, rival_log_price=rival_log_price
        )
    price = bounded_effect(exponent, maximum=parameters.demand.price_effect_maximum)
    shocks, customers = mechanics.shocks, mechanics.baskets
    return Effects(
        organic=price * day.organic,
        order_per_click=price * day.order_per_click,
        searches=day.searches,
        rival_bid=day.rival_bid,
        companion_orders=_NONE if customers is None else customers.companion_orders,
        platform_up=_UP if shocks is None else shocks.platform.is_over(moment.hour),
        tracking_up=_UP if shocks is None else shocks.tracking.is_over(moment.hour),
        log_price=log_price,
    )


def after_hour(parameters: MarketParameters, state: FeedbackState, *, ad_orders: Ints) -> FeedbackState:
    """Remember an hour: ``ad_orders`` (N, M) were served in it."""
    mechanics = state.mechanics
    if mechanics.baskets is None or parameters.baskets is None:
        return state
    told = baskets.after_hour(mechanics.baskets, parameters.baskets, ad_orders=ad_orders)
    return replace(state, mechanics=replace(mechanics, baskets=told))


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
    return FeedbackState(mechanics=mechanics, today=today(at, mechanics)), back
