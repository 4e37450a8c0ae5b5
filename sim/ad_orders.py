"""Orders that follow a click: one row each, from the click to the hour after which no report will change any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.counts import columns, places
from sim.parameters.market import Reporting
from sim.randomness import Draw, Keys, at_index, quarter_uniforms, some_keys, uniforms
from sim.samplers import binomial, inverted, picked, whole_numbers
from sim.world import World

_COLUMNS = 6
_CELL, _CLICK, _ARRIVAL, _PRICE, _UNITS, _RESTATED = range(_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdOrders:
    """E orders after a click; hours count from the first local midnight of the market.

    Attributes:
        table: (6, E) int64, a row for each of the properties below but ``store`` and ``sku``. One array, because queues of orders are
            cut and joined every hour.
        skus: M of the market.
    """

    table: Ints
    skus: int

    @property
    def cell(self) -> Ints:
        """(E,) place in the flattened (N, M) market."""
        return self._row(_CELL)

    @property
    def store(self) -> Ints:
        """(E,) row of the market."""
        return self._row(_CELL) // self.skus

    @property
    def sku(self) -> Ints:
        """(E,) column of the market."""
        return columns(self._row(_CELL), self.skus)

    @property
    def click_hour(self) -> Ints:
        """(E,) when the ad was clicked."""
        return self._row(_CLICK)

    @property
    def arrival_hour(self) -> Ints:
        """(E,) when the order is placed, >= ``click_hour``."""
        return self._row(_ARRIVAL)

    @property
    def price_cents(self) -> Ints:
        """(E,) price of one unit when the ad was clicked; it holds for the order."""
        return self._row(_PRICE)

    @property
    def units(self) -> Ints:
        """(E,) units wanted, and once arrived, units sold."""
        return self._row(_UNITS)

    @property
    def settles_h(self) -> Ints:
        """(E,) hours after the order's arrival at which its restatement ends; 0 when it is never restated."""
        hours: Ints = np.abs(self._row(_RESTATED))
        return hours

    @property
    def surplus(self) -> Ints:
        """(E,) what reports show too much until then: −1 for an order withheld, +1 for one counted twice, 0 otherwise."""
        surplus: Ints = np.sign(self._row(_RESTATED))
        return surplus

    @property
    def count(self) -> int:
        """E."""
        return int(self.table.shape[1])

    def _row(self, index: int) -> Ints:
        row: Ints = self.table[index]
        return row

    def where(self, chosen: Bools) -> AdOrders:
        """The chosen rows."""
        return AdOrders(table=self.table.take(chosen.nonzero()[0], axis=1), skus=self.skus)

    def followed_by(self, other: AdOrders) -> AdOrders:
        """These rows, then the other's."""
        return joined((self, other), skus=self.skus)

    def with_units(self, units: Ints) -> AdOrders:
        """The same orders of other numbers of units, (E,)."""
        table = self.table.copy()
        table[_UNITS] = units
        return AdOrders(table=table, skus=self.skus)


def no_orders(skus: int) -> AdOrders:
    """No rows."""
    return AdOrders(table=np.zeros((_COLUMNS, 0), dtype=np.int64), skus=skus)


def joined(parts: Iterable[AdOrders], *, skus: int) -> AdOrders:
    """All rows of several, in their order."""
    tables = [part.table for part in parts if part.count]
    if len(tables) == 1:
        return AdOrders(table=tables[0], skus=skus)
    return AdOrders(table=np.concatenate(tables, axis=1), skus=skus) if tables else no_orders(skus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Singles:
    """Single events spread out of counts: (E,) flat ``cell`` of each, and its ``place`` among those of its cell, from 0."""

    cell: Ints
    place: Ints


def singles(counts: Ints) -> Singles:
    """Spread counts, (N, M) or (E,), into single events; those of one cell follow each other."""
    cell = places(counts)
    times = counts.take(cell)
    which = np.repeat(np.arange(cell.size), times)
    first = np.cumsum(times) - times
    return Singles(cell=cell.take(which), place=np.arange(which.size) - first.take(which))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """The clicks of an hour on the E SKUs that were clicked at all.

    Attributes:
        cell: (E,) their places in the flattened (N, M) market.
        count: (E,) clicks, > 0.
        order_per_click: (E,) chance of an order.
        price_cents: (E,) prices in force.
    """

    cell: Ints
    count: Ints
    order_per_click: Floats
    price_cents: Ints


def orders_from(clicks: Clicks, world: World, reporting: Reporting, *, hour: int) -> AdOrders:
    """Decide how many clicks become orders, of how many units, when they arrive, and how reports will misstate them.

    Args:
        clicks: Of the hour.
        world: The truth.
        reporting: How orders are restated.
        hour: Of the clicks.
    """
    skus = world.cells.shape[1]
    luck = uniforms(some_keys(world.cells, clicks.cell, Draw.CONVERTS, hour))
    one_by_one = singles(binomial(clicks.count, clicks.order_per_click, luck))
    if one_by_one.cell.size == 0:
        return no_orders(skus)
    cell = clicks.cell.take(one_by_one.cell)
    bought = Singles(cell=cell, place=one_by_one.place)
    drawn = quarter_uniforms(order_keys(world.cells, bought, Draw.AD_ORDER, hour))
    misstated, settles = drawn[:, 2], whole_numbers(1, reporting.restated_for_h, drawn[:, 3])
    withheld = misstated < reporting.withheld_share
    doubled = misstated < reporting.withheld_share + reporting.doubled_share
    table = np.empty((_COLUMNS, cell.size), dtype=np.int64)
    table[_CELL] = cell
    table[_CLICK] = hour
    table[_ARRIVAL] = hour + inverted(world.delay_cumulative, drawn[:, 1])
    table[_PRICE] = clicks.price_cents.take(one_by_one.cell)
    table[_UNITS] = picked(world.units_deciles, columns(cell, skus), drawn[:, 0])
    table[_RESTATED] = np.where(withheld, -settles, np.where(doubled, settles, 0))
    return AdOrders(table=table, skus=skus)


def order_keys(cells: Keys, orders: Singles, draw: Draw, hour: int) -> Keys:
    """One key per order, (E,): the i-th order of a SKU and hour has the same under any policy."""
    return at_index(some_keys(cells, orders.cell, draw, hour), orders.place)
