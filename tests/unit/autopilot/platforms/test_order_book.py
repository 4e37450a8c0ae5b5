"""No sale is lost and none is counted twice, whatever is read again, changed, cancelled, or cut off."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from autopilot.platforms.order_book import KEPT_DAYS, OVERLAP, Order, OrderBook, OrderLine, Returns
from perception.observation import COLUMNS, MetricRows, Signal
from perception.ports import SourceUnavailable

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TODAY = NOW.date().toordinal()
SKUS = ("A", "B", "C")
HOUR = timedelta(hours=1)


def order(name: str, *lines: OrderLine, placed: datetime = NOW - HOUR, modified: datetime | None = None, counts: bool = True) -> Order:
    return Order(id=name, modified=modified or placed, placed=placed, counts=counts, lines=lines)


def line(sku: str, units: int = 1, revenue_cents: int = 500, **returned: int) -> OrderLine:
    return OrderLine(sku=sku, units=units, revenue_cents=revenue_cents, **returned)


@pytest.fixture
def book(tmp_path: Path) -> OrderBook:
    return OrderBook(tmp_path / "orders.sqlite", timezone=LONDON)


def figures(rows: MetricRows) -> dict[tuple[str, int], tuple[float, ...]]:
    """(orders, units, revenue) of each (SKU, day) where anything was sold."""
    cells = zip(rows.sku.tolist(), rows.day.tolist(), rows.values.tolist(), strict=True)
    return {(SKUS[sku], day): tuple(values) for sku, day, values in cells if any(values)}


def shown(book: OrderBook, *, since: datetime | None = None, now: datetime = NOW) -> dict[tuple[str, int], tuple[float, ...]]:
    return figures(book.rows(SKUS, since=since, now=now))


def test_orders_become_figures_per_product_and_day(book: OrderBook) -> None:
    yesterday = NOW - timedelta(days=1)
    book.take([order("1", line("A", 2, 1_000), line("B")), order("2", line("A")), order("3", line("A"), placed=yesterday)], now=NOW)

    assert shown(book) == {("A", TODAY): (2, 3, 1_500), ("B", TODAY): (1, 1, 500), ("A", TODAY - 1): (1, 1, 500)}


def test_the_day_is_the_stores_and_not_the_worlds(tmp_path: Path) -> None:
    book = OrderBook(tmp_path / "orders.sqlite", timezone=ZoneInfo("Asia/Shanghai"))

    book.take([order("1", line("A"), placed=datetime(2026, 11, 27, 16, 30, tzinfo=UTC))], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 1, 500)}


def test_several_lines_of_one_product_are_one_order(book: OrderBook) -> None:
    book.take([order("1", line("A", 1, 500), line("A", 2, 900))], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 3, 1_400)}


def test_today_has_a_row_for_every_product_even_where_nothing_was_sold(book: OrderBook) -> None:
    rows = book.rows(SKUS, since=NOW - HOUR, now=NOW)

    assert rows.signal is Signal.SHOP
    assert rows.sku.tolist() == [0, 1, 2]
    assert rows.day.tolist() == [TODAY] * 3
    assert rows.values.shape == (3, len(COLUMNS[Signal.SHOP]))
    assert not rows.values.any()


def test_reading_an_order_again_counts_it_once(book: OrderBook) -> None:
    for _ in range(3):
        book.take([order("1", line("A"))], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 1, 500)}


def test_a_changed_order_replaces_what_was_known_of_it(book: OrderBook) -> None:
    book.take([order("1", line("A", 2, 1_000))], now=NOW)

    book.take([order("1", line("B"), modified=NOW)], now=NOW)

    assert shown(book) == {("B", TODAY): (1, 1, 500)}


def test_a_cancelled_order_is_no_sale_and_its_day_is_restated(book: OrderBook) -> None:
    book.take([order("1", line("A")), order("2", line("A"))], now=NOW)
    before = book.rows(SKUS, since=None, now=NOW)

    book.take([order("2", line("A"), modified=NOW, counts=False)], now=NOW + HOUR)
    after = book.rows(SKUS, since=NOW, now=NOW + HOUR)

    assert figures(after) == {("A", TODAY): (1, 1, 500)}
    assert after.version[after.sku == 0] > before.version[before.sku == 0]


def test_an_older_copy_never_replaces_a_newer_one(book: OrderBook) -> None:
    book.take([order("1", line("A"), modified=NOW)], now=NOW)

    book.take([order("1", line("A", 9, 9_000), modified=NOW - HOUR)], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 1, 500)}


def test_a_second_change_within_the_same_second_counts(book: OrderBook) -> None:
    book.take([order("1", line("A"), modified=NOW)], now=NOW)

    book.take([order("1", line("A", 2, 1_000), modified=NOW)], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 2, 1_000)}


def test_what_came_back_is_told_apart_and_not_subtracted(book: OrderBook) -> None:
    book.take([order("1", line("A", 4, 2_000, returned_units=1, refunded_cents=500))], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 4, 2_000)}
    assert book.returns() == Returns(units=4, returned_units=1)


def test_products_that_are_no_longer_sold_are_kept_and_not_shown(book: OrderBook) -> None:
    book.take([order("1", line("gone"), line("A"))], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 1, 500)}
    assert figures(book.rows(("gone",), since=None, now=NOW)) == {("A", TODAY): (1, 1, 500)}


def test_only_what_changed_since_is_told_again(book: OrderBook) -> None:
    yesterday = NOW - timedelta(days=1)
    book.take([order("1", line("A"), placed=yesterday)], now=NOW)

    assert shown(book, since=NOW - HOUR) == {("A", TODAY - 1): (1, 1, 500)}
    assert shown(book, since=NOW, now=NOW + HOUR) == {}


def test_what_was_given_and_not_committed_is_given_again(book: OrderBook) -> None:
    yesterday = NOW - timedelta(days=1)
    book.take([order("1", line("A"), placed=yesterday)], now=NOW)
    book.rows(SKUS, since=NOW - HOUR, now=NOW)

    # killed before the journal took it: the next tick asks with the old mark
    assert shown(book, since=NOW - HOUR, now=NOW + HOUR) == {("A", TODAY - 1): (1, 1, 500)}


def test_a_clock_set_back_hides_no_change(book: OrderBook) -> None:
    yesterday = NOW - timedelta(days=1)
    book.rows(SKUS, since=None, now=NOW)

    book.take([order("1", line("A"), placed=yesterday)], now=NOW - 5 * HOUR)

    assert shown(book, since=NOW, now=NOW - 4 * HOUR) == {("A", TODAY - 1): (1, 1, 500)}


def test_the_first_reading_goes_back_as_far_as_rows_are_kept(book: OrderBook) -> None:
    assert book.read_from(now=NOW) == NOW - timedelta(days=KEPT_DAYS)


def test_the_next_reading_begins_a_little_before_the_newest_change(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    OrderBook(path, timezone=LONDON).take([order("1", modified=NOW - HOUR), order("2", modified=NOW)], now=NOW)
    again = OrderBook(path, timezone=LONDON)

    again.take([order("3", modified=NOW - 2 * HOUR)], now=NOW)

    assert again.read_from(now=NOW + HOUR) == NOW - OVERLAP


def test_a_page_is_taken_whole_or_not_at_all(book: OrderBook, tmp_path: Path) -> None:
    book.take([order("1", line("A"), modified=NOW - HOUR)], now=NOW)
    with sqlite3.connect(tmp_path / "orders.sqlite") as other:
        other.execute("CREATE TRIGGER full BEFORE UPDATE ON marks WHEN NEW.name = 'cursor' BEGIN SELECT RAISE(ABORT, 'disk full'); END")

    with pytest.raises(SourceUnavailable, match="disk full"):
        book.take([order("2", line("B"), modified=NOW)], now=NOW)

    assert shown(book) == {("A", TODAY): (1, 1, 500)}
    assert book.read_from(now=NOW) == NOW - HOUR - OVERLAP


def test_a_file_that_is_no_book_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "orders.sqlite").write_bytes(b"this is no database at all" * 100)

    with pytest.raises(SourceUnavailable, match="book of orders"):
        OrderBook(tmp_path / "orders.sqlite", timezone=LONDON)


@pytest.mark.usefixtures("book")
def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert (tmp_path / "orders.sqlite").stat().st_mode & 0o077 == 0


changes = st.builds(
    lambda name, minute, lines, counts: Order(
        id=str(name),
        modified=NOW + timedelta(minutes=minute),
        placed=NOW - timedelta(hours=30 * (name % 3)),
        counts=counts,
        lines=tuple(OrderLine(sku=SKUS[sku], units=units, revenue_cents=units * 100) for sku, units in lines),
    ),
    name=st.integers(0, 6),
    minute=st.integers(0, 30),
    lines=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=4),
    counts=st.booleans(),
)


def expected(orders: Sequence[Order]) -> dict[tuple[str, int], tuple[float, ...]]:
    """The figures of the newest copy of every order; of two of the same second, the one that was read last."""
    newest: dict[str, Order] = {}
    for one in orders:
        if one.id not in newest or one.modified >= newest[one.id].modified:
            newest[one.id] = one
    sums: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for one in newest.values():
        day = one.placed.astimezone(LONDON).date().toordinal()
        for sku in {each.sku for each in one.lines} if one.counts else ():
            own = [each for each in one.lines if each.sku == sku]
            more = (1, sum(each.units for each in own), sum(each.revenue_cents for each in own))
            sums[sku, day] = [a + b for a, b in zip(sums[sku, day], more, strict=True)]
    return {cell: tuple(values) for cell, values in sums.items()}


class Killed(Exception):
    """The process ends here."""


@settings(max_examples=40)
@given(
    pages=st.lists(st.lists(changes, max_size=5), max_size=6),
    kills=st.dictionaries(st.integers(0, 5), st.integers(0, 40), max_size=3),
)
def test_any_pages_read_in_any_order_with_kills_in_between_add_up(pages: list[list[Order]], kills: dict[int, int]) -> None:
    """A kill within a page leaves the book as before it, and the page is read again; what the journal misses, it gets later."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.sqlite"
        book, committed = OrderBook(path, timezone=LONDON), None
        held: dict[tuple[str, int], tuple[float, ...]] = {}
        for number, page in enumerate(pages):
            now = NOW + timedelta(hours=number + 1)
            if number in kills:
                _take_and_die(book, page, now=now, after=kills[number])
                book = OrderBook(path, timezone=LONDON)
            book.take(page, now=now)
            rows = book.rows(SKUS, since=committed, now=now)
            # every other commit is lost, as when the process is killed between reading and committing
            if number % 2 == 0:
                committed = now
                held |= _cells(rows)
        held |= _cells(book.rows(SKUS, since=committed, now=NOW + timedelta(hours=10)))
        book.close()

    assert {cell: values for cell, values in held.items() if any(values)} == expected([one for page in pages for one in page])


def _take_and_die(book: OrderBook, page: list[Order], *, now: datetime, after: int) -> None:
    """Cut off the transaction at its ``after``-th statement."""
    left = after

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    sa.event.listen(book._engine, "before_cursor_execute", count)
    try:
        book.take([replace(one) for one in page], now=now)
    except Killed:
        pass
    finally:
        book.close()


def _cells(rows: MetricRows) -> dict[tuple[str, int], tuple[float, ...]]:
    cells = zip(rows.sku.tolist(), rows.day.tolist(), rows.values.tolist(), strict=True)
    return {(SKUS[sku], day): tuple(values) for sku, day, values in cells}
