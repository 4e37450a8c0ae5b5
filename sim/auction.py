"""The ad auction: generalised second price over a few slots, against rivals whose daily budgets run out.

Each hour a handful of auctions is drawn per SKU, and each stands for an equal share of the hour's searches, in the order of time. The
rivals' bids, and how fast their budgets go, do not depend on our bids: they buy in a market in which one store is small. That keeps
exogenous randomness free of actions, and makes the best response in hindsight well defined.

Generalised second price: Edelman, Ostrovsky & Schwarz, American Economic Review 2007.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.parameters import Auction
from sim.randomness import Draw, normals, split, store_keys, uniforms
from sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What our bids win in K sampled auctions of one hour.

    Attributes:
        exposure: (N, M, K) chance that our ad is seen in one search, [0, 1].
        click_price_cents: (N, M, K) what a click costs, whole minor units, between the reserve and our bid; 0 where nothing is won.
    """

    exposure: Floats
    click_price_cents: Ints


def rival_bids_cents(auction: Auction, world: World, *, seeds: Ints, hour: int, log_cpc_drift: Floats) -> Floats:
    """Bids of all rivals, (N, M, K, R) minor units, as if none had run out; lognormal around each rival's level on each SKU."""
    skus = world.reference_price_cents.size
    keys = split(split(split(store_keys(seeds, Draw.RIVAL_BID, hour), skus), auction.sampled_auctions), auction.rivals)
    noise = auction.bid_log_sd_within * normals(keys)
    bids: Floats = np.exp(world.rival_log_bid[:, :, None, :] + log_cpc_drift[:, None, None, None] + noise)
    return bids


def place(bid_cents: Ints, rival_bids: Floats, *, exposures: tuple[float, ...], reserve_cents: int) -> Placement:
    """Rank our bid among the rivals' in each auction; the winner of a slot pays the next bid below, or the reserve, rounded up.

    Args:
        bid_cents: (N, M) our bids; 0 or less than the reserve takes no part.
        rival_bids: (N, M, K, R) the bids of rivals that still have money; 0 for the others.
        exposures: Chance that a slot is seen, from the top; a rank beyond the last slot is not seen.
        reserve_cents: Lowest price of a click.
    """
    bid = bid_cents[:, :, None].astype(np.float64)
    above = rival_bids > bid[..., None]
    by_rank = np.array([*exposures, 0.0])
    rank = np.minimum(above.sum(axis=-1), len(exposures))
    exposure = np.where(bid >= reserve_cents, by_rank[rank], 0.0)
    next_bid = np.where(above, 0.0, rival_bids).max(axis=-1)
    price = np.ceil(np.maximum(next_bid, reserve_cents)).astype(np.int64)
    return Placement(exposure=exposure, click_price_cents=np.where(exposure > 0.0, price, 0))


def rival_budgets(auction: Auction, *, seeds: Ints, day: int) -> Floats:
    """Today's budgets of the rivals, (N, R), as shares of what a usual day would cost them."""
    share = uniforms(split(store_keys(seeds, Draw.RIVAL_BUDGET, day), auction.rivals))
    return auction.rival_budget_low + (auction.rival_budget_high - auction.rival_budget_low) * share


def rival_hour_spend(auction: Auction, *, seeds: Ints, hour: int, traffic_share: float) -> Floats:
    """What each rival would spend in this hour, (N, R), as a share of a usual day: its share of traffic times noise of mean 1."""
    deviates = normals(split(store_keys(seeds, Draw.RIVAL_SPEND, hour), auction.rivals))
    spend: Floats = traffic_share * np.exp(auction.rival_spend_cv * deviates - 0.5 * auction.rival_spend_cv**2)
    return spend


def rivals_present(budget: Floats, spent: Floats, hour_spend: Floats, *, auctions: int) -> Bools:
    """Which rivals can still pay in each sampled auction of the hour, (N, K, R): all until their money is gone, in order of time."""
    part_of_hour = (budget - spent) / np.maximum(hour_spend, 1e-12)
    moment = (np.arange(auctions) + 0.5) / auctions
    return moment[None, :, None] < part_of_hour[:, None, :]


def stationary_cpc_drift(auction: Auction, *, seeds: Ints) -> Floats:
    """Log level of all rivals' bids on the day before the first, (N,), from the stationary distribution."""
    return cpc_log_sd(auction) * normals(store_keys(seeds, Draw.CPC_DRIFT, -1))


def next_cpc_drift(auction: Auction, previous: Floats, *, seeds: Ints, day: int) -> Floats:
    """Tomorrow's log level of all rivals' bids, (N,): a stationary AR(1) with the parameters' persistence and spread."""
    innovation = normals(store_keys(seeds, Draw.CPC_DRIFT, day))
    drift: Floats = auction.cpc_drift_ar1 * previous + np.sqrt(1.0 - auction.cpc_drift_ar1**2) * cpc_log_sd(auction) * innovation
    return drift


def cpc_log_sd(auction: Auction) -> float:
    """Log standard deviation of a lognormal with the given coefficient of variation: sqrt(log(1 + cv²))."""
    return float(np.sqrt(np.log1p(auction.cpc_drift_cv**2)))
