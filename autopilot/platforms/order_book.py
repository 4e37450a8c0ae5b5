"""The orders of a shop, as far as they were read: no sale is lost, and none is counted twice.

A shop shows orders; perception wants figures per product and day, cumulative, with a version. The book stands between: orders come in as
often as they are read, each replaces what was known of it, and in the same transaction the figures of the days it touches are added up anew
and the place to go on reading from is kept. Killed at any instant, the book is as before a page or as after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from autopilot.platforms.today import every_sku_today
from perception.observation import MetricRows, Signal
from perception.ports import SourceUnavailable
from perception.units import day_of

KEPT_DAYS = 45
"""How far back the first reading goes, and rows are given when all are asked for: perception's window and some more."""

OVERLAP = timedelta(minutes=5)
"""Read again behind the newest change: clocks differ, transactions commit late, several orders share a second."""

STAMP_STEP_S = 0.001
"""Least distance of two stamps: changes that come later are told from those that were asked for before, even if the clock was set back."""

NOTHING_SOLD = (0, 0, 0)

ASKED_AT_ONCE = 400
"""Ids or cells in one statement; SQLite takes some tens of thousands of values, older ones 999."""

BUSY_S = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One product of one order.

    Attributes:
        sku: Its id, as in the catalogue; lines of products that are no longer sold are kept and not shown.
        units: Ordered, without what was cancelled before it left, >= 0.
        revenue_cents: What the buyer pays for them, in the terms of the shop's price set-point (net or gross), >= 0.
        returned_units, refunded_cents: Of these, what came back, >= 0; not subtracted, because plans expect returns already.
    """

    sku: str
    units: int
    revenue_cents: int
    returned_units: int = 0
    refunded_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as the shop shows it now.

    Attributes:
        id: The shop's, for all versions of the order.
        modified: Last change, aware UTC, as coarse as the shop says it.
        placed: When the buyer ordered, aware UTC.
        counts: Whether it is a sale: placed for good, and not cancelled.
        lines: One per product; several of one product are added up.
    """

    id: str
    modified: datetime
    placed: datetime
    counts: bool
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Units sold and returned over the days that are kept."""

    units: int
    returned_units: int


_metadata = sa.MetaData()
_orders = sa.Table(
    "orders",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("modified_s", sa.Float, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Column("counts", sa.Boolean, nullable=False),
)
_lines = sa.Table(
    "lines",
    _metadata,
    sa.Column("order_id", sa.String, primary_key=True),
    sa.Column("sku", sa.String, primary_key=True),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Column("units", sa.Integer, nullable=False),
    sa.Column("revenue_cents", sa.Integer, nullable=False),
    sa.Column("returned_units", sa.Integer, nullable=False),
    sa.Column("refunded_cents", sa.Integer, nullable=False),
    sa.Index("lines_by_cell", "day", "sku"),
)
"""Lines of orders that count."""
_cells = sa.Table(
    "cells",
    _metadata,
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("sku", sa.String, primary_key=True),
    sa.Column("orders", sa.Integer, nullable=False),
    sa.Column("units", sa.Integer, nullable=False),
    sa.Column("revenue_cents", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("stamp_s", sa.Float, nullable=False),
    sa.Index("cells_by_stamp", "stamp_s"),
)
_marks = sa.Table("marks", _metadata, sa.Column("name", sa.String, primary_key=True), sa.Column("at_s", sa.Float, nullable=False))
"""``cursor``: newest change of an order that is in the book; ``stamp``: newest instant the book was asked for or changed."""

_fresh = insert(_orders)
_REPLACE_ORDER = _fresh.on_conflict_do_update(
    index_elements=["id"], set_={name: _fresh.excluded[name] for name in ("modified_s", "day", "counts")}
)

_summed = insert(_cells)
_FIGURES = ("orders", "units", "revenue_cents")
_RENEW_CELL = _summed.on_conflict_do_update(
    index_elements=["day", "sku"],
    set_={name: _summed.excluded[name] for name in (*_FIGURES, "stamp_s")} | {"version": _cells.c.version + 1},
    where=sa.or_(*(_cells.c[name] != _summed.excluded[name] for name in _FIGURES)),
)

Cell = tuple[int, str]
"""(day, SKU)."""


class OrderBook:
    """Orders of one shop in a SQLite file of the store."""

    def __init__(self, path: Path, *, timezone: ZoneInfo) -> None:
        """Open or create it. Raises: SourceUnavailable."""
        self._timezone = timezone
        self._engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_S})
        with self._transaction() as connection:
            _metadata.create_all(connection)
        path.chmod(0o600)

    def read_from(self, *, now: datetime) -> datetime:
        """Modified at or after this instant: what must be read (again) to miss nothing."""
        with self._transaction() as connection:
            cursor_s = _mark(connection, "cursor")
        if cursor_s is None:
            return now - timedelta(days=KEPT_DAYS)
        return datetime.fromtimestamp(cursor_s, UTC) - OVERLAP

    def take(self, orders: Sequence[Order], *, now: datetime, moves_on: bool = True) -> None:
        """Keep what was read, the place to go on from, and the figures of the days it touches, all or nothing.

        An older copy of an order never replaces a newer one; the same one again changes nothing.

        Args:
            orders: What was read.
            now: The instant of the tick, aware UTC.
            moves_on: Whether all that changed before these was read too, so that reading goes on from the newest of them; where they were
                read out of turn, ``reach`` says later how far everything was read.

        Raises:
            SourceUnavailable: The book cannot be written; nothing was taken.
        """
        with self._transaction() as connection:
            newest = {order.id: order for order in sorted(orders, key=lambda order: order.modified)}
            held = _modified(connection, newest)
            fresh = [order for order in newest.values() if order.modified.timestamp() >= held.get(order.id, float("-inf"))]
            touched = _cells_of(connection, [order.id for order in fresh])
            self._replace(connection, fresh)
            touched |= _cells_of(connection, [order.id for order in fresh])
            _add_up(connection, touched, stamp_s=_next_stamp(connection, now))
            if orders and moves_on:
                _set_mark(connection, "cursor", max(order.modified.timestamp() for order in orders))

    def take_page(self, orders: Sequence[Order], *, now: datetime) -> None:
        """Keep a page of a list that is in order of changes, of which all pages before were kept.

        Reading goes on from the newest order that changed a while ago: a later time may be that of a change between putting the page in
        order and loading what is on it, and orders that changed before may be on pages to come.

        Raises:
            SourceUnavailable: The book cannot be written; nothing was taken, or the place to go on from was not.
        """
        self.take(orders, now=now, moves_on=False)
        settled = [order.modified for order in orders if order.modified < now - OVERLAP]
        if settled:
            self.reach(max(settled))

    def reach(self, until: datetime) -> None:
        """All that changed before this instant of the shop's clock was read. Raises: SourceUnavailable."""
        with self._transaction() as connection:
            _set_mark(connection, "cursor", until.timestamp())

    def rows(self, skus: Sequence[str], *, since: datetime | None, now: datetime) -> MetricRows:
        """Figures of the days that changed after ``since`` (of all kept days when None), and today's of every product.

        Args:
            skus: The catalogue's, in its order.
            since: Up to where the asker has committed what was given before.
            now: The instant of the tick, aware UTC.

        Raises:
            SourceUnavailable: The book cannot be read.
        """
        today = day_of(now, self._timezone)
        with self._transaction() as connection:
            _set_mark(connection, "stamp", now.timestamp())
            changed = _cells.c.stamp_s > since.timestamp() if since is not None else sa.true()
            wanted = sa.or_(sa.and_(changed, _cells.c.day > today - KEPT_DAYS), _cells.c.day == today)
            found = connection.execute(sa.select(_cells).where(wanted).order_by(_cells.c.day, _cells.c.sku)).all()
        index = {sku: place for place, sku in enumerate(skus)}
        known = [row for row in found if row.sku in index and row.day <= today]
        rows = MetricRows(
            signal=Signal.SHOP,
            sku=np.array([index[row.sku] for row in known], dtype=np.int64),
            day=np.array([row.day for row in known], dtype=np.int64),
            observed_at_s=np.full(len(known), now.timestamp()),
            version=np.array([row.version for row in known], dtype=np.int64),
            values=np.array([(row.orders, row.units, row.revenue_cents) for row in known], dtype=np.float64).reshape(-1, 3),
        )
        return every_sku_today(rows, sku_count=len(skus), today=today, now=now)

    def returns(self) -> Returns:
        """What came back of what was sold, for comparison with what the settings expect."""
        with self._transaction() as connection:
            units, returned = connection.execute(sa.select(sa.func.sum(_lines.c.units), sa.func.sum(_lines.c.returned_units))).one()
        return Returns(units=units or 0, returned_units=returned or 0)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _replace(self, connection: sa.Connection, orders: Sequence[Order]) -> None:
        ids = [order.id for order in orders]
        for part in _parts(ids):
            connection.execute(_lines.delete().where(_lines.c.order_id.in_(part)))
        days = {order.id: day_of(order.placed, self._timezone) for order in orders}
        fresh = [{"id": o.id, "modified_s": o.modified.timestamp(), "day": days[o.id], "counts": o.counts} for o in orders]
        if fresh:
            connection.execute(_REPLACE_ORDER, fresh)
        lines = [line for order in orders if order.counts for line in _line_rows(order, days[order.id])]
        if lines:
            connection.execute(_lines.insert(), lines)

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            reason = str(error.orig) if isinstance(error, sa.exc.DBAPIError) else type(error).__name__
            raise SourceUnavailable(f"the book of orders cannot be used: {reason}") from None


