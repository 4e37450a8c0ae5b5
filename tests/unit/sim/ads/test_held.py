"""The compiled pass gives what the auction done step by step gives, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.ads import held
from sim.ads.auction import HIGHEST_BID_CENTS, bid_noise
from sim.randomness import cells

if TYPE_CHECKING:
    from tests.unit.sim.ads.conftest import AdBench


@pytest.mark.parametrize(
    ("rivals", "auctions", "stores", "skus"), [(4, 2, 60, 10), (6, 8, 7, 3), (1, 1, 5, 2), (5, 3, 170, 7), (9, 4, 13, 40), (3, 2, 1, 1)]
)
@pytest.mark.parametrize("first_price", [False, True])
def test_compiled_and_done_step_by_step_are_the_same(
    ads: AdBench, monkeypatch: pytest.MonkeyPatch, rivals: int, auctions: int, stores: int, skus: int, *, first_price: bool
) -> None:
    pytest.importorskip("numba")
    auction = replace(ads.parameters.auction, rivals=rivals, sampled_auctions=auctions, first_price=first_price)
    rng = np.random.default_rng(rivals)
    middle = rng.lognormal(3.0, 0.8, (rivals, stores, skus)).astype(np.float32)
    # some rivals have no money, some bids are missing or beyond all bounds
    factor = rng.lognormal(0.0, 0.2, (1, stores, rivals)) * (rng.random((1, stores, rivals)) > 0.2)
    bids = (rng.lognormal(3.0, 1.0, (stores, skus)) * (rng.random((stores, skus)) > 0.1)).astype(np.int64)
    bids[0, 0] = HIGHEST_BID_CENTS * 2
    noise, weight = bid_noise(auction, cells(np.arange(stores), skus), hour=5), 3.0 * rng.random((stores, skus))
    told = []
    for least in (0, 1 << 40):
        monkeypatch.setattr(held, "_WORTH_COMPILING", least)
        told.append(held.hold(auction, middle, factor, noise, bid_cents=bids, weight=weight, worth_of=(rivals - 1,)))
    (placement, won), (by_steps, won_by_steps) = told

    assert won is not None
    assert won_by_steps is not None
    np.testing.assert_array_equal(placement.exposure, by_steps.exposure)
    np.testing.assert_array_equal(placement.click_price_cents, by_steps.click_price_cents)
    np.testing.assert_array_equal(won.cost_cents, won_by_steps.cost_cents)
    np.testing.assert_array_equal(won.worth_cents, won_by_steps.worth_cents)
