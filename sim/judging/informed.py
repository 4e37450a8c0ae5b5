"""The informed reference: knows every true parameter and the state of the market, but no luck to come. It is no clairvoyant and no rival.

Every tick it solves the expected-value (fluid) problem of the rest of the window anew and goes through the same gate as everyone
(re-solving heuristics: Gallego & van Ryzin 1994 for prices and stock; Jasin & Kumar 2012). What a controller loses to it is what
estimation and learning can win; what it loses to the oracle is luck.

Fluid problem: expected sales at a price are (price / reference)^-elasticity of those at the reference. The price maximises
margin · min(demand left in the window, stock). A click is worth its expected orders within the window times units times margin, unless
the stock sells without it. Bids maximise (v + mu·r)·clicks − (1 + lambda + mu·R)·cost on the expected landscape, with lambda and mu found
by bisection on budget and ROAS. An order also lifts the organic rank: it is worth the further organic orders that this brings within the
window, to first order. Reviews, baskets and repeat buyers are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.clipping import bid_ceiling, clipped_budgets, price_reach, within_grant
from control.controller import ControllerMemory, Proposal
from control.pricing import PricingTuning, moved_price_cents
from control.sight import Sight
from perception.economics import unit_margin_cents
from perception.fields import Field
from perception.units import SECONDS_PER_HOUR, Bools, Floats, Ints
from sim.ads.ad_hour import AdTraffic
from sim.ads.landscape import Landscape, expected
from sim.demand import day_index, search_index
from sim.fleet.fleet import FleetState, FleetTerms
from sim.mechanics import feedback
from sim.mechanics.feedback import Effects
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters.mechanics import OrganicRank

BID_LEVELS = np.array([0.0, 0.06, 0.12, 0.18, 0.24, 0.3, 0.37, 0.45, 0.55, 0.68, 0.84, 1.05])
"""Shares of a click's worth that are tried."""

