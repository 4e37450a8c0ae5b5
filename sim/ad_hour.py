"""One hour of ads: rivals and auctions, views and clicks, within what the campaigns may still spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.auction import place, rival_bids_cents, rival_hour_spend, rivals_present
from sim.campaign_budget import affordable_clicks
from sim.day_effects import DayEffects
from sim.demand import on_sale, search_index, traffic_share
from sim.moment import Moment
from sim.parameters import MarketParameters
from sim.randomness import Draw, poisson, sku_uniforms, split, store_keys, uniforms
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHour:
    """What the ads of one hour brought: (N, M) impressions and cost_cents, (N, M, K) clicks in K moments."""

    impressions: Ints
    clicks: Ints
    cost_cents: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalHour:
    """Rivals in one hour.

    Attributes:
        present: (N, K, R) who can still pay in each sampled auction.
        spent_after: (N, R) what each has spent when the hour is over, as a share of a usual day.
    """

    present: Bools
    spent_after: Floats


def rival_hour(parameters: MarketParameters, today: DayEffects, spent: Floats, *, seeds: Ints, moment: Moment) -> RivalHour:
    """Let the rivals spend one hour of their budgets; ``spent`` is (N, R) before it."""
    share = traffic_share(parameters.demand, parameters.traffic, moment.day, moment.hour_of_day)
    spend = rival_hour_spend(parameters.auction, seeds=seeds, hour=moment.hour, traffic_share=share)
    return RivalHour(
        present=rivals_present(today.rival_budget, spent, spend, auctions=parameters.auction.sampled_auctions),
        spent_after=np.minimum(spent + spend, today.rival_budget),
    )


def advertise(
    parameters: MarketParameters,
    world: World,
    today: DayEffects,
    rivals: RivalHour,
    *,
    seeds: Ints,
    moment: Moment,
    bid_cents: Ints,
    left: Ints,
) -> AdHour:
    """Hold the hour's auctions.

    Args:
        parameters, world, today, rivals: The market, its truth, today's luck, and who bids against us.
        seeds: (N,) of the stores.
        moment: Which hour.
        bid_cents: (N, M) our bids.
        left: (N, C) what each campaign may still spend today; the hour never costs more.
    """
    if not bid_cents.any():
        return _nothing(world.ctr.shape, parameters.auction.sampled_auctions)
    auction = parameters.auction
    bids = rival_bids_cents(auction, world, seeds=seeds, hour=moment.hour, log_cpc_drift=today.log_cpc_drift)
    placed = place(bid_cents, bids * rivals.present[:, None], exposures=auction.exposures, reserve_cents=auction.reserve_cents)
    season = search_index(parameters.demand, parameters.traffic, moment.day, moment.hour_of_day) * on_sale(world, moment.day)
    searches = world.searches_per_day * season
    ctr = np.minimum(world.ctr * today.ctr, 1.0)
    views = searches[:, :, None] / auction.sampled_auctions * placed.exposure
    keys = split(store_keys(seeds, Draw.CLICKS, moment.hour), ctr.shape[1])
    offered = poisson(views * ctr[:, :, None], uniforms(split(keys, auction.sampled_auctions)))
    clicks, shown = affordable_clicks(offered, placed.click_price_cents, world.campaign_members, left)
    # clicks and views without a click are independent Poisson counts: splitting by CTR is exact
    unclicked = poisson((views * shown).sum(axis=2) * (1.0 - ctr), sku_uniforms(seeds, Draw.VIEWS, moment.hour, ctr.shape[1]))
    return AdHour(impressions=unclicked + clicks.sum(axis=2), clicks=clicks, cost_cents=(clicks * placed.click_price_cents).sum(axis=2))


def _nothing(shape: tuple[int, ...], moments: int) -> AdHour:
    """What the auction gives those who do not bid, without holding it."""
    return AdHour(
        impressions=np.zeros(shape, dtype=np.int64),
        clicks=np.zeros((*shape, moments), dtype=np.int64),
        cost_cents=np.zeros(shape, dtype=np.int64),
    )
