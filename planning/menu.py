"""What may be chosen for each product: enumerated price bands and levels of ad money, each with what it should bring and what it may cost.

A planner, be it a rule book or a language model, chooses among these and writes no number of its own. Gains are expectations over
the belief about elasticity; costs are the most that could be lost, worked out apart from the budget guard, which has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from perception.economics import unit_margin_cents
from perception.units import Floats
from planning.bands import Bands, bands
from planning.ground import Ground
from planning.plan import Goal

DEPTHS = (0.0, 0.1, 0.2)
"""Of the way to the end of the widest band, on either side. Deeper ones need elasticity known better than a store can
believe it after four weeks: on training seeds they lost what shallow ones earn."""

PRICES_PER_BAND = 9
"""Prices looked at within a band to find the best one."""

LEARNT = 0.5
"""Weight of knowing elasticity when the price is chosen, against the belief of today: control learns it while the plan runs. Assumed."""

LEAST_ELASTICITY = 0.05

CLEARING_WORTH = 0.5
"""What a unit of dead stock that sells is worth besides its margin, as a share of its cost: it would be written down. Assumed."""

GROWTH_WORTH = 0.15
"""What one more unit of revenue is worth to a merchant whose goal is turnover or buyers, besides its margin. Assumed."""

RECORD_Z = 2.0
"""Standard deviations that a good window's units lie above their mean."""

BASELINE_Z = 1.6449
"""Upper end of what the plan states as its baseline: 95 % of a normal."""

ELASTICITY_Z = 1.2816
"""Upper decile of a normal."""

AD_STEPS = (0.5, 1.0, 1.5, 2.0, 3.0)
"""Ad spend of a product as multiples of what it spends now."""

SPEND_ELASTICITY = 0.8
"""Clicks go with spend to this power (0.76-0.90 on real accounts, see docs/market.md)."""

FIRST_SALE_STEPS = (1.0, 2.0, 3.0)
"""Conversions' worth of clicks for a product without sales: a first sale comes with probability 1 - e^-k."""

LAUNCH_WORTH_DAYS = 28.0
"""Days of a typical product's margin that a first sale is worth: what reviews and rank bring later. Assumed."""


@dataclass(frozen=True, kw_only=True)
class Menu:
    """Every choice there is. m products; bands are enumerated as k = 9 pairs of depths.

    Attributes:
        ground: What they were worked out from.
        widest: How far each price may move at most.
    """

    ground: Ground
    widest: Bands

    @cached_property
    def low(self) -> Floats:
        """(k, m) whole lower ends of the bands; the first is the price in force, as for ``high``."""
        reach = self.widest.price - self.widest.low
        return np.array([self.widest.price - np.floor(reach * down) for down in DEPTHS for _ in DEPTHS])

    @cached_property
    def high(self) -> Floats:
        """(k, m) whole upper ends."""
        reach = self.widest.high - self.widest.price
        return np.array([self.widest.price + np.floor(reach * up) for _ in DEPTHS for up in DEPTHS])

    @cached_property
    def gain_cents(self) -> Floats:
        """(k, m) expected gain of each band over leaving the price where it is, over the window."""
        return np.array([band_gain_cents(self.ground, low, high) for low, high in zip(self.low, self.high, strict=True)])

    @cached_property
    def worst_cents(self) -> Floats:
        """(k, m) the most each band may lose over the window."""
        return np.array([band_worst_cents(self.ground, low, high) for low, high in zip(self.low, self.high, strict=True)])


def menu_of(ground: Ground) -> Menu:
    """The choices for one request."""
    may_move = ground.covered & (ground.record.shape[0] > 0)
    return Menu(ground=ground, widest=bands(ground.request, ground.selection, may_move=may_move))


def band_gain_cents(ground: Ground, low: Floats, high: Floats) -> Floats:
    """(m,) expected gain over the window of letting each price move between ``low`` and ``high``, 0 where it may not move.

    Between the gain of the best price on today's belief and that of the best price once elasticity is known, ``LEARNT`` of the way.
    """
    nodes, weights = hermegauss(5)
    weights = weights / weights.sum()
    belief = ground.request.state.elasticity
    elasticity = np.maximum(belief.mean + nodes[:, None] * belief.sd, LEAST_ELASTICITY)
    grid = np.linspace(low, high, PRICES_PER_BAND)
    gains = price_gain_cents(ground, grid[:, None], elasticity)
    unmoved = 0.0
    believed = np.maximum((gains * weights[None, :, None]).sum(axis=1).max(axis=0), unmoved)
    known = (np.maximum(gains.max(axis=0), unmoved) * weights[:, None]).sum(axis=0)
    gain: Floats = np.where((low < high) | (low != ground.price_cents), (1.0 - LEARNT) * believed + LEARNT * known, 0.0)
    return np.nan_to_num(gain)


