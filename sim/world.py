"""One world per seed: what is true of each store and stays true, drawn around the fitted and assumed figures of the market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.conversion import delay_shares
from sim.parameters.market import Conversion, MarketParameters
from sim.parameters.store_spread import StoreSpread
from sim.randomness import Draw, Keys, cells, normals, sku_normals, split, store_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The truth about N stores × M SKUs, R rivals, C campaigns. Never shown to a controller; tests and the oracle may look.

    Attributes:
        cells: (N, M) the unchanging part of every SKU's draws, ``sim.randomness.cells``.
        reference_price_cents: (N, M) price at which the other figures hold, whole minor units.
        cost_cents: (N, M) what one unit costs the merchant, whole minor units.
        orders_per_day: (N, M) organic orders of the average day at the reference price.
        order_level: (N, 1) the part of it that the whole store shares, as a multiple of the market's: its merchant reckons with it.
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

    cells: Keys
    reference_price_cents: Floats
    cost_cents: Floats
    orders_per_day: Floats
    order_level: Floats
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLevels:
    """What the products of a store share, (N, 1) each: factors on prices, orders and elasticities, and a shift of the margins' logit."""

    price: Floats
    margin_logit: Floats
    orders: Floats
    elasticity: Floats


def store_levels(spread: StoreSpread | None, *, seeds: Ints) -> StoreLevels:
    """Draw the levels of each store; all neutral without spread."""
    if spread is None:
        ones = np.ones((seeds.size, 1))
        return StoreLevels(price=ones, margin_logit=np.zeros_like(ones), orders=ones, elasticity=ones)
    drawn = normals(split(store_keys(seeds, Draw.STORE_LEVELS, 0), 4))
    return StoreLevels(
        price=np.exp(spread.price_log_sd * drawn[:, :1]),
        margin_logit=spread.margin_logit_sd * drawn[:, 1:2],
        orders=np.exp(spread.order_log_sd * drawn[:, 2:3]),
        elasticity=np.exp(spread.elasticity_log_sd * drawn[:, 3:]),
    )


def prices_and_costs(parameters: MarketParameters, levels: StoreLevels) -> tuple[Floats, Floats]:
    """The merchants' own prices and unit costs, (N, M) each, whole minor units, at least 1."""
    price = np.maximum(np.rint(np.array(parameters.assortment.price_cents) * levels.price), 1.0)
    margin = np.array(parameters.costs.gross_margin_ratio)
    # 1 − margin after a shift of its logit; exactly the market's own where nothing is shifted
    odds = np.exp(levels.margin_logit)
    cost_ratio = (1.0 - margin) / (1.0 - margin + margin * odds)
    return price, np.maximum(np.rint(price * cost_ratio), 1.0)


def truth(parameters: MarketParameters, *, seeds: Ints) -> World:
    """The world behind each seed, (N,) any integers; rows do not depend on which other seeds are asked for."""
    assortment, demand, traffic = parameters.assortment, parameters.demand, parameters.traffic
    skus = len(assortment.skus)
    levels = store_levels(parameters.stores, seeds=seeds)
    price, cost = prices_and_costs(parameters, levels)
    own_level = np.exp(demand.order_level_log_sd * sku_normals(seeds, Draw.ORDER_LEVEL, 0, skus))
    orders = np.array(demand.orders_per_day) * levels.orders * own_level
    own_elasticity = np.exp(np.array(demand.elasticity_log_sd) * sku_normals(seeds, Draw.ELASTICITY, 0, skus))
    return World(
        cells=cells(seeds, skus),
        reference_price_cents=price,
        cost_cents=cost,
        orders_per_day=orders,
        order_level=levels.orders,
        units_deciles=np.array(demand.units_deciles, dtype=np.int64),
        launch_day=np.where(assortment.is_new, parameters.shop.first_day.toordinal(), 0),
        dispersion=np.array(demand.dispersion),
        elasticity=np.array(demand.elasticity) * levels.elasticity * own_elasticity,
        searches_per_day=np.maximum(orders * traffic.searches_per_order, traffic.minimum_searches_per_day),
        ctr=_click_rates(parameters.conversion, seeds, skus),
        cvr=_order_rates(parameters.conversion, seeds, skus),
        rival_log_bid=_rival_log_bids(parameters, seeds, skus) + np.log(levels.price)[:, :, None],
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
