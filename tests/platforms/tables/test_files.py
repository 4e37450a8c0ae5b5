"""A shop in files: whatever becomes of the files, no sale is lost and none is counted twice."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autopilot.platforms.tables.shop import TableShop
from perception.fields import Field
from perception.observation import Signal
from perception.ports import BadAnswer, SourceUnavailable
from tests.platforms.tables.exports import (
    NOW,
    ORDER_COLUMNS,
    PRODUCT_COLUMNS,
    PRODUCTS,
    SHANGHAI,
    SKUS,
    lines,
    shop_of_files,
    touched,
    write,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TODAY = NOW.astimezone(SHANGHAI).date()
ONE, TWO, THREE = (
    "1,TEA-1,2026-11-20 10:00:00,2,60.00,paid",
    "2,TEA-2,2026-11-20 11:00:00,1,45.50,paid",
    "3,POT-3,2026-11-19 09:00:00,1,128.00,paid",
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with products and no orders yet."""
    folder = tmp_path / "exports"
    folder.mkdir()
    write(folder / "products.csv", PRODUCTS)
    return folder


def opened(exports: Path, **options: Any) -> TableShop:
    return shop_of_files(exports, exports.parent / "state", **options)


def sales(shop: TableShop, *, now: datetime = NOW, since: datetime | None = None) -> dict[tuple[str, int], tuple[float, ...]]:
    """(orders, units, revenue) by SKU and days before today, where anything was sold."""
    rows = next(rows for rows in shop.read(since=since, now=now) if rows.signal is Signal.SHOP)
    found = zip(rows.sku, rows.day, rows.values, strict=True)
    return {(SKUS[sku], int(TODAY.toordinal() - day)): tuple(values) for sku, day, values in found if values.any()}


def notes(shop: TableShop) -> str:
    return "\n".join(finding.detail for finding in shop.examine(now=NOW))


def test_products_are_what_the_table_says(exports: Path) -> None:
    catalogue = opened(exports).catalogue()

    assert catalogue.skus == SKUS
    assert catalogue.anchor_price_cents.tolist() == [3_000, 4_550, 12_800]
    assert catalogue.cost_cents[[0, 2]].tolist() == [1_200, 6_000]
    assert np.isnan(catalogue.cost_cents[1])


def test_orders_are_added_up_per_product_and_day_of_the_store(exports: Path) -> None:
    write(exports / "orders.csv", lines(ONE, TWO, THREE, "4,TEA-1,2026-11-19T17:00:00Z,1,30.00,paid"))

    # 17:00 in Greenwich is past midnight in Shanghai
    assert sales(opened(exports)) == {("TEA-1", 0): (2, 3, 9_000), ("TEA-2", 0): (1, 1, 4_550), ("POT-3", 1): (1, 1, 12_800)}


def test_cancelled_lines_are_no_sale_and_units_that_came_back_are_not_subtracted(exports: Path) -> None:
    write(
        exports / "orders.csv",
        lines(
            ONE,
            ONE.replace("paid", "cancelled"),
            "5,TEA-2,2026-11-20 10:00:00,1,45.50,cancelled",
            "6,TEA-1,2026-11-20 12:00:00,-1,-30.00,paid",
        ),
    )
    shop = opened(exports)

    assert sales(shop)["TEA-1", 0][1:] == (2, 6_000)
    assert ("TEA-2", 0) not in sales(shop)
    assert shop._book.returns().returned_units == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_the_encoding_of_an_export_is_found_out(exports: Path, encoding: str) -> None:
    header, columns = "订单编号,货号,付款时间,数量,实付金额,订单状态", ["订单编号", "货号", "付款时间", "数量", "实付金额", "订单状态"]
    rows = ["1,TEA-1,2026年11月20日 10:00:00,２,￥60.00,已付款", "2,TEA-1,2026/11/20 11:00,1,￥30.00,已取消"]
    write(exports / "orders.csv", lines(*rows, header=header), encoding=encoding)
    mapping = dict(zip(("order", "sku", "time", "quantity", "amount", "status"), columns, strict=True))

    shop = opened(exports, orders={"path": "orders.csv", "columns": mapping, "cancelled": ["已取消"]})

    assert sales(shop) == {("TEA-1", 0): (1, 2, 6_000)}


