"""Orders after a click: as many as the chance says, of the right size, at the right time, and the same under any policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.units import Floats, Ints
from sim.ad_orders import AdOrders, Clicks, orders_from
from sim.counts import places
from sim.world import World, truth

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

STORES, SKUS, HOUR = 400, 30, 100


@pytest.fixture(scope="module")
def world(bench: Bench) -> World:
    return truth(bench.parameters, seeds=np.arange(STORES))


def _orders(bench: Bench, world: World, clicks: Ints, chance: Floats) -> AdOrders:
    price = np.arange(STORES * SKUS).reshape(STORES, SKUS)
    cell = places(clicks)
    clicked = Clicks(cell=cell, count=clicks.take(cell), order_per_click=chance.take(cell), price_cents=price.take(cell))
    return orders_from(clicked, world, bench.parameters.reporting, hour=HOUR)


def test_as_many_clicks_become_orders_as_the_chance_says(bench: Bench, world: World) -> None:
    orders = _orders(bench, world, np.full((STORES, SKUS), 40), np.full((STORES, SKUS), 0.1))

    assert orders.count == pytest.approx(STORES * SKUS * 4.0, rel=0.02)
    per_sku = np.bincount(orders.cell, minlength=STORES * SKUS)
    assert per_sku.var() == pytest.approx(40 * 0.1 * 0.9, rel=0.05)


def test_orders_come_as_late_as_the_delays_say(bench: Bench, world: World) -> None:
    orders = _orders(bench, world, np.full((STORES, SKUS), 40), np.full((STORES, SKUS), 0.1))

    delay = orders.arrival_hour - orders.click_hour
    shares = np.cumsum(np.bincount(delay, minlength=world.delay_cumulative.size)) / orders.count
    assert (orders.click_hour == HOUR).all()
    assert np.abs(shares - world.delay_cumulative).max() < 1.6 / np.sqrt(orders.count)


def test_orders_are_as_large_as_those_of_their_product(bench: Bench, world: World) -> None:
    orders = _orders(bench, world, np.full((STORES, SKUS), 40), np.full((STORES, SKUS), 0.1))

    for sku in range(SKUS):
        units = orders.units[orders.sku == sku]
        assert units.mean() == pytest.approx(world.mean_units[sku], abs=4.5 * units.std() / np.sqrt(units.size) + 1e-9)
        assert np.isin(units, world.units_deciles[sku]).all()


def test_orders_are_paid_at_the_price_in_force(bench: Bench, world: World) -> None:
    orders = _orders(bench, world, np.full((STORES, SKUS), 5), np.full((STORES, SKUS), 0.1))

    np.testing.assert_array_equal(orders.price_cents, orders.cell)
    np.testing.assert_array_equal(orders.cell, orders.store * SKUS + orders.sku)


@pytest.mark.parametrize(("clicks", "chance"), [(12, 0.1), (8, 0.3), (50, 0.4)])
def test_more_clicks_or_better_odds_only_add_orders(bench: Bench, world: World, clicks: int, chance: float) -> None:
    few = _orders(bench, world, np.full((STORES, SKUS), 8), np.full((STORES, SKUS), 0.1))
    more = _orders(bench, world, np.full((STORES, SKUS), clicks), np.full((STORES, SKUS), chance))

    kept = {tuple(row) for row in more.table.T.tolist()}
    assert {tuple(row) for row in few.table.T.tolist()} <= kept
    assert more.count > few.count


def test_without_clicks_there_are_no_orders(bench: Bench, world: World) -> None:
    none = _orders(bench, world, np.zeros((STORES, SKUS), dtype=np.int64), np.full((STORES, SKUS), 0.4))

    assert none.count == 0
    assert none.skus == SKUS
