"""Order lines: any file whose columns the user names, cleaned by rules that are counted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.calibration.orders import OrderColumns, OrderFileError, OrderLines, read_order_lines

HEAD = "Invoice,StockCode,InvoiceDate,Quantity,Price,Customer ID"
LINES = """\
1001,85123a,2010-03-01 09:15:00,6,2.55,17
1001,85123A ,2010-03-01 09:15:00,4,2.55,17
1001,22041,2010-03-01 09:15:00,2,3.10,17
1002,22041,2010-03-02 23:59:59,1,3.10,
1003,22041,2010-03-03 00:00:00,5,2.80,17
C1004,22041,2010-03-04 10:00:00,-2,3.10,17
1005,22041,2010-03-04 10:00:00,-1,3.10,17
1006,22041,2010-03-04 10:00:00,0,3.10,17
1007,22041,2010-03-04 10:00:00,3,0,17
1008,POST,2010-03-04 10:00:00,1,18.00,17
1009,gift_0001_30,2010-03-04 10:00:00,1,30.00,17
1010,22041,someday,1,3.10,17
1011,22041,2010-03-04 10:00:00,many,3.10,17"""


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEAD}\n{LINES}\n", encoding="utf-8")
    return path


def _first(lines: OrderLines) -> tuple[str, int, int, int, float, bool]:
    return (
        lines.sku_names[lines.sku[0]],
        int(lines.day[0]),
        int(lines.hour[0]),
        int(lines.units[0]),
        float(lines.price[0]),
        bool(lines.known_customer[0]),
    )


def test_every_line_left_out_is_counted_with_its_reason(csv: Path) -> None:
    lines = read_order_lines(csv, OrderColumns())

    assert lines.dropped == {
        "cancelled_or_returned": 2,
        "not_a_product": 2,
        "price_not_positive": 1,
        "quantity_not_positive": 1,
        "unreadable_row": 2,
    }


def test_sound_lines_are_merged_by_order_product_and_price(csv: Path) -> None:
    lines = read_order_lines(csv, OrderColumns())

    assert lines.sku_names == ("22041", "85123A")
    assert lines.units.tolist() == [2, 10, 1, 5]
    assert _first(lines) == ("22041", date(2010, 3, 1).toordinal(), 9, 2, 3.1, True)
    assert lines.hour.tolist() == [9, 9, 23, 0]
    assert lines.known_customer.tolist() == [True, True, False, True]
    assert np.unique(lines.order).size == 3


def test_cancelled_value_and_repeat_customers_are_measured(csv: Path) -> None:
    lines = read_order_lines(csv, OrderColumns())

    kept = 10 * 2.55 + 2 * 3.10 + 1 * 3.10 + 5 * 2.80
    assert lines.cancelled_value_share == pytest.approx(3 * 3.10 / kept)
    assert lines.repeat_customer_share == 1.0


def test_parquet_reads_as_csv_does(csv: Path, tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{csv}', all_varchar = true)) TO '{path}' (FORMAT parquet)")  # noqa: S608 - paths of this test

    from_parquet, from_csv = read_order_lines(path, OrderColumns()), read_order_lines(csv, OrderColumns())

    np.testing.assert_array_equal(from_parquet.units, from_csv.units)
    assert from_parquet.dropped == from_csv.dropped


def test_columns_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text('"No; DROP TABLE raw","Art""icle",When,Pieces,Each\n7,100200,2024-01-01 12:00:00,3,9.99\n', encoding="utf-8")
    columns = OrderColumns(
        order="No; DROP TABLE raw", sku='Art"icle', time="When", quantity="Pieces", unit_price="Each", customer=None, cancelled_prefix=""
    )

    lines = read_order_lines(path, columns)

    assert lines.units.tolist() == [3]
    assert lines.known_customer.all()
    assert np.isnan(lines.repeat_customer_share)


def test_a_pattern_replaces_the_rule_for_products(csv: Path) -> None:
    lines = read_order_lines(csv, OrderColumns(product_pattern="[A-Z]+"))

    assert lines.sku_names == ("POST",)
    assert lines.dropped["not_a_product"] == 10


def test_missing_columns_are_named_beside_those_found(csv: Path) -> None:
    with pytest.raises(OrderFileError, match=r"expected columns Item, was not among those found: Invoice, StockCode, InvoiceDate"):
        read_order_lines(csv, OrderColumns(sku="Item"))


def test_missing_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no parquet")

    with pytest.raises(OrderFileError, match=r"expected a CSV or parquet file, was none"):
        read_order_lines(tmp_path / "none.csv", OrderColumns())
    with pytest.raises(OrderFileError, match=r"was unreadable"):
        read_order_lines(broken, OrderColumns())


def test_a_file_without_sound_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(f"{HEAD}\nC1,22041,2010-03-04 10:00:00,-2,3.10,17\n", encoding="utf-8")

    with pytest.raises(OrderFileError, match=r"expected at least one sound order line, was none; left out: \{'cancelled_or_returned': 1\}"):
        read_order_lines(path, OrderColumns())