def test_an_encoding_that_cannot_be_found_out_is_asked_for(exports: Path) -> None:
    (exports / "orders.csv").write_bytes(b"order_id,sku,paid_at,qty,total,status\n\xff\xff\xff\x00\n")
    touched(exports / "orders.csv", NOW - HOUR)

    with pytest.raises(BadAnswer, match=r"orders.csv: expected UTF-8 or GB18030, was neither; set encoding"):
        sales(opened(exports))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_columns_may_be_separated_by_other_marks(exports: Path, separator: str) -> None:
    write(exports / "orders.csv", lines(ONE, TWO).replace(",", separator))

    assert len(sales(opened(exports))) == 2


def test_an_amazon_report_is_read_as_it_comes(exports: Path) -> None:
    header = "amazon-order-id\tpurchase-date\tlast-updated-date\torder-status\tsku\tquantity\tcurrency\titem-price"
    rows = [
        "702-1\t2026-11-20T02:00:00+00:00\t2026-11-20T03:00:00+00:00\tShipped\tTEA-1\t2\tCNY\t60.0",
        "702-2\t2026-11-20T02:10:00+00:00\t2026-11-20T03:00:00+00:00\tCancelled\tTEA-1\t1\tCNY\t30.0",
        "702-3\t2026-11-19T20:00:00+00:00\t2026-11-20T03:00:00+00:00\tPending\tPOT-3\t1\tCNY\t",
    ]
    write(exports / "orders.txt", lines(*rows, header=header))
    columns = {"order": "amazon-order-id", "sku": "sku", "time": "purchase-date", "modified": "last-updated-date", "quantity": "quantity"}
    columns |= {"amount": "item-price", "status": "order-status", "currency": "currency"}

    shop = opened(exports, orders={"path": "orders.txt", "columns": columns, "cancelled": ["Cancelled"]})

    assert sales(shop) == {("TEA-1", 0): (1, 2, 6_000)}
    assert "item-price: expected a number (first: orders.txt, row 3: empty)" in notes(shop)


def test_a_taobao_export_is_read_as_it_comes(exports: Path) -> None:
    header = '"订单编号","商家编码","订单付款时间","宝贝数量","买家实际支付金额","订单状态"'
    rows = [
        '"=""40001""","=""TEA-1""","2026-11-20 10:00:00","2","60.00","交易成功"',
        '"=""40001""","=""TEA-2""","2026-11-20 10:00:00","1","45.50","交易成功"',
        '"=""40002""","=""TEA-1""","2026-11-20 11:00:00","1","30.00","交易关闭"',
    ]
    write(exports / "orders.csv", lines(*rows, header=header).replace("\n", "\r\n"), encoding="gb18030")
    names = ("订单编号", "商家编码", "订单付款时间", "宝贝数量", "买家实际支付金额", "订单状态")
    columns = dict(zip(("order", "sku", "time", "quantity", "amount", "status"), names, strict=True))

    shop = opened(exports, orders={"path": "orders.csv", "columns": columns, "counted": ["交易成功"]})

    assert sales(shop) == {("TEA-1", 0): (1, 2, 6_000), ("TEA-2", 0): (1, 1, 4_550)}


def test_titles_above_the_table_and_totals_below_it_are_no_rows(exports: Path) -> None:
    content = "Orders of the tea house\n\n" + lines(ONE, TWO, "total,3,105.50", "3,TEA-1,2026-11-20,1,30.00,paid,too,many")
    write(exports / "orders.csv", content.replace("\n", "\r\n"))
    shop = opened(exports)

    assert set(sales(shop)) == {("TEA-1", 0), ("TEA-2", 0)}
    assert "1 × no row of the table: missing columns (first: orders.csv, line 6)" in notes(shop)
    assert "1 × no row of the table: too many columns (first: orders.csv, line 7)" in notes(shop)


def test_a_cell_may_hold_separators_quotes_and_ends_of_line(exports: Path) -> None:
    row = '1,"TEA-1",2026-11-20 10:00:00,"2","60.00",paid,"a ""note"",\nof two lines"'
    write(exports / "orders.csv", lines(row, f"{TWO},", header='order_id,"sku\t",paid_at ,qty,total,status,note'))

    assert len(sales(opened(exports))) == 2


