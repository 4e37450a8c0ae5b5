"""The auction: rank, price, what the rivals get, and what a day brings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.ads.auction import (
    Ladder,
    bid_noise,
    cpc_log_sd,
    ladder,
    next_cpc_drift,
    place,
    quasi_noise,
    rival_budgets,
    rivals_present,
    stand,
    stationary_cpc_drift,
    takings,
)
from sim.randomness import cells

if TYPE_CHECKING:
    from sim.parameters.market import Auction
    from tests.unit.sim.conftest import Bench

BIDS = st.one_of(st.just(0.0), st.floats(0.5, 400.0, width=32))


@pytest.fixture(scope="module")
def auction(bench: Bench) -> Auction:
    return replace(bench.parameters.auction, exposures=(1.0, 0.8, 0.48), reserve_cents=5, rivals=6, first_price=False)


def _ladder(bids: np.ndarray) -> Ladder:
    """Rungs of one auction for each of N stores with one SKU; ``bids`` is (N, R)."""
    stores, rivals = bids.shape
    noise = np.ones((-(-rivals // 4), 1, 1, 1, 4), dtype=np.float32)
    return ladder(bids.T[:, :, None].astype(np.float32), np.ones((1, stores, rivals)), noise, rungs=4)


def _one(auction: Auction, bid: int, rivals: list[float]) -> tuple[float, int]:
    placed = place(stand(np.array([[bid]]), _ladder(np.array([rivals])), auction), auction)
    return float(placed.exposure[0, 0, 0]), int(placed.click_price_cents[0, 0, 0])


@pytest.mark.parametrize(
    ("bid", "rivals", "exposure", "price"),
    [
        (100, [60.2, 40.0, 20.0], 1.0, 61),
        (50, [60.2, 40.0, 20.0], 0.8, 40),
        (30, [60.2, 40.0, 20.0], 0.48, 20),
        (10, [60.2, 40.0, 20.0], 0.0, 0),
        (10, [60.2, 40.0, 0.0], 0.48, 5),
        (5, [0.0, 0.0, 0.0], 1.0, 5),
        (4, [0.0, 0.0, 0.0], 0.0, 0),
        (0, [0.0, 0.0, 0.0], 0.0, 0),
        (40, [40.0, 30.0, 0.0], 1.0, 40),
        (1 << 60, [60.2, 40.0, 20.0], 1.0, 61),
    ],
)
def test_a_slot_costs_the_next_bid_or_the_reserve(auction: Auction, bid: int, rivals: list[float], exposure: float, price: int) -> None:
    assert _one(auction, bid, rivals) == (exposure, price)


@pytest.mark.parametrize(("bid", "exposure", "price"), [(100, 1.0, 100), (50, 0.8, 50), (10, 0.0, 0), (4, 0.0, 0)])
def test_under_first_price_a_slot_costs_the_bid(auction: Auction, bid: int, exposure: float, price: int) -> None:
    assert _one(replace(auction, first_price=True), bid, [60.2, 40.0, 20.0]) == (exposure, price)


@given(bid=st.integers(0, 300), more=st.integers(0, 300), rivals=st.lists(BIDS, min_size=6, max_size=6), first_price=st.booleans())
def test_a_higher_bid_is_seen_no_less_and_never_pays_more_than_itself(
    auction: Auction, bid: int, more: int, rivals: list[float], *, first_price: bool
) -> None:
    rule = replace(auction, first_price=first_price)
    seen, price = _one(rule, bid, rivals)
    seen_more, price_more = _one(rule, bid + more, rivals)

    assert seen_more >= seen
    assert price_more >= price
    assert price <= bid
    assert price_more <= bid + more


@given(bids=arrays(np.float32, (3, 7), elements=BIDS))
def test_rungs_are_the_highest_bids_in_order_with_their_owners(bids: np.ndarray) -> None:
    rungs = _ladder(bids)

    for store in range(3):
        found = rungs.bids_cents[:, 0, store, 0]
        assert found == pytest.approx(np.sort(bids[store])[::-1][:4], rel=1e-5)
        owners = rungs.owners[:, 0, store, 0][found > 0]
        assert bids[store][owners] == pytest.approx(found[found > 0], rel=1e-5)
        assert len(set(owners.tolist())) == owners.size


@settings(max_examples=50)
@given(bids=arrays(np.float32, (1, 5), elements=BIDS, unique=True), ours=st.integers(0, 400), first_price=st.booleans())
def test_rivals_get_what_an_auction_done_by_hand_gives_them(auction: Auction, bids: np.ndarray, ours: int, *, first_price: bool) -> None:
    rule = replace(auction, first_price=first_price)
    middle = np.full((5, 1, 1), 20.0, dtype=np.float32)
    ranked = _ladder(bids)
    standing = stand(np.array([[ours]]), ranked, rule)
    won = takings(standing, rule, weight=np.array([[3.0]]), middle_cents=middle, worth_of=(0, 1, 2, 3, 4))
    cost, worth = np.zeros(5), np.zeros(5)
    # bids as the rungs carry them; we come first under equal bids
    field = [(float(bid), int(owner)) for bid, owner in zip(ranked.bids_cents[:, 0, 0, 0], ranked.owners[:, 0, 0, 0], strict=True)]
    everyone = sorted([(float(ours), -1), *field], key=lambda each: (-each[0], each[1]))
    taking_part = [each for each in everyone if each[0] >= rule.reserve_cents]
    for place_, (bid, owner) in enumerate(taking_part[:3]):
        below = taking_part[place_ + 1][0] if place_ + 1 < len(taking_part) else 0.0
        if owner >= 0:
            cost[owner] = 3.0 * rule.exposures[place_] * (bid if first_price else max(below, rule.reserve_cents))
            worth[owner] = 3.0 * rule.exposures[place_] * 20.0

    assert won.cost_cents[0] == pytest.approx(cost, rel=1e-4)
    assert won.worth_cents[0] == pytest.approx(worth, rel=1e-4)


def test_what_rivals_get_is_the_same_to_the_last_bit_for_a_single_store_of_a_single_sku(auction: Auction) -> None:
    keys, ours = cells(np.arange(9), 1), np.full((9, 1), 25)
    middle = np.full((6, 9, 1), 30.0, dtype=np.float32)

    def cost(rows: slice) -> np.ndarray:
        stores = keys[rows].shape[0]
        ranked = ladder(middle[:, rows], np.ones((1, stores, 6)), bid_noise(auction, keys[rows], hour=7), rungs=4)
        standing = stand(ours[rows], ranked, auction)
        won = takings(standing, auction, weight=np.full((stores, 1), 0.37), middle_cents=middle[:, rows], worth_of=(2,))
        return np.concatenate([won.cost_cents, won.worth_cents], axis=1)

    np.testing.assert_array_equal(cost(slice(4, 5))[0], cost(slice(0, 9))[4])


def test_a_rival_without_money_takes_no_part(auction: Auction) -> None:
    middle = np.full((6, 2, 3), 40.0, dtype=np.float32)
    factor = np.zeros((1, 2, 6))
    factor[0, 1] = 1.0
    rungs = ladder(middle, factor, bid_noise(auction, cells(np.arange(2), 3), hour=4), rungs=4)

    assert not rungs.bids_cents[:, :, 0].any()
    assert (rungs.bids_cents[:, :, 1] > 0.0).all()


def test_bids_scatter_lognormally_from_auction_to_auction(auction: Auction) -> None:
    noise = np.log(bid_noise(auction, cells(np.arange(400), 5), hour=9)).ravel()

    assert noise.mean() == pytest.approx(0.0, abs=0.01)
    assert noise.std() == pytest.approx(auction.bid_log_sd_within, rel=0.01)
    assert np.quantile(noise, 0.95) == pytest.approx(1.645 * auction.bid_log_sd_within, rel=0.02)


def test_the_noise_of_different_rivals_auctions_and_hours_is_unrelated(auction: Auction) -> None:
    keys = cells(np.arange(2000), 2)
    noise, later = (np.log(bid_noise(auction, keys, hour=hour)) for hour in (9, 10))
    groups, moments = noise.shape[:2]
    columns = np.stack([noise[g, k, :, :, lane].ravel() for g in range(groups) for k in range(moments) for lane in range(4)])
    related = np.corrcoef(np.concatenate([columns, np.moveaxis(later, (2, 3), (-2, -1)).reshape(columns.shape)]))

    assert np.abs(related - np.eye(len(related))).max() < 0.08


def test_the_noise_for_expected_values_has_the_moments_of_the_drawn_one(auction: Auction) -> None:
    noise = quasi_noise(auction, points=256)
    deviates = np.log(noise[..., 0, 0, :]).transpose(1, 0, 2).reshape(256, -1)[:, : auction.rivals]

    assert np.abs(deviates.mean(axis=0)).max() < 1e-6
    assert deviates.std(axis=0) == pytest.approx(auction.bid_log_sd_within, rel=0.01)
    assert np.abs(np.corrcoef(deviates.T) - np.eye(auction.rivals)).max() < 0.15


def test_rivals_run_out_after_60_to_100_percent_of_a_usual_day(auction: Auction) -> None:
    budget = rival_budgets(auction, seeds=np.arange(50), day=3)

    morning = rivals_present(budget, np.full_like(budget, 0.55), np.full_like(budget, 0.04), auctions=8)
    evening = rivals_present(budget, np.minimum(budget, 1.0), np.full_like(budget, 0.04), auctions=8)

    assert morning.all()
    assert not evening.any()
    assert budget.min() < 0.65
    assert budget.max() > 0.95


def test_a_rival_stops_within_the_hour_when_its_money_ends() -> None:
    present = rivals_present(np.array([[0.70]]), np.array([[0.68]]), np.array([[0.04]]), auctions=4)

    assert present[0, :, 0].tolist() == [True, True, False, False]


def test_bid_level_drifts_as_a_stationary_autoregression(auction: Auction) -> None:
    seeds = np.arange(3000)
    drift = [stationary_cpc_drift(auction, seeds=seeds)]
    for day in range(30):
        drift.append(next_cpc_drift(auction, drift[-1], seeds=seeds, day=day))

    assert np.std(drift[0]) == pytest.approx(cpc_log_sd(auction), rel=0.05)
    assert np.std(drift[30]) == pytest.approx(cpc_log_sd(auction), rel=0.05)
    assert np.corrcoef(drift[29], drift[30])[0, 1] == pytest.approx(auction.cpc_drift_ar1, abs=0.02)
    assert np.std(np.exp(drift[30])) / np.mean(np.exp(drift[30])) == pytest.approx(auction.cpc_drift_cv, rel=0.1)
