"""Landscapes: exact where luck is known, close to the average auction where it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.ads.ad_hour import ranked_rivals, run_ads
from sim.ads.auction import place, stand
from sim.ads.landscape import expected, realised
from sim.randomness import cells

if TYPE_CHECKING:
    from tests.unit.sim.ads.conftest import AdBench

SEEDS = np.arange(8)


@pytest.mark.parametrize("hour", [3, 12, 22])
def test_the_realised_landscape_is_what_the_hour_gives_for_every_bid(ads: AdBench, hour: int) -> None:
    world, market, state = ads.opened(SEEDS)
    traffic, moment = ads.traffic(world, hour), ads.moment(hour)
    steps = realised(ads.parameters, market, state, traffic, moment=moment)
    left = np.full((8, 3), ads.plenty_cents)

    for bid in [0, 1, *range(5, 400, 13), 5000]:
        ran = run_ads(ads.parameters, market, state, traffic, moment=moment, bid_cents=np.full(world.ctr.shape, bid), left_cents=left)
        reached = (steps.bid_cents <= bid).sum(axis=-1) - 1
        for name, figures in (("clicks", steps.clicks), ("cost_cents", steps.cost_cents)):
            told = np.take_along_axis(figures, np.maximum(reached, 0)[..., None], axis=-1)[..., 0]
            np.testing.assert_array_equal(np.where(reached >= 0, told, 0.0), getattr(ran, name))


def test_a_step_lies_exactly_where_a_rival_is_beaten(ads: AdBench) -> None:
    world, market, state = ads.opened(SEEDS)
    traffic, moment = ads.traffic(world, 12), ads.moment(12)
    steps = realised(ads.parameters, market, state, traffic, moment=moment)
    ranked = ranked_rivals(ads.parameters, market, state, traffic, moment=moment)

    for step in range(steps.bid_cents.shape[-1]):
        bids = steps.bid_cents[..., step]
        auction = ads.parameters.auction
        at, under = (place(stand(bid, ranked, auction), auction).exposure.mean(axis=0) for bid in (bids, bids - 1))
        assert (at > under).all()
        np.testing.assert_array_equal(at, steps.exposure[..., step])


@pytest.mark.parametrize("first_price", [False, True])
def test_the_expected_landscape_is_the_average_of_real_auctions(ads: AdBench, *, first_price: bool) -> None:
    rule = ads.changed(auction={"first_price": first_price})
    world, market, state = rule.opened(np.arange(1))
    draws = 4000
    # the same store many times over, each with its own noise
    many = replace(
        market,
        cells=cells(np.arange(draws), world.ctr.shape[1]),
        middle_cents=np.repeat(market.middle_cents, draws, axis=1),
    )
    states = replace(
        state,
        multiplier=np.repeat(state.multiplier, draws, axis=0),
        spent_share=np.repeat(state.spent_share, draws, axis=0),
        budget_share=np.repeat(state.budget_share, draws, axis=0),
    )
    traffic, moment = rule.traffic(world, 12), rule.moment(12)
    many_traffic = replace(traffic, bid_level=np.ones(draws))
    bids = np.array([20, 40, 60, 90, 130, 200, 400])
    grid = np.broadcast_to(bids, (*world.ctr.shape, bids.size))

    told = expected(rule.parameters, market, state, traffic, moment=moment, bid_cents=grid)
    ranked = ranked_rivals(rule.parameters, many, states, many_traffic, moment=moment)
    for level, bid in enumerate(bids):
        auction = rule.parameters.auction
        placed = place(stand(np.full((draws, world.ctr.shape[1]), bid), ranked, auction), auction)
        seen, paid = placed.exposure.mean(axis=(0, 1)), (placed.exposure * placed.click_price_cents).mean(axis=(0, 1))
        often = seen >= 0.1
        assert told.exposure[0, :, level] == pytest.approx(seen, abs=0.025)
        assert told.cost_cents[0, often, level] / told.clicks[0, often, level] == pytest.approx((paid / seen)[often], rel=0.02)
        clicks = (traffic.searches * traffic.ctr)[0] * told.exposure[0, :, level]
        assert told.clicks[0, :, level] == pytest.approx(clicks)


def test_expected_exposure_clicks_and_cost_rise_with_the_bid(ads: AdBench) -> None:
    world, market, state = ads.opened(SEEDS)
    grid = np.broadcast_to(np.arange(0, 300, 20), (*world.ctr.shape, 15))
    told = expected(ads.parameters, market, state, ads.traffic(world, 12), moment=ads.moment(12), bid_cents=grid)

    for figures in (told.exposure, told.clicks, told.cost_cents):
        assert (np.diff(figures, axis=-1) >= 0.0).all()
        assert (figures[..., 0] == 0.0).all()
    assert (told.exposure <= 1.0).all()
    assert (told.cost_cents <= told.clicks * grid).all()


def test_the_expected_landscape_knows_which_rivals_are_out_of_money(ads: AdBench) -> None:
    world, market, state = ads.opened(SEEDS)
    broke = replace(state, spent_share=state.budget_share)
    grid = np.ones((*world.ctr.shape, 1), dtype=np.int64)
    traffic, moment = ads.traffic(world, 12), ads.moment(12)

    contested, free = (expected(ads.parameters, market, each, traffic, moment=moment, bid_cents=grid) for each in (state, broke))

    assert (free.exposure == 1.0).all()
    assert (contested.exposure < 0.01).all()
