"""The other advertisers of each store's market: what they are, and how they react to what they win and spend, and to our prices.

The market calls, in this order::

    market = open_ads(parameters, world, seeds=seeds)              once; never changes
    rivals = start_rivals(parameters, market)                      once
    at midnight, the first included:
        rivals = rival_morning(parameters, market, rivals, moment=Moment(day=new day, hour=its first))
    each hour:
        ads = sim.ads.ad_hour.run_ads(parameters, market, rivals, traffic, moment=…, bid_cents=…, left_cents=…)
        rivals = reprice(parameters, market, ads.rivals, log_price)
            rivals.log_price is (N, M): the competitors' prices against their usual ones, for the cross-price effect

Without ``[rivals]`` each rival bids around a fixed level and its money goes as the traffic comes. With it, a rival spends what the
auctions cost it, and steers its multiplier by its kind; levels are set from what happened, so they may depend on our actions, but the
draws behind the bids never do. Money of rivals is counted in shares of what a usual day costs them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.ads.auction import Takings, ladder, quasi_noise, rival_budgets, rival_hour_spend, rivals_present, stand, takings
from sim.demand import search_index, traffic_share
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters.market import Auction, MarketParameters
from sim.parameters.rivals import RivalKind, Rivals
from sim.randomness import Draw, Floats32, Keys, normals, sku_keys, split, store_keys, uniforms
from sim.world import World

_LEAST_MULTIPLIER, _MOST_MULTIPLIER = 0.05, 3.0
"""A rival that steers stays between these multiples of its usual bids: nobody lets software bid without bounds."""
_FASTEST_CUT, _FASTEST_RAISE = 0.5, 2.0
"""Bounds of one hour's change of a paced rival's multiplier."""
_LEAST_TRAFFIC = 1e-9
_QUASI_AUCTIONS, _QUASI_CHUNK = 128, 8
"""Points that a usual day's cost is integrated with (to 1 % with 4 rivals, 3 % with 8, measured), and how many at a time, for memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdMarket:
    """What stays true of the ads of N stores × M SKUs, R rivals, C campaigns.

    Attributes:
        seeds: (N,) of the stores.
        cells: (N, M) of the world.
        middle_cents: (R, N, M) float32 middle of a rival's bids at multiplier 1, minor units.
        usual_cost_cents: (N, R) what an average day costs a rival that bids so and never stops, without us, minor units, > 0.
        followed: (N, M) SKUs on which a competitor's robot follows our price.
        campaign_members: (C, M) of the world; each SKU is in exactly one campaign.
    """

    seeds: Ints
    cells: Keys
    middle_cents: Floats32
    usual_cost_cents: Floats
    followed: Bools
    campaign_members: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalState:
    """What the rivals remember, (N, R) each unless said.

    Attributes:
        multiplier: On the middle of their bids, > 0.
        budget_share: Today's budget as a share of what a usual day costs.
        spent_share: Of it, spent today, in [0, budget_share].
        error: Of a paced rival: how much of its budget it was short of its course an hour ago.
        direction: Of a learning rival: +1 or −1, where its level moves next.
        profit_share, last_profit_share: Of a learning rival: worth of its clicks less their cost, today so far, and yesterday (NaN
            before there was one), as shares of what a usual day costs.
        elapsed_share: Part of today's traffic that has passed, [0, 1]; the same for all stores.
        day_traffic: Today's searches as a multiple of an average day's; the same for all stores.
        log_price: (N, M) log of the competitors' prices against their usual ones, <= 0.
    """

    multiplier: Floats
    budget_share: Floats
    spent_share: Floats
    error: Floats
    direction: Floats
    profit_share: Floats
    last_profit_share: Floats
    elapsed_share: float
    day_traffic: float
    log_price: Floats


def open_ads(parameters: MarketParameters, world: World, *, seeds: Ints) -> AdMarket:
    """The fixed part of N stores' ads; rows do not depend on which other seeds are asked for."""
    level = parameters.auction.bid_log_sd_sku * normals(sku_keys(world.cells, Draw.RIVAL_SKU_LEVEL, 0))
    middle = np.exp(np.moveaxis(world.rival_log_bid, -1, 0) + level).astype(np.float32)
    share = 0.0 if parameters.rivals is None else parameters.rivals.repriced_share
    return AdMarket(
        seeds=seeds,
        cells=world.cells,
        middle_cents=np.ascontiguousarray(middle),
        usual_cost_cents=_usual_cost_cents(parameters.auction, middle, clicks_per_day=world.searches_per_day * world.ctr),
        followed=uniforms(sku_keys(world.cells, Draw.RIVAL_REPRICES, 0)) < share,
        campaign_members=world.campaign_members,
    )


