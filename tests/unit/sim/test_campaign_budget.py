"""A campaign's day never costs more than its limit, to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.ads.campaign_budget import affordable_clicks, overdelivery, per_campaign, remaining_cents

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

MEMBERS = np.array([[True, False, True], [False, True, False]])


@given(
    clicks=arrays(np.int64, (4, 2, 3), elements=st.integers(0, 9)),
    price=arrays(np.int64, (4, 2, 3), elements=st.one_of(st.integers(1, 80), st.just(1 << 40))),
    left=arrays(np.int64, (2, 2), elements=st.one_of(st.integers(0, 2000), st.just(1 << 52))),
    first=st.integers(0, 5),
)
def test_paid_clicks_fit_the_budget_and_waste_less_than_a_click(
    clicks: np.ndarray, price: np.ndarray, left: np.ndarray, first: int
) -> None:
    paid = affordable_clicks(clicks, price, MEMBERS, left, first=first)

    kept, cost, offered = paid.clicks, paid.spent_cents, per_campaign((clicks * price).sum(axis=0), MEMBERS)
    dearest = np.stack([price[:, :, member].max(axis=(0, 2)) for member in MEMBERS], axis=1)
    assert (cost <= left).all()
    assert (cost >= np.minimum(offered, left - dearest + 1)).all()
    assert (kept <= clicks).all()
    assert (kept >= 0).all()
    assert not kept.take(paid.ended).any()
    assert (paid.cost_cents == kept * price).all()
    assert (cost == per_campaign(paid.cost_cents.sum(axis=0), MEMBERS)).all()


def test_ads_stop_at_the_moment_the_money_ends() -> None:
    clicks, price = np.full((4, 1, 3), 1), np.full((4, 1, 3), 10)

    paid = affordable_clicks(clicks, price, MEMBERS, np.array([[35, 0]]))

    ended = np.zeros(clicks.shape, dtype=np.bool_)
    ended.reshape(-1)[paid.ended] = True
    assert paid.clicks[:, 0].T.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert ended[:, 0].T.tolist() == [[False, False, True, True], [True] * 4, [False, False, True, True]]
    assert paid.spent_cents.tolist() == [[30, 0]]


def test_the_last_money_goes_to_the_sku_whose_turn_it_is() -> None:
    clicks, price = np.full((1, 1, 3), 1), np.full((1, 1, 3), 10)

    served = [affordable_clicks(clicks, price, MEMBERS, np.array([[10, 0]]), first=first).clicks[0, 0].tolist() for first in range(3)]

    assert served == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]


def test_two_campaigns_that_run_short_in_the_same_hour_are_cut_apart() -> None:
    clicks, price = np.full((2, 1, 3), 2), np.full((2, 1, 3), 10)

    paid = affordable_clicks(clicks, price, MEMBERS, np.array([[30, 10]]))

    assert paid.clicks[:, 0].tolist() == [[2, 1, 1], [0, 0, 0]]


def test_lowering_a_budget_below_what_is_spent_stops_the_day() -> None:
    spent, ratio = np.array([[900, 900]]), np.array([[1.2, 1.2]])

    left = remaining_cents(np.array([[1000, 500]]), ratio, spent)

    assert left.tolist() == [[300, 0]]


def test_a_budget_without_bounds_counts_as_a_very_large_one() -> None:
    left = remaining_cents(np.array([[np.iinfo(np.int64).max]]), np.array([[1.25]]), np.array([[7]]))

    assert left.tolist() == [[2**52 - 7]]


def test_overdelivery_lies_between_one_and_its_ratio(bench: Bench) -> None:
    budget = bench.parameters.budget
    ratio = overdelivery(budget, seeds=np.arange(400), day=7, campaigns=3)
    exact = overdelivery(bench.changed(budget={"overdelivery_ratio": 1.0}).parameters.budget, seeds=np.arange(9), day=7, campaigns=3)

    assert 1.0 <= ratio.min() < 1.02
    assert 1.23 < ratio.max() <= 1.25
    assert (exact == 1.0).all()
