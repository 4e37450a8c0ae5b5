"""What the truth says about the rest of a window: what a click is worth now, and how scarce money is, in expectation.

The informed reference steers by it, and policies are taught with it. It knows every true parameter and the state of the market, but no
luck to come: it is the fluid (expected-value) problem, solved anew whenever it is asked.

A click is worth its expected orders within the window times units times margin, unless the stock sells without it. Bids maximise
(v + mu·r)·clicks − (1 + lambda + mu·R)·cost on the expected landscape, with lambda and mu found by bisection on budget and ROAS. An order
also lifts the organic rank: it is worth the further organic orders that this brings within the window, to first order, as many more as the
days to come are busier than today. And it brings orders of the whole range: companions in its basket, and buyers who come back. Reviews
are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.sight import Sight
from perception.economics import unit_margin_cents
from perception.units import Floats, Ints
from sim.ads.ad_hour import AdTraffic
from sim.ads.landscape import Landscape, expected
from sim.demand import day_index, search_index
from sim.fleet.fleet import FleetState, FleetTerms
from sim.mechanics import feedback
from sim.mechanics.feedback import Effects
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters.mechanics import Baskets, OrganicRank

BID_LEVELS = np.array([0.0, 0.06, 0.12, 0.18, 0.24, 0.3, 0.37, 0.45, 0.55, 0.68, 0.84, 1.05])
"""Shares of a click's worth that are tried."""

ROUNDS = 14
_STEEPEST = 1e3
"""Multipliers up to here are tried: a click that must earn a thousand times its cost is not bought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The rest of the window in expectation.

    Attributes:
        traffic_days: Searches still to come, in average days.
        demand_days: Organic orders still to come, in average days at today's effects.
        counted_share: Share of the conversions of a click made now that arrive before the window ends.
        organic_units: (n, m) units a day without ads at the price in force.
        units_per_click: (n, m) expected of a click now, all in all.
        elasticity: (n, m) true magnitude, with what a price does to the rank.
        followers: Organic orders that one more order brings within the rest of the window, through the rank.
        range_orders: Orders of anything in the range that one more ad order brings with it and within the rest of the window.
    """

    traffic_days: float
    demand_days: float
    counted_share: float
    organic_units: Floats
    units_per_click: Floats
    elasticity: Floats
    followers: float
    range_orders: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """n stores × m SKUs at one hour.

    Attributes:
        outlook: The rest of the window.
        traffic: An average day's searches under what is in force now.
        gain_cents: (n, m) what a click is to be credited with: worth plus the push of a ROAS target, less what the stock sells anyway.
        price_of_money: (n,) what a minor unit of ad cost is to be charged with, >= 1: 1 + lambda + mu·R.
        bid_cents, cost_cents, clicks: (n, m) of the best of ``BID_LEVELS``; cost and clicks per average day.
    """

    outlook: Outlook
    traffic: AdTraffic
    gain_cents: Floats
    price_of_money: Floats
    bid_cents: Floats
    cost_cents: Floats
    clicks: Floats


def appraise(terms: FleetTerms, state: FleetState, seen: Sight) -> Appraisal:
    """Solve the fluid problem of the rest of the window, at the prices in force."""
    moment = Moment(day=state.market.day, hour=state.market.hour)
    effect = feedback.effects(
        terms.market,
        state.market.feedback,
        state.market.world,
        state.setpoints.price_cents,
        moment=moment,
        rival_log_price=state.market.rivals.log_price,
    )
    outlook = _outlook(terms, state, effect, moment=moment)
    counted = outlook.units_per_click * outlook.counted_share
    margin = margin_cents(state.setpoints.price_cents.astype(np.float64), seen)
    worth = counted * margin * (1.0 + outlook.followers) + _range_worth(outlook, state, margin)
    traffic = _usual_day(state, effect)
    grid = np.floor(worth[..., None] * BID_LEVELS).astype(np.int64)
    land = landscape(terms, state, traffic, grid)
    free = _free_stock_share(land, outlook, state)
    revenue = counted * state.setpoints.price_cents * free
    scarcity, push = _multipliers(land, worth * free, revenue, outlook, state, seen)
    gain, price = worth * free + push[:, None] * revenue, 1.0 + scarcity + push * seen.course.target_roas
    chosen = _levels(land, gain, price)
    return Appraisal(
        outlook=outlook,
        traffic=traffic,
        gain_cents=gain,
        price_of_money=price,
        bid_cents=taken(grid, chosen),
        cost_cents=taken(land.cost_cents, chosen),
        clicks=taken(land.clicks, chosen),
    )


def landscape(terms: FleetTerms, state: FleetState, traffic: AdTraffic, bid_cents: Ints) -> Landscape:
    """What (n, m, B) rising bids bring in expectation on an average day, against the rivals as they stand this hour."""
    moment = Moment(day=state.market.day, hour=state.market.hour)
    return expected(terms.market, state.market.ads, state.market.rivals, traffic, moment=moment, bid_cents=bid_cents)


def margin_cents(price_cents: Floats, seen: Sight) -> Floats:
    """(n, m) contribution of one unit, 0 where it earns nothing."""
    return np.maximum(np.nan_to_num(unit_margin_cents(price_cents, seen.goods.cost_cents, seen.economics)), 0.0)


def taken(table: Floats | Ints, level: Ints) -> Floats:
    """(n, m) entries of an (n, m, B) table at one level each."""
    return np.take_along_axis(table, level[..., None], axis=-1)[..., 0].astype(np.float64)


