"""One hour of ads: what bids win, what it costs, and where the money ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.ads.ad_hour import AdResults, run_ads
from sim.ads.campaign_budget import per_campaign

if TYPE_CHECKING:
    from tests.unit.sim.ads.conftest import AdBench

STORES = np.arange(60)
HUGE = np.iinfo(np.int64).max


def _hour(ads: AdBench, bid_cents: np.ndarray, *, hour: int = 11, left_cents: np.ndarray | None = None) -> AdResults:
    seeds = np.arange(len(bid_cents))
    world, market, state = ads.opened(seeds)
    left = np.full((seeds.size, len(market.campaign_members)), ads.plenty_cents) if left_cents is None else left_cents
    return run_ads(ads.parameters, market, state, ads.traffic(world, hour), moment=ads.moment(hour), bid_cents=bid_cents, left_cents=left)


def test_whoever_outbids_everyone_is_seen_in_every_search_and_clicked_at_the_click_rate(ads: AdBench) -> None:
    seeds = np.arange(300)
    history = ads.run(seeds, hours=24, bid_cents=10**6)
    world, _, _ = ads.opened(seeds)
    searches = np.sum([ads.traffic(world, hour).searches for hour in range(24)], axis=0)

    assert history.sums("impressions").sum() == pytest.approx(searches.sum(), rel=0.002)
    expected = (searches * world.ctr).sum()
    assert history.sums("clicks").sum() == pytest.approx(expected, abs=4.0 * np.sqrt(expected))


def test_impressions_scatter_like_counts(ads: AdBench) -> None:
    seeds = np.arange(800)
    world, _, _ = ads.opened(seeds)
    result = _hour(ads, np.full((800, 10), 10**6))
    rate = ads.traffic(world, 11).searches
    z = (result.impressions - rate) / np.sqrt(rate)

    assert z.mean() == pytest.approx(0.0, abs=0.05)
    assert z.std() == pytest.approx(1.0, rel=0.03)


def test_clicks_never_outnumber_impressions_nor_cost_more_than_the_bid(ads: AdBench) -> None:
    bids = np.broadcast_to(np.arange(10) * 30, (60, 10)).astype(np.int64)
    result = _hour(ads, bids)

    assert (result.clicks <= result.impressions).all()
    assert (result.cost_cents <= result.clicks * bids).all()
    assert (result.cost_cents >= result.clicks * ads.parameters.auction.reserve_cents).all()
    assert not result.impressions[:, 0].any()


def test_under_first_price_a_click_costs_the_bid(ads: AdBench) -> None:
    result = _hour(ads.changed(auction={"first_price": True}), np.full((60, 10), 70))

    assert result.clicks.any()
    assert (result.cost_cents == 70 * result.clicks).all()


@settings(max_examples=40, deadline=None)
@given(
    bid=arrays(np.int64, (4, 10), elements=st.integers(0, 400)),
    more=arrays(np.int64, (4, 10), elements=st.integers(0, 400)),
    hour=st.integers(0, 23),
)
def test_a_higher_bid_never_brings_fewer_views_or_clicks(ads: AdBench, bid: np.ndarray, more: np.ndarray, hour: int) -> None:
    low, high = (_hour(ads, bids, hour=hour) for bids in (bid, bid + more))

    assert (high.clicks >= low.clicks).all()
    assert (high.impressions >= low.impressions).all()


def test_with_money_a_bid_moves_nothing_on_other_skus_in_the_same_hour(ads: AdBench) -> None:
    bids = np.full((60, 10), 60)
    raised = bids.copy()
    raised[:, 3] = 300
    one, other = _hour(ads, bids), _hour(ads, raised)
    rest = np.arange(10) != 3

    assert (one.clicks[:, rest] == other.clicks[:, rest]).all()
    assert (one.cost_cents[:, rest] == other.cost_cents[:, rest]).all()


@settings(max_examples=60, deadline=None)
@given(
    bids=arrays(np.int64, (4, 10), elements=st.one_of(st.integers(0, 500), st.just(HUGE), st.just(1 << 45))),
    left=arrays(np.int64, (4, 3), elements=st.one_of(st.integers(0, 3000), st.just(1 << 52))),
    hour=st.integers(0, 23),
    first_price=st.booleans(),
)
def test_an_hour_never_costs_more_than_what_is_left(
    ads: AdBench, bids: np.ndarray, left: np.ndarray, hour: int, *, first_price: bool
) -> None:
    market = ads.changed(auction={"first_price": first_price})
    result = _hour(market, bids, hour=hour, left_cents=left)
    _, fixed, _ = market.opened(np.arange(4))

    assert (per_campaign(result.cost_cents, fixed.campaign_members) <= left).all()
    assert (result.cost_cents >= 0).all()
    assert (result.clicks >= 0).all()
    broke = (left == 0)[:, fixed.campaign_members.argmax(axis=0)]
    assert not result.impressions[broke].any()


def test_whoever_does_not_bid_is_not_seen_and_the_rivals_go_on(ads: AdBench) -> None:
    result = _hour(ads, np.zeros((60, 10), dtype=np.int64))

    assert not result.impressions.any()
    assert not result.cost_cents.any()
    assert (result.rivals.spent_share > 0.0).all()


def test_several_auctions_of_an_hour_share_its_clicks_in_proportion(ads: AdBench) -> None:
    one, many = (ads.changed(auction={"sampled_auctions": count}) for count in (1, 5))
    single, split = (market.run(np.arange(200), hours=24, bid_cents=60) for market in (one, many))

    for name in ("clicks", "impressions", "cost_cents"):
        assert split.sums(name).sum() == pytest.approx(single.sums(name).sum(), rel=0.05)


def test_clicks_are_concave_in_spend_over_bid_levels(ads: AdBench) -> None:
    spend, clicks = np.array(
        [
            [history.sums(name).sum() for name in ("cost_cents", "clicks")]
            for history in (ads.run(STORES, hours=24, bid_cents=bid) for bid in (25, 45, 80, 140, 250))
        ]
    ).T
    exponent = np.diff(np.log(clicks)) / np.diff(np.log(spend))

    assert (exponent > 0.0).all()
    assert (exponent < 0.9).all()
    assert (np.diff(np.diff(clicks) / np.diff(spend)) < 0.0).all()


def test_over_account_days_clicks_follow_spend_to_the_power_fitted_on_real_accounts(ads: AdBench) -> None:
    """Clicks ∝ spend^0.76…0.90 over the days of accounts, whose traffic and CPC drift while their bids stand."""
    days = 14
    history = ads.run(STORES, hours=24 * days, bid_cents=60, drifting=True)
    spend, clicks = (
        np.log([sum(getattr(result, name).sum(axis=1) for result in history.results[24 * day : 24 * day + 24]) for day in range(days)])
        for name in ("cost_cents", "clicks")
    )
    spend -= spend.mean(axis=0)
    clicks -= clicks.mean(axis=0)

    assert 0.76 <= (spend * clicks).sum() / (spend * spend).sum() <= 0.90


def test_clicks_are_dearest_in_the_evening_while_all_rivals_have_money(ads: AdBench) -> None:
    rich = ads.changed(auction={"rival_budget_low": 9.0, "rival_budget_high": 9.0}, rivals={"kinds": ("fixed",) * 4})
    history = rich.run(np.arange(300), hours=24, bid_cents=10**6)
    cpc = [result.cost_cents.sum() / max(result.clicks.sum(), 1) for result in history.results]

    assert np.mean(cpc[18:22]) > 1.1 * np.mean(cpc[9:15])


def test_event_days_raise_prices_and_do_not_empty_known_budgets(ads: AdBench) -> None:
    world, market, state = ads.opened(STORES)
    usual = ads.traffic(world, 12)
    event = replace(usual, searches=usual.searches * 2.2, bid_level=usual.bid_level * 1.23, busy=usual.busy * 2.2)
    left = np.full((60, 3), ads.plenty_cents)
    calm, busy = (
        run_ads(ads.parameters, market, state, traffic, moment=ads.moment(12), bid_cents=np.full((60, 10), 10**6), left_cents=left)
        for traffic in (usual, event)
    )

    assert busy.cost_cents.sum() / busy.clicks.sum() == pytest.approx(1.23 * calm.cost_cents.sum() / calm.clicks.sum(), rel=0.1)
    assert busy.rivals.spent_share == pytest.approx(calm.rivals.spent_share, rel=0.05)
