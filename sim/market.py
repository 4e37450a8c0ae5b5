"""One marketplace, advanced hour by hour: N stores × M SKUs as arrays, a pure function of parameters, state and set-points.

``start`` opens the stores at local midnight of their first day; ``step`` takes the set-points in force during one hour and returns the
next state and what happened. What happens is the truth; what platforms show of it, and when, is ``sim.reporting``.

A market's clock is the store's wall clock with 24 hours in every day: a change to or from summer time is not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.catalogue import Catalogue
from perception.units import Floats, Ints
from sim.ad_hour import advertise, rival_hour
from sim.ad_orders import AdOrders, no_orders, orders_from, single_clicks
from sim.auction import stationary_cpc_drift
from sim.campaign_budget import remaining_cents
from sim.conversion import order_per_click
from sim.day_effects import DayEffects, draw_day
from sim.demand import price_effect, usual_units_per_day
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters import MarketParameters
from sim.sales_hour import organic_orders, organic_rate, sell
from sim.stock import Inventory, opening, replenished
from sim.world import World, truth

LOG_COLUMNS = ("impressions", "clicks", "cost_cents", "orders", "units", "revenue_cents")
NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Setpoints:
    """What is set during one hour, minor units.

    Attributes:
        bid_cents: (N, M) highest price of a click, >= 0; 0 is not advertised.
        price_cents: (N, M) price of one unit, > 0.
        daily_budget_cents: (N, C) budget of each campaign, >= 0.
    """

    bid_cents: Ints
    price_cents: Ints
    daily_budget_cents: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOutcome:
    """What happened in one hour, each (N, M) int64.

    Attributes:
        impressions, clicks, cost_cents: Of our ads.
        ad_orders: Orders that followed a click and arrived in this hour.
        organic_orders: Orders without a click.
        units, revenue_cents: Sold in this hour, by both kinds of order.
        lost_units: Wanted but out of stock.
    """

    impressions: Ints
    clicks: Ints
    cost_cents: Ints
    ad_orders: Ints
    organic_orders: Ints
    units: Ints
    revenue_cents: Ints
    lost_units: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Truth since the start, each (N, M) int64; ``first_order_hour`` is ``NEVER`` before the first order."""

    impressions: Ints
    clicks: Ints
    cost_cents: Ints
    orders: Ints
    units: Ints
    revenue_cents: Ints
    lost_units: Ints
    first_order_hour: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketState:
    """Everything that the next hour and the reports depend on.

    Attributes:
        first_day: Ordinal of the local date of hour 0.
        seeds: (N,) one per store.
        hour: Hours done; the next step is this hour, counted from local midnight of the first day.
        world: The truth behind the seeds.
        today: Luck of the current day.
        inventory: Stock in the shop and under way.
        campaign_spent_cents: (N, C) today.
        rival_spent: (N, R) today, as a share of a usual day.
        pending: Ad orders that have not arrived.
        arrived: Ad orders that have, with units sold > 0, of the kept days.
        log_first_day: Day index of ``log[0]``.
        log: Per kept day (N, 24, M, 6) int64, see ``LOG_COLUMNS``; orders, units and revenue of both kinds.
        totals: Truth since the start.
    """

    first_day: int
    seeds: Ints
    hour: int
    world: World
    today: DayEffects
    inventory: Inventory
    campaign_spent_cents: Ints
    rival_spent: Floats
    pending: AdOrders
    arrived: AdOrders
    log_first_day: int
    log: tuple[Ints, ...]
    totals: Totals

    @property
    def day(self) -> int:
        """Ordinal of the local date of the next hour."""
        return self.first_day + self.hour // HOURS_PER_DAY


def catalogue(parameters: MarketParameters) -> Catalogue:
    """What the store of this market sells, as perception knows it; no minimum advertised prices."""
    assortment = parameters.assortment
    price = np.array(assortment.price_cents, dtype=np.float64)
    return Catalogue(
        currency=parameters.shop.currency,
        skus=assortment.skus,
        campaigns=assortment.campaigns,
        campaign_of=np.array(assortment.campaign_of, dtype=np.int64),
        cost_cents=truth(parameters, seeds=np.zeros(1, dtype=np.int64)).cost_cents,
        map_cents=np.zeros(price.size),
        anchor_price_cents=price,
        is_new=np.array(assortment.is_new, dtype=np.bool_),
    )


