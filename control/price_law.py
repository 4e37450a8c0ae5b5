"""The pricing law over n stores: which prices may move, where each should go, and one step towards it.

The best price is a search, and what it rests on changes once a day at most. So it is looked for only where a price may move, and kept
with the figures that it rests on until one of them changes.
"""

from __future__ import annotations

import numpy as np

from control import pricing
from control.clipping import price_reach_from
from control.pricing import PricingTuning
from control.sight import Sight
from perception.fields import Field
from perception.state import Estimate
from perception.units import Bools, Floats

_BEST = "best_price_cents"
_TRADE = "trade"


def proposed(kept: dict[str, Floats], s: Sight, tuning: PricingTuning) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
    """(n, m) prices, one step towards the best price for margin and stock, NaN where none moves; the terms of it; and what to keep.

    Args:
        kept: As returned by the call before; empty at first.
        s: What is seen.
        tuning: How prices move.
    """
    course, current = s.course, s.setpoints[Field.PRICE]
    low, high = course.price_low_cents, course.price_high_cents
    rested = s.reach.price_age_s >= max(tuning.interval_s, s.reach.limits.price_min_interval_s)
    may_move = course.covered & (low > 0.0) & (high > low) & (current > 0.0) & rested & ~s.goods.suspect & np.isfinite(s.goods.cost_cents)
    kept = _with_best(kept, may_move, s, tuning)
    best = np.where(may_move, kept[_BEST], np.nan)
    target = pricing.stretched_price_cents(
        best,
        on_hand=s.beliefs.on_hand,
        units_per_day=s.beliefs.organic_units_per_day.mean,
        elasticity=s.beliefs.elasticity.mean,
        lead_days=tuning.lead_days,
    )
    np.minimum(np.maximum(target, low, out=target), high, out=target)
    moved = np.full_like(current, np.nan)
    # a price out of the plan's band comes all the way back into it: that is no matter of taste
    outside = (current < low) | (current > high)
    apart = pricing.is_apart(current, target, tuning=tuning) | (outside & np.isfinite(target))
    if apart.any():
        standing = current[apart]
        reach = price_reach_from(standing, s.reach.price_anchor_24h_cents[apart], s.reach, step_ratio=tuning.step_ratio)
        moved[apart] = pricing.stepped_price_cents(standing, target[apart], reach=reach, may_move=may_move[apart])
    return moved, {_BEST: best, "target_price_cents": target}, kept


def _with_best(kept: dict[str, Floats], wanted: Bools, s: Sight, tuning: PricingTuning) -> dict[str, Floats]:
    """``kept`` with the best prices renewed where they are wanted and what they rest on has changed."""
    elasticity, terms = s.beliefs.elasticity, s.economics
    implied = pricing.log_markup_elasticity(s.goods.anchor_price_cents, s.goods.cost_cents, terms)
    usual = pricing.usual_log_markup_elasticity(implied)[:, None]
    rests_on = {
        "low_cents": s.course.price_low_cents,
        "high_cents": s.course.price_high_cents,
        "reference_cents": s.goods.anchor_price_cents,
        "cost_cents": s.goods.cost_cents,
        "elasticity": elasticity.mean,
        "elasticity_sd": elasticity.sd,
        "usual_log_markup": np.broadcast_to(usual, wanted.shape),
    }
    said = (tuning.elasticity_floor, tuning.doubt, tuning.markup_slope, tuning.markup_log_sd)
    trade = np.array([[terms.fee_ratio, terms.return_rate, terms.return_cost_cents, *said]])
    # a daemon may go on from what an older version kept
    if _BEST not in kept or kept[_TRADE].shape[1] != trade.shape[1]:
        nothing = np.full(wanted.shape, np.nan)
        kept = {_BEST: nothing, _TRADE: trade.repeat(len(wanted), axis=0)} | dict.fromkeys(rests_on, nothing)
    same_trade = kept[_TRADE] == trade
    if not same_trade.all():
        still = np.where(same_trade.all(axis=1, keepdims=True), kept[_BEST], np.nan)
        kept = kept | {_BEST: still, _TRADE: trade.repeat(len(wanted), axis=0)}
    holds = ~np.isnan(kept[_BEST])
    for name, figures in rests_on.items():
        holds &= kept[name] == figures
    stale = wanted & ~holds
    if not stale.any():
        return kept
    low, high, reference, cost, mean, sd, _ = (figures[stale] for figures in rests_on.values())
    believed = pricing.with_markup(Estimate(mean=mean, sd=sd), (implied - usual)[stale], tuning=tuning)
    best = kept[_BEST].copy()
    best[stale] = pricing.best_price_cents(low, high, reference=reference, cost=cost, elasticity=believed, terms=terms, tuning=tuning)
    return {_BEST: best, _TRADE: kept[_TRADE]} | {name: np.where(stale, figures, kept[name]) for name, figures in rests_on.items()}