def test_a_separator_at_the_end_of_each_row_is_no_column(exports: Path) -> None:
    write(exports / "orders.csv", lines(f"{ONE},", f"{TWO},"))

    assert len(sales(opened(exports))) == 2


def test_a_quote_that_is_never_closed_is_an_error_because_it_would_swallow_the_rest(exports: Path) -> None:
    write(exports / "orders.csv", lines(ONE, '9,"TEA-1,2026-11-20,1,30.00,paid', TWO))

    with pytest.raises(BadAnswer, match=r"orders\.csv: line 3: expected a row"):
        sales(opened(exports))


def test_rows_that_all_have_another_number_of_columns_than_the_header_are_an_error(exports: Path) -> None:
    write(exports / "orders.csv", lines(f"{ONE},x", f"{TWO},x"))

    with pytest.raises(BadAnswer, match=r"orders\.csv: expected rows of 6 columns as in line 1, was too many columns from line 2 on"):
        sales(opened(exports))


def test_rows_that_cannot_be_read_are_left_out_and_counted_with_the_reason(exports: Path) -> None:
    write(
        exports / "orders.csv",
        lines(
            ONE,
            "7,TEA-1,20/11/2026,1,30.00,paid",
            "8,TEA-1,2026-11-20,one,30.00,paid",
            "9,,2026-11-20,1,30.00,paid",
            "10,OLD,2026-11-20,1,1.00,paid",
        ),
    )
    shop = opened(exports)

    assert sales(shop) == {("TEA-1", 0): (1, 2, 6_000)}
    said = notes(shop)
    assert "1 × paid_at: expected a time written year first (if not, set time_format) (first: orders.csv, row 2: '20/11/2026')" in said
    assert "1 × qty: expected a number with '.' before decimals" in said
    assert "1 × sku: expected a code (first: orders.csv, row 4: empty)" in said
    assert "not among the products (kept, not shown) (first: OLD)" in said


def test_amounts_of_another_currency_are_left_out(exports: Path) -> None:
    rows = [f"{row},{currency}" for row, currency in zip((ONE, TWO), ("CNY", "USD"), strict=True)]
    write(exports / "orders.csv", lines(*rows, header="order_id,sku,paid_at,qty,total,status,currency"))
    shop = opened(exports, orders={"path": "orders.csv", "columns": ORDER_COLUMNS | {"currency": "currency"}})

    assert list(sales(shop)) == [("TEA-1", 0)]
    assert "currency: expected CNY (first: orders.csv, row 2: 'USD')" in notes(shop)


def test_a_price_of_one_unit_is_multiplied_before_it_is_rounded(exports: Path) -> None:
    write(exports / "orders.csv", lines("1,TEA-1,2026-11-20,3,0.335,paid"))
    columns = {name: column for name, column in ORDER_COLUMNS.items() if name != "amount"} | {"unit_price": "total"}

    assert sales(opened(exports, orders={"path": "orders.csv", "columns": columns}))["TEA-1", 0] == (1, 3, 101)


def test_a_file_that_grows_is_read_on_and_a_half_written_row_waits(exports: Path) -> None:
    shop = opened(exports)
    write(exports / "orders.csv", lines(ONE) + TWO[:20], at=NOW - 10 * MINUTE / 600)
    assert set(sales(shop)) == {("TEA-1", 0)}

    write(exports / "orders.csv", lines(ONE) + TWO[:20] + TWO[20:] + "\n", at=NOW + MINUTE)
    assert set(sales(shop, now=NOW + 2 * MINUTE, since=NOW)) == {("TEA-1", 0), ("TEA-2", 0)}


def test_the_last_row_of_a_complete_file_needs_no_end_of_line(exports: Path) -> None:
    write(exports / "orders.csv", lines(ONE, TWO).rstrip("\n"))

    assert len(sales(opened(exports))) == 2


def test_half_an_order_is_made_whole_when_the_rest_has_come(exports: Path) -> None:
    shop = opened(exports)
    write(exports / "orders.csv", lines(ONE), at=NOW - MINUTE / 2)
    sales(shop)
    write(exports / "orders.csv", lines(ONE, "1,TEA-2,2026-11-20 10:00:00,1,45.50,paid"), at=NOW + MINUTE)

    assert sales(shop, now=NOW + HOUR, since=NOW) == {("TEA-1", 0): (1, 2, 6_000), ("TEA-2", 0): (1, 1, 4_550)}


