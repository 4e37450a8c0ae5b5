"""One hour of sales: the orders that arrive, with and without a click, served from stock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.ad_orders import AdOrders, order_keys, singles
from sim.counts import columns
from sim.randomness import Draw, sku_keys, uniforms
from sim.samplers import picked, poisson
from sim.stock import filled_units
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganicOrders:
    """Orders without a click, each to be paid at the price in force.

    Attributes:
        counts: (N, M) how many.
        cell: (E,) flat cell of each in the market, those of one cell after each other.
        units: (E,) units wanted.
    """

    counts: Ints
    cell: Ints
    units: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesHour:
    """One hour of sales, (N, M) each; ``delivered`` are the ad orders of which something was sold, with the units sold."""

    ad_orders: Ints
    organic_orders: Ints
    units: Ints
    revenue_cents: Ints
    lost_units: Ints
    delivered: AdOrders


def organic_orders(world: World, rate: Floats, *, hour: int) -> OrganicOrders:
    """Draw the hour's orders without a click; ``rate`` is (N, M)."""
    counts = poisson(rate, uniforms(sku_keys(world.cells, Draw.ORGANIC_ORDERS, hour)))
    bought = singles(counts)
    luck = uniforms(order_keys(world.cells, bought, Draw.ORGANIC_UNITS, hour))
    units = picked(world.units_deciles, columns(bought.cell, counts.shape[1]), luck)
    return OrganicOrders(counts=counts, cell=bought.cell, units=units)


def sell(on_hand: Ints, price_cents: Ints, organic: OrganicOrders, arriving: AdOrders) -> SalesHour:
    """Serve orders from stock, what is short is lost.

    Args:
        on_hand: (N, M) units in stock.
        price_cents: (N, M) prices in force.
        organic: Served first.
        arriving: Served after them, those that clicked first coming first.
    """
    wanted = np.zeros_like(on_hand)
    for cell, wanted_units in ((organic.cell, organic.units), (arriving.cell, arriving.units)):
        np.add.at(wanted.reshape(-1), cell, wanted_units)
    units = np.minimum(wanted, on_hand)
    served, delivered, short = organic.counts, arriving, wanted > on_hand
    if short.any():
        refused, sold = _rationed(on_hand, short, organic, arriving)
        served = served - refused
        delivered = arriving.with_units(sold).where(sold > 0)
    cell, revenue_cents = delivered.cell, units * price_cents
    # an order that followed a click pays the price of its click
    np.add.at(revenue_cents.reshape(-1), cell, delivered.units * (delivered.price_cents - price_cents.take(cell)))
    return SalesHour(
        ad_orders=np.bincount(cell, minlength=on_hand.size).reshape(on_hand.shape),
        organic_orders=served,
        units=units,
        revenue_cents=revenue_cents,
        lost_units=wanted - units,
        delivered=delivered,
    )


def _rationed(on_hand: Ints, short: Bools, organic: OrganicOrders, arriving: AdOrders) -> tuple[Ints, Ints]:
    """Serve the orders of the cells that are short, (N, M): how many organic orders get nothing, and (E,) units of each ad order."""
    some = [short.take(cell).nonzero()[0] for cell in (organic.cell, arriving.cell)]
    cell = np.concatenate([organic.cell.take(some[0]), arriving.cell.take(some[1])])
    wanted = np.concatenate([organic.units.take(some[0]), arriving.units.take(some[1])])
    sold = filled_units(on_hand.ravel(), cell, wanted)
    first = some[0].size
    refused = np.bincount(cell[:first][sold[:first] == 0], minlength=on_hand.size).reshape(on_hand.shape)
    ad_units = arriving.units.copy()
    ad_units[some[1]] = sold[first:]
    return refused, ad_units