def initial_setpoints(parameters: MarketParameters, *, stores: int) -> Setpoints:
    """What stands before anyone steers: fitted prices, no bids, the initial daily budgets."""
    prices = np.array(parameters.assortment.price_cents, dtype=np.int64)
    budgets = np.array(parameters.budget.initial_daily_budget_cents, dtype=np.int64)
    return Setpoints(
        bid_cents=np.zeros((stores, prices.size), dtype=np.int64),
        price_cents=np.tile(prices, (stores, 1)),
        daily_budget_cents=np.tile(budgets, (stores, 1)),
    )


def start(parameters: MarketParameters, *, seeds: Ints, first_day: int) -> MarketState:
    """Open N stores at local midnight of ``first_day`` (a date ordinal), one per seed; the same seed gives the same store in any batch."""
    world = truth(parameters, seeds=seeds)
    shape = world.orders_per_day.shape
    zeros = np.zeros(shape, dtype=np.int64)
    drift = stationary_cpc_drift(parameters.auction, seeds=seeds)
    state = MarketState(
        first_day=first_day,
        seeds=seeds,
        hour=0,
        world=world,
        today=draw_day(parameters, world, seeds=seeds, day_index=0, previous_drift=drift),
        inventory=opening(parameters.stock, usual_units_per_day(parameters.demand, first_day), seeds=seeds),
        campaign_spent_cents=np.zeros((shape[0], len(parameters.assortment.campaigns)), dtype=np.int64),
        rival_spent=np.zeros((shape[0], parameters.auction.rivals)),
        pending=no_orders(),
        arrived=no_orders(),
        log_first_day=0,
        log=(),
        totals=Totals(
            impressions=zeros,
            clicks=zeros,
            cost_cents=zeros,
            orders=zeros,
            units=zeros,
            revenue_cents=zeros,
            lost_units=zeros,
            first_order_hour=np.full(shape, NEVER, dtype=np.int64),
        ),
    )
    return _morning(parameters, state)


def step(parameters: MarketParameters, state: MarketState, setpoints: Setpoints) -> tuple[MarketState, HourOutcome]:
    """Advance every store by one hour.

    Raises:
        ValueError: A set-point has the wrong shape or is out of range.
    """
    _check(parameters, state, setpoints)
    moment = Moment(day=state.day, hour=state.hour)
    left = remaining_cents(setpoints.daily_budget_cents, state.today.overdelivery, state.campaign_spent_cents)
    rivals = rival_hour(parameters, state.today, state.rival_spent, seeds=state.seeds, moment=moment)
    ads = advertise(
        parameters, state.world, state.today, rivals, seeds=state.seeds, moment=moment, bid_cents=setpoints.bid_cents, left=left
    )
    effect = price_effect(setpoints.price_cents, state.world, maximum=parameters.demand.price_effect_maximum)
    chance = order_per_click(parameters.conversion, state.world.cvr, noise=state.today.cvr, price_effect=effect)
    clicked = single_clicks(ads.clicks)
    later = orders_from(clicked, chance, setpoints.price_cents, state.world, parameters.reporting, seeds=state.seeds, hour=state.hour)
    pending = state.pending.followed_by(later)
    arriving = pending.where(pending.arrival_hour == state.hour)
    rate = organic_rate(parameters, state.world, state.today, effect, moment=moment)
    organic = organic_orders(state.world, rate, setpoints.price_cents, seeds=state.seeds, hour=state.hour)
    sales = sell(state.inventory.on_hand, organic, arriving)
    outcome = HourOutcome(
        impressions=ads.impressions,
        clicks=ads.clicks.sum(axis=2),
        cost_cents=ads.cost_cents,
        ad_orders=sales.ad_orders,
        organic_orders=sales.organic_orders,
        units=sales.units,
        revenue_cents=sales.revenue_cents,
        lost_units=sales.lost_units,
    )
    after = replace(
        state,
        hour=state.hour + 1,
        inventory=replace(state.inventory, on_hand=state.inventory.on_hand - sales.units),
        campaign_spent_cents=state.campaign_spent_cents + ads.cost_cents @ state.world.campaign_members.T,
        rival_spent=rivals.spent_after,
        pending=pending.where(pending.arrival_hour > state.hour),
        arrived=state.arrived.followed_by(sales.delivered) if sales.delivered.store.size else state.arrived,
        log=_logged(state, outcome),
        totals=_added(state.totals, outcome, hour=state.hour),
    )
    if after.hour % HOURS_PER_DAY:
        return after, outcome
    return _next_day(parameters, after), outcome


