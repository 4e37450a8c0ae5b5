"""One hour of sales: the orders that arrive, with and without a click, served from stock."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.units import Floats, Ints
from sim.ad_orders import AdOrders, single_clicks
from sim.day_effects import DayEffects
from sim.demand import hour_index, on_sale, units_of_orders
from sim.moment import Moment
from sim.parameters import MarketParameters
from sim.randomness import Draw, at_index, poisson, sku_uniforms, split, store_keys, uniforms
from sim.stock import filled_units
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganicOrders:
    """E orders without a click, (E,) each: store, SKU, units wanted and the price of one, minor units."""

    store: Ints
    sku: Ints
    units: Ints
    price_cents: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesHour:
    """One hour of sales, (N, M) each; ``delivered`` are the ad orders of which something was sold, with the units sold."""

    ad_orders: Ints
    organic_orders: Ints
    units: Ints
    revenue_cents: Ints
    lost_units: Ints
    delivered: AdOrders


def organic_rate(parameters: MarketParameters, world: World, today: DayEffects, effect: Floats, *, moment: Moment) -> Floats:
    """Organic orders expected in one hour, (N, M): level × season × today's luck × price effect."""
    season = hour_index(parameters.demand, moment.day, moment.hour_of_day) * on_sale(world, moment.day)
    return world.orders_per_day * season * today.demand * effect


def organic_orders(world: World, rate: Floats, price_cents: Ints, *, seeds: Ints, hour: int) -> OrganicOrders:
    """Draw the hour's orders without a click, at the prices in force; ``rate`` and ``price_cents`` are (N, M)."""
    skus = rate.shape[1]
    counts = poisson(rate, sku_uniforms(seeds, Draw.ORGANIC_ORDERS, hour, skus))
    orders = single_clicks(counts[:, :, None])
    keys = split(store_keys(seeds, Draw.ORGANIC_UNITS, hour), skus)[orders.store, orders.sku]
    return OrganicOrders(
        store=orders.store,
        sku=orders.sku,
        units=units_of_orders(world.units_deciles, orders.sku, uniforms(at_index(keys, orders.number))),
        price_cents=price_cents[orders.store, orders.sku],
    )


def sell(on_hand: Ints, organic: OrganicOrders, arriving: AdOrders) -> SalesHour:
    """Serve orders from stock (N, M): organic ones, then ad orders, those that clicked first coming first; what is short is lost."""
    skus = on_hand.shape[1]
    row = np.concatenate([organic.store * skus + organic.sku, arriving.store * skus + arriving.sku])
    wanted = np.concatenate([organic.units, arriving.units])
    price = np.concatenate([organic.price_cents, arriving.price_cents])
    sold = filled_units(on_hand.ravel(), row, wanted)
    served, from_ads = sold > 0, np.arange(row.size) >= organic.store.size

    def per_sku(weights: Ints) -> Ints:
        # exact: sums of integers far below 2**53
        summed = np.bincount(row, weights=weights, minlength=on_hand.size)
        return summed.reshape(on_hand.shape).astype(np.int64)

    kept = replace(arriving, units=sold[organic.store.size :])
    return SalesHour(
        ad_orders=per_sku((served & from_ads).astype(np.int64)),
        organic_orders=per_sku((served & ~from_ads).astype(np.int64)),
        units=per_sku(sold),
        revenue_cents=per_sku(sold * price),
        lost_units=per_sku(wanted - sold),
        delivered=kept.where(kept.units > 0),
    )
