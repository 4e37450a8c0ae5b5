"""Stock: what can be sold is what is there; replenishment by an (s, S) rule with a lead time.

(s, S) policies: Scarf 1960; reviewed once a day, one delivery under way at a time per SKU.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Floats, Ints
from sim.counts import queues
from sim.parameters.market import Stock
from sim.randomness import Draw, sku_uniforms
from sim.samplers import whole_numbers

NOT_ON_ORDER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Units of each SKU, all (N, M): in the shop; under way; and the day index on which they arrive, ``NOT_ON_ORDER`` when none are."""

    on_hand: Ints
    on_order: Ints
    due_day: Ints


def opening(stock: Stock, usual_units_per_day: Floats, *, seeds: Ints) -> Inventory:
    """Stock of the first morning: evenly between the initial days of usual sales, (M,) or (N, M), at least one unit, nothing under way."""
    uniform = sku_uniforms(seeds, Draw.INITIAL_STOCK, 0, usual_units_per_day.shape[-1])
    days = stock.initial_low_days + (stock.initial_high_days - stock.initial_low_days) * uniform
    on_hand = np.maximum(np.ceil(days * usual_units_per_day), 1.0).astype(np.int64)
    return Inventory(on_hand=on_hand, on_order=np.zeros_like(on_hand), due_day=np.full_like(on_hand, NOT_ON_ORDER))


def replenished(inventory: Inventory, stock: Stock, usual_units_per_day: Floats, *, seeds: Ints, day: int) -> Inventory:
    """What midnight brings on day index ``day``: the deliveries due, then new orders where stock fell to the reorder point."""
    arrives = inventory.due_day == day
    on_hand = inventory.on_hand + np.where(arrives, inventory.on_order, 0)
    on_order = np.where(arrives, 0, inventory.on_order)
    reorders = (on_order == 0) & (on_hand <= stock.reorder_days * usual_units_per_day)
    target = order_up_to(stock, usual_units_per_day)
    lead = _lead_days(stock, seeds=seeds, day=day, skus=usual_units_per_day.shape[-1])
    due = np.where(arrives, NOT_ON_ORDER, inventory.due_day)
    return Inventory(
        on_hand=on_hand,
        on_order=np.where(reorders, np.maximum(target - on_hand, 1), on_order),
        due_day=np.where(reorders, day + lead, due),
    )


def order_up_to(stock: Stock, usual_units_per_day: Floats) -> Ints:
    """S of the (s, S) rule: units that an order brings stock up to, at least one."""
    return np.maximum(np.ceil(stock.order_up_to_days * usual_units_per_day), 1.0).astype(np.int64)


def _lead_days(stock: Stock, *, seeds: Ints, day: int, skus: int) -> Ints:
    return whole_numbers(stock.lead_time_low_days, stock.lead_time_high_days, sku_uniforms(seeds, Draw.LEAD_TIME, day, skus))


def filled_units(on_hand: Ints, row: Ints, units: Ints) -> Ints:
    """Units of each order that can be delivered, first come first served; an order that exceeds the rest gets the rest.

    Args:
        on_hand: (rows,) units in stock.
        row: (orders,) which stock each order draws on, in the order they are served.
        units: (orders,) units wanted, > 0.

    Returns:
        (orders,) units delivered, 0 where the stock is out.
    """
    if row.size == 0:
        return units
    by_row = row.argsort(kind="stable")
    wanted, rows = units.take(by_row), row.take(by_row)
    left = on_hand.take(rows) - queues(rows).before_each(wanted)
    filled = np.empty_like(units)
    filled[by_row] = np.minimum(np.maximum(left, 0), wanted)
    return filled
