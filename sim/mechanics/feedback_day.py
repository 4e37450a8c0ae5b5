"""Midnight of the mechanics: each one's day is closed and its next one opened, or nothing where it is off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.demand import day_index, log_price_ratio, on_sale
from sim.mechanics import baskets, cold_start, cross_price, organic_rank, promotion, returns, shocks
from sim.mechanics.carry_over import adstock, carry_over_effect
from sim.mechanics.feedback_state import DayDone, MechanicStates, Today
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters.market import MarketParameters
from sim.world import World

_ONE: Floats = np.ones((1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Midnight:
    """What the mechanics share at one midnight.

    Attributes:
        parameters: The market.
        world: The truth.
        seeds: (N,) of the stores.
        day: Date ordinal of the day that begins.
        day_index: The same, counted from the first of the market.
    """

    parameters: MarketParameters
    world: World
    seeds: Ints
    day: int
    day_index: int

    @property
    def skus(self) -> int:
        """M."""
        return int(self.world.orders_per_day.shape[1])

    @property
    def on_sale(self) -> Bools:
        """(M,) on the day that begins."""
        return on_sale(self.world, self.day)

    @property
    def was_on_sale(self) -> Bools:
        """(M,) on the day that ended."""
        return on_sale(self.world, self.day - 1)


def midnight(parameters: MarketParameters, world: World, *, seeds: Ints, moment: Moment) -> Midnight:
    """The midnight before ``moment``, the first hour of a day."""
    return Midnight(parameters=parameters, world=world, seeds=seeds, day=moment.day, day_index=moment.hour // HOURS_PER_DAY)


def opened(at: Midnight) -> MechanicStates:
    """The first midnight, of stores that were run as usual until then."""
    p, world, seeds = at.parameters, at.world, at.seeds
    usual, launch_day, skus = world.orders_per_day, world.launch_day, at.skus
    return MechanicStates(
        cross_price=None if p.cross_price is None else cross_price.opened(p.cross_price, p.assortment.campaign_of, seeds=seeds),
        promotion=None if p.promotion is None else promotion.opened(*usual.shape),
        adstock=None if p.carry_over is None else np.zeros(usual.shape),
        cold_start=None if p.cold_start is None else cold_start.opened(p.cold_start, launch_day, skus=skus, day=at.day, seeds=seeds),
        organic_rank=None if p.organic_rank is None else organic_rank.opened(p.organic_rank, usual, launch_day, seeds=seeds),
        pending_returns=None if p.returns is None else returns.no_returns(p.returns),
        baskets=None if p.baskets is None else baskets.opened(usual, at.on_sale),
        shocks=None if p.shocks is None else shocks.opened(p.shocks, skus=skus, day=at.day, seeds=seeds),
    )


def closed(at: Midnight, state: MechanicStates, done: DayDone) -> tuple[MechanicStates, returns.Comebacks]:
    """Close a day and open the next."""
    expected = _expected_orders(at, state)
    pending, back = _returns(at, state, done)
    return MechanicStates(
        cross_price=_cross_price(at, state),
        promotion=_promotion(at, state, done),
        adstock=_adstock(at, state, done),
        cold_start=_cold_start(at, state, done),
        organic_rank=_rank(at, state, done, expected),
        pending_returns=pending,
        baskets=_baskets(at, state, done, expected),
        shocks=_shocks(at, state),
    ), back


def today(at: Midnight, state: MechanicStates) -> Today:
    """What follows for the day that begins."""
    parameters = at.parameters
    organic, order_per_click, searches, rival_bid = _ONE, _ONE, _ONE, _ONE
    if state.shocks is not None and parameters.shocks is not None:
        traffic, readiness = state.shocks.traffic(parameters.shocks), state.shocks.orders_per_visit(parameters.shocks)
        organic, order_per_click, searches = traffic * readiness, readiness, traffic
        rival_bid = state.shocks.click_price(parameters.shocks)
    if state.cold_start is not None:
        organic = organic * state.cold_start.conversion * state.cold_start.novelty
        order_per_click = order_per_click * state.cold_start.conversion
    if state.organic_rank is not None:
        organic = organic * state.organic_rank.effect
    if state.adstock is not None and parameters.carry_over is not None:
        organic = organic * carry_over_effect(state.adstock, at.world.orders_per_day, parameters.carry_over)
    if state.baskets is not None:
        organic = organic * state.baskets.repeat_effect
    if state.promotion is not None:
        organic = organic * (1.0 - state.promotion.dip)
    return Today(organic=organic, order_per_click=order_per_click, searches=searches, rival_bid=rival_bid)


def _expected_orders(at: Midnight, state: MechanicStates) -> Floats:
    """(N, M) orders that were usual for the day that ended: its weekday, month and event are everybody's."""
    usual = at.world.orders_per_day * day_index(at.parameters.demand, at.day - 1)
    if state.shocks is None or at.parameters.shocks is None:
        return usual
    return usual * state.shocks.usual_orders(at.parameters.shocks)