def _line_rows(order: Order, day: int) -> Iterator[dict[str, Any]]:
    sums: dict[str, list[int]] = {}
    for line in order.lines:
        _, *figures = astuple(line)
        sums[line.sku] = [one + other for one, other in zip(sums.get(line.sku, [0] * len(figures)), figures, strict=True)]
    for sku, (units, revenue, returned, refunded) in sums.items():
        yield {
            "order_id": order.id,
            "sku": sku,
            "day": day,
            "units": units,
            "revenue_cents": revenue,
            "returned_units": returned,
            "refunded_cents": refunded,
        }


def _modified(connection: sa.Connection, ids: Iterable[str]) -> dict[str, float]:
    held: dict[str, float] = {}
    for part in _parts(list(ids)):
        rows = connection.execute(sa.select(_orders.c.id, _orders.c.modified_s).where(_orders.c.id.in_(part)))
        held.update((row.id, row.modified_s) for row in rows)
    return held


def _cells_of(connection: sa.Connection, ids: Sequence[str]) -> set[Cell]:
    """The days and products in whose figures these orders stand."""
    cells: set[Cell] = set()
    for part in _parts(ids):
        rows = connection.execute(sa.select(_lines.c.day, _lines.c.sku).where(_lines.c.order_id.in_(part)).distinct())
        cells.update((row.day, row.sku) for row in rows)
    return cells


