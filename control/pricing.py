"""Pricing: the margin rule under uncertain elasticity, aware of stock, within the plan's band. One vectorised law over all SKUs.

With constant elasticity ε demand is q·(p/p₀)^−ε and the best price is p* = c·ε/(ε−1) (Lerner). ε is only believed with an uncertainty,
so the law maximises *expected* profit over that belief instead of trusting one number; with ε ≤ 1 the optimum is the band's upper end.

What sells at the merchant's own price is known, what sells at any other is not: a price must be better even if ε is somewhat worse than
believed, higher for a rise and lower for a cut. So prices stay where the merchant put them until there is evidence against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from control.rows import row_sums
from perception.economics import Economics, unit_margin_cents
from perception.state import Estimate
from perception.units import AS_SETTINGS, Bools, Floats

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_SHARES = _WEIGHTS / _WEIGHTS.sum()
_GRID = np.linspace(0.0, 1.0, 21)
_STRIDE = 5
"""Every so many points of the grid are looked at first; what lies between only where the best price can be."""
_WITHIN = np.arange(1, _STRIDE) / _STRIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingTuning:
    """How prices move.

    Attributes:
        step_ratio: Largest change in one move, below the gate's own limit.
        interval_s: Shortest time between two moves of one SKU, at least the gate's own limit.
        deadband_ratio: Differences to the target below this are left alone: every write costs trust.
        elasticity_floor: Smallest elasticity believed possible, > 0.
        doubt: Standard deviations of the belief by which elasticity is taken to be worse than believed on either side of the merchant's
            price, >= 0. Of 0, 0.25, 0.35, 0.5 and 1, compared on 32-64 training stores each, 0.5 took nearly all of the gain on
            steady, thin_data and stock_limited (+7 to +10 % of profit over 0) at a loss on real_demand of 0.6 to 0.9 %, which is
            within two standard errors.
        markup_slope: Percent of a product's elasticity per percent of what its markup implies, both against the rest of the assortment,
            >= 0. Above 1, because merchants keep markups within what is customary and elasticities know no custom; 0: markups tell nothing.
        markup_log_sd: How far a merchant's own markup, which is best at 1 ÷ elasticity (Lerner 1934), is off as a measurement of how a
            product's log elasticity differs from the rest of the assortment, > 0; the smaller, the more it is believed.
        lead_days: Days of sales the stock should cover before the price is raised to stretch it.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    step_ratio: float = 0.04
    interval_s: float = 12.0 * 3600.0
    deadband_ratio: float = 0.02
    elasticity_floor: float = 0.3
    doubt: float = 0.5
    markup_slope: float = 2.0
    markup_log_sd: float = 0.2
    lead_days: float = 14.0


LEAST_MARKUP, MOST_MARKUP = 0.1, 0.9
"""Markups beyond tell of something else than elasticity."""


def log_markup_elasticity(anchor_price_cents: Floats, cost_cents: Floats, terms: Economics) -> Floats:
    """(n, m) log elasticity at which the merchant's own price would be the best one; NaN where unknown.

    The best markup is (p − c) ÷ p = 1 ÷ ε, c being the price at which a unit leaves nothing.
    """
    handling = terms.return_rate * terms.return_cost_cents / (1.0 - terms.return_rate)
    markup = 1.0 - (cost_cents + handling) / ((1.0 - terms.fee_ratio) * anchor_price_cents)
    implied: Floats = -np.log(np.minimum(np.maximum(markup, LEAST_MARKUP), MOST_MARKUP))
    return implied


def usual_log_markup_elasticity(log_implied: Floats) -> Floats:
    """(n,) mean over each store's goods: merchants differ in how dear they are altogether, only differences between goods count."""
    known = np.isfinite(log_implied)
    mean: Floats = row_sums(np.where(known, log_implied, 0.0)) / np.maximum(row_sums(known.astype(np.float64)), 1.0)
    return mean


def with_markup(elasticity: Estimate, log_implied: Floats, *, tuning: PricingTuning) -> Estimate:
    """The belief with what the merchant's markup says of it: two measurements of log elasticity, weighed by their precision.

    Args:
        elasticity: From sales, any shape.
        log_implied: From ``log_markup_elasticity``, less what is usual in the store; NaN where unknown.
        tuning: How precise a markup is.
    """
    variance = np.log1p((elasticity.sd / elasticity.mean) ** 2)
    weight = variance / (variance + tuning.markup_log_sd**2) if tuning.markup_slope > 0.0 else np.zeros_like(variance)
    weight = np.where(np.isfinite(log_implied), weight, 0.0)
    mean = elasticity.mean * np.exp(weight * tuning.markup_slope * np.nan_to_num(log_implied))
    return Estimate(mean=mean, sd=mean * np.sqrt(np.expm1(variance * (1.0 - weight))))


def best_price_cents(
    low: Floats, high: Floats, *, reference: Floats, cost: Floats, elasticity: Estimate, terms: Economics, tuning: PricingTuning
) -> Floats:
    """The price in [low, high] with the highest expected profit in doubt, (k,) minor units; NaN where the cost is unknown.

    E[profit](p) = margin(p) · Σ_j w_j (p/p_ref)^−ε_j over the Gauss–Hermite nodes of the belief about ε, worse by ``tuning.doubt``
    standard deviations on either side of p_ref; on 21 points of the band below p_ref and as many of the band above it.
    """

    def side(bottom: Floats, top: Floats, doubt: float) -> tuple[Floats, Floats]:
        believed = Estimate(mean=elasticity.mean + doubt * elasticity.sd, sd=elasticity.sd)
        return _best_within(bottom, top, reference=reference, cost=cost, elasticity=believed, terms=terms, floor=tuning.elasticity_floor)

    middle = np.minimum(np.maximum(reference, low), high)
    below, lowered = side(low, middle, -tuning.doubt)
    above, raised = side(middle, high, tuning.doubt)
    # a band that lies beside the reference has one side only
    rises = (raised > lowered) | (low >= reference)
    found = np.where(rises & (high > reference), above, below)
    return np.where(np.isnan(cost), np.nan, found)


