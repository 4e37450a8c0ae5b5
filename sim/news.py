"""Conversions on their way into the reports: a queue of changes of figures, each due at an hour of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Ints
from sim.ad_orders import AdOrders
from sim.counts import places

_COLUMNS = 5
_DUE, _CELL, _CLICK, _COUNT, _VALUE = range(_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """E changes of the conversions that reports show.

    Attributes:
        table: (5, E) int64, a row for each of the properties below; one array, because it is cut and joined every hour.
    """

    table: Ints

    @property
    def due_hour(self) -> Ints:
        """(E,) shown when so many hours have passed."""
        return self._row(_DUE)

    @property
    def cell(self) -> Ints:
        """(E,) place in the flattened (N, M) market."""
        return self._row(_CELL)

    @property
    def click_hour(self) -> Ints:
        """(E,) hour of the click: the change counts on its day."""
        return self._row(_CLICK)

    @property
    def count(self) -> Ints:
        """(E,) change of the number of conversions."""
        return self._row(_COUNT)

    @property
    def value_cents(self) -> Ints:
        """(E,) change of their value."""
        return self._row(_VALUE)

    def _row(self, index: int) -> Ints:
        row: Ints = self.table[index]
        return row

    def where(self, chosen: Bools) -> News:
        """The chosen rows."""
        return News(table=self.table.take(chosen.nonzero()[0], axis=1))


def no_news() -> News:
    """No rows."""
    return News(table=np.zeros((_COLUMNS, 0), dtype=np.int64))


def news_of(orders: AdOrders, *, shown_at: Ints, settled_at: Ints) -> News:
    """How orders will be shown: first with their surplus, and without it once they are settled; settled ones are right at once.

    Args:
        orders: Arrived, with units sold.
        shown_at: (E,) hours passed when each is shown first.
        settled_at: (E,) hours passed when its restatement ends.
    """
    # of an order that settles before it is seen, nothing wrong is ever shown
    surplus = orders.surplus * (settled_at > shown_at)
    table = np.empty((_COLUMNS, 2, orders.count), dtype=np.int64)
    table[_DUE] = shown_at, settled_at
    table[_CELL], table[_CLICK] = orders.cell, orders.click_hour
    table[_COUNT] = 1 + surplus, -surplus
    table[_VALUE] = table[_COUNT] * (orders.units * orders.price_cents)
    # a withheld order is not shown at first, and most are right from the start
    return News(table=table.reshape(_COLUMNS, -1).take(places(table[_COUNT]), axis=1))


def later(news: News, more: News) -> News:
    """Both."""
    return News(table=np.concatenate([news.table, more.table], axis=1)) if more.table.size else news


def due_at(news: News, hour: int) -> tuple[News, News]:
    """What is due when ``hour`` hours have passed, and what is due later."""
    due = news.due_hour == hour
    return (news.where(due), news.where(~due)) if due.any() else (no_news(), news)
