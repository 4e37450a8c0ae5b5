"""Orders that follow a click: one row each, from the click to the day on which no report will change any more."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.conversion import delay_hours
from sim.parameters import Reporting
from sim.randomness import Draw, at_index, split, store_keys, uniforms
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class AdOrders:
    """E orders after a click, every array (E,) int64; hours count from the first local midnight of the market.

    Attributes:
        store, sku: Row and column of the market.
        click_hour: When the ad was clicked.
        arrival_hour: When the order is placed, >= click_hour.
        price_cents: Price of one unit when the ad was clicked; it holds for the order.
        units: Units wanted, and once arrived, units sold.
        settles_h: Hours after the order's arrival at which its restatement ends; 0 when it is never restated.
        surplus: What reports show too much until then: −1 for an order withheld, +1 for one counted twice, 0 otherwise.
    """

    store: Ints
    sku: Ints
    click_hour: Ints
    arrival_hour: Ints
    price_cents: Ints
    units: Ints
    settles_h: Ints
    surplus: Ints

    def where(self, chosen: Bools) -> AdOrders:
        """The chosen rows."""
        return AdOrders(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})

    def followed_by(self, other: AdOrders) -> AdOrders:
        """These rows, then the other's."""
        return AdOrders(**{item.name: np.concatenate([getattr(self, item.name), getattr(other, item.name)]) for item in fields(self)})


def no_orders() -> AdOrders:
    """No rows."""
    return AdOrders(**{item.name: np.zeros(0, dtype=np.int64) for item in fields(AdOrders)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """E single clicks of one hour, every array (E,): store, SKU, and a number that is the same for the same click under any policy."""

    store: Ints
    sku: Ints
    number: Ints


def single_clicks(clicks: Ints) -> Clicks:
    """Spread counts (N, M, K) into single clicks, numbered by moment and place within the moment."""
    store, sku, moment = np.nonzero(clicks)
    counts = clicks[store, sku, moment]
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    spread = (np.repeat(item, counts) for item in (store, sku, moment))
    stores, skus, moments = spread
    return Clicks(store=stores, sku=skus, number=place * clicks.shape[2] + moments)


def orders_from(
    clicks: Clicks,
    order_per_click: Floats,
    price_cents: Ints,
    world: World,
    reporting: Reporting,
    *,
    seeds: Ints,
    hour: int,
) -> AdOrders:
    """Decide which clicks become orders, of how many units, when they arrive, and how reports will misstate them.

    Args:
        clicks: The hour's clicks.
        order_per_click: (N, M) chance of an order.
        price_cents: (N, M) prices in force.
        world: The truth.
        reporting: How orders are restated.
        seeds: (N,) of the stores.
        hour: Of the clicks.
    """

    def draws(draw: Draw, of: Clicks) -> Floats:
        keys = split(store_keys(seeds, draw, hour), price_cents.shape[1])
        return uniforms(at_index(keys[of.store, of.sku], of.number))

    bought = draws(Draw.CONVERTS, clicks) < order_per_click[clicks.store, clicks.sku]
    buyers = Clicks(store=clicks.store[bought], sku=clicks.sku[bought], number=clicks.number[bought])
    if buyers.store.size == 0:
        return no_orders()
    decile = (draws(Draw.AD_UNITS, buyers) * world.units_deciles.shape[1]).astype(np.int64)
    misstated = draws(Draw.RESTATEMENT, buyers)
    withheld = misstated < reporting.withheld_share
    doubled = ~withheld & (misstated < reporting.withheld_share + reporting.doubled_share)
    settles = 1 + (draws(Draw.RESTATEMENT_DELAY, buyers) * reporting.restated_for_h).astype(np.int64)
    return AdOrders(
        store=buyers.store,
        sku=buyers.sku,
        click_hour=np.full_like(buyers.store, hour),
        arrival_hour=hour + delay_hours(world.delay_cumulative, draws(Draw.CONVERSION_DELAY, buyers)),
        price_cents=price_cents[buyers.store, buyers.sku],
        units=world.units_deciles[buyers.sku, decile],
        settles_h=np.where(withheld | doubled, settles, 0),
        surplus=doubled.astype(np.int64) - withheld,
    )