def _best_within(
    low: Floats, high: Floats, *, reference: Floats, cost: Floats, elasticity: Estimate, terms: Economics, floor: float
) -> tuple[Floats, Floats]:
    """The best point of a grid over [low, high] and its expected profit, (k,) each.

    Only points that can be the best are worked out. Between two points that are, a function whose second derivative is at least −M lies
    above its chord by at most M·(p − p_left)·(p_right − p)/2; points whose bound is below the best profit seen are left out. Here
    profit'' = 2a·D' + margin·D'' with demand D convex and falling, margin rising by a per unit of price, and D'' <= |D'|·(ε_max + 1)/p.
    """
    epsilon = np.maximum(elasticity.mean[:, None] + elasticity.sd[:, None] * _NODES, floor)
    width = high - low
    coarse = low[:, None] + width[:, None] * _GRID[::_STRIDE]
    margin = unit_margin_cents(coarse, cost[:, None], terms)
    demand, slope = _demand(coarse / reference[:, None], epsilon[:, None, :])
    profit = margin * demand
    slope_per_cent = slope[:, :-1] / coarse[:, :-1]
    rise = ((margin[:, -1] - margin[:, 0]) / np.where(width > 0.0, width, 1.0))[:, None]
    loss = np.maximum(-margin[:, :-1], 0.0) * (epsilon[:, -1:] + 1.0) / coarse[:, :-1]
    bulge = (slope_per_cent * (2.0 * rise + loss) * (width[:, None] * (_GRID[_STRIDE] - _GRID[0])) ** 2)[:, :, None]
    chord = profit[:, :-1, None] + (profit[:, 1:] - profit[:, :-1])[:, :, None] * _WITHIN
    best = profit.max(axis=1)
    # a little slack, so that rounding leaves out no point that ties with the best
    hopeful = chord + bulge * (0.5 * _WITHIN * (1.0 - _WITHIN)) >= (best - 1e-9 * np.abs(best))[:, None, None]
    hopeful &= (width > 0.0)[:, None, None]

    profits = np.full((low.size, _GRID.size), -np.inf)
    profits[:, ::_STRIDE] = profit
    rows, cells, inner = np.nonzero(hopeful)
    points = cells * _STRIDE + inner + 1
    price = low[rows] + width[rows] * _GRID[points]
    profits[rows, points] = unit_margin_cents(price, cost[rows], terms) * _demand(price / reference[rows], epsilon[rows])[0]
    chosen = np.argmax(profits, axis=1)
    return low + width * _GRID[chosen], np.take_along_axis(profits, chosen[:, None], axis=1)[:, 0]


def _demand(price_ratio: Floats, epsilon: Floats) -> tuple[Floats, Floats]:
    """Expected demand at prices relative to the reference, and its fall per percent of price: Σ w·r^−ε and Σ w·ε·r^−ε over (…, 5) nodes."""
    log_ratio = np.log(price_ratio)
    demand, slope = np.zeros_like(log_ratio), np.zeros_like(log_ratio)
    for node, share in enumerate(_SHARES):
        sold = np.exp(-epsilon[..., node] * log_ratio) * share
        demand += sold
        slope += epsilon[..., node] * sold
    return demand, slope


def stretched_price_cents(price: Floats, *, on_hand: Floats, units_per_day: Floats, elasticity: Floats, lead_days: float) -> Floats:
    """The price at which stock lasts until it can be replenished; never below ``price``.

    Demand over the lead time is D = units_per_day · lead_days. Where D exceeds the stock S, units that sell anyway should sell dearer:
    p · (D/S)^(1/ε). Unknown or zero stock leaves the price.
    """
    demand = units_per_day * lead_days
    short = np.nonzero((on_hand > 0.0) & (demand > on_hand) & ~np.isnan(price))
    stretched = price.copy()
    stretched[short] *= (demand[short] / on_hand[short]) ** (1.0 / np.maximum(elasticity[short], 0.3))
    return stretched


def is_apart(current: Floats, target: Floats, *, tuning: PricingTuning) -> Bools:
    """(…,) whether a price is further from its target than the deadband; False where either is NaN."""
    apart: Bools = np.abs(target - current) >= tuning.deadband_ratio * current
    return apart


def moved_price_cents(current: Floats, target: Floats, *, reach: tuple[Floats, Floats], may_move: Bools, tuning: PricingTuning) -> Floats:
    """One move towards ``target`` within (low, high) ``reach``, whole minor units; none within the deadband or for a NaN target."""
    return stepped_price_cents(current, target, reach=reach, may_move=may_move & is_apart(current, target, tuning=tuning))


def stepped_price_cents(current: Floats, target: Floats, *, reach: tuple[Floats, Floats], may_move: Bools) -> Floats:
    """The same however near the target is."""
    step = np.minimum(np.maximum(target, reach[0]), reach[1])
    # towards the value in force, so that rounding never makes the step larger than allowed
    whole = np.where(step > current, np.floor(step), np.ceil(step))
    return np.where(may_move, whole, current)