def _outlook(terms: FleetTerms, state: FleetState, effect: Effects, *, moment: Moment) -> Outlook:
    market, world = terms.market, state.market.world
    left = state.hours_left(terms)
    hours = [
        (moment.day + (moment.hour_of_day + ahead) // HOURS_PER_DAY, (moment.hour_of_day + ahead) % HOURS_PER_DAY) for ahead in range(left)
    ]
    arrived = world.delay_cumulative[min(left, world.delay_cumulative.size) - 1] if left > 0 else 0.0
    shape = world.cvr.shape
    days = left / HOURS_PER_DAY
    demand_days = sum(day_index(market.demand, day) * market.demand.hour_shares[hour] for day, hour in hours)
    busier = demand_days / max(days * day_index(market.demand, moment.day), 1e-9)
    followers = _followers(market.organic_rank, days=days)
    order_per_click = np.minimum(world.cvr * effect.order_per_click, market.conversion.cvr_maximum)
    return Outlook(
        traffic_days=sum(search_index(market.demand, market.traffic, day, hour) for day, hour in hours),
        demand_days=demand_days,
        counted_share=float(arrived),
        organic_units=np.broadcast_to(world.orders_per_day * effect.organic * world.mean_units, shape),
        units_per_click=order_per_click * world.mean_units,
        elasticity=np.broadcast_to(world.elasticity * (1.0 + followers), shape),
        followers=followers * busier,
        range_orders=_range_orders(market.baskets, days=days) * float(arrived),
    )


def _range_worth(outlook: Outlook, state: FleetState, margin: Floats) -> Floats:
    """(n, m) what the orders of the range that follow a click are worth; 0 in a market without baskets."""
    customers = state.market.feedback.mechanics.baskets
    if customers is None:
        return np.zeros_like(margin)
    world = state.market.world
    one_order = (customers.range_share * world.mean_units * margin).sum(axis=1, keepdims=True)
    worth: Floats = outlook.units_per_click / world.mean_units * outlook.range_orders * one_order
    return worth


def _range_orders(baskets: Baskets | None, *, days: float) -> float:
    """Companions of an ad order, and the repeat orders that its buyer places within so many days."""
    if baskets is None:
        return 0.0
    return baskets.companion_lines + baskets.repeat_share * (1.0 - float(np.exp(-days / baskets.repeat_mean_days)))


def _followers(rank: OrganicRank | None, *, days: float) -> float:
    """Organic orders per order, first order of velocity^w: a sale is a share 1 − k of the velocity, and fades by k a day."""
    if rank is None:
        return 0.0
    kept = 2.0 ** (-1.0 / rank.half_life_days)
    return float(rank.velocity_weight * kept * (1.0 - kept ** max(days - 1.0, 0.0)))


def _usual_day(state: FleetState, effect: Effects) -> AdTraffic:
    """An average day's searches in one stroke: what bids bring is then counted in average days."""
    world = state.market.world
    level = np.exp(state.market.today.log_cpc_drift) * np.broadcast_to(effect.rival_bid, (world.ctr.shape[0], 1))[:, 0]
    return AdTraffic(
        searches=world.searches_per_day * np.broadcast_to(effect.searches, world.ctr.shape),
        ctr=world.ctr,
        bid_level=level,
        busy=np.ones(world.ctr.shape[0]),
    )


def _free_stock_share(land: Landscape, outlook: Outlook, state: FleetState) -> Floats:
    """(n, m) share of the units that ads could sell which the stock has beyond what sells without ads, [0, 1]."""
    spare = np.maximum(state.market.inventory.on_hand - outlook.organic_units * outlook.demand_days, 0.0)
    most = land.clicks[..., -1] * outlook.units_per_click * outlook.traffic_days
    return np.minimum(spare / np.maximum(most, 1e-9), 1.0)


def _levels(land: Landscape, gain_cents: Floats, price_of_money: Floats) -> Ints:
    """(n, m) index of the best bid of a landscape."""
    best: Ints = np.argmax(gain_cents[..., None] * land.clicks - price_of_money[:, None, None] * land.cost_cents, axis=-1)
    return best


def _multipliers(
    land: Landscape, worth: Floats, revenue: Floats, outlook: Outlook, state: FleetState, seen: Sight
) -> tuple[Floats, Floats]:
    """(n,) each: lambda of the budget and mu of the ROAS target by bisection, on the rest of the window."""
    budget = np.maximum(seen.course.ad_budget_cents - state.window.spend_cents, 0.0)
    target = seen.course.target_roas
    stores = budget.size

    def sums(scarcity: Floats, push: Floats) -> tuple[Floats, Floats]:
        chosen = _levels(land, worth + push[:, None] * revenue, 1.0 + scarcity + push * target)
        cost = taken(land.cost_cents, chosen).sum(axis=1) * outlook.traffic_days
        earned = (taken(land.clicks, chosen) * revenue).sum(axis=1) * outlook.traffic_days
        return cost, earned

    def within_budget(push: Floats) -> Floats:
        low, high = np.zeros(stores), np.full(stores, _STEEPEST)
        fits = sums(low, push)[0] <= budget
        for _ in range(ROUNDS):
            middle = np.sqrt((1.0 + low) * (1.0 + high)) - 1.0
            over = sums(middle, push)[0] > budget
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        return np.where(fits, 0.0, high)

    push = np.zeros(stores)
    scarcity = within_budget(push)
    if (target > 0.0).any():
        cost, earned = sums(scarcity, push)
        misses = (target > 0.0) & (earned < target * cost)
        low, high = np.zeros(stores), np.full(stores, _STEEPEST)
        for _ in range(ROUNDS):
            middle = np.sqrt((1.0 + low) * (1.0 + high)) - 1.0
            cost, earned = sums(scarcity, middle)
            short = earned < target * cost
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        push = np.where(misses, high, 0.0)
        scarcity = np.where(misses, within_budget(push), scarcity)
    return scarcity, push
