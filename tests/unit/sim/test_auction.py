"""Generalised second price: rank, price, and rivals that run out of money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.auction import cpc_log_sd, next_cpc_drift, place, rival_bids_cents, rival_budgets, rivals_present, stationary_cpc_drift
from sim.world import truth

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

EXPOSURES = (1.0, 0.8, 0.48)


def _one_auction(bid: int, rivals: list[float]) -> tuple[float, int]:
    placed = place(np.array([[bid]]), np.array([[[rivals]]]), exposures=EXPOSURES, reserve_cents=5)
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
    ],
)
def test_a_slot_costs_the_next_bid_or_the_reserve(bid: int, rivals: list[float], exposure: float, price: int) -> None:
    assert _one_auction(bid, rivals) == (exposure, price)


@given(
    bid=st.integers(0, 300),
    more=st.integers(0, 300),
    rivals=st.lists(st.one_of(st.just(0.0), st.floats(0.01, 400.0)), min_size=6, max_size=6),
)
def test_a_higher_bid_is_seen_no_less_and_never_pays_more_than_itself(bid: int, more: int, rivals: list[float]) -> None:
    seen, price = _one_auction(bid, rivals)
    seen_more, price_more = _one_auction(bid + more, rivals)

    assert seen_more >= seen
    assert price_more >= price
    assert price <= bid
    assert price_more <= bid + more


def test_rivals_bid_lognormally_around_the_median(bench: Bench) -> None:
    seeds = np.arange(40)
    world = truth(bench.parameters, seeds=seeds)
    bids = np.log(rival_bids_cents(bench.parameters.auction, world, seeds=seeds, hour=9, log_cpc_drift=np.zeros(40)))

    assert np.median(bids) == pytest.approx(np.log(bench.parameters.auction.median_bid_cents), abs=0.03)
    # the range that iPinYou's winning prices imply
    assert 0.7 < bids.std() < 0.8


def test_rivals_run_out_after_60_to_100_percent_of_a_usual_day(bench: Bench) -> None:
    auction, seeds = bench.parameters.auction, np.arange(50)
    budget = rival_budgets(auction, seeds=seeds, day=3)

    morning = rivals_present(budget, np.full_like(budget, 0.55), np.full_like(budget, 0.04), auctions=8)
    evening = rivals_present(budget, np.minimum(budget, 1.0), np.full_like(budget, 0.04), auctions=8)

    assert morning.all()
    assert not evening.any()
    assert budget.min() < 0.65
    assert budget.max() > 0.95


def test_a_rival_stops_within_the_hour_when_its_money_ends() -> None:
    present = rivals_present(np.array([[0.70]]), np.array([[0.68]]), np.array([[0.04]]), auctions=4)

    assert present[0, :, 0].tolist() == [True, True, False, False]


def test_bid_level_drifts_as_a_stationary_autoregression(bench: Bench) -> None:
    auction, seeds = bench.parameters.auction, np.arange(3000)
    drift = [stationary_cpc_drift(auction, seeds=seeds)]
    for day in range(30):
        drift.append(next_cpc_drift(auction, drift[-1], seeds=seeds, day=day))

    assert np.std(drift[0]) == pytest.approx(cpc_log_sd(auction), rel=0.05)
    assert np.std(drift[30]) == pytest.approx(cpc_log_sd(auction), rel=0.05)
    assert np.corrcoef(drift[29], drift[30])[0, 1] == pytest.approx(auction.cpc_drift_ar1, abs=0.02)
    assert np.std(np.exp(drift[30])) / np.mean(np.exp(drift[30])) == pytest.approx(auction.cpc_drift_cv, rel=0.1)
