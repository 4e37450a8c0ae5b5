"""What a sale leaves to the merchant: one formula, used by estimate, plan, law and score alike."""

from __future__ import annotations

from dataclasses import dataclass

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


def unit_margin_cents(price_cents: Floats, cost_cents: Floats, terms: Economics) -> Floats:
    """Contribution of one unit sold, (…,) minor units, unrounded: kept sales − unit cost of kept units − handling of returns.

    margin = (1 − r)·(price·(1 − fee) − cost) − r·handling. NaN where the cost is NaN.
    """
    kept = 1.0 - terms.return_rate
    return kept * (price_cents * (1.0 - terms.fee_ratio) - cost_cents) - terms.return_rate * terms.return_cost_cents
