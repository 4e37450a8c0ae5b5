"""What a sale leaves to the merchant: one formula, used by estimate, plan, law and score alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """The merchant's terms of trade.

    Attributes:
        fee_ratio: Payment and marketplace fees, share of the price, [0, 1).
        return_rate: Expected share of units that come back, [0, 1).
        return_rate_upper: The same at its upper quantile, [return_rate, 1).
        return_cost_cents: What handling one returned unit costs, >= 0; the goods go back into stock.
    """

    fee_ratio: float
    return_rate: float
    return_rate_upper: float
    return_cost_cents: int


def contribution_cents(revenue_cents: Floats, units: Floats, cost_cents: Floats, terms: Economics) -> Floats:
    """What sales leave before ad spend, (…,) minor units, unrounded: kept sales − cost of kept units − handling of returns.

    contribution = (1 − r)·(revenue·(1 − fee) − units·cost) − r·units·handling. NaN where the unit cost is NaN.
    """
    kept = 1.0 - terms.return_rate
    return kept * (revenue_cents * (1.0 - terms.fee_ratio) - units * cost_cents) - terms.return_rate * units * terms.return_cost_cents


def unit_margin_cents(price_cents: Floats, cost_cents: Floats, terms: Economics) -> Floats:
    """Contribution of one unit sold at ``price_cents``, (…,) minor units, unrounded. NaN where the cost is NaN."""
    return contribution_cents(price_cents, np.ones_like(price_cents), cost_cents, terms)
