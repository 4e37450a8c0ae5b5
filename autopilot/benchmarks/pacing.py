"""``autopilot bench pacing``: how near the laws come to the best that bids can do, in two markets where that best is known.

``configs/proving/second_price.toml``: one slot sold by second price, nothing but a budget. ``configs/proving/cpa_limit.toml``: a limit of
the cost per order, values that move, rivals that react; there a missed limit charges the share by (actual ÷ target)², as everywhere.

What counts is what the ads win in expectation: clicks bought × what one is truly worth at that moment, less what they cost; orders count in
full with their click, whenever they arrive. So no luck of orders blurs the comparison, and none can be known in advance by the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autopilot.benchmarks.pacing_bound import Bound, best, truth_of
from autopilot.pool import Progress
from control.controller import ControllerMemory
from perception.units import Floats
from sim.config_lookup import find
from sim.fleet.fleet import FleetState, FleetTerms, advance, fleet_terms, open_fleet, sight
from sim.judging.contenders import Driver, contender
from sim.moment import HOURS_PER_DAY
from sim.scenarios import load_scenario

GROUNDS = ("second_price", "cpa_limit")
CONTROLLERS = ("laws", "pid", "dual", "online_lp", "fixed_bid")
"""The laws, and the baselines beside them."""

STORES = 32
_FOLDER = "proving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """One controller on n stores for one window.

    Attributes:
        value_cents: (n,) true worth of the clicks bought.
        revenue_cents: (n,) expected revenue of the orders that follow them.
        spend_cents: (days, n).
    """

    value_cents: Floats
    revenue_cents: Floats
    spend_cents: Floats


def bench_pacing(progress: Progress, *, stores: int = STORES, controllers: tuple[str, ...] = CONTROLLERS) -> dict[str, Any]:
    """The contract's JSON, from the first test seeds of each ground."""
    ratios: dict[str, float] = {}
    figures: dict[str, Any] = {"stores": stores}
    steps = len(GROUNDS) * (len(controllers) + 1)
    for place, ground in enumerate(GROUNDS):
        terms = fleet_terms(load_scenario(find(_FOLDER, ground, called="proving ground")))
        seeds = np.array(terms.scenario.test_seeds.seeds[:stores], dtype=np.int64)
        bound = best(terms, seeds=seeds)
        figures[f"{ground}_fixed_alpha_over_bound"] = float(np.median(bound.fixed_alpha_cents / bound.profit_cents))
        opened = open_fleet(terms, seeds=seeds)
        for turn, name in enumerate(controllers):
            progress((place * (len(controllers) + 1) + turn + 1) / steps)
            one = paced(terms, opened, contender(name, terms))
            share = shares(one, bound, target_roas=terms.scenario.terms.target_roas)
            ratios[f"{ground}_{name}"] = float(np.median(share))
            figures |= {f"{ground}_{name}_{figure}": value for figure, value in _conduct(one, share, terms).items()}
    progress(1.0)
    return {"name": "pacing", "figures": figures, "ratios": ratios}


def paced(terms: FleetTerms, opened: FleetState, driver: Driver) -> Paced:
    """Drive the fleet through its window."""
    state, memory = opened, ControllerMemory()
    stores = opened.goods.cost_cents.shape[0]
    value, revenue = np.zeros(stores), np.zeros(stores)
    spend = np.zeros((terms.scenario.days, stores))
    for hour_index in range(terms.hours):
        seen, truth = sight(terms, state), truth_of(terms, state)
        proposal, memory = driver.steer(memory, seen, state)
        state, hour = advance(terms, state, seen, proposal)
        value += (hour.outcome.clicks * truth.worth_cents).sum(axis=1)
        revenue += (hour.outcome.clicks * truth.revenue_cents).sum(axis=1)
        spend[hour_index // HOURS_PER_DAY] += hour.spend_cents.sum(axis=1)
    return Paced(value_cents=value, revenue_cents=revenue, spend_cents=spend)


def shares(one: Paced, bound: Bound, *, target_roas: float) -> Floats:
    """(n,) share of the bound, a missed target charged by (actual ÷ target)²; a loss is not made smaller by the charge."""
    spend = one.spend_cents.sum(axis=0)
    profit = one.value_cents - spend
    wanted = target_roas * spend
    reached = np.where(wanted > 0.0, one.revenue_cents / np.where(wanted > 0.0, wanted, 1.0), 1.0)
    charged = np.where(profit > 0.0, profit * np.minimum(reached, 1.0) ** 2, profit)
    share: Floats = charged / np.maximum(bound.profit_cents, 1.0)
    return share


def _conduct(one: Paced, share: Floats, terms: FleetTerms) -> dict[str, float]:
    """How the worst store fared; how the grant was used; how often a target was missed; and the leanest day of any store.

    ``least_day`` is the least spend of any store on any day after the first, as a share of that store's mean day: 0 is a collapse.
    """
    store, spend = terms.scenario.terms, one.spend_cents.sum(axis=0)
    day = one.spend_cents[1:].min(axis=0) / np.maximum(spend / len(one.spend_cents), 1.0)
    figures = {
        "share_of_worst_store": float(share.min()),
        "grant_used": float(np.median(spend / store.ad_spend_cents)),
        "least_day": float(day.min()),
    }
    missed = float(np.mean(one.revenue_cents < store.target_roas * spend))
    return figures | ({"targets_missed": missed} if store.target_roas > 0.0 else {})