def start_rivals(parameters: MarketParameters, market: AdMarket) -> RivalState:
    """Rivals before their first day; ``rival_morning`` gives them their budgets."""
    stores, rivals = market.seeds.size, parameters.auction.rivals
    none = np.zeros((stores, rivals))
    draw = uniforms(split(store_keys(market.seeds, Draw.RIVAL_DIRECTION, 0), rivals))
    return RivalState(
        multiplier=np.ones((stores, rivals)),
        budget_share=none,
        spent_share=none,
        error=none,
        direction=np.copysign(1.0, draw - 0.5),
        profit_share=none,
        last_profit_share=np.full((stores, rivals), np.nan),
        elapsed_share=0.0,
        day_traffic=1.0,
        log_price=np.zeros(market.followed.shape),
    )


def rival_morning(parameters: MarketParameters, market: AdMarket, state: RivalState, *, moment: Moment) -> RivalState:
    """Fresh budgets, and the learning rivals' lesson from the day that ended; ``moment`` is the first hour of the new day."""
    day = moment.hour // HOURS_PER_DAY
    traffic = sum(search_index(parameters.demand, parameters.traffic, moment.day, hour) for hour in range(HOURS_PER_DAY))
    opened = replace(
        state,
        budget_share=rival_budgets(parameters.auction, seeds=market.seeds, day=day),
        spent_share=np.zeros_like(state.spent_share),
        error=np.zeros_like(state.error),
        elapsed_share=0.0,
        day_traffic=traffic,
    )
    return opened if parameters.rivals is None or day == 0 else _learned(parameters.rivals, opened)


def bid_factor(parameters: MarketParameters, market: AdMarket, state: RivalState, *, moment: Moment, bid_level: Floats) -> Floats:
    """Factor on the middle of each rival's bids in this hour, (K or 1, N, R); 0 once its money is gone.

    Args:
        parameters, market, state: The market, its fixed part, and the rivals before the hour.
        moment: Which hour.
        bid_level: (N,) factor on all rivals' bids: drift of CPC, event days.
    """
    if parameters.rivals is not None:
        return funded_factor(parameters, state, moment=moment, bid_level=bid_level)
    spend = _fluid_spend(parameters, market, moment)
    present = rivals_present(state.budget_share, state.spent_share, spend, auctions=parameters.auction.sampled_auctions)
    return np.swapaxes(present, 0, 1) * bid_level[:, None]


def funded_factor(parameters: MarketParameters, state: RivalState, *, moment: Moment, bid_level: Floats) -> Floats:
    """``bid_factor`` if whoever has money when the hour begins stays to its end, (1, N, R)."""
    index = 1.0 if parameters.rivals is None else parameters.rivals.hour_bid_index[moment.hour_of_day]
    factor: Floats = state.multiplier * (state.spent_share < state.budget_share) * (index * bid_level)[:, None]
    return factor[None]


def spent_without_us(parameters: MarketParameters, market: AdMarket, state: RivalState, *, moment: Moment) -> RivalState:
    """After an hour of rivals that do not react: their money goes as the traffic comes."""
    spent = np.minimum(state.spent_share + _fluid_spend(parameters, market, moment), state.budget_share)
    return replace(state, spent_share=spent)


def reacted(
    parameters: MarketParameters,
    rules: Rivals,
    market: AdMarket,
    state: RivalState,
    won: Takings,
    *,
    moment: Moment,
    bid_level: Floats,
    busy: Floats,
) -> RivalState:
    """After an hour of rivals that react: money spent, profit noted, multipliers of the paced and the dual ones steered.

    Args:
        parameters, rules, market, state: The market, its ``[rivals]``, its fixed part, and the rivals before the hour.
        won: Cost and worth of the hour's clicks.
        moment: Which hour.
        bid_level: (N,) factor on all rivals' bids.
        busy: (N,) factor on today's traffic that rivals budget for.
    """
    hour_share = traffic_share(parameters.demand, parameters.traffic, moment.day, moment.hour_of_day)
    per_cent = 1.0 / (market.usual_cost_cents * (bid_level * busy * max(state.day_traffic, _LEAST_TRAFFIC))[:, None])
    cost = won.cost_cents * per_cent
    worth = won.worth_cents * (per_cent * (rules.learning_value_ratio * bid_level)[:, None])
    spent = np.minimum(state.spent_share + cost, state.budget_share)
    elapsed = state.elapsed_share + hour_share
    error = elapsed - spent / state.budget_share
    multiplier = state.multiplier.copy()
    for paced in _of(rules.kinds, RivalKind.PACED):
        short = error[:, paced]
        change = rules.pacing_gain * (short - state.error[:, paced]) + rules.pacing_reset * short
        multiplier[:, paced] *= _between(1.0 + change, _FASTEST_CUT, _FASTEST_RAISE)
    for dual in _of(rules.kinds, RivalKind.DUAL):
        overspent = (spent[:, dual] - state.spent_share[:, dual]) / state.budget_share[:, dual] - hour_share
        # bid = value / (1 + mu), and mu >= 0 moves against what is left of the hour's share of the budget
        multiplier[:, dual] = 1.0 / np.maximum(1.0 / multiplier[:, dual] + HOURS_PER_DAY * rules.dual_step * overspent, 1.0)
    return RivalState(
        multiplier=_between(multiplier, _LEAST_MULTIPLIER, _MOST_MULTIPLIER),
        budget_share=state.budget_share,
        spent_share=spent,
        error=error,
        direction=state.direction,
        profit_share=state.profit_share + worth - cost,
        last_profit_share=state.last_profit_share,
        elapsed_share=elapsed,
        day_traffic=state.day_traffic,
        log_price=state.log_price,
    )