PRICE_LEVELS = np.linspace(0.0, 1.0, 17)
ROUNDS = 14
HEADROOM = 1.3
_STEEPEST = 1e3
"""Multipliers up to here are tried: a click that must earn a thousand times its cost is not bought."""
_PRICING = PricingTuning(step_ratio=0.05, interval_s=4.0 * SECONDS_PER_HOUR, deadband_ratio=0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outlook:
    """The rest of the window in expectation.

    Attributes:
        traffic_days: Searches still to come, in average days.
        demand_days: Organic orders still to come, in average days at today's effects.
        counted_share: Share of the conversions of a click made now that arrive before the window ends.
        organic_units: (n, m) units a day without ads at the price in force.
        units_per_click: (n, m) expected of a click now, all in all.
        elasticity: (n, m) true magnitude, with what a price does to the rank.
        followers: Organic orders that one more order brings within the rest of the window, through the rank.
    """

    traffic_days: float
    demand_days: float
    counted_share: float
    organic_units: Floats
    units_per_click: Floats
    elasticity: Floats
    followers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Informed:
    """Steers with the truth before its eyes; the same memory-less rule every tick."""

    terms: FleetTerms
    name: str = "informed"

    def steer(self, memory: ControllerMemory, seen: Sight, state: FleetState) -> tuple[Proposal, ControllerMemory]:
        """The fluid optimum of the rest of the window, as far as one step reaches."""
        moment = Moment(day=state.market.day, hour=state.market.hour)
        effect = feedback.effects(
            self.terms.market,
            state.market.feedback,
            state.market.world,
            state.setpoints.price_cents,
            moment=moment,
            rival_log_price=state.market.rivals.log_price,
        )
        outlook = _outlook(self.terms, state, effect, moment=moment)
        margin = _margin(state.setpoints.price_cents.astype(np.float64), seen)
        worth = outlook.units_per_click * outlook.counted_share * margin * (1.0 + outlook.followers)
        revenue = outlook.units_per_click * outlook.counted_share * state.setpoints.price_cents
        grid = np.floor(worth[..., None] * BID_LEVELS).astype(np.int64)
        land = expected(
            self.terms.market,
            state.market.ads,
            state.market.rivals,
            _usual_day(state, effect),
            moment=moment,
            bid_cents=grid,
        )
        free = _free_stock_share(land, outlook, state)
        chosen = _best_levels(land, worth * free, revenue * free, outlook, state, seen)
        bids, cost, clicks = (_taken(table, chosen) for table in (grid, land.cost_cents, land.clicks))
        ad_units = clicks * outlook.units_per_click
        budgets, paused = _budgets(cost, state, seen)
        wished = np.where(paused[:, None], 0.0, np.minimum(np.minimum(bids, seen.course.max_bid_cents), bid_ceiling(seen)))
        setpoints = {
            Field.DAILY_BUDGET: budgets,
            Field.BID: np.where(seen.course.covered, wished, np.nan),
            Field.PRICE: _prices(seen, outlook, state, ad_units),
        }
        return Proposal(setpoints=setpoints, terms={}, sku_terms={}), memory


def _outlook(terms: FleetTerms, state: FleetState, effect: Effects, *, moment: Moment) -> _Outlook:
    market, world = terms.market, state.market.world
    left = state.hours_left(terms)
    hours = [
        (moment.day + (moment.hour_of_day + ahead) // HOURS_PER_DAY, (moment.hour_of_day + ahead) % HOURS_PER_DAY) for ahead in range(left)
    ]
    arrived = world.delay_cumulative[min(left, world.delay_cumulative.size) - 1] if left > 0 else 0.0
    shape = world.cvr.shape
    followers = _followers(market.organic_rank, days=left / HOURS_PER_DAY)
    order_per_click = np.minimum(world.cvr * effect.order_per_click, market.conversion.cvr_maximum)
    return _Outlook(
        traffic_days=sum(search_index(market.demand, market.traffic, day, hour) for day, hour in hours),
        demand_days=sum(day_index(market.demand, day) * market.demand.hour_shares[hour] for day, hour in hours),
        counted_share=float(arrived),
        organic_units=np.broadcast_to(world.orders_per_day * effect.organic * world.mean_units, shape),
        units_per_click=order_per_click * world.mean_units,
        elasticity=np.broadcast_to(world.elasticity * (1.0 + followers), shape),
        followers=followers,
    )


def _followers(rank: OrganicRank | None, *, days: float) -> float:
    """Organic orders per order, first order of velocity^w: a sale is a share 1 − k of the velocity, and fades by k a day."""
    if rank is None:
        return 0.0
    kept = 2.0 ** (-1.0 / rank.half_life_days)
    return float(rank.velocity_weight * kept * (1.0 - kept ** max(days - 1.0, 0.0)))


def _margin(price_cents: Floats, seen: Sight) -> Floats:
    """(n, m) contribution of one unit, 0 where it earns nothing."""
    return np.maximum(np.nan_to_num(unit_margin_cents(price_cents, seen.goods.cost_cents, seen.economics)), 0.0)


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


def _free_stock_share(land: Landscape, outlook: _Outlook, state: FleetState) -> Floats:
    """(n, m) share of the units that ads could sell which the stock has beyond what sells without ads, [0, 1]."""
    spare = np.maximum(state.market.inventory.on_hand - outlook.organic_units * outlook.demand_days, 0.0)
    most = land.clicks[..., -1] * outlook.units_per_click * outlook.traffic_days
    return np.minimum(spare / np.maximum(most, 1e-9), 1.0)


def _best_levels(land: Landscape, worth: Floats, revenue: Floats, outlook: _Outlook, state: FleetState, seen: Sight) -> Ints:
    """(n, m) index of the bid to make: multipliers of budget and ROAS by bisection, on the rest of the window."""
    budget = np.maximum(seen.course.ad_budget_cents - state.window.spend_cents, 0.0)
    target = seen.course.target_roas
    stores = budget.size

    def levels(scarcity: Floats, push: Floats) -> Ints:
        gain = (worth + push[:, None] * revenue)[..., None] * land.clicks
        price = (1.0 + scarcity + push * target)[:, None, None] * land.cost_cents
        best: Ints = np.argmax(gain - price, axis=-1)
        return best

    def sums(chosen: Ints) -> tuple[Floats, Floats]:
        cost = _taken(land.cost_cents, chosen).sum(axis=1) * outlook.traffic_days
        earned = (_taken(land.clicks, chosen) * revenue).sum(axis=1) * outlook.traffic_days
        return cost, earned

    def within_budget(push: Floats) -> Floats:
        low, high = np.zeros(stores), np.full(stores, _STEEPEST)
        fits = sums(levels(low, push))[0] <= budget
        for _ in range(ROUNDS):
            middle = np.sqrt((1.0 + low) * (1.0 + high)) - 1.0
            over = sums(levels(middle, push))[0] > budget
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        return np.where(fits, 0.0, high)

    push = np.zeros(stores)
    scarcity = within_budget(push)
    if (target > 0.0).any():
        cost, earned = sums(levels(scarcity, push))
        misses = (target > 0.0) & (earned < target * cost)
        low, high = np.zeros(stores), np.full(stores, _STEEPEST)
        for _ in range(ROUNDS):
            middle = np.sqrt((1.0 + low) * (1.0 + high)) - 1.0
            cost, earned = sums(levels(scarcity, middle))
            short = earned < target * cost
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        push = np.where(misses, high, 0.0)
        scarcity = np.where(misses, within_budget(push), scarcity)
    return levels(scarcity, push)


def _taken(table: Floats | Ints, level: Ints) -> Floats:
    """(n, m) entries of an (n, m, B) table at one level each."""
    return np.take_along_axis(table, level[..., None], axis=-1)[..., 0].astype(np.float64)


def _budgets(cost_per_day: Floats, state: FleetState, seen: Sight) -> tuple[Floats, Bools]:
    """(n, c) daily budgets as a fence around the expected spend, and (n,) whether the grant is used up.

    What stands is not lowered without need: budgets rise slowly, and an hour in which rivals are out of money says nothing about tomorrow.
    """
    by_campaign = cost_per_day @ state.market.world.campaign_members.T
    wished = np.maximum(HEADROOM * by_campaign, seen.setpoints[Field.DAILY_BUDGET])
    total = np.maximum(wished.sum(axis=1), 1.0)
    kept, paused = within_grant(total, seen)
    return clipped_budgets(kept[:, None] * wished / total[:, None], seen), paused


def _prices(seen: Sight, outlook: _Outlook, state: FleetState, ad_units: Floats) -> Floats:
    """(n, m) one step towards the price with the highest margin · min(demand left, stock)."""
    current = seen.setpoints[Field.PRICE]
    low, high = seen.course.price_low_cents, seen.course.price_high_cents
    priced = seen.course.covered & (low > 0.0) & (high > low)
    safe_low, safe_high = np.where(priced, low, 1.0), np.where(priced, high, 2.0)
    tried = safe_low[..., None] + (safe_high - safe_low)[..., None] * PRICE_LEVELS
    now = outlook.organic_units * outlook.demand_days + ad_units * outlook.traffic_days
    demand = now[..., None] * (tried / current[..., None]) ** -outlook.elasticity[..., None]
    margin = unit_margin_cents(tried, seen.goods.cost_cents[..., None], seen.economics)
    earned = np.nan_to_num(margin) * np.minimum(demand, state.market.inventory.on_hand[..., None])
    target = _taken(tried, np.argmax(earned, axis=-1))
    rested = seen.reach.price_age_s >= max(_PRICING.interval_s, seen.reach.limits.price_min_interval_s)
    reach = price_reach(seen, step_ratio=_PRICING.step_ratio)
    return moved_price_cents(current, target, reach=reach, may_move=priced & rested & ~seen.goods.suspect, tuning=_PRICING)
