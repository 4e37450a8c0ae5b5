"""The ad side of a market by itself: worlds, rivals and hours, with bids and budgets as arguments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perception.units import Floats, Ints
from sim.ads.ad_hour import AdResults, AdTraffic, run_ads
from sim.ads.auction import next_cpc_drift, stationary_cpc_drift
from sim.ads.rivals import AdMarket, RivalState, open_ads, reprice, rival_morning, start_rivals
from sim.demand import search_index
from sim.moment import HOURS_PER_DAY, Moment
from sim.parameters.market import MarketParameters, load_market
from sim.world import World, truth


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHistory:
    """H hours: what the ads brought, and the rivals before each of them and after the last."""

    results: list[AdResults]
    rivals: list[RivalState]

    def sums(self, name: str) -> Ints:
        """(N, M) sum of a figure over the hours."""
        total: Ints = np.sum([getattr(result, name) for result in self.results], axis=0)
        return total


class AdBench:
    """Runs the ads of a market for tests."""

    plenty_cents = 10**12

    def __init__(self, parameters: MarketParameters) -> None:
        self.parameters = parameters
        self.first_day = parameters.shop.first_day.toordinal()

    def changed(self, *, auction: dict[str, Any] | None = None, rivals: dict[str, Any] | None = None) -> AdBench:
        """The same market with some fields of the auction or of the rivals changed."""
        section = self.parameters.rivals
        assert section is not None
        return AdBench(
            replace(
                self.parameters,
                auction=replace(self.parameters.auction, **auction or {}),
                rivals=replace(section, **rivals or {}),
            )
        )

    def without_rules(self) -> AdBench:
        """The same market with rivals that do not react."""
        return AdBench(replace(self.parameters, rivals=None))

    def opened(self, seeds: Ints) -> tuple[World, AdMarket, RivalState]:
        world = truth(self.parameters, seeds=seeds)
        market = open_ads(self.parameters, world, seeds=seeds)
        state = start_rivals(self.parameters, market)
        return world, market, rival_morning(self.parameters, market, state, moment=self.moment(0))

    def moment(self, hour: int) -> Moment:
        return Moment(day=self.first_day + hour // HOURS_PER_DAY, hour=hour)

    def traffic(self, world: World, hour: int, *, log_drift: Floats | float = 0.0) -> AdTraffic:
        moment = self.moment(hour)
        season = search_index(self.parameters.demand, self.parameters.traffic, moment.day, moment.hour_of_day)
        stores = np.ones(world.ctr.shape[0])
        return AdTraffic(searches=world.searches_per_day * season, ctr=world.ctr, bid_level=np.exp(log_drift) * stores, busy=stores)

    def run(
        self,
        seeds: Ints,
        *,
        hours: int,
        bid_cents: int | Ints = 0,
        budget_cents: int = plenty_cents,
        price_ratio: float = 1.0,
        drifting: bool = False,
    ) -> AdHistory:
        """Constant bids; the budget is each campaign's and for a day, without over-delivery."""
        world, market, state = self.opened(seeds)
        auction, members = self.parameters.auction, market.campaign_members
        bids = np.broadcast_to(np.asarray(bid_cents, dtype=np.int64), world.ctr.shape)
        log_price = np.full(world.ctr.shape, np.log(price_ratio))
        left, drift = np.full((seeds.size, len(members)), budget_cents), stationary_cpc_drift(auction, seeds=seeds)
        results, states = [], [state]
        for hour in range(hours):
            moment = self.moment(hour)
            if hour and moment.hour_of_day == 0:
                state = rival_morning(self.parameters, market, state, moment=moment)
                left = np.full_like(left, budget_cents)
                drift = next_cpc_drift(auction, drift, seeds=seeds, day=hour // HOURS_PER_DAY)
                states[-1] = state
            traffic = self.traffic(world, hour, log_drift=drift if drifting else 0.0)
            result = run_ads(self.parameters, market, state, traffic, moment=moment, bid_cents=bids, left_cents=left)
            left = left - result.cost_cents @ members.T
            state = reprice(self.parameters, market, result.rivals, log_price)
            results.append(result)
            states.append(state)
        return AdHistory(results=results, rivals=states)


@pytest.fixture(scope="session")
def ads() -> AdBench:
    return AdBench(load_market(Path(__file__).parents[1] / "all_mechanics.toml"))