def reprice(parameters: MarketParameters, market: AdMarket, state: RivalState, log_price: Floats) -> RivalState:
    """Let the robots answer our prices of the hour that ended: a little below ours, within the competitor's own bounds.

    So a cut of ours is followed within the hour, and when our price returns so does theirs, up to their usual price. Where no answer
    changes the state is handed back. ``log_price`` is the (N, M) log of our prices over the reference prices.
    """
    rules = parameters.rivals
    if rules is None or rules.repriced_share == 0.0:
        return state
    lowest = np.log(rules.rival_price_low_ratio / rules.rival_price_high_ratio)
    below_ours = log_price + np.log((1.0 - rules.undercut_ratio) / rules.rival_price_high_ratio)
    answer = _between(below_ours, lowest, 0.0)
    answer *= market.followed
    return state if np.array_equal(answer, state.log_price) else replace(state, log_price=answer)


def _between(values: Floats, low: float, high: float) -> Floats:
    """Values within bounds, in place; ``np.clip`` takes several times as long on short arrays."""
    np.maximum(values, low, out=values)
    return np.minimum(values, high, out=values)


def _learned(rules: Rivals, state: RivalState) -> RivalState:
    """Midnight of the derivative followers: go on while the day was no worse than the one before, else turn."""
    worse = state.profit_share < state.last_profit_share
    direction = np.where(worse, -state.direction, state.direction)
    learning, multiplier = list(learners(rules)), state.multiplier.copy()
    moved = multiplier[:, learning] * np.exp(rules.learning_step * direction[:, learning])
    multiplier[:, learning] = _between(moved, _LEAST_MULTIPLIER, _MOST_MULTIPLIER)
    return replace(
        state,
        multiplier=multiplier,
        direction=direction,
        profit_share=np.zeros_like(state.profit_share),
        last_profit_share=state.profit_share,
    )


def learners(rules: Rivals) -> tuple[int, ...]:
    """Indices of the rivals that learn."""
    return _of(rules.kinds, RivalKind.LEARNING)


@lru_cache(maxsize=64)
def _of(kinds: tuple[RivalKind, ...], kind: RivalKind) -> tuple[int, ...]:
    """Indices of the rivals of a kind."""
    return tuple(index for index, each in enumerate(kinds) if each is kind)


def _fluid_spend(parameters: MarketParameters, market: AdMarket, moment: Moment) -> Floats:
    share = traffic_share(parameters.demand, parameters.traffic, moment.day, moment.hour_of_day)
    return rival_hour_spend(parameters.auction, seeds=market.seeds, hour=moment.hour, traffic_share=share)


def _usual_cost_cents(auction: Auction, middle_cents: Floats32, *, clicks_per_day: Floats) -> Floats:
    """What an average day costs each rival while we do not bid, (N, R) minor units; at least one, so that it can divide."""
    nobody = np.zeros(clicks_per_day.shape, dtype=np.int64)
    present = np.ones((1, clicks_per_day.shape[0], auction.rivals))
    cost = np.zeros(present.shape[1:])
    noise = quasi_noise(auction, points=_QUASI_AUCTIONS)
    for first in range(0, _QUASI_AUCTIONS, _QUASI_CHUNK):
        some = noise[:, first : first + _QUASI_CHUNK]
        ranked = ladder(middle_cents, present, some, rungs=len(auction.exposures) + 1)
        standing = stand(nobody, ranked, auction)
        won = takings(standing, auction, weight=clicks_per_day / _QUASI_AUCTIONS, middle_cents=middle_cents, worth_of=())
        cost += won.cost_cents
    return np.maximum(cost, 1.0)
