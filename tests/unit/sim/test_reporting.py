"""Reports: late and restated for ads, exact for the shop, and in the end the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.ad_orders import AdOrders
from sim.market import MarketState
from sim.reporting import ad_figures, hour_lag_h, on_hand, shop_figures, shown_times

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

AMPLE = 10_000_000
ADVERTISED_DAYS = 4


@pytest.fixture(scope="module")
def settled(bench: Bench) -> MarketState:
    """Four days of ads, then silence until nothing is restated any more."""
    state, _ = bench.run(bench.opened(range(3)), bench.setpoints(3, bid_cents=80, budget_cents=AMPLE), ADVERTISED_DAYS * 24)
    state, _ = bench.run(state, bench.setpoints(3), (7 + 3 + 1) * 24)
    return state


@pytest.fixture(scope="module")
def days(bench: Bench) -> list[int]:
    return [bench.first_day + offset for offset in range(ADVERTISED_DAYS)]


def _true_conversions(state: MarketState, days: list[int]) -> tuple[np.ndarray, np.ndarray]:
    orders, value = np.zeros((2, 3, len(days), 30))
    at = (state.arrived.store, state.arrived.click_hour // 24, state.arrived.sku)
    np.add.at(orders, at, 1)
    np.add.at(value, at, state.arrived.units * state.arrived.price_cents)
    return orders, value


def test_restated_totals_end_at_the_truth(bench: Bench, settled: MarketState, days: list[int]) -> None:
    shown = ad_figures(bench.parameters, settled, hour=settled.hour, days=days)

    truth = np.stack([page.sum(axis=1) for page in settled.log[:ADVERTISED_DAYS]], axis=1)
    orders, value = _true_conversions(settled, days)
    np.testing.assert_array_equal(shown[..., :3], truth[..., :3])
    np.testing.assert_array_equal(shown[..., 3], orders)
    np.testing.assert_array_equal(shown[..., 4], value)
    assert shown[..., 3].sum() > 100


def test_clicks_and_cost_only_ever_rise_and_conversions_also_fall(bench: Bench, settled: MarketState, days: list[int]) -> None:
    shown = np.stack([ad_figures(bench.parameters, settled, hour=hour, days=days) for hour in range(settled.hour + 1)])

    change = np.diff(shown, axis=0)
    assert (change[..., :3] >= 0).all()
    assert (change[..., 3] < 0).any()
    # clicks and cost are complete half a day after their day; the first hour is over at 1 and shown from 2 at the earliest
    np.testing.assert_array_equal(shown[24 + 12, :, 0, :, :3], shown[-1, :, 0, :, :3])
    assert not shown[:2].any()


def test_conversions_never_precede_their_clicks(bench: Bench, settled: MarketState, days: list[int]) -> None:
    for hour in range(0, settled.hour, 3):
        shown = ad_figures(bench.parameters, settled, hour=hour, days=days)
        assert not shown[..., 3][shown[..., 1] == 0].any()


def test_an_earlier_hour_is_answered_as_it_was_then(bench: Bench, settled: MarketState, days: list[int]) -> None:
    then, _ = bench.run(bench.opened(range(3)), bench.setpoints(3, bid_cents=80, budget_cents=AMPLE), 60)

    np.testing.assert_array_equal(
        ad_figures(bench.parameters, then, hour=60, days=days), ad_figures(bench.parameters, settled, hour=60, days=days)
    )
    np.testing.assert_array_equal(shop_figures(then, hour=60, days=days), shop_figures(settled, hour=60, days=days))


def test_lags_lie_between_their_bounds(bench: Bench) -> None:
    lag = hour_lag_h(bench.parameters.reporting, seeds=np.arange(20), hours=np.arange(200))

    assert set(np.unique(lag)) == set(range(1, 13))


def _ripe(count: int, surplus: int, settles_h: int) -> AdOrders:
    column = {name: np.zeros(count, dtype=np.int64) for name in ("store", "sku", "click_hour", "arrival_hour", "price_cents", "units")}
    return AdOrders(**column, settles_h=np.full(count, settles_h), surplus=np.full(count, surplus))


@pytest.mark.parametrize(("surplus", "before"), [(-1, 0), (1, 2), (0, 1)])
def test_an_order_settles_at_one_count(bench: Bench, surplus: int, before: int) -> None:
    order, seeds = _ripe(1, surplus, 40), np.array([1])

    counts = [int(shown_times(order, bench.parameters.reporting, seeds=seeds, hour=hour)[0]) for hour in (1, 20, 40, 41, 72)]

    assert counts == [0, before, before, 1, 1]


def test_restatement_is_as_large_as_said(bench: Bench, settled: MarketState) -> None:
    reporting, surplus = bench.parameters.reporting, settled.arrived.surplus

    assert (surplus == -1).mean() == pytest.approx(reporting.withheld_share, abs=0.06)
    assert (surplus == 1).mean() == pytest.approx(reporting.doubled_share, abs=0.04)
    assert settled.arrived.settles_h.max() <= reporting.restated_for_h
    assert (settled.arrived.settles_h[surplus != 0] >= 1).all()


def test_the_shop_knows_its_own_orders_at_once(settled: MarketState, days: list[int]) -> None:
    whole = shop_figures(settled, hour=settled.hour, days=[day + 0 for day in range(days[0], days[0] + 15)])
    noon = shop_figures(settled, hour=36, days=days)

    np.testing.assert_array_equal(whole[..., 0].sum(axis=1), settled.totals.orders)
    np.testing.assert_array_equal(whole[..., 1].sum(axis=1), settled.totals.units)
    np.testing.assert_array_equal(whole[..., 2].sum(axis=1), settled.totals.revenue_cents)
    np.testing.assert_array_equal(noon[:, 1], settled.log[1][:, :12, :, 3:].sum(axis=1))
    assert not noon[:, 2:].any()


def test_stock_is_shown_as_it_is(settled: MarketState) -> None:
    np.testing.assert_array_equal(on_hand(settled), settled.inventory.on_hand)


def test_days_outside_the_market_are_empty(bench: Bench, settled: MarketState) -> None:
    outside = [bench.first_day - 1, bench.first_day + 500]

    assert not ad_figures(bench.parameters, settled, hour=settled.hour, days=outside).any()
    assert not shop_figures(settled, hour=settled.hour, days=outside).any()


def test_the_future_and_the_forgotten_are_refused(bench: Bench) -> None:
    short = bench.changed(reporting={"kept_days": 2})
    state, _ = short.run(short.opened(range(1)), short.setpoints(1), 5 * 24)

    with pytest.raises(ValueError, match=r"hour: expected 0 … 120, was 121"):
        ad_figures(short.parameters, state, hour=121, days=[bench.first_day])
    with pytest.raises(ValueError, match=r"older figures are not kept"):
        shop_figures(state, hour=120, days=[bench.first_day])
