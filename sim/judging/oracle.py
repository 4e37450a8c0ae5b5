"""The clairvoyant bound: what a store could have earned by somebody who knew all luck in advance.

The store is played again and again on its own luck, each time at another constant pair of price and bid level, with money and stock that do
not end. That gives, for every SKU and hour, what each pair would have brought; ``sim.judging.oracle_lp`` then picks the best mixture that
budget, ROAS target and stock allow. Bids are alpha · true value per click: in a second-price auction under one budget, one ROAS target or
both, the Lagrangian's best bids have this form (Aggarwal, Badanidiyuru & Mehta, WINE 2019); alpha varies from slot to slot here.

Where actions feed back into the market (organic rank, reviews, repeat buyers, rivals that react) the problem is not linear. The feedback is
frozen week by week: each week's levels start from the state in which the best constant pair of the weeks before left the store.
Deliveries that only a reorder within the window could bring are counted in full, so stock is bounded from above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from perception.economics import contribution_cents, unit_margin_cents
from perception.units import Bools, Floats, Ints
from sim.demand import usual_units_per_day
from sim.fleet.fleet import FleetState, FleetTerms, open_fleet
from sim.judging.oracle_lp import Bounds, Choices, Solved, solve
from sim.judging.weeks import WEEK_H
from sim.market import HourOutcome, MarketState, Setpoints, step
from sim.stock import order_up_to

ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.7, 1.0, 1.6)
"""Bid levels as shares of the true value of a click."""

PRICE_STEPS = 5
"""Price levels, evenly over the band that the store's terms leave."""

_ENDLESS_CENTS = 10**9
_ENDLESS_UNITS = 10**7


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleScore:
    """The bound of one store.

    Attributes:
        seed: Of the store.
        profit_cents: The larger of the two below.
        programme: The linear programme over all slots.
        fixed_alpha_cents: Profit of the best constant pair of levels within the budget and the target.
        fixed_alpha: Its alpha.
    """

    seed: int
    profit_cents: float
    programme: Solved
    fixed_alpha_cents: float
    fixed_alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Levels:
    """L = prices × alphas pairs, (L,) each: price as share of the merchant's own, bid as share of the value of a click."""

    price_ratio: Floats
    alpha: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """What each pair of levels brought, (n, L, hours, m) each. Orders after a click count in the hour of the click."""

    cost_cents: Floats
    organic_cents: Floats
    organic_units: Floats
    ad_cents: Floats
    ad_units: Floats


def oracle(terms: FleetTerms, *, seeds: Ints) -> Iterator[OracleScore]:
    """The bound of each store, (N,) seeds, as they are solved.

    Raises:
        OracleUnsolvedError: The solver found no optimum for a store.
    """
    levels = _levels(terms)
    opened = open_fleet(terms, seeds=np.repeat(seeds, levels.alpha.size))
    stock = _sellable_units(terms, opened)[:: levels.alpha.size]
    tables = _tables(terms, _endless(opened), levels, stores=seeds.size)
    goods_cost = opened.goods.cost_cents[:: levels.alpha.size]
    for place, seed in enumerate(seeds):
        choices = _choices(terms, tables, place, goods_cost[place])
        bounds = Bounds(
            budget_cents=float(terms.scenario.terms.ad_spend_cents),
            target_roas=terms.scenario.terms.target_roas,
            stock_units=stock[place],
        )
        solved = solve(choices, bounds)
        fixed, alpha = _best_fixed(choices, bounds, levels, hours=terms.hours)
        yield OracleScore(
            seed=int(seed),
            profit_cents=max(solved.value_cents, fixed),
            programme=solved,
            fixed_alpha_cents=fixed,
            fixed_alpha=alpha,
        )


def _levels(terms: FleetTerms) -> _Levels:
    store = terms.scenario.terms
    prices = np.unique(np.append(np.linspace(store.price_low_ratio, store.price_high_ratio, PRICE_STEPS), 1.0))
    ratio, alpha = (grid.ravel() for grid in np.meshgrid(prices, np.array(ALPHAS), indexing="ij"))
    return _Levels(price_ratio=ratio, alpha=alpha)


