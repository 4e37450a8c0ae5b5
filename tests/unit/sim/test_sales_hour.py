"""One hour of sales: every order is served, cut or refused by what is in stock, and money follows units."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perception.units import Ints
from sim.ad_orders import AdOrders, joined, no_orders, singles
from sim.sales_hour import OrganicOrders, sell

SKUS, CELLS = 3, 6
PRICE = np.array([[100, 250, 40], [999, 1, 7]])


def _organic(orders: list[tuple[int, int]]) -> OrganicOrders:
    ordered = sorted(orders, key=lambda order: order[0])
    cell = np.array([cell for cell, _ in ordered], dtype=np.int64)
    units = np.array([wanted for _, wanted in ordered], dtype=np.int64)
    return OrganicOrders(counts=np.bincount(cell, minlength=CELLS).reshape(2, SKUS), cell=cell, units=units)


def _from_ads(orders: list[tuple[int, int, int]]) -> AdOrders:
    table = np.zeros((6, len(orders)), dtype=np.int64)
    for place, (cell, units, price) in enumerate(orders):
        table[:, place] = (cell, 0, 5, price, units, 0)
    return AdOrders(table=table, skus=SKUS)


def _by_hand(on_hand: Ints, organic: OrganicOrders, arriving: AdOrders) -> dict[str, Ints]:
    """The same, one order after the other."""
    left = on_hand.ravel().copy()
    out = {name: np.zeros(CELLS, dtype=np.int64) for name in ("ad_orders", "organic_orders", "units", "revenue_cents", "lost_units")}
    rows = [(c, u, PRICE.ravel()[c], "organic_orders") for c, u in zip(organic.cell, organic.units, strict=True)]
    rows += [(c, u, p, "ad_orders") for c, u, p in zip(arriving.cell, arriving.units, arriving.price_cents, strict=True)]
    for cell, wanted, price, kind in rows:
        sold = min(wanted, left[cell])
        left[cell] -= sold
        out[kind][cell] += sold > 0
        out["units"][cell] += sold
        out["revenue_cents"][cell] += sold * price
        out["lost_units"][cell] += wanted - sold
    return out


@given(
    stock=st.lists(st.integers(0, 30), min_size=CELLS, max_size=CELLS),
    organic=st.lists(st.tuples(st.integers(0, CELLS - 1), st.integers(1, 12)), max_size=20),
    ads=st.lists(st.tuples(st.integers(0, CELLS - 1), st.integers(1, 12), st.integers(1, 500)), max_size=20),
)
def test_orders_are_served_one_after_the_other(stock: list[int], organic: list[tuple[int, int]], ads: list[tuple[int, int, int]]) -> None:
    on_hand = np.array(stock).reshape(2, SKUS)
    without_click, arriving = _organic(organic), _from_ads(ads)

    sales = sell(on_hand, PRICE, without_click, arriving)

    expected = _by_hand(on_hand, without_click, arriving)
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(sales, name).ravel(), values, err_msg=name)
    assert (sales.delivered.units > 0).all()
    np.testing.assert_array_equal(np.bincount(sales.delivered.cell, minlength=CELLS), expected["ad_orders"])
    assert (sales.units <= on_hand).all()


@given(st.lists(st.integers(0, 4), min_size=CELLS, max_size=CELLS))
def test_counts_are_spread_into_single_events(counts: list[int]) -> None:
    spread = singles(np.array(counts).reshape(2, SKUS))

    assert spread.cell.tolist() == [cell for cell, count in enumerate(counts) for _ in range(count)]
    assert spread.place.tolist() == [place for count in counts for place in range(count)]


def test_queues_of_orders_are_cut_and_joined_without_loss() -> None:
    orders = _from_ads([(0, 1, 10), (5, 2, 20), (3, 3, 30)])

    one, rest = orders.where(orders.cell == 5), orders.where(orders.cell != 5)
    again = joined([rest, no_orders(SKUS), one], skus=SKUS)

    assert again.cell.tolist() == [0, 3, 5]
    assert again.units.tolist() == [1, 3, 2]
    assert again.store.tolist() == [0, 1, 1]
    assert again.sku.tolist() == [0, 0, 2]
    assert joined([], skus=SKUS).count == 0
    assert one.followed_by(rest).count == 3
