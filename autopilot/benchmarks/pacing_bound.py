"""The best that bids can do in a market without pricing and stock: bids at a share alpha of a click's true worth, chosen in hindsight.

Each store is played once per alpha on its own luck, with money that does not end. ``sim.judging.oracle_lp`` then picks one alpha, or a
mixture, for each product and day that budget and target allow: the bound. Beside it stands the best mixture for the whole window, the
"fixed alpha" of the literature. Where one slot is sold by second price, an auction is worth winning exactly if worth ÷ price is at least
1 + lambda, lambda being the price of the budget: one alpha for all auctions is then the optimum of the linear programme over single
auctions (Balseiro & Gur, Management Science 2019), so the two must nearly meet, and how nearly says how tight the bound is.

Against rivals that react the bound is no proof: each alpha is played against the rivals that it makes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.economics import unit_margin_cents
from perception.units import Floats, Ints
from sim.fleet.fleet import FleetState, FleetTerms, open_fleet, play
from sim.judging.oracle_lp import Bounds, Choices, solve
from sim.market import Setpoints
from sim.mechanics import feedback
from sim.moment import HOURS_PER_DAY, Moment

ALPHAS = (0.0, 0.1, 0.15, *np.arange(0.2, 1.0, 0.05).tolist(), 1.0, 1.1, 1.25, 1.5)
"""Shares of a click's true worth that are tried."""

_ENDLESS_CENTS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a click is worth right now, (n, m) expected minor units: the margin, and the revenue, of the orders that follow it."""

    worth_cents: Floats
    revenue_cents: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """(n,) minor units each: with an alpha for each product and day, and with one mixture of two alphas for the window."""

    profit_cents: Floats
    fixed_alpha_cents: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Played:
    """What alphas brought by day, (days, n, alphas, m) minor units each."""

    value_cents: Floats
    cost_cents: Floats
    revenue_cents: Floats


def truth_of(terms: FleetTerms, state: FleetState) -> Truth:
    """What clicks of this hour are worth, with today's luck in orders per click and everything that moves it."""
    market = state.market
    now = feedback.effects(
        terms.market,
        market.feedback,
        market.world,
        state.setpoints.price_cents,
        moment=Moment(day=market.day, hour=market.hour),
        rival_log_price=market.rivals.log_price,
    )
    chance = np.minimum(market.today.order_rate * now.order_per_click, terms.market.conversion.cvr_maximum)
    units = chance * market.world.mean_units
    margin = unit_margin_cents(state.setpoints.price_cents.astype(np.float64), state.goods.cost_cents, terms.scenario.terms.economics)
    return Truth(worth_cents=units * np.maximum(margin, 0.0), revenue_cents=units * state.setpoints.price_cents)


def best(terms: FleetTerms, *, seeds: Ints) -> Bound:
    """The bounds of (n,) stores.

    Raises:
        OracleUnsolvedError: The solver found no optimum for a store.
    """
    played = _played(terms, seeds)
    limits = Bounds(
        budget_cents=float(terms.scenario.terms.ad_spend_cents),
        target_roas=terms.scenario.terms.target_roas,
        stock_units=np.array([np.inf]),
    )

    def solved(place: int, *, whole: bool) -> float:
        tables = [table[:, place] for table in (played.value_cents, played.cost_cents, played.revenue_cents)]
        # a slot is a product on a day, or the whole window at once
        slots = [table.sum(axis=(0, 2))[None] if whole else np.moveaxis(table, 1, -1).reshape(-1, len(ALPHAS)) for table in tables]
        value, cost, revenue = slots
        choices = Choices(
            value_cents=value - cost,
            cost_cents=cost,
            ad_revenue_cents=revenue,
            units=np.zeros_like(cost),
            sku=np.zeros(len(cost), dtype=np.int64),
        )
        return solve(choices, limits).value_cents

    return Bound(
        profit_cents=np.array([solved(place, whole=False) for place in range(seeds.size)]),
        fixed_alpha_cents=np.array([solved(place, whole=True) for place in range(seeds.size)]),
    )


def _played(terms: FleetTerms, seeds: Ints) -> _Played:
    state = open_fleet(terms, seeds=np.repeat(seeds, len(ALPHAS)))
    alpha = np.tile(np.array(ALPHAS), seeds.size)[:, None]
    endless = np.full_like(state.setpoints.daily_budget_cents, _ENDLESS_CENTS)
    sums = np.zeros((3, terms.scenario.days, *state.goods.cost_cents.shape))
    for hour_index in range(terms.hours):
        truth = truth_of(terms, state)
        wanted = Setpoints(
            # a hair's breadth of float error must not cost a whole unit
            bid_cents=np.floor(alpha * truth.worth_cents + 1e-9).astype(np.int64),
            price_cents=state.setpoints.price_cents,
            daily_budget_cents=endless,
        )
        state, hour = play(terms, state, wanted)
        clicks = hour.outcome.clicks
        sums[:, hour_index // HOURS_PER_DAY] += np.stack([clicks * truth.worth_cents, hour.spend_cents, clicks * truth.revenue_cents])
    value, cost, revenue = sums.reshape(3, terms.scenario.days, seeds.size, len(ALPHAS), -1)
    return _Played(value_cents=value, cost_cents=cost, revenue_cents=revenue)
