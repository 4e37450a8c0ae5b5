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
from sim.ad_orders import AdOrders, Clicks, no_orders, orders_from
from sim.ads.ad_hour import AdTraffic, run_ads
from sim.ads.auction import stationary_cpc_drift
from sim.ads.campaign_budget import remaining_cents
from sim.ads.rivals import AdMarket, RivalState, open_ads, reprice, rival_morning, start_rivals
from sim.counts import places
from sim.day_effects import DayEffects, draw_day
from sim.demand import hour_index, search_index, usual_units_per_day
from sim.mechanics import feedback
from sim.mechanics.feedback import Effects
from sim.mechanics.feedback_state import FeedbackState
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters.market import MarketParameters
from sim.sales_hour import organic_orders, sell
from sim.stock import Inventory, opening, replenished
from sim.totals import HourOutcome, Totals, day_done, no_totals, with_comebacks, with_hour
from sim.world import World, prices_and_costs, store_levels, truth

__all__ = ["HourOutcome", "MarketState", "Setpoints", "Totals", "catalogue", "initial_setpoints", "start", "step"]


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
class MarketState:
    """Everything that the next hour and the reports depend on.

    Attributes:
        first_day: Ordinal of the local date of hour 0.
        seeds: (N,) one per store.
        hour: Hours done; the next step is this hour, counted from local midnight of the first day.
        world: The truth behind the seeds.
        ads: The part of it that the ad auction needs.
        today: Luck of the current day.
        feedback: What the store's own past and the world's shocks do to demand.
        rivals: What the other advertisers remember.
        inventory: Stock in the shop and under way.
        campaign_spent_cents: (N, C) today.
        pending: Ad orders that have not arrived.
        arrived: Ad orders that have, with units sold > 0: those of each of the last hours, as many days back as reports reach.
        totals: Truth since the start.
        morning: The totals of the last midnight.
    """

    first_day: int
    seeds: Ints
    hour: int
    world: World
    ads: AdMarket
    today: DayEffects
    feedback: FeedbackState
    rivals: RivalState
    inventory: Inventory
    campaign_spent_cents: Ints
    pending: AdOrders
    arrived: tuple[AdOrders, ...]
    totals: Totals
    morning: Totals

    @property
    def day(self) -> int:
        """Ordinal of the local date of the next hour."""
        return self.first_day + self.hour // HOURS_PER_DAY


def catalogue(parameters: MarketParameters, *, seed: int = 0) -> Catalogue:
    """What the store of this market and seed sells, as perception knows it; no minimum advertised prices."""
    assortment = parameters.assortment
    price, cost = prices_and_costs(parameters, store_levels(parameters.stores, seeds=np.array([seed], dtype=np.int64)))
    return Catalogue(
        currency=parameters.shop.currency,
        skus=assortment.skus,
        campaigns=assortment.campaigns,
        campaign_of=np.array(assortment.campaign_of, dtype=np.int64),
        cost_cents=cost[0],
        map_cents=np.zeros(len(assortment.skus)),
        anchor_price_cents=price[0],
        is_new=np.array(assortment.is_new, dtype=np.bool_),
    )


def initial_setpoints(parameters: MarketParameters, *, seeds: Ints) -> Setpoints:
    """What stands in each store, (N,) seeds, before anyone steers: the merchant's prices, no bids, the initial daily budgets."""
    price, _ = prices_and_costs(parameters, store_levels(parameters.stores, seeds=seeds))
    budgets = np.array(parameters.budget.initial_daily_budget_cents, dtype=np.int64)
    return Setpoints(
        bid_cents=np.zeros((seeds.size, len(parameters.assortment.skus)), dtype=np.int64),
        price_cents=price.astype(np.int64),
        daily_budget_cents=np.tile(budgets, (seeds.size, 1)),
    )


def start(parameters: MarketParameters, *, seeds: Ints, first_day: int) -> MarketState:
    """Open N stores at local midnight of ``first_day`` (a date ordinal), one per seed; the same seed gives the same store in any batch."""
    world, moment = truth(parameters, seeds=seeds), Moment(day=first_day, hour=0)
    shape = world.orders_per_day.shape
    drift = stationary_cpc_drift(parameters.auction, seeds=seeds)
    ads = open_ads(parameters, world, seeds=seeds)
    totals = no_totals(shape)
    state = MarketState(
        first_day=first_day,
        seeds=seeds,
        hour=0,
        world=world,
        ads=ads,
        today=draw_day(parameters, world, seeds=seeds, moment=moment, previous_drift=drift),
        feedback=feedback.start(parameters, world, seeds=seeds, first_day=first_day),
        rivals=rival_morning(parameters, ads, start_rivals(parameters, ads), moment=moment),
        inventory=opening(parameters.stock, usual_units_per_day(parameters.demand, first_day) * world.order_level, seeds=seeds),
        campaign_spent_cents=np.zeros((shape[0], len(parameters.assortment.campaigns)), dtype=np.int64),
        pending=no_orders(shape[1]),
        arrived=(),
        totals=totals,
        morning=totals,
    )
    return _deliveries(parameters, state)


