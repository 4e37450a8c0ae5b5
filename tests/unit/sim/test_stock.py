"""Stock: never more sold than there is; deliveries come when their lead time is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.stock import NOT_ON_ORDER, Inventory, filled_units, opening, replenished

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

USUAL = np.array([10.0, 0.01])
SEEDS = np.arange(3)


def test_first_come_is_first_served_and_the_last_gets_the_rest() -> None:
    filled = filled_units(np.array([5, 2]), np.array([0, 1, 0, 1, 0]), np.array([3, 2, 4, 1, 1]))

    assert filled.tolist() == [3, 2, 2, 0, 0]


@given(
    orders=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), max_size=40),
    stock=st.lists(st.integers(0, 60), min_size=4, max_size=4),
)
def test_what_is_sold_is_the_smaller_of_stock_and_wish(orders: list[tuple[int, int]], stock: list[int]) -> None:
    row = np.array([sku for sku, _ in orders], dtype=np.int64)
    units = np.array([wanted for _, wanted in orders], dtype=np.int64)

    filled = filled_units(np.array(stock), row, units)

    for sku in range(4):
        assert filled[row == sku].sum() == min(units[row == sku].sum(), stock[sku])
    assert (filled >= 0).all()
    assert (filled <= units).all()


def test_opening_stock_is_between_its_days_and_never_nothing(bench: Bench) -> None:
    inventory = opening(bench.parameters.stock, USUAL, seeds=np.arange(300))

    assert inventory.on_hand[:, 0].min() >= 120
    assert inventory.on_hand[:, 0].max() <= 600
    assert (inventory.on_hand[:, 1] == 1).all()


def test_reorder_at_the_reorder_point_arrives_after_the_lead_time(bench: Bench) -> None:
    stock = bench.parameters.stock
    low = Inventory(on_hand=np.full((3, 2), 280), on_order=np.zeros((3, 2), dtype=np.int64), due_day=np.full((3, 2), NOT_ON_ORDER))
    above = replace(low, on_hand=np.full((3, 2), 281))

    ordered = replenished(low, stock, USUAL, seeds=SEEDS, day=4)
    kept = replenished(above, stock, USUAL, seeds=SEEDS, day=4)
    lead = ordered.due_day[:, 0] - 4
    days = {day: replenished(ordered, stock, USUAL, seeds=SEEDS, day=day).on_hand[0, 0] for day in range(5, 4 + 22)}

    assert (ordered.on_order[:, 0] == 600 - 280).all()
    assert (kept.on_order == 0).all()
    assert ((lead >= 14) & (lead <= 21)).all()
    assert [day for day, units in days.items() if units == 600] == [ordered.due_day[0, 0]]


def test_only_one_delivery_is_under_way(bench: Bench) -> None:
    low = Inventory(on_hand=np.full((3, 2), 0), on_order=np.full((3, 2), 50), due_day=np.full((3, 2), 20))

    later = replenished(low, bench.parameters.stock, USUAL, seeds=SEEDS, day=10)

    np.testing.assert_array_equal(later.on_order, low.on_order)
    np.testing.assert_array_equal(later.due_day, low.due_day)