def _cross_price(at: Midnight, state: MechanicStates) -> cross_price.CrossPriceState | None:
    if state.cross_price is None or at.parameters.cross_price is None:
        return None
    return cross_price.next_day(state.cross_price, at.parameters.cross_price, seeds=at.seeds, day_index=at.day_index)


def _promotion(at: Midnight, state: MechanicStates, done: DayDone) -> promotion.PromotionState | None:
    if state.promotion is None or at.parameters.promotion is None:
        return None
    paid = np.divide(done.revenue_cents, done.units, out=done.price_cents.astype(np.float64), where=done.units > 0)
    day = promotion.PromotionDay(
        orders=done.orders,
        organic_orders=done.organic_orders,
        paid_log_price=np.log(paid / at.world.reference_price_cents),
        closing_log_price=log_price_ratio(done.price_cents, at.world),
    )
    return promotion.next_day(
        state.promotion,
        at.parameters.promotion,
        day,
        elasticity=at.world.elasticity,
        usual_orders=at.world.orders_per_day,
        price_effect_maximum=at.parameters.demand.price_effect_maximum,
    )


def _adstock(at: Midnight, state: MechanicStates, done: DayDone) -> Floats | None:
    if state.adstock is None or at.parameters.carry_over is None:
        return None
    return adstock(state.adstock, done.clicks, theta=at.parameters.carry_over.theta)


def _cold_start(at: Midnight, state: MechanicStates, done: DayDone) -> cold_start.ColdStartState | None:
    if state.cold_start is None or at.parameters.cold_start is None:
        return None
    return cold_start.next_day(
        state.cold_start,
        at.parameters.cold_start,
        at.world.launch_day,
        orders=done.orders,
        day=at.day,
        day_index=at.day_index,
        seeds=at.seeds,
    )


def _rank(at: Midnight, state: MechanicStates, done: DayDone, expected: Floats) -> organic_rank.RankState | None:
    if state.organic_rank is None or at.parameters.organic_rank is None:
        return None
    return organic_rank.next_day(
        state.organic_rank, at.parameters.organic_rank, orders=done.orders, expected_orders=expected, counts=at.was_on_sale
    )


def _baskets(at: Midnight, state: MechanicStates, done: DayDone, expected: Floats) -> baskets.BasketState | None:
    if state.baskets is None or at.parameters.baskets is None:
        return None
    return baskets.next_day(
        state.baskets,
        at.parameters.baskets,
        orders=done.orders,
        expected_orders=np.where(at.was_on_sale, expected, 0.0),
        usual_orders=at.world.orders_per_day,
        on_sale=at.on_sale,
    )


def _shocks(at: Midnight, state: MechanicStates) -> shocks.ShockState | None:
    if state.shocks is None or at.parameters.shocks is None:
        return None
    return shocks.next_day(state.shocks, at.parameters.shocks, day=at.day, day_index=at.day_index, seeds=at.seeds)


def _returns(at: Midnight, state: MechanicStates, done: DayDone) -> tuple[returns.PendingReturns | None, returns.Comebacks]:
    if state.pending_returns is None or at.parameters.returns is None:
        return None, returns.nothing_back(at.seeds.size, at.skus)
    return returns.next_day(
        state.pending_returns,
        at.parameters.returns,
        units=done.units,
        revenue_cents=done.revenue_cents,
        day_index=at.day_index,
        seeds=at.seeds,
    )