def _endless(state: FleetState) -> FleetState:
    """The same stores with stock that does not end."""
    inventory = state.market.inventory
    full = replace(inventory, on_hand=inventory.on_hand + _ENDLESS_UNITS)
    return replace(state, market=replace(state.market, inventory=full))


def _sellable_units(terms: FleetTerms, state: FleetState) -> Floats:
    """(N, m) units that could be sold within the window at the very most: on hand, under way, and every reorder that could still arrive."""
    inventory, stock = state.market.inventory, terms.scenario.market.stock
    cycles = max(terms.scenario.days - stock.lead_time_low_days, 0) // stock.lead_time_low_days + (
        terms.scenario.days > stock.lead_time_low_days
    )
    usual = usual_units_per_day(terms.scenario.market.demand, state.market.day) * state.market.world.order_level
    target = order_up_to(stock, usual)
    units: Floats = (inventory.on_hand + inventory.on_order + cycles * target).astype(np.float64)
    return units


def _setpoints(terms: FleetTerms, state: FleetState, levels: _Levels) -> Setpoints:
    """One pair of levels per copy, bids at the true value of a click at that price."""
    copies = state.goods.cost_cents.shape[0] // levels.alpha.size
    ratio, alpha = (np.tile(level, copies)[:, None] for level in (levels.price_ratio, levels.alpha))
    world = state.market.world
    low, high = state.course.price_low_cents, state.course.price_high_cents
    price = np.clip(np.rint(state.goods.anchor_price_cents * ratio), low, np.maximum(high, low))
    margin = np.maximum(np.nan_to_num(unit_margin_cents(price, state.goods.cost_cents, terms.scenario.terms.economics)), 0.0)
    worth = world.cvr * world.mean_units * margin * (price / world.reference_price_cents) ** -world.elasticity
    return Setpoints(
        bid_cents=np.floor(alpha * worth).astype(np.int64),
        price_cents=np.maximum(price, 1.0).astype(np.int64),
        daily_budget_cents=np.full_like(state.setpoints.daily_budget_cents, _ENDLESS_CENTS),
    )


def _tables(terms: FleetTerms, opened: FleetState, levels: _Levels, *, stores: int) -> _Tables:
    """Play every level from the start of each week to the window's end and keep what that week's clicks and organic orders brought."""
    copies, skus = opened.goods.cost_cents.shape
    sums = np.zeros((5, copies, terms.hours, skus))
    wanted = _setpoints(terms, opened, levels)
    # the market alone: what is reported, believed and judged plays no part
    anchor: MarketState = opened.market
    for week_from in range(0, terms.hours, WEEK_H):
        week = range(week_from, min(week_from + WEEK_H, terms.hours))
        state = anchor
        for at in range(week_from, terms.hours):
            state, outcome = step(terms.market, state, wanted)
            _record(sums, outcome, at=at, week=week, opened_hour=opened.opened_hour)
        if week.stop < terms.hours:
            chosen = _best_of_week(terms, sums[:, :, week], levels, opened, stores=stores)
            course = _row(wanted, chosen)
            for _ in week:
                anchor, _ = step(terms.market, anchor, course)
    split = sums.reshape(5, stores, levels.alpha.size, terms.hours, skus)
    return _Tables(cost_cents=split[0], organic_cents=split[1], organic_units=split[2], ad_cents=split[3], ad_units=split[4])


def _record(sums: Floats, outcome: HourOutcome, *, at: int, week: range, opened_hour: int) -> None:
    """Add one hour's outcome to the tables, in place; what belongs to another week's clicks is left out."""
    ads = outcome.delivered
    clicked = ads.click_hour - opened_hour
    ours = (clicked >= week.start) & (clicked < week.stop)
    where = (ads.store[ours], clicked[ours], ads.sku[ours])
    np.add.at(sums[3], where, (ads.units * ads.price_cents)[ours])
    np.add.at(sums[4], where, ads.units[ours])
    if at not in week:
        return
    sums[0][:, at] += outcome.cost_cents
    by_ads = np.zeros((2, *outcome.units.shape))
    np.add.at(by_ads[0], (ads.store, ads.sku), ads.units * ads.price_cents)
    np.add.at(by_ads[1], (ads.store, ads.sku), ads.units)
    sums[1][:, at] += outcome.revenue_cents - by_ads[0]
    sums[2][:, at] += outcome.units - by_ads[1]


