"""A window week by week: what the clicks of each week cost and brought, in truth.

A click belongs to the week in which it was made, and so do its cost and the revenue of every order that follows it, whenever that order
arrives: within the week, after it, or after the window. Weeks are seven days from the window's first midnight; what is left of a window
that is no whole number of weeks is a week of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perception.units import Ints
from sim.ad_orders import AdOrders, joined
from sim.moment import HOURS_PER_DAY

WEEK_H = 7 * HOURS_PER_DAY


def weeks_of(hours: int) -> int:
    """Weeks that a window of so many hours touches."""
    return -(-hours // WEEK_H)


def revenue_by_week_cents(orders: Sequence[AdOrders], *, shape: tuple[int, int, int], opened_hour: int) -> Ints:
    """(n, w) revenue of orders by the week of their click; orders that follow a click before the window count nowhere.

    Args:
        orders: Arrived and still to arrive, each once.
        shape: Stores, SKUs and weeks.
        opened_hour: Market hour at which the window began.
    """
    stores, skus, weeks = shape
    table = joined(orders, skus=skus)
    # a window begins with no click: the merchants' own set-points have no bids, but a market could be opened otherwise
    ours = table.where(table.click_hour >= opened_hour)
    cell = ours.store * weeks + (ours.click_hour - opened_hour) // WEEK_H
    # sums of integers far below 2**53: exact
    sums = np.bincount(cell, weights=ours.units * ours.price_cents, minlength=stores * weeks)
    return sums.astype(np.int64).reshape(stores, weeks)
