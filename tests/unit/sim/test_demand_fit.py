"""The fit finds again what made the orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pytest

from perception.units import Floats, Ints
from sim.calibration.assortment_choice import choose
from sim.calibration.demand_fit import Shape, fit_shape, fit_skus, level_and_dispersion, sku_orders
from sim.calibration.elasticity_fit import PUBLISHED_MEDIAN, fit_elasticity, list_price_lines, most_frequent
from sim.calibration.orders import OrderLines

MONDAY = date(2024, 1, 1).toordinal()
WEEKDAYS = np.array([1.4, 1.3, 1.2, 1.1, 1.0, 0.0, 1.0])


def _lines(order: Ints, sku: Ints, day: Ints, **more: Any) -> OrderLines:
    count = order.size
    columns = {
        "hour": np.full(count, 10),
        "units": np.ones(count, dtype=np.int64),
        "price": np.full(count, 2.0),
        "known_customer": np.ones(count, dtype=np.bool_),
        **more,
    }
    names = tuple(f"S{index:03d}" for index in range(int(sku.max()) + 1))
    days = int(day.max() - day.min()) + 1
    return OrderLines(
        sku_names=names,
        first_day=int(day.min()),
        counted=np.ones(days, dtype=np.bool_),
        order=order,
        sku=sku,
        day=day,
        repeat_customer_share=0.5,
        customers=100,
        dropped={},
        cancelled_value=np.zeros(days),
        **columns,
    )


def _shape(lines: OrderLines) -> Shape:
    return fit_shape(lines, sku_orders(lines))


@dataclass(frozen=True)
class Made:
    """Orders made by known figures."""

    lines: OrderLines
    elasticity: Floats
    level: Floats


def _made(*, skus: int, weeks: int, seed: int, elasticity: Floats, price_moves: float) -> Made:
    """Each SKU sells Poisson orders of one line at a list price that moves every few weeks."""
    chance = np.random.default_rng(seed)
    level = chance.uniform(3.0, 9.0, skus)
    steps = np.repeat(chance.normal(0.0, price_moves, (skus, weeks // 4 + 1)), 4, axis=1)[:, :weeks]
    price = np.round(10.0 * np.exp(steps), 2)
    rate = level[:, None] * np.tile(WEEKDAYS, weeks) * np.repeat((price / 10.0) ** -elasticity[:, None], 7, axis=1)
    counts = chance.poisson(rate)
    sku, day = np.nonzero(counts)
    times = counts[sku, day]
    sku, day = np.repeat(sku, times), np.repeat(day, times)
    by_day = np.argsort(day, kind="stable")
    sku, day = sku[by_day], day[by_day]
    lines = _lines(
        np.arange(sku.size), sku, MONDAY + day, price=price[sku, day // 7], hour=chance.choice([9, 14], sku.size, p=[0.25, 0.75])
    )
    return Made(lines=lines, elasticity=elasticity, level=level)


@pytest.fixture(scope="module")
def steady() -> Made:
    return _made(skus=40, weeks=60, seed=1, elasticity=np.full(40, 2.0), price_moves=0.15)


def test_shape_is_found_again(steady: Made) -> None:
    shape = _shape(steady.lines)

    assert shape.hour_shares[14] == pytest.approx(0.75, abs=0.01)
    np.testing.assert_allclose(shape.weekday_index, WEEKDAYS / WEEKDAYS.mean(), atol=0.04)
    np.testing.assert_allclose(shape.month_index, 1.0, atol=0.08)
    assert shape.has_months
    assert shape.open_days.all()


def test_days_left_out_are_no_days_of_low_demand(steady: Made) -> None:
    every_second_week = np.arange(steady.lines.counted.size) // 7 % 2 == 0

    part = _shape(steady.lines.within(every_second_week))

    np.testing.assert_allclose(part.weekday_index, WEEKDAYS / WEEKDAYS.mean(), atol=0.06)
    np.testing.assert_allclose(part.month_index, 1.0, atol=0.12)
    assert (part.open_days == every_second_week).all()


def test_an_order_counts_once_for_each_of_its_products() -> None:
    order = np.array([0, 0, 0, 1])
    lines = _lines(order, np.array([0, 1, 2, 0]), np.full(4, MONDAY), hour=np.array([9, 9, 9, 14]))

    assert _shape(lines).hour_shares[[9, 14]].tolist() == [0.75, 0.25]


def test_levels_are_found_again() -> None:
    made = _made(skus=40, weeks=60, seed=7, elasticity=np.full(40, 2.0), price_moves=0.0)
    shape = _shape(made.lines)

    demand = fit_skus(made.lines, sku_orders(made.lines), shape)

    np.testing.assert_allclose(demand.orders_per_day / made.level, 1.0, atol=0.08)
    assert demand.dispersion.mean() < 0.02


def test_a_closed_day_is_no_sign_of_low_demand() -> None:
    open_days = np.array([day for day in range(140) if day % 7 != 5 and day != 73])
    order = np.arange(open_days.size * 10)

    shape = _shape(_lines(order, np.zeros_like(order), MONDAY + np.repeat(open_days, 10)))

    assert np.flatnonzero(~shape.open_days).tolist() == [73]
    assert shape.weekday_index[5] == 0.0
    np.testing.assert_allclose(np.delete(shape.weekday_index, 5), 7 / 6)


def test_less_than_eleven_months_give_no_month_index() -> None:
    order = np.arange(200)

    shape = _shape(_lines(order, np.zeros_like(order), MONDAY + order))

    assert not shape.has_months
    assert (shape.month_index == 1.0).all()


@pytest.mark.parametrize("dispersion", [0.0, 0.2, 0.8])
def test_dispersion_is_found_again(dispersion: float) -> None:
    chance = np.random.default_rng(4)
    factor = chance.gamma(1 / dispersion, dispersion, (60, 400)) if dispersion else np.ones((60, 400))
    counts = chance.poisson(4.0 * factor)
    sku, day = np.nonzero(counts)
    times = counts[sku, day]

    rate, found = level_and_dispersion(np.repeat(sku, times), np.repeat(day, times), np.ones(400), skus=60)

    assert rate.mean() == pytest.approx(4.0, rel=0.03)
    assert found.mean() == pytest.approx(dispersion, abs=0.03)


def test_units_of_one_order_are_added_up_and_described_by_deciles() -> None:
    order = np.repeat(np.arange(20), 2)
    units = np.repeat(np.arange(1, 21), 2)
    lines = _lines(order, np.zeros_like(order), MONDAY + order, units=units, price=np.tile([2.0, 1.5], 20))

    orders = sku_orders(lines)
    demand = fit_skus(lines, orders, _shape(lines))

    assert orders.units.tolist() == (2 * np.arange(1, 21)).tolist()
    assert orders.revenue[0] == pytest.approx(3.5)
    assert demand.units_deciles[0].tolist() == [2, 6, 10, 14, 18, 22, 26, 30, 34, 38][:10]


def test_the_price_is_the_latest_list_price_and_not_that_of_bulk() -> None:
    day = np.arange(300)
    bulk = day % 3 == 0
    price = np.where(day < 250, 5.0, 6.0) - bulk
    lines = _lines(day, np.zeros_like(day), MONDAY + day, price=price, units=np.where(bulk, 100, 2))

    assert fit_skus(lines, sku_orders(lines), _shape(lines)).price[0] == 6.0
    assert not list_price_lines(lines)[bulk].any()


def test_the_most_frequent_value_is_the_lower_of_equals() -> None:
    found = most_frequent(np.array([0, 0, 0, 2, 2]), np.array([3.0, 1.0, 3.0, 8.0, 7.0]), 3)

    np.testing.assert_array_equal(found, [3.0, np.nan, 7.0])


def test_elasticity_is_found_again_where_prices_moved() -> None:
    made = _made(skus=40, weeks=60, seed=2, elasticity=np.full(40, 3.0), price_moves=0.2)

    fit = fit_elasticity(made.lines)

    assert -fit.pooled_slope == pytest.approx(3.0, abs=0.15)
    assert fit.informative_skus == 40
    np.testing.assert_allclose(np.exp(fit.posterior.log_mean), 3.0, rtol=0.15)
    assert (fit.posterior.log_sd < 0.15).all()


def test_products_are_told_apart_by_their_elasticity() -> None:
    truth = np.repeat([1.2, 3.0], 20)
    made = _made(skus=40, weeks=60, seed=3, elasticity=truth, price_moves=0.25)

    found = np.exp(fit_elasticity(made.lines).posterior.log_mean)

    assert found[:20].max() < found[20:].min()
    # partial pooling: estimates lie closer together than the truths
    assert 1.2 < found[:20].mean() < found[20:].mean() < 3.0


def test_a_wrong_sign_lowers_the_belief_and_never_turns_it() -> None:
    made = _made(skus=40, weeks=60, seed=4, elasticity=np.concatenate([[-2.5], np.full(39, 2.0)]), price_moves=0.15)

    fit = fit_elasticity(made.lines)

    found = np.exp(fit.posterior.log_mean)
    assert fit.slope[0] > 0.0
    assert fit.wrong_sign_share == pytest.approx(1 / 40)
    assert 0.0 < found[0] < found[1:].min()


def test_prices_that_never_moved_leave_the_published_figure() -> None:
    made = _made(skus=5, weeks=60, seed=5, elasticity=np.full(5, 3.0), price_moves=0.0)

    fit = fit_elasticity(made.lines)

    assert fit.informative_skus == 0
    assert np.isnan(fit.pooled_slope)
    np.testing.assert_allclose(np.exp(fit.posterior.log_mean), PUBLISHED_MEDIAN, rtol=0.01)
    np.testing.assert_allclose(fit.posterior.log_sd, np.hypot(0.40, 0.415), rtol=0.01)


def test_choice_is_dense_at_the_head_and_thin_at_the_tail() -> None:
    made = _made(skus=200, weeks=60, seed=6, elasticity=np.full(200, 2.0), price_moves=0.0)
    shape = _shape(made.lines)
    demand = fit_skus(made.lines, sku_orders(made.lines), shape)

    choice = choose(demand, shape, established=12, launches=3)

    ranks = np.argsort(np.argsort(-demand.revenue))[choice.sku]
    assert np.unique(choice.sku).size == 12
    assert ranks[:3].tolist() == [0, 1, 2]
    assert ranks[-1] == 199
    assert (np.diff(ranks) > 0).all()
    assert choice.campaigns == ("bestsellers", "range")
    assert np.bincount(choice.campaign_of).tolist() == [4, 8]


def test_launches_are_chosen_among_the_latest_and_thinnest() -> None:
    old = np.repeat(np.arange(400), 5)
    fresh_day, fresh_sku = np.repeat(np.arange(370, 400), 3), np.tile([1, 2, 3], 30)
    keep = fresh_day % fresh_sku == 0
    day, sku = np.concatenate([old, fresh_day[keep]]), np.concatenate([np.zeros(old.size, dtype=np.int64), fresh_sku[keep]])
    by_day = np.argsort(day, kind="stable")
    lines = _lines(np.arange(day.size), sku[by_day], MONDAY + day[by_day])
    shape = _shape(lines)

    choice = choose(fit_skus(lines, sku_orders(lines), shape), shape, established=5, launches=2)

    assert choice.sku.tolist() == [0, 2, 3]
    assert choice.is_new.tolist() == [False, True, True]
    assert choice.campaigns == ("range", "launches")
