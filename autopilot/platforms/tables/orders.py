"""Rows of a merchant's table as orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from autopilot.platforms.order_book import Order, OrderLine
from autopilot.platforms.tables.columns import OrderColumns, OrderTable
from autopilot.platforms.tables.left_out import LeftOut
from autopilot.platforms.tables.source import Batch, Row
from autopilot.platforms.tables.values import Dialect, Unreadable, amount, code, in_minor_units, moment, number, read, text, whole


@dataclass(slots=True)
class _Gathered:
    placed: datetime
    modified: datetime | None
    lines: list[OrderLine] = field(default_factory=list)


def orders_of(batch: Batch, table: OrderTable, dialect: Dialect, *, oldest: datetime, left_out: LeftOut) -> list[Order]:
    """The orders in a batch of rows, one row per product of an order.

    Args:
        batch: With all rows of each order that is in it; an order without a time of change of its own is as new as the batch.
        table: What the columns mean, and which orders count.
        dialect: How values are written.
        oldest: Orders placed before are not wanted.
        left_out: Told of each row that could not be read.

    Returns:
        In the order of their first rows.
    """
    gathered: dict[str, _Gathered] = {}
    for place, row in left_out.rows_of(batch):
        try:
            _gather(gathered, row, table, dialect)
        except Unreadable as error:
            left_out.row(place, error, source=batch.name)
    return [
        Order(id=order, modified=of.modified or batch.as_of, placed=of.placed, counts=bool(of.lines), lines=tuple(of.lines))
        for order, of in gathered.items()
        if of.placed >= oldest
    ]


def _gather(gathered: dict[str, _Gathered], row: Row, table: OrderTable, dialect: Dialect) -> None:
    columns = table.columns
    order, placed = read(row, columns.order, code, dialect), read(row, columns.time, moment, dialect)
    modified = None if columns.modified is None else read(row, columns.modified, moment, dialect)
    line = _line(row, columns, dialect)
    of = gathered.setdefault(order, _Gathered(placed=placed, modified=modified))
    of.placed = min(of.placed, placed)
    of.modified = max((at for at in (of.modified, modified) if at is not None), default=None)
    if _counts(row, table):
        of.lines.append(line)


def _line(row: Row, columns: OrderColumns, dialect: Dialect) -> OrderLine:
    """One line; what came back is its own line in most exports, with units below zero."""
    if columns.currency is not None and (given := text(row.get(columns.currency)).upper()) != dialect.currency:
        raise Unreadable(dialect.currency, was=repr(given), column=columns.currency)
    units = read(row, columns.quantity, whole, dialect)
    paid = _paid(row, columns, units, dialect)
    sku = read(row, columns.sku, code, dialect)
    if units < 0:
        return OrderLine(sku=sku, units=0, revenue_cents=0, returned_units=-units, refunded_cents=abs(paid))
    if paid < 0:
        raise Unreadable(
            "an amount of at least 0 for units that were sold", was=str(paid), column=columns.amount or columns.unit_price or ""
        )
    return OrderLine(sku=sku, units=units, revenue_cents=paid)


def _paid(row: Row, columns: OrderColumns, units: int, dialect: Dialect) -> int:
    if columns.amount is not None:
        return read(row, columns.amount, amount, dialect)
    # multiplied before it is rounded: a price may have parts of a cent
    each = read(row, columns.unit_price or "", number, dialect)
    return in_minor_units(each * units, dialect)


def _counts(row: Row, table: OrderTable) -> bool:
    """Whether the line is a sale, by its state."""
    if table.columns.status is None:
        return True
    state = text(row.get(table.columns.status))
    return state in table.counted if table.counted else state not in table.cancelled