def _add_up(connection: sa.Connection, cells: set[Cell], *, stamp_s: float) -> None:
    """Sum up these cells from their lines; a cell whose figures are as before keeps version and stamp."""
    place = sa.tuple_(_lines.c.day, _lines.c.sku)
    sums = (sa.func.count().label("orders"), *(sa.func.sum(_lines.c[name]).label(name) for name in _FIGURES[1:]))
    for part in _parts(sorted(cells)):
        figures: dict[Cell, tuple[int, ...]] = dict.fromkeys(part, NOTHING_SOLD)
        found = connection.execute(sa.select(_lines.c.day, _lines.c.sku, *sums).where(place.in_(part)).group_by(_lines.c.day, _lines.c.sku))
        figures.update(((day, sku), tuple(rest)) for day, sku, *rest in found)
        rows = [
            {"day": day, "sku": sku, "orders": orders, "units": units, "revenue_cents": revenue, "version": 1, "stamp_s": stamp_s}
            for (day, sku), (orders, units, revenue) in figures.items()
        ]
        connection.execute(_RENEW_CELL, rows)


def _next_stamp(connection: sa.Connection, now: datetime) -> float:
    """A stamp behind every instant the book was ever asked for or changed at."""
    last = _mark(connection, "stamp")
    stamp_s = now.timestamp() if last is None else max(now.timestamp(), last + STAMP_STEP_S)
    _set_mark(connection, "stamp", stamp_s)
    return stamp_s


def _mark(connection: sa.Connection, name: str) -> float | None:
    at_s: float | None = connection.execute(sa.select(_marks.c.at_s).where(_marks.c.name == name)).scalar()
    return at_s


def _set_mark(connection: sa.Connection, name: str, at_s: float) -> None:
    """A mark only ever moves on."""
    values: Mapping[str, Any] = {"at_s": at_s}
    fresh = insert(_marks).values(name=name, **values)
    connection.execute(fresh.on_conflict_do_update(index_elements=["name"], set_=values, where=_marks.c.at_s < at_s))


def _parts(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(ids), ASKED_AT_ONCE):
        yield ids[start : start + ASKED_AT_ONCE]