def test_half_a_character_at_the_end_of_a_growing_file_waits(exports: Path) -> None:
    content = (lines(ONE) + "2,TEA-2,2026-11-20,1,45.50,已").encode("gb18030")[:-1]
    (exports / "orders.csv").write_bytes(content)
    touched(exports / "orders.csv", NOW - MINUTE / 2)

    assert set(sales(opened(exports))) == {("TEA-1", 0)}


def test_a_folder_of_daily_exports_is_one_table_and_the_newer_file_says_what_became_of_an_order(exports: Path) -> None:
    write(exports / "orders-19.csv", lines(THREE, ONE), at=NOW - DAY)
    write(exports / "orders-20.csv", lines(ONE.replace("paid", "cancelled"), TWO), at=NOW - HOUR)

    expected = {("TEA-2", 0): (1, 1, 4_550), ("POT-3", 1): (1, 1, 12_800)}
    assert sales(opened(exports)) == expected
    assert sales(opened(exports)) == expected


def test_an_order_stays_known_when_its_file_is_replaced_or_gone(exports: Path) -> None:
    shop = opened(exports)
    write(exports / "orders-1.csv", lines(ONE), at=NOW - DAY)
    write(exports / "orders-2.csv", lines(THREE), at=NOW - DAY)
    sales(shop)
    write(exports / "orders-1.csv", lines(TWO), at=NOW - HOUR)
    (exports / "orders-2.csv").unlink()

    assert len(sales(shop, now=NOW + HOUR)) == 3


def test_nothing_is_said_again_while_no_file_changed(exports: Path) -> None:
    write(exports / "orders.csv", lines(ONE))
    shop = opened(exports)
    shop.read(since=None, now=NOW)

    assert shop.read(since=NOW, now=NOW + HOUR) == ()


def test_figures_are_as_old_as_the_export_and_nothing_is_said_of_days_after_the_last_order(exports: Path) -> None:
    write(exports / "orders.csv", lines(THREE), at=NOW - HOUR)
    (rows, stock) = opened(exports).read(since=None, now=NOW)

    midnight = datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert set(rows.observed_at_s) == {midnight.timestamp() - 1}
    assert rows.day.max() == TODAY.toordinal() - 1
    assert set(stock.observed_at_s) == {(NOW - 5 * MINUTE).timestamp()}


def test_stock_may_be_in_a_file_of_its_own_and_in_several_places(exports: Path) -> None:
    write(exports / "orders.csv", lines(ONE))
    write(exports / "stock.csv", "code,left\nTEA-1,3\nTEA-1,4\nTEA-2,-1\nPOT-3,\n")
    shop = opened(exports, stock={"path": "stock.csv", "columns": {"sku": "code", "on_hand": "left"}})

    rows = shop.read(since=None, now=NOW)[1]

    assert {SKUS[sku]: float(left) for sku, (left,) in zip(rows.sku, rows.values, strict=True)} == {"TEA-1": 7, "TEA-2": 0}


def test_a_shop_without_stock_does_not_pretend_to_have_any(exports: Path) -> None:
    columns = {name: column for name, column in PRODUCT_COLUMNS.items() if name != "stock"}
    shop = opened(exports, products={"path": "products.csv", "columns": columns})

    assert shop.signals == {Signal.SHOP}


def test_prices_follow_the_newest_table_and_cannot_be_written(exports: Path) -> None:
    shop = opened(exports)
    before = shop.readback(now=NOW).values[Field.PRICE].tolist()
    write(exports / "products.csv", PRODUCTS.replace("30.00", "33.00"), at=NOW + MINUTE)

    after = shop.readback(now=NOW + HOUR).values[Field.PRICE].tolist()

    assert (before[0], after[0], after[1]) == (3_000, 3_300, 4_550)
    assert shop.fields == frozenset()