def step(parameters: MarketParameters, state: MarketState, setpoints: Setpoints) -> tuple[MarketState, HourOutcome]:
    """Advance every store by one hour.

    Raises:
        ValueError: A set-point has the wrong shape or is out of range.
    """
    _check(parameters, state, setpoints)
    moment = Moment(day=state.day, hour=state.hour)
    now = feedback.effects(
        parameters, state.feedback, state.world, setpoints.price_cents, moment=moment, rival_log_price=state.rivals.log_price
    )
    down = (~now.platform_up[:, 0]).nonzero()[0]
    ads = run_ads(
        parameters,
        state.ads,
        state.rivals,
        _traffic(parameters, state, now, moment, down=down),
        moment=moment,
        bid_cents=setpoints.bid_cents,
        left_cents=remaining_cents(setpoints.daily_budget_cents, state.today.overdelivery, state.campaign_spent_cents),
    )
    clicked = places(ads.clicks)
    chance = np.minimum(state.today.order_rate.take(clicked) * now.order_per_click.take(clicked), parameters.conversion.cvr_maximum)
    clicks = Clicks(cell=clicked, count=ads.clicks.take(clicked), order_per_click=chance, price_cents=setpoints.price_cents.take(clicked))
    pending = state.pending.followed_by(orders_from(clicks, state.world, parameters.reporting, hour=state.hour))
    due = pending.arrival_hour == state.hour
    arriving = pending.where(due)
    if down.size:
        # who cannot order now orders elsewhere
        arriving = arriving.where(now.platform_up[arriving.store, 0])
    organic = organic_orders(state.world, _organic_rate(parameters, state, now, moment, down=down), hour=state.hour)
    sales = sell(state.inventory.on_hand, setpoints.price_cents, organic, arriving)
    outcome = HourOutcome(
        impressions=ads.impressions,
        clicks=ads.clicks,
        cost_cents=ads.cost_cents,
        ad_orders=sales.ad_orders,
        organic_orders=sales.organic_orders,
        orders=sales.ad_orders + sales.organic_orders,
        units=sales.units,
        revenue_cents=sales.revenue_cents,
        lost_units=sales.lost_units,
        delivered=sales.delivered,
        tracked_from=_tracked_from(state, now),
    )
    after = replace(
        state,
        hour=state.hour + 1,
        feedback=feedback.after_hour(parameters, state.feedback, now, ad_orders=sales.ad_orders),
        rivals=ads.rivals if _stand(state, now) else reprice(parameters, state.ads, ads.rivals, now.prices.log_price),
        inventory=replace(state.inventory, on_hand=state.inventory.on_hand - sales.units),
        campaign_spent_cents=state.campaign_spent_cents + ads.spent_cents,
        pending=pending.where(~due),
        arrived=(*state.arrived, sales.delivered),
        totals=with_hour(state.totals, outcome, hour=state.hour),
    )
    if after.hour % HOURS_PER_DAY:
        return after, outcome
    return _next_day(parameters, after, setpoints), outcome


def _stand(state: MarketState, now: Effects) -> bool:
    """Whether our prices are those of the hour before, which rivals have answered."""
    before = state.feedback.prices
    return before is not None and before.log_price is now.prices.log_price


def _traffic(parameters: MarketParameters, state: MarketState, now: Effects, moment: Moment, *, down: Ints) -> AdTraffic:
    """Who looks in this hour; nobody in the stores that are ``down``."""
    season = search_index(parameters.demand, parameters.traffic, moment.day, moment.hour_of_day)
    searches = state.today.searches_per_day * (season * now.searches)
    searches[down] = 0.0
    return AdTraffic(
        searches=searches,
        ctr=state.today.click_rate,
        bid_level=state.today.bid_level * now.rival_bid[:, 0],
        busy=state.today.busy,
    )


def _organic_rate(parameters: MarketParameters, state: MarketState, now: Effects, moment: Moment, *, down: Ints) -> Floats:
    """Organic orders expected in the hour, (N, M): level × season × today's luck × effects, and what comes along with ad orders.

    None in the stores that are ``down``.
    """
    rate = state.today.orders_per_day * (now.organic * hour_index(parameters.demand, moment.day, moment.hour_of_day))
    rate += now.companion_orders
    rate[down] = 0.0
    return rate


def _tracked_from(state: MarketState, now: Effects) -> Ints:
    """Hour from which conversions are recorded, (N, 1): 0 while they are."""
    shocks = state.feedback.mechanics.shocks
    ends = np.zeros((state.seeds.size, 1), dtype=np.int64) if shocks is None else shocks.tracking.ends
    return np.where(now.tracking_up, 0, ends)


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
        if values.size and values.min() < least:
            message = f"{name}: expected >= {least}, was {values.min()}"
            raise ValueError(message)


def _next_day(parameters: MarketParameters, state: MarketState, setpoints: Setpoints) -> MarketState:
    """What the day that ended leaves behind, new luck, empty day counters; orders that no report covers any more are dropped."""
    moment = Moment(day=state.day, hour=state.hour)
    done = day_done(state.totals, state.morning, price_cents=setpoints.price_cents)
    after, back = feedback.after_day(parameters, state.feedback, state.world, done, seeds=state.seeds, moment=moment)
    totals = with_comebacks(state.totals, back)
    opened = replace(
        state,
        today=draw_day(parameters, state.world, seeds=state.seeds, moment=moment, previous_drift=state.today.log_cpc_drift),
        feedback=after,
        rivals=rival_morning(parameters, state.ads, state.rivals, moment=moment),
        inventory=replace(state.inventory, on_hand=state.inventory.on_hand + back.restocked_units),
        campaign_spent_cents=np.zeros_like(state.campaign_spent_cents),
        arrived=state.arrived[-parameters.reporting.kept_days * HOURS_PER_DAY :],
        totals=totals,
        morning=totals,
    )
    return _deliveries(parameters, opened)


def _deliveries(parameters: MarketParameters, state: MarketState) -> MarketState:
    """Deliveries and reorders of midnight."""
    usual = usual_units_per_day(parameters.demand, state.day) * state.world.order_level
    inventory = replenished(state.inventory, parameters.stock, usual, seeds=state.seeds, day=state.hour // HOURS_PER_DAY)
    return replace(state, inventory=inventory)