def _best_of_week(terms: FleetTerms, week: Floats, levels: _Levels, opened: FleetState, *, stores: int) -> Ints:
    """(copies,) for each copy the index of its store's best pair of levels within the week's even share of the budget."""
    cost, organic, organic_units, ads, ad_units = week.sum(axis=2)
    worth = contribution_cents(organic + ads, organic_units + ad_units, opened.goods.cost_cents, terms.scenario.terms.economics) - cost
    share = terms.scenario.terms.ad_spend_cents * week.shape[2] / terms.hours
    total = np.where(cost.sum(axis=1) <= share, np.nan_to_num(worth).sum(axis=1), -np.inf).reshape(stores, levels.alpha.size)
    best = np.argmax(total, axis=1) + np.arange(stores) * levels.alpha.size
    return np.repeat(best, levels.alpha.size)


def _row(setpoints: Setpoints, rows: Ints) -> Setpoints:
    return Setpoints(
        bid_cents=setpoints.bid_cents[rows],
        price_cents=setpoints.price_cents[rows],
        daily_budget_cents=setpoints.daily_budget_cents[rows],
    )


def _choices(terms: FleetTerms, tables: _Tables, place: int, cost_cents: Floats) -> Choices:
    """The slots of one store, (hours · m, L)."""

    def by_slot(table: Floats) -> Floats:
        levels, hours, skus = table[place].shape
        slots: Floats = np.moveaxis(table[place], 0, -1).reshape(hours * skus, levels)
        return slots

    spent, ads = by_slot(tables.cost_cents), by_slot(tables.ad_cents)
    units = by_slot(tables.organic_units) + by_slot(tables.ad_units)
    _, hours, skus = tables.cost_cents[place].shape
    unit_cost = np.tile(cost_cents, hours)[:, None]
    worth = contribution_cents(by_slot(tables.organic_cents) + ads, units, unit_cost, terms.scenario.terms.economics)
    return Choices(
        value_cents=np.nan_to_num(worth) - spent, cost_cents=spent, ad_revenue_cents=ads, units=units, sku=np.tile(np.arange(skus), hours)
    )


def _best_fixed(choices: Choices, bounds: Bounds, levels: _Levels, *, hours: int) -> tuple[float, float]:
    """Profit and alpha of the best constant pair: its ads run until the budget is gone, then its price goes on without them.

    A pair that misses the ROAS target or would need more stock than there is does not count; not advertising at the merchant's own price,
    as far as stock lasts, always does.
    """
    per_hour = (hours, -1, levels.alpha.size)
    cost = choices.cost_cents.reshape(per_hour).sum(axis=1)
    value = choices.value_cents.reshape(per_hour).sum(axis=1)
    revenue = choices.ad_revenue_cents.reshape(per_hour).sum(axis=1)
    silent = _silent_pair(levels)
    affordable: Bools = np.cumsum(cost, axis=0) <= bounds.budget_cents
    earned = np.where(affordable, value, value[:, silent]).sum(axis=0)
    keeps_target = np.where(affordable, revenue - bounds.target_roas * cost, 0.0).sum(axis=0) >= 0.0
    sold = np.stack([choices.units[choices.sku == sku].sum(axis=0) for sku in range(bounds.stock_units.size)])
    fits = (sold <= bounds.stock_units[:, None]).all(axis=0)
    counted = np.where(keeps_target & fits, earned, -np.inf)
    best = int(np.argmax(counted))
    return float(counted[best]), float(levels.alpha[best])


def _silent_pair(levels: _Levels) -> Ints:
    """(L,) index of the pair with the same price and no ads."""
    same = (levels.price_ratio[:, None] == levels.price_ratio[None, :]) & (levels.alpha[None, :] == 0.0)
    pairs: Ints = np.argmax(same, axis=1)
    return pairs
