"""One hour of ads: rivals and auctions, views and clicks, within what the campaigns may still spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Floats, Ints
from sim.ads.auction import Ladder, Placement, bid_noise, ladder
from sim.ads.campaign_budget import affordable_clicks
from sim.ads.held import hold
from sim.ads.rivals import AdMarket, RivalState, bid_factor, learners, reacted, spent_without_us
from sim.counts import places, summed
from sim.moment import Moment
from sim.parameters.market import Auction, MarketParameters
from sim.randomness import Draw, sku_keys, some_keys, uniforms
from sim.samplers import poisson, shared_out


@dataclass(frozen=True, slots=True, kw_only=True)
class AdTraffic:
    """Who looks in one hour, and how dear the hour is.

    Attributes:
        searches: (N, M) expected in this hour, season and shocks included; 0 where nothing is shown.
        ctr: (N, M) chance that a seen ad is clicked, [0, 1].
        bid_level: (N,) factor on all rivals' bids: exp of the CPC drift, times that of event days.
        busy: (N,) factor on today's searches that everyone knew of and rivals budgeted for (event days); 1 on a usual day.
    """

    searches: Floats
    ctr: Floats
    bid_level: Floats
    busy: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class AdResults:
    """What the ads of one hour brought.

    Attributes:
        impressions, clicks, cost_cents: (N, M) views, paid clicks and what they cost.
        spent_cents: (N, C) the same cost by campaign.
        rivals: After the hour.
    """

    impressions: Ints
    clicks: Ints
    cost_cents: Ints
    spent_cents: Ints
    rivals: RivalState


def run_ads(
    parameters: MarketParameters,
    market: AdMarket,
    rivals: RivalState,
    traffic: AdTraffic,
    *,
    moment: Moment,
    bid_cents: Ints,
    left_cents: Ints,
) -> AdResults:
    """Hold the hour's auctions.

    Args:
        parameters, market, rivals: The market, its fixed part, and the rivals before the hour.
        traffic: Who looks.
        moment: Which hour.
        bid_cents: (N, M) our bids, >= 0; 0 takes no part.
        left_cents: (N, C) what each campaign may still spend today, >= 0; the hour never costs more.
    """
    auction, rules = parameters.auction, parameters.rivals
    bidding = bool(bid_cents.any())
    if rules is None and not bidding:
        return _nothing(bid_cents.shape, left_cents.shape, spent_without_us(parameters, market, rivals, moment=moment))
    # a campaign without money takes no part
    funded = (left_cents > 0).take(market.campaign_members.argmax(axis=0), axis=1)
    placement, won = hold(
        auction,
        market.middle_cents,
        bid_factor(parameters, market, rivals, moment=moment, bid_level=traffic.bid_level),
        bid_noise(auction, market.cells, hour=moment.hour),
        bid_cents=bid_cents * funded,
        weight=traffic.searches / auction.sampled_auctions * traffic.ctr,
        worth_of=None if rules is None else learners(rules),
    )
    if rules is None or won is None:
        after = spent_without_us(parameters, market, rivals, moment=moment)
    else:
        after = reacted(parameters, rules, market, rivals, won, moment=moment, bid_level=traffic.bid_level, busy=traffic.busy)
    if not bidding:
        return _nothing(bid_cents.shape, left_cents.shape, after)
    return clicks_won(auction, market, traffic, placement, moment=moment, left_cents=left_cents, after=after)


def ranked_rivals(parameters: MarketParameters, market: AdMarket, rivals: RivalState, traffic: AdTraffic, *, moment: Moment) -> Ladder:
    """The rivals' bids in the hour's auctions, ranked, with one rung more than there are slots."""
    return ladder(
        market.middle_cents,
        bid_factor(parameters, market, rivals, moment=moment, bid_level=traffic.bid_level),
        bid_noise(parameters.auction, market.cells, hour=moment.hour),
        rungs=len(parameters.auction.exposures) + 1,
    )


def clicks_won(
    auction: Auction, market: AdMarket, traffic: AdTraffic, placed: Placement, *, moment: Moment, left_cents: Ints, after: RivalState
) -> AdResults:
    """Views and clicks of what the bids have won, as far as the money goes.

    The hour's clicks are one Poisson count per SKU. They fall on the hour's auctions by systematic sampling: auction k gets its share
    of the rate, rounded up or down, so that each count has the right mean and they add up.

    Args:
        auction, market, traffic: Number of auctions, the market's fixed part, and who looks.
        placed: What the bids have won.
        moment: Which hour.
        left_cents: (N, C) what each campaign may still spend; one without money has won nothing.
        after: The rivals after the hour, handed on.
    """
    views = placed.exposure * (traffic.searches / auction.sampled_auctions)
    # sums over the auctions so far: np.cumsum along a first axis takes ten times as long
    until = np.empty_like(views)
    until[0] = views[0]
    for before in range(len(until) - 1):
        np.add(until[before], views[before + 1], out=until[before + 1])
    clicks = poisson(until[-1] * traffic.ctr, uniforms(sku_keys(market.cells, Draw.CLICKS, moment.hour)))
    offered = _spread(clicks, until, market, moment) if auction.sampled_auctions > 1 else clicks[None]
    first = moment.hour % clicks.shape[1]
    paid = affordable_clicks(offered, placed.click_price_cents, market.campaign_members, left_cents, first=first)
    views.reshape(-1)[paid.ended] = 0.0
    # clicks and views without a click are independent Poisson counts: splitting by CTR is exact
    unclicked = poisson(summed(views) * (1.0 - traffic.ctr), uniforms(sku_keys(market.cells, Draw.VIEWS, moment.hour)))
    kept = summed(paid.clicks)
    return AdResults(
        impressions=unclicked + kept, clicks=kept, cost_cents=summed(paid.cost_cents), spent_cents=paid.spent_cents, rivals=after
    )


def _spread(clicks: Ints, until: Floats, market: AdMarket, moment: Moment) -> Ints:
    """Counts (N, M) spread over K auctions in proportion to the steps of ``until``, (K, N, M): its sums over the auctions so far."""
    # most SKUs are not clicked in an hour
    cell, auctions = places(clicks), len(until)
    luck = uniforms(some_keys(market.cells, cell, Draw.CLICK_MOMENTS, moment.hour))
    shares = shared_out(clicks.take(cell), until.reshape(auctions, -1).take(cell, axis=1), luck)
    spread = np.zeros((auctions, clicks.size), dtype=np.int64)
    for counts, share in zip(spread, shares, strict=True):
        counts[cell] = share
    return spread.reshape(until.shape)


def _nothing(skus: tuple[int, ...], campaigns: tuple[int, ...], after: RivalState) -> AdResults:
    none = np.zeros(skus, dtype=np.int64)
    return AdResults(impressions=none, clicks=none, cost_cents=none, spent_cents=np.zeros(campaigns, dtype=np.int64), rivals=after)
