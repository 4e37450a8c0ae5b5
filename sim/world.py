"""One world per seed: what is true of each store and stays true, drawn around the fitted and assumed figures of the market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.conversion import delay_shares
from sim.parameters import Conversion, MarketParameters
from sim.randomness import Draw, normals, sku_normals, split, store_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The truth about N stores × M SKUs, R rivals, C campaigns. Never shown to a controller; tests and the oracle may look.

    Attributes:
        reference_price_cents: (M,) price at which the other figures hold.
        cost_cents: (M,) what one unit costs the merchant, whole minor units.
        orders_per_day: (N, M) organic orders of the average day at the reference price.
        units_deciles: (M, 10) units in one order, see ``Demand.units_deciles``.
        launch_day: (M,) date ordinal before which a SKU is not sold nor searched for: the shop's first day for launches, else 0.
        dispersion: (M,) extra dispersion of daily orders.
        elasticity: (N, M) own-price elasticity, magnitude.
        searches_per_day: (N, M) of the average day.
        ctr, cvr: (N, M) click per impression; order per click at the reference price.
        rival_log_bid: (N, M, R) log of the middle of a rival's bids, minor units.
        campaign_members: (C, M) which SKU is in which campaign.
        delay_cumulative: (L,) chance that a conversion arrives within so many hours after the hour of the click.
    """

    reference_price_cents: Floats
    cost_cents: Floats
    orders_per_day: Floats
    units_deciles: Ints
    launch_day: Ints
    dispersion: Floats
    elasticity: Floats
    searches_per_day: Floats
    ctr: Floats
    cvr: Floats
    rival_log_bid: Floats
    campaign_members: Bools
    delay_cumulative: Floats

    @property
    def mean_units(self) -> Floats:
        """(M,) expected units of one order."""
        mean: Floats = self.units_deciles.mean(axis=1)
        return mean


def truth(parameters: MarketParameters, *, seeds: Ints) -> World:
    """The world behind each seed, (N,) any integers; rows do not depend on which other seeds are asked for."""
    assortment, demand, traffic = parameters.assortment, parameters.demand, parameters.traffic
    price = np.array(assortment.price_cents, dtype=np.float64)
    skus = price.size
    level = np.exp(demand.order_level_log_sd * sku_normals(seeds, Draw.ORDER_LEVEL, 0, skus))
    orders = np.array(demand.orders_per_day) * level
    return World(
        reference_price_cents=price,
        cost_cents=np.rint(price * (1.0 - np.array(parameters.costs.gross_margin_ratio))),
        orders_per_day=orders,
        units_deciles=np.array(demand.units_deciles, dtype=np.int64),
        launch_day=np.where(assortment.is_new, parameters.shop.first_day.toordinal(), 0),
        dispersion=np.array(demand.dispersion),
        elasticity=np.array(demand.elasticity) * np.exp(np.array(demand.elasticity_log_sd) * sku_normals(seeds, Draw.ELASTICITY, 0, skus)),
        searches_per_day=np.maximum(orders * traffic.searches_per_order, traffic.minimum_searches_per_day),
        ctr=_click_rates(parameters.conversion, seeds, skus),
        cvr=_order_rates(parameters.conversion, seeds, skus),
        rival_log_bid=_rival_log_bids(parameters, seeds, skus),
        campaign_members=np.arange(len(assortment.campaigns))[:, None] == np.array(assortment.campaign_of)[None, :],
        delay_cumulative=np.cumsum(delay_shares(parameters.conversion)),
    )


def _click_rates(conversion: Conversion, seeds: Ints, skus: int) -> Floats:
    spread = conversion.ctr_log_sd * sku_normals(seeds, Draw.CTR, 0, skus)
    return np.minimum(conversion.ctr * np.exp(spread), 0.5)


def _order_rates(conversion: Conversion, seeds: Ints, skus: int) -> Floats:
    spread = conversion.cvr_log_sd * sku_normals(seeds, Draw.CVR, 0, skus)
    return np.minimum(conversion.cvr * np.exp(spread), conversion.cvr_maximum)


def _rival_log_bids(parameters: MarketParameters, seeds: Ints, skus: int) -> Floats:
    auction = parameters.auction
    keys = split(split(store_keys(seeds, Draw.RIVAL_LEVEL, 0), skus), auction.rivals)
    level: Floats = np.log(auction.median_bid_cents) + auction.bid_log_sd_between * normals(keys)
    return level
