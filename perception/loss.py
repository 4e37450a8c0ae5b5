"""What the store has surely lost against leaving it alone: a lower bound, so that thin or late figures raise no false alarm."""

from __future__ import annotations

import numpy as np

from perception.economics import Economics, unit_margin_cents
from perception.state import Estimate
from perception.units import Floats


def ad_result_cents(
    *, cost_cents: Floats, clicks: Floats, conversions: Floats, maturity: float, order_margin_cents: Floats, cvr: Estimate
) -> float:
    """Profit of one click day's ads for the store, at the optimistic end: what came, what may still come, less the spend.

    Conversions seen are facts, given one Poisson sd for restatement; those to come are counted at the mean plus one sd of the
    conversion rate. Margins that are unknown or negative count as 0.

    Args:
        cost_cents: (m,) spent that day, as reported.
        clicks: (m,) of that day.
        conversions: (m,) of those clicks, as reported so far.
        maturity: Share of its conversions that should have been reported, (0, 1].
        order_margin_cents: (m,) what one order leaves, NaN where unknown.
        cvr: Orders per click.
    """
    margin = np.maximum(np.nan_to_num(order_margin_cents), 0.0)
    seen = float((margin * conversions).sum() + np.sqrt((margin**2 * (conversions + (clicks > 0.0))).sum()))
    pending = float((margin * clicks * (1.0 - maturity) * (cvr.mean + cvr.sd)).sum())
    return seen + pending - float(cost_cents.sum())


def price_result_cents(
    *,
    units: Floats,
    price_cents: Floats,
    anchor_cents: Floats,
    cost_cents: Floats,
    elasticity: Estimate,
    terms: Economics,
) -> float:
    """Profit of one day's sales against the same day at the anchor prices, at the optimistic end.

    units·m(p) − units·(p / anchor)^e·m(anchor): at constant elasticity the anchor would have sold (p / anchor)^e times as much. Optimistic
    means e one sd higher where the price is below the anchor (more of the sales are owed to it) and one sd lower where it is above.
    SKUs of unknown cost or price count as 0.

    Args:
        units: (m,) sold that day.
        price_cents: (m,) price they sold at.
        anchor_cents: (m,) the merchant's own price.
        cost_cents: (m,) unit cost.
        elasticity: Magnitudes.
        terms: Fees and returns.
    """
    moved = np.flatnonzero((units > 0.0) & (np.abs(price_cents - anchor_cents) > _MOVED_CENTS) & np.isfinite(cost_cents))
    if moved.size == 0:
        return 0.0
    price, anchor, cost = price_cents[moved], anchor_cents[moved], cost_cents[moved]
    doubt = np.where(price < anchor, elasticity.sd[moved], -elasticity.sd[moved])
    exponent = np.maximum(elasticity.mean[moved] + doubt, 0.0)
    at_anchor = (price / anchor) ** exponent * unit_margin_cents(anchor, cost, terms)
    result = units[moved] * (unit_margin_cents(price, cost, terms) - at_anchor)
    return float(np.nansum(result))


_MOVED_CENTS = 0.5
"""Prices are whole; a smaller difference is what averaging over the day leaves behind."""


def window_loss_cents(result_by_day_cents: dict[int, float], *, today: int, day_fraction: float, days: int) -> float:
    """Loss over the last ``days`` · 24 h, >= 0: today, the whole days before it, and the rest of the day at the far end.

    Args:
        result_by_day_cents: Profit against the baseline per store-local day; absent days count as 0.
        today: Ordinal of today.
        day_fraction: How much of it has passed.
        days: Length of the window.
    """
    whole = sum(result_by_day_cents.get(today - back, 0.0) for back in range(days))
    return max(0.0, -(whole + (1.0 - day_fraction) * result_by_day_cents.get(today - days, 0.0)))