def test_parquet_is_read_as_it_is(exports: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT 1 AS order_id, 'TEA-1' AS sku, TIMESTAMPTZ '2026-11-20 02:00:00+00' AS paid_at, 2.0::DOUBLE AS qty,"
            " 60.00::DECIMAL(9,2) AS total, 'paid' AS status"
        )
        connection.execute(f"COPY t TO '{exports / 'orders.parquet'}' (FORMAT parquet)")
    touched(exports / "orders.parquet", NOW - HOUR)

    shop = opened(exports, orders={"path": "*.parquet", "columns": ORDER_COLUMNS})

    assert sales(shop) == {("TEA-1", 0): (1, 2, 6_000)}


def test_a_half_written_parquet_file_waits_until_it_is_whole_and_then_is_an_error(exports: Path) -> None:
    write(exports / "orders.csv", lines(ONE))
    (exports / "orders.parquet").write_bytes(b"PAR1 and then nothing")
    touched(exports / "orders.parquet", NOW - MINUTE / 2)
    shop = opened(exports, orders={"path": "orders.*", "columns": ORDER_COLUMNS})

    assert set(sales(shop)) == {("TEA-1", 0)}
    with pytest.raises(BadAnswer, match=r"orders\.parquet: expected a CSV or parquet file"):
        shop.read(since=NOW, now=NOW + HOUR)


def test_a_missing_column_is_named_with_those_that_are_there(exports: Path) -> None:
    write(exports / "orders.csv", lines(ONE).replace("paid_at", "时间"))

    with pytest.raises(BadAnswer, match=r"orders\.csv: expected columns paid_at, was not among those found: order_id, sku, 时间"):
        sales(opened(exports))


def test_no_file_at_all_is_said_with_the_pattern(exports: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"orders\*\.csv: expected at least one file, was none"):
        sales(opened(exports))


def test_products_without_a_code_or_price_are_named_and_none_at_all_is_an_error(exports: Path) -> None:
    write(exports / "products.csv", PRODUCTS + "BAD-1,free,,\n,1.00,,\nBAD-2,0,,\n")
    shop = opened(exports)
    assert shop.catalogue().skus == SKUS
    assert "price: expected a number" in notes(shop)

    write(exports / "products.csv", "code,price,cost,stock\n,,,\n")
    with pytest.raises(BadAnswer, match="expected products with a code and a price, was none; 1 × code: expected a code"):
        opened(exports).catalogue()


order = st.tuples(st.integers(0, 5), st.sampled_from(SKUS), st.integers(0, 3), st.integers(1, 4), st.booleans())
"""(id, SKU, days ago, units, whether it is paid)."""


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    files=st.lists(st.lists(order, min_size=1, max_size=5), min_size=1, max_size=4), killed_after=st.lists(st.integers(0, 4), max_size=3)
)
def test_however_files_come_and_wherever_it_is_killed_the_newest_word_on_each_order_counts_once(
    files: list[list[Any]], killed_after: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        exports = Path(folder)
        write(exports / "products.csv", PRODUCTS)
        shop = shop_of_files(exports, exports / "state")
        expected: dict[int, tuple[str, int, int]] = {}
        for number, content in enumerate(files):
            newest = {row[0]: row for row in content}
            rows = [
                f"{i},{sku},{TODAY - timedelta(days=ago)},{units},{units}.00,{'paid' if paid else 'cancelled'}"
                for i, sku, ago, units, paid in newest.values()
            ]
            write(exports / f"orders-{number}.csv", lines(*rows), at=NOW - HOUR + number * MINUTE)
            expected |= {i: (sku, ago, units) if paid else ("", 0, 0) for i, sku, ago, units, paid in newest.values()}
            if number in killed_after:
                # the batch was kept, the cursor of the loop was not: the next process reads all again
                shop.read(since=None, now=NOW)
                shop = shop_of_files(exports, exports / "state")
        found = sales(shop)
        by_cell: dict[tuple[str, int], list[float]] = {}
        for sku, ago, units in expected.values():
            if units:
                cell = by_cell.setdefault((sku, ago), [0, 0, 0])
                cell[0], cell[1], cell[2] = cell[0] + 1, cell[1] + units, cell[2] + 100 * units
        newest_day = min(row[2] for content in files for row in content)
        assert found == {cell: tuple(of) for cell, of in by_cell.items() if cell[1] >= newest_day}
