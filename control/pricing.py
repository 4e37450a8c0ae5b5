"""Pricing: the margin rule under uncertain elasticity, aware of stock, within the plan's band. One vectorised law over all SKUs.

With constant elasticity ε demand is q·(p/p₀)^−ε and the best price is p* = c·ε/(ε−1) (Lerner). ε is only believed with an uncertainty,
so the law maximises *expected* profit over that belief instead of trusting one number; with ε ≤ 1 the optimum is the band's upper end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from perception.economics import Economics, unit_margin_cents
from perception.state import Estimate
from perception.units import AS_SETTINGS, Bools, Floats

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_GRID = np.linspace(0.0, 1.0, 41)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingTuning:
    """How prices move.

    Attributes:
        step_ratio: Largest change in one move, below the gate's own limit.
        interval_s: Shortest time between two moves of one SKU, at least the gate's own limit.
        deadband_ratio: Differences to the target below this are left alone: every write costs trust.
        elasticity_floor: Smallest elasticity believed possible, > 0.
        lead_days: Days of sales the stock should cover before the price is raised to stretch it.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    step_ratio: float = 0.04
    interval_s: float = 12.0 * 3600.0
    deadband_ratio: float = 0.02
    elasticity_floor: float = 0.3
    lead_days: float = 14.0


def best_price_cents(
    low: Floats, high: Floats, *, reference: Floats, cost: Floats, elasticity: Estimate, terms: Economics, floor: float
) -> Floats:
    """The price in [low, high] with the highest expected profit, (m,) minor units; NaN where the cost is unknown.

    E[profit](p) = margin(p) · Σ_k w_k (p/p_ref)^−ε_k over the Gauss–Hermite nodes of the belief about ε, on a 41-point grid of the band.
    """
    epsilon = np.maximum(elasticity.mean[:, None] + elasticity.sd[:, None] * _NODES, floor)
    price = low[:, None] + (high - low)[:, None] * _GRID
    log_ratio = np.log(price / reference[:, None])
    demand = np.einsum("mkg,k->mg", np.exp(-epsilon[:, :, None] * log_ratio[:, None, :]), _WEIGHTS / _WEIGHTS.sum())
    profit = unit_margin_cents(price, cost[:, None], terms) * demand
    chosen = np.argmax(np.where(np.isnan(profit), -np.inf, profit), axis=1)
    best = np.take_along_axis(price, chosen[:, None], axis=1)[:, 0]
    return np.where(np.isnan(cost), np.nan, best)


def stretched_price_cents(price: Floats, *, on_hand: Floats, units_per_day: Floats, elasticity: Floats, lead_days: float) -> Floats:
    """The price at which stock lasts until it can be replenished; never below ``price``.

    Demand over the lead time is D = units_per_day · lead_days. Where D exceeds the stock S, units that sell anyway should sell dearer:
    p · (D/S)^(1/ε). Unknown or zero stock leaves the price.
    """
    demand = units_per_day * lead_days
    short = (on_hand > 0.0) & (demand > on_hand)
    ratio = np.where(short, demand / np.where(short, on_hand, 1.0), 1.0)
    return price * ratio ** (1.0 / np.maximum(elasticity, 0.3))


def moved_price_cents(current: Floats, target: Floats, *, reach: tuple[Floats, Floats], may_move: Bools, tuning: PricingTuning) -> Floats:
    """One move towards ``target`` within (low, high) ``reach``, whole minor units; none within the deadband or for a NaN target."""
    step = np.clip(target, *reach)
    # towards the value in force, so that rounding never makes the step larger than allowed
    whole = np.where(step > current, np.floor(step), np.ceil(step))
    worth = np.abs(target / current - 1.0) >= tuning.deadband_ratio
    return np.where(may_move & worth & np.isfinite(target), whole, current)