def _check(parameters: MarketParameters, state: MarketState, setpoints: Setpoints) -> None:
    shape, campaigns = state.world.orders_per_day.shape, (state.seeds.size, len(parameters.assortment.campaigns))
    rules = (
        ("bid_cents", setpoints.bid_cents, shape, 0),
        ("price_cents", setpoints.price_cents, shape, 1),
        ("daily_budget_cents", setpoints.daily_budget_cents, campaigns, 0),
    )
    for name, values, expected, least in rules:
        if values.shape != expected or values.dtype != np.int64:
            message = f"{name}: expected int64 of shape {expected}, was {values.dtype} of shape {values.shape}"
            raise ValueError(message)
        if (values < least).any():
            message = f"{name}: expected >= {least}, was {values.min()}"
            raise ValueError(message)


def _logged(state: MarketState, outcome: HourOutcome) -> tuple[Ints, ...]:
    """The log with this hour written into a copy of its day."""
    *past, day = state.log
    written = day.copy()
    orders = outcome.ad_orders + outcome.organic_orders
    columns = (outcome.impressions, outcome.clicks, outcome.cost_cents, orders, outcome.units, outcome.revenue_cents)
    written[:, state.hour % HOURS_PER_DAY] = np.stack(columns, axis=-1)
    return (*past, written)


def _added(totals: Totals, outcome: HourOutcome, *, hour: int) -> Totals:
    orders = outcome.ad_orders + outcome.organic_orders
    return Totals(
        impressions=totals.impressions + outcome.impressions,
        clicks=totals.clicks + outcome.clicks,
        cost_cents=totals.cost_cents + outcome.cost_cents,
        orders=totals.orders + orders,
        units=totals.units + outcome.units,
        revenue_cents=totals.revenue_cents + outcome.revenue_cents,
        lost_units=totals.lost_units + outcome.lost_units,
        first_order_hour=np.where((totals.first_order_hour == NEVER) & (orders > 0), hour, totals.first_order_hour),
    )


def _next_day(parameters: MarketParameters, state: MarketState) -> MarketState:
    """New luck, empty day counters; what the reports no longer cover is dropped."""
    index = state.hour // HOURS_PER_DAY
    dropped = max(len(state.log) + 1 - parameters.reporting.kept_days, 0)
    log_first_day = state.log_first_day + dropped
    opened = replace(
        state,
        today=draw_day(parameters, state.world, seeds=state.seeds, day_index=index, previous_drift=state.today.log_cpc_drift),
        campaign_spent_cents=np.zeros_like(state.campaign_spent_cents),
        rival_spent=np.zeros_like(state.rival_spent),
        arrived=state.arrived.where(state.arrived.click_hour >= log_first_day * HOURS_PER_DAY),
        log_first_day=log_first_day,
        log=state.log[dropped:],
    )
    return _morning(parameters, opened)


def _morning(parameters: MarketParameters, state: MarketState) -> MarketState:
    """Deliveries and reorders of midnight, and an empty page in the log."""
    usual = usual_units_per_day(parameters.demand, state.day)
    inventory = replenished(state.inventory, parameters.stock, usual, seeds=state.seeds, day=state.hour // HOURS_PER_DAY)
    stores, skus = state.world.orders_per_day.shape
    page = np.zeros((stores, HOURS_PER_DAY, skus, len(LOG_COLUMNS)), dtype=np.int64)
    return replace(state, inventory=inventory, log=(*state.log, page))
