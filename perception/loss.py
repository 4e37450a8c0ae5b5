"""What the store has surely lost against leaving it alone: a lower bound, so that thin or late figures raise no false alarm.

The last axis is the SKU; leading axes, where there are any, are stores.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from perception.economics import Economics, unit_margin_cents
from perception.state import Estimate
from perception.units import Bools, Floats


def ad_result_cents(
    *, cost_cents: Floats, clicks: Floats, conversions: Floats, maturity: Floats | float, order_margin_cents: Floats, cvr: Estimate
) -> Floats:
    """Profit of one click day's ads for the store, (…), at the optimistic end: what came, what may still come, less the spend.

    Conversions seen are facts, given one Poisson sd for restatement; those to come are counted at the mean plus one sd of the
    conversion rate. Margins that are unknown or negative count as 0.

    Args:
        cost_cents: (…, m) spent that day, as reported.
        clicks: (…, m) of that day.
        conversions: (…, m) of those clicks, as reported so far.
        maturity: One for all or (…, 1), share of its conversions that should have been reported, (0, 1].
        order_margin_cents: (…, m) what one order leaves, NaN where unknown.
        cvr: Orders per click.
    """
    known = np.isfinite(order_margin_cents).all()
    margin = np.maximum(order_margin_cents if known else np.nan_to_num(order_margin_cents), 0.0)
    seen = (margin * conversions).sum(axis=-1) + np.sqrt((margin**2 * (conversions + (clicks > 0.0))).sum(axis=-1))
    pending = (margin * clicks * (1.0 - maturity) * (cvr.mean + cvr.sd)).sum(axis=-1)
    result: Floats = seen + pending - cost_cents.sum(axis=-1)
    return result


def price_result_cents(
    *,
    units: Floats,
    price_cents: Floats,
    anchor_cents: Floats,
    cost_cents: Floats,
    elasticity: Estimate,
    terms: Economics,
) -> float:
    """Sum over m SKUs of ``price_results_cents``; those that have not moved count as 0."""
    moved = np.flatnonzero(has_moved(units=units, price_cents=price_cents, anchor_cents=anchor_cents, cost_cents=cost_cents))
    if moved.size == 0:
        return 0.0
    result = price_results_cents(
        units=units[moved],
        price_cents=price_cents[moved],
        anchor_cents=anchor_cents[moved],
        cost_cents=cost_cents[moved],
        elasticity=Estimate(mean=elasticity.mean[moved], sd=elasticity.sd[moved]),
        terms=terms,
    )
    return float(np.nansum(result))


def has_moved(*, units: Floats, price_cents: Floats, anchor_cents: Floats, cost_cents: Floats) -> Bools:
    """(…, m) SKUs that sold at a price other than the merchant's own, and whose unit cost is known."""
    moved: Bools = (units > 0.0) & (np.abs(price_cents - anchor_cents) > _MOVED_CENTS) & np.isfinite(cost_cents)
    return moved


def price_results_cents(
    *,
    units: Floats,
    price_cents: Floats,
    anchor_cents: Floats,
    cost_cents: Floats,
    elasticity: Estimate,
    terms: Economics,
) -> Floats:
    """Profit of one day's sales of each SKU against the same day at the anchor price, (…, m), at the optimistic end.

    units·m(p) − units·(p / anchor)^e·m(anchor): at constant elasticity the anchor would have sold (p / anchor)^e times as much. Optimistic
    means e one sd higher where the price is below the anchor (more of the sales are owed to it) and one sd lower where it is above.

    Args:
        units: (…, m) sold that day.
        price_cents: (…, m) price they sold at.
        anchor_cents: (…, m) the merchant's own price.
        cost_cents: (…, m) unit cost; NaN gives NaN.
        elasticity: Magnitudes.
        terms: Fees and returns.
    """
    doubt = np.where(price_cents < anchor_cents, elasticity.sd, -elasticity.sd)
    exponent = np.maximum(elasticity.mean + doubt, 0.0)
    at_anchor = (price_cents / anchor_cents) ** exponent * unit_margin_cents(anchor_cents, cost_cents, terms)
    return units * (unit_margin_cents(price_cents, cost_cents, terms) - at_anchor)


_MOVED_CENTS = 0.5
"""Prices are whole; a smaller difference is what averaging over the day leaves behind."""


def window_loss_cents(result_by_day_cents: Mapping[int, Floats | float], *, today: int, day_fraction: float, days: int) -> Floats:
    """Loss, (…), over the last ``days`` · 24 h, >= 0: today, the whole days before it, and the rest of the day at the far end.

    Args:
        result_by_day_cents: Profit against the baseline per store-local day; absent days count as 0.
        today: Ordinal of today.
        day_fraction: How much of it has passed.
        days: Length of the window.
    """
    whole = sum(result_by_day_cents.get(today - back, 0.0) for back in range(days))
    loss: Floats = 0.0 + np.maximum(0.0, -(whole + (1.0 - day_fraction) * result_by_day_cents.get(today - days, 0.0)))
    return loss
