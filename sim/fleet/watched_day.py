"""One day of a fleet that was watched to its end."""

from __future__ import annotations

from dataclasses import dataclass

from perception.units import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedDay:
    """A whole day of the window, (n, m) each.

    Attributes:
        log_price: Mean log price in force.
        stocked: Share of the day in which the SKU could be bought.
        demand: Demand at the day's price against that at the merchant's own, (anchor / price)^e.
    """

    log_price: Floats
    stocked: Floats
    demand: Floats