def price_gain_cents(ground: Ground, price: Floats, elasticity: Floats) -> Floats:
    """(…, m) what the goal counts over the window at ``price``, less the same at the price in force; demand u·(p / p0)^-e, within stock."""
    there, here = _worth_cents(ground, price, elasticity), _worth_cents(ground, ground.price_cents, elasticity)
    return there - here


def _worth_cents(ground: Ground, price: Floats, elasticity: Floats) -> Floats:
    request = ground.request
    units, _ = ground.window_units
    ratio = price / np.maximum(ground.price_cents, 1.0)
    sold = units * np.maximum(ratio, 1e-6) ** -elasticity
    sold = np.minimum(sold, np.where(np.isnan(request.state.on_hand), np.inf, np.maximum(request.state.on_hand, 0.0)))
    each = unit_margin_cents(price, request.catalogue.cost_cents, request.economics)
    each = each + np.where(ground.clearing, CLEARING_WORTH * request.catalogue.cost_cents, 0.0)
    if request.terms.goal in (Goal.GMV, Goal.BUYERS):
        each = each + GROWTH_WORTH * price
    worth: Floats = sold * each
    return worth


def band_worst_cents(ground: Ground, low: Floats, high: Floats) -> Floats:
    """(m,) the most that a band may lose over the window: every discount given without one extra sale, or every sale that a rise may cost.

    Units are those of a good window on the plain record; the budget guard recomputes all this on its own in whole units.
    """
    request, economics = ground.request, ground.request.economics
    price = np.maximum(ground.price_cents, 1.0)
    units = good_window_units(ground)
    discount = units * np.maximum(price - low, 0.0)
    margin = np.nan_to_num(np.maximum(price - request.catalogue.cost_cents, 0.0))
    elasticity = request.state.elasticity.mean + ELASTICITY_Z * request.state.elasticity.sd
    rise = np.maximum(high - price, 0.0)
    lost = np.minimum(units * elasticity * rise / price, units)
    kept = (1.0 - economics.fee_ratio) * (1.0 - economics.return_rate_upper)
    risen = np.maximum(lost * margin - (units - lost) * rise * kept, 0.0)
    excess = economics.return_rate_upper - economics.return_rate
    returns = units * excess * (margin + economics.return_cost_cents)
    moved = (low != high) | (low != ground.price_cents)
    worst: Floats = np.where(moved, np.maximum(discount, risen) + returns, 0.0)
    return worst


def good_window_units(ground: Ground) -> Floats:
    """(m,) units of a window that goes well: mean plus two standard deviations of the record, the mean itself uncertain."""
    record, window = ground.record, float(ground.request.terms.window_days)
    days = max(record.shape[0], 1)
    mean = (record.sum(axis=0) + 2.0) / days
    sample = record.var(axis=0, ddof=1) if record.shape[0] > 1 else np.zeros(record.shape[1])
    variance = np.maximum(sample, 2.0 * mean)
    total, spread = ground.window_units
    plain = window * mean + RECORD_Z * np.sqrt(window * variance * (1.0 + window / days))
    # what the plan states as its baseline counts as well, where it is more
    units: Floats = np.ceil(np.maximum(plain, np.ceil(total + BASELINE_Z * np.sqrt(spread)))) + 2.0
    return units


def ad_marginal(ground: Ground) -> tuple[Floats, Floats]:
    """(s, m) spend of each further step of a product's ads over the window, and (s, m) what a unit of it brings before its cost.

    Clicks go with spend to the power ``SPEND_ELASTICITY`` from where ads stand now; products that spend nothing yet start at an even share
    of the store's budget and at a click price of half its worth.
    """
    request = ground.request
    state, days = request.state, float(request.terms.window_days)
    worth = np.where(ground.covered, np.maximum(np.nan_to_num(state.value_per_click_cents.mean), 0.0), 0.0)
    assumed = request.terms.ad_budget_cents / days / max(int((worth > 0.0).sum()), 1)
    spend = np.where(state.ad_cost_7d_cents > 0.0, state.ad_cost_7d_cents / 7.0, assumed) * days
    cpc = np.where(np.isnan(ground.cpc_cents), worth / 2.0, ground.cpc_cents)
    clicks = np.where(cpc > 0.0, spend / np.maximum(cpc, 1e-6), 0.0)
    steps = np.array([0.0, *AD_STEPS])[:, None]
    spent, bought = steps * spend, clicks * steps**SPEND_ELASTICITY
    costs, brought = np.diff(spent, axis=0), np.diff(bought, axis=0) * worth
    return costs, np.divide(brought, costs, out=np.zeros_like(costs), where=costs > 0.0)
