"""Each kind of rival reacts as it is described, and what is drawn for it never depends on us."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.ads.ad_hour import ranked_rivals, run_ads
from sim.ads.auction import stationary_cpc_drift
from sim.ads.rivals import RivalState, bid_factor, reprice
from sim.parameters.rivals import RivalKind

if TYPE_CHECKING:
    from tests.unit.sim.ads.conftest import AdBench, AdHistory

STORES = np.arange(40)


def _all(ads: AdBench, kind: RivalKind, **auction: float) -> AdBench:
    """The same market in which every rival is of one kind."""
    return ads.changed(auction=auction, rivals={"kinds": (kind,) * ads.parameters.auction.rivals})


def _off_course(history: AdHistory, *, first_hour: int) -> float:
    """Mean distance of spent shares of budgets from the traffic that has passed, before each hour from ``first_hour`` on."""
    states = history.rivals[first_hour:-1]
    return float(np.mean([np.abs(state.spent_share / state.budget_share - state.elapsed_share).mean() for state in states]))


def test_a_fixed_rival_keeps_its_bids_until_its_budget_is_gone(ads: AdBench) -> None:
    fixed = _all(ads, RivalKind.FIXED)
    history = fixed.run(STORES, hours=24)
    evening = history.rivals[23]
    _, market, _ = fixed.opened(STORES)
    factor = bid_factor(fixed.parameters, market, evening, moment=fixed.moment(23), bid_level=np.ones(40))

    assert (evening.multiplier == 1.0).all()
    broke = evening.spent_share >= evening.budget_share
    assert 0.3 < broke.mean() < 1.0
    assert (factor[0][broke] == 0.0).all()
    assert (factor[0][~broke] > 0.0).all()


def test_no_rival_spends_more_than_its_budget(ads: AdBench) -> None:
    for state in ads.run(STORES, hours=48).rivals:
        assert (state.spent_share <= state.budget_share).all()
        assert (state.spent_share >= 0.0).all()


def test_rivals_never_out_of_money_spend_about_a_usual_day(ads: AdBench) -> None:
    rich = _all(ads.changed(rivals={"hour_bid_index": (1.0,) * 24}), RivalKind.FIXED, rival_budget_low=9.0, rival_budget_high=9.0)
    spent = np.concatenate([rich.run(STORES + 100 * batch, hours=24).rivals[-1].spent_share for batch in range(4)])

    # products that are launched later are searched for in this test too, and a day's traffic has its own level
    assert spent.mean() == pytest.approx(1.0, rel=0.03)


def test_a_paced_rival_spends_its_budget_as_the_traffic_comes(ads: AdBench) -> None:
    paced = _all(ads, RivalKind.PACED).run(STORES, hours=72)
    fixed = _all(ads, RivalKind.FIXED).run(STORES, hours=72)

    assert _off_course(paced, first_hour=24) < 0.5 * _off_course(fixed, first_hour=24)
    assert _off_course(paced, first_hour=24) < 0.06
    end = paced.rivals[47]
    assert (end.spent_share / end.budget_share).mean() > 0.9


def test_a_dual_rival_learns_the_price_of_its_budget(ads: AdBench) -> None:
    dual = _all(ads, RivalKind.DUAL).run(STORES, hours=24 * 7)
    fixed = _all(ads, RivalKind.FIXED).run(STORES, hours=24 * 7)
    rich = _all(ads, RivalKind.DUAL, rival_budget_low=5.0, rival_budget_high=5.0).run(STORES, hours=48)

    assert _off_course(dual, first_hour=24 * 6) < 0.8 * _off_course(fixed, first_hour=24 * 6)
    assert (dual.rivals[-1].multiplier <= 1.0).all()
    assert np.mean([state.multiplier for state in dual.rivals[-24:]]) < 0.97
    assert (rich.rivals[-1].multiplier == 1.0).all()


def test_a_learning_rival_earns_more_as_it_learns(ads: AdBench) -> None:
    history = _all(ads, RivalKind.LEARNING, rival_budget_low=5.0, rival_budget_high=5.0).run(STORES, hours=24 * 28)
    profit = [history.rivals[24 * day + 23].profit_share.mean() for day in range(28)]

    assert np.mean(profit[-7:]) > np.mean(profit[:7]) * 1.03


def test_a_learning_rival_turns_when_a_day_was_worse(ads: AdBench) -> None:
    learning = _all(ads, RivalKind.LEARNING)
    history = learning.run(STORES, hours=24 * 4)

    for day in (2, 3):
        evening, morning = history.rivals[24 * day - 1], history.rivals[24 * day]
        turned = morning.direction != evening.direction
        # the last hour's profit is part of the day's
        assert (turned == (morning.last_profit_share < evening.last_profit_share)).all()
        assert 0.05 < turned.mean() < 0.95
        moved = np.log(morning.multiplier / evening.multiplier) / morning.direction
        assert moved == pytest.approx(learning.parameters.rivals.learning_step if learning.parameters.rivals else 0.0)


def test_rivals_that_do_not_react_are_the_same_whatever_we_bid(ads: AdBench) -> None:
    still = ads.without_rules()
    idle, loud = (still.run(STORES, hours=30, bid_cents=bid) for bid in (0, 500))

    assert (idle.rivals[-1].spent_share == loud.rivals[-1].spent_share).all()
    assert idle.rivals[-1].spent_share.any()


def test_the_money_of_rivals_that_do_not_react_goes_as_the_traffic_comes(ads: AdBench) -> None:
    rich = ads.changed(auction={"rival_budget_low": 9.0, "rival_budget_high": 9.0}).without_rules()
    noon, night = (rich.run(np.arange(300), hours=hours).rivals[-1].spent_share.mean() for hours in (13, 24))
    passed = ads.run(np.arange(1), hours=13).rivals[-1].elapsed_share

    assert night == pytest.approx(1.0, rel=0.02)
    assert noon == pytest.approx(passed, rel=0.02)


def test_outbidding_rivals_leaves_them_their_money(ads: AdBench) -> None:
    fixed = _all(ads, RivalKind.FIXED)
    idle, loud = (fixed.run(STORES, hours=10, bid_cents=bid).rivals[-1] for bid in (0, 1000))

    assert (loud.spent_share < idle.spent_share).mean() > 0.95


def test_a_robot_undercuts_within_bounds_and_returns_with_us(ads: AdBench) -> None:
    followed_all = ads.changed(rivals={"repriced_share": 1.0, "undercut_ratio": 0.05})
    _, market, state = followed_all.opened(STORES)
    rules = followed_all.parameters.rivals
    assert rules is not None

    def answer(ratio: float, before: RivalState) -> RivalState:
        return reprice(followed_all.parameters, market, before, np.full(market.followed.shape, np.log(ratio)))

    cut = answer(0.9, state)
    slashed = answer(0.3, cut)
    back = answer(1.2, slashed)
    assert np.exp(cut.log_price) == pytest.approx(0.95 * 0.9, rel=0.01)
    assert np.exp(slashed.log_price) == pytest.approx(rules.rival_price_low_ratio / rules.rival_price_high_ratio)
    assert (back.log_price == 0.0).all()


def test_robots_follow_on_the_share_of_skus_asked_for_and_nowhere_else(ads: AdBench) -> None:
    _, market, state = ads.opened(np.arange(600))
    answered = reprice(ads.parameters, market, state, np.full(market.followed.shape, np.log(0.5)))

    assert market.followed.mean() == pytest.approx(0.3, abs=0.02)
    assert (answered.log_price[market.followed] < 0.0).all()
    assert (answered.log_price[~market.followed] == 0.0).all()


def test_winning_prices_spread_as_in_real_auctions(ads: AdBench) -> None:
    """iPinYou: p95/p50 = 3.2–3.7, log standard deviation 0.7–0.8."""
    market_like = ads.changed(auction={"bid_log_sd_sku": 0.45})
    seeds = np.arange(150)
    world, market, state = market_like.opened(seeds)
    drift = stationary_cpc_drift(market_like.parameters.auction, seeds=seeds)
    tops = [
        ranked_rivals(
            market_like.parameters,
            market,
            state,
            market_like.traffic(world, hour, log_drift=drift),
            moment=market_like.moment(hour),
        ).bids_cents[0]
        for hour in range(8, 20)
    ]
    top = np.concatenate([rung.ravel() for rung in tops])

    assert 0.7 < np.log(top).std() < 0.8
    assert 3.2 < np.quantile(top, 0.95) / np.median(top) < 3.7


@pytest.mark.parametrize("reacting", [True, False])
def test_a_store_meets_the_same_rivals_in_any_batch(ads: AdBench, *, reacting: bool) -> None:
    market = ads if reacting else ads.without_rules()
    runs = [market.run(np.arange(first, last), hours=26, bid_cents=60, budget_cents=4000) for first, last in ((5, 6), (0, 7), (0, 1024))]
    rows = [0, 5, 5]

    for name in ("clicks", "impressions", "cost_cents"):
        alone, *others = (np.stack([getattr(result, name)[row] for result in run.results]) for run, row in zip(runs, rows, strict=True))
        for other in others:
            assert (alone == other).all()
    for item in fields(RivalState):
        alone, *others = (getattr(run.rivals[-1], item.name) for run in runs)
        if isinstance(alone, np.ndarray):
            for other in others:
                np.testing.assert_array_equal(alone[0], other[5])


def test_a_state_can_be_continued_in_two_ways(ads: AdBench) -> None:
    world, market, state = ads.opened(STORES)
    before = {item.name: np.copy(getattr(state, item.name)) for item in fields(state)}
    left = np.full((40, len(market.campaign_members)), 10**6)
    for bid in (0, 80, 300):
        run_ads(
            ads.parameters,
            market,
            replace(state),
            ads.traffic(world, 0),
            moment=ads.moment(0),
            bid_cents=np.full(world.ctr.shape, bid),
            left_cents=left,
        )

    for name, value in before.items():
        np.testing.assert_array_equal(value, getattr(state, name))
