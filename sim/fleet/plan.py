"""The plan of every store of a fleet, fixed when its window begins: the scenario's terms laid over what perception believes then.

A stand-in for the rule planner that needs no text, no stages and no guard: all SKUs are covered, prices may use the whole band of the
terms, and the ad budget is what the terms grant. Bids and learning budgets are limited as ``planning.planner`` limits them.
"""

from __future__ import annotations

import numpy as np

from control.sight import Beliefs, Course, Goods
from perception.units import Floats
from planning.bands import SAFETY_MARGIN, break_even_cents
from planning.plan import Stage
from planning.planner import FIRST_SALE_CLICKS
from planning.selection import POLICIES
from sim.fleet.terms import FleetTerms


def course_for(terms: FleetTerms, goods: Goods, beliefs: Beliefs) -> Course:
    """The course of n stores."""
    low, high = _band(terms, goods)
    stores = goods.cost_cents.shape[0]
    max_bid = _max_bid_cents(terms, goods, beliefs, low)
    return Course(
        ad_budget_cents=np.full(stores, float(terms.scenario.terms.ad_spend_cents)),
        target_roas=np.full(stores, terms.scenario.terms.target_roas),
        starts_days=0.0,
        ends_days=float(terms.scenario.days),
        daily_shares=np.tile(terms.daily_shares, (stores, 1)),
        hour_shares=np.tile(terms.hour_shares, (stores, 1)),
        covered=np.isfinite(goods.cost_cents),
        price_low_cents=low,
        price_high_cents=high,
        max_bid_cents=max_bid,
        learning_cents=_learning_cents(terms, goods, beliefs, max_bid),
    )


def _band(terms: FleetTerms, goods: Goods) -> tuple[Floats, Floats]:
    """(n, m) lowest and highest price: the terms' shares of the merchant's price, but no lower than margin floor and break-even."""
    store, anchor, cost = terms.scenario.terms, goods.anchor_price_cents, goods.cost_cents
    margin_floor = cost / (1.0 - store.limits.min_margin_ratio)
    earning = break_even_cents(cost, store.economics) * SAFETY_MARGIN
    lowest = np.maximum(np.maximum(anchor * store.price_low_ratio, margin_floor), earning)
    # a hair's breadth of float error must not move a bound by a whole unit
    return np.minimum(np.ceil(lowest - 1e-6), anchor), np.maximum(np.floor(anchor * store.price_high_ratio + 1e-6), anchor)


def _max_bid_cents(terms: FleetTerms, goods: Goods, beliefs: Beliefs, low: Floats) -> Floats:
    """(n, m) whole upper end of what a click is worth; 0 where a sale at the lowest price might leave nothing."""
    deviations = np.where(goods.is_new, POLICIES[Stage.NEW].bid_sd, POLICIES[Stage.MATURE].bid_sd)
    value = beliefs.value_per_click_cents.mean + deviations * beliefs.value_per_click_cents.sd
    earns = low >= break_even_cents(goods.cost_cents, terms.scenario.terms.economics) * SAFETY_MARGIN
    return np.where(earns, np.floor(np.minimum(value, low)), 0.0)


def _learning_cents(terms: FleetTerms, goods: Goods, beliefs: Beliefs, max_bid_cents: Floats) -> Floats:
    """(n, m) whole: new products share the learning budget evenly, none getting more than a likely first sale costs."""
    new = goods.is_new & (max_bid_cents > 0.0)
    each = np.floor(terms.scenario.terms.learning_cents / np.maximum(new.sum(axis=1, keepdims=True), 1))
    enough = np.ceil(FIRST_SALE_CLICKS / beliefs.cvr.mean * max_bid_cents)
    return np.where(new, np.minimum(enough, each), 0.0)
