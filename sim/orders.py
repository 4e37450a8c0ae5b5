"""Order lines of a real store: read from CSV or parquet with the columns the user names, cleaned by general rules, every drop counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from perception.units import Bools, Floats, Ints

CANCELLED, UNREADABLE, NOT_A_PRODUCT = "cancelled_or_returned", "unreadable_row", "not_a_product"
NO_PRICE, NO_QUANTITY = "price_not_positive", "quantity_not_positive"

_SERVICE_WORDS = r"(TEST|GIFT_|VOUCHER|ADJUST|POSTAGE|SHIPPING|CARRIAGE|SAMPLE|DISCOUNT|FEE|CHARGE)"
"""Codes that name a service, a voucher or a trial instead of goods, whatever digits they hold."""
_FEWEST_DIGITS = r"[0-9].*[0-9].*[0-9]"
"""A product code holds at least three digits; POST, M, D, C2 and BANK CHARGES do not. ``product_pattern`` replaces the rule."""


class OrderFileError(ValueError):
    """The order lines cannot be used; the message says what was expected. The reaction: name other columns, or another file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderColumns:
    """Which column of the file holds what; the defaults are those of UCI's Online Retail II.

    Attributes:
        order: Order id; one id may span many lines.
        sku: Product code.
        time: Local time of the order.
        quantity: Units, negative where they came back.
        unit_price: Price of one unit in major units (pounds, not pence).
        customer: Who ordered, empty where unknown; None when the file does not say.
        cancelled_prefix: Orders whose id begins so are cancellations or returns; empty for none.
        product_pattern: Regular expression that a product code must match in full; None applies the general rule.
    """

    order: str = "Invoice"
    sku: str = "StockCode"
    time: str = "InvoiceDate"
    quantity: str = "Quantity"
    unit_price: str = "Price"
    customer: str | None = "Customer ID"
    cancelled_prefix: str = "C"
    product_pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLines:
    """Sound order lines, one row per order and SKU and price paid, sorted by time.

    Attributes:
        sku_names: Distinct product codes, sorted.
        order, sku: (n,) number of the order; index into ``sku_names``.
        day, hour: (n,) local date ordinal and hour of the day.
        units: (n,) > 0.
        price: (n,) of one unit, major units, > 0.
        known_customer: (n,) whether the customer is known; all True when the file does not say.
        repeat_customer_share: Share of known customers with more than one order; NaN when the file does not say.
        dropped: Lines left out, by reason.
        cancelled_value_share: Value of cancelled or returned product lines over the value of sound ones.
    """

    sku_names: tuple[str, ...]
    order: Ints
    sku: Ints
    day: Ints
    hour: Ints
    units: Ints
    price: Floats
    known_customer: Bools
    repeat_customer_share: float
    dropped: dict[str, int]
    cancelled_value_share: float


def read_order_lines(path: Path, columns: OrderColumns) -> OrderLines:
    """Read and clean a file of order lines.

    Raises:
        OrderFileError: The file or a column is missing, or nothing usable is left.
    """
    with duckdb.connect() as connection:
        _load(connection, path)
        _check_columns(connection, path, columns)
        _judge(connection, columns)
        dropped = dict(connection.execute("SELECT fate, count(*) FROM lines WHERE fate <> 'kept' GROUP BY 1 ORDER BY 1").fetchall())
        kept = connection.execute(
            "SELECT order_id, sku, max(moment) AS moment, sum(units)::BIGINT AS units, price, max(customer) AS customer FROM lines"
            " WHERE fate = 'kept' GROUP BY order_id, sku, price ORDER BY moment, order_id, sku, price"
        ).fetchnumpy()
        if not kept["units"].size:
            message = f"{path}: expected at least one sound order line, was none; left out: {dropped}"
            raise OrderFileError(message)
        cancelled = _figure(connection, "SELECT sum(abs(units) * price) FROM lines WHERE fate = ? AND price > 0", [CANCELLED])
        kept_value = _figure(connection, "SELECT sum(units * price) FROM lines WHERE fate = 'kept'", [])
        repeat = _figure(
            connection,
            "SELECT avg((orders > 1)::INT) FROM (SELECT count(DISTINCT order_id) AS orders FROM lines"
            " WHERE fate = 'kept' AND customer IS NOT NULL GROUP BY customer)",
            [],
        )
    return _as_arrays(
        kept, knows_customers=columns.customer is not None, repeat=repeat, dropped=dropped, cancelled_share=cancelled / kept_value
    )


def _load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read the file as text columns: what a value means is decided by the mapping, not guessed."""
    if not path.is_file():
        message = f"{path}: expected a CSV or parquet file, was none"
        raise OrderFileError(message)
    reader = "read_parquet(?)" if path.suffix == ".parquet" else "read_csv(?, header = true, all_varchar = true)"
    try:
        connection.execute(f"CREATE TEMP TABLE raw AS SELECT * FROM {reader}", [str(path)])  # noqa: S608 - one of two constants
    except duckdb.Error as error:
        message = f"{path}: expected a CSV or parquet file with a header, was unreadable: {error}"
        raise OrderFileError(message) from error


def _check_columns(connection: duckdb.DuckDBPyConnection, path: Path, columns: OrderColumns) -> None:
    found = [row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE raw)").fetchall()]
    wanted = [columns.order, columns.sku, columns.time, columns.quantity, columns.unit_price, columns.customer]
    missing = [name for name in wanted if name is not None and name not in found]
    if missing:
        message = f"{path}: expected columns {', '.join(missing)}, was not among those found: {', '.join(found)}"
        raise OrderFileError(message)


def _judge(connection: duckdb.DuckDBPyConnection, columns: OrderColumns) -> None:
    """Give every line its fate: kept, or the first rule that leaves it out."""
    customer = "NULL" if columns.customer is None else f"CAST({_quoted(columns.customer)} AS VARCHAR)"
    connection.execute(
        f"""CREATE TEMP TABLE parsed AS SELECT
            trim(CAST({_quoted(columns.order)} AS VARCHAR)) AS order_id,
            upper(trim(CAST({_quoted(columns.sku)} AS VARCHAR))) AS sku,
            TRY_CAST({_quoted(columns.time)} AS TIMESTAMP) AS moment,
            TRY_CAST({_quoted(columns.quantity)} AS BIGINT) AS units,
            round(TRY_CAST({_quoted(columns.unit_price)} AS DOUBLE), 4) AS price,
            nullif(trim({customer}), '') AS customer
        FROM raw"""  # noqa: S608 - quoted names that were found in the file's own header
    )
    product = (
        "regexp_full_match(sku, $pattern)"
        if columns.product_pattern is not None
        else f"regexp_matches(sku, '{_FEWEST_DIGITS}') AND NOT regexp_matches(sku, '{_SERVICE_WORDS}') AND $pattern IS NULL"
    )
    connection.execute(
        f"""CREATE TEMP TABLE lines AS SELECT *, CASE
            WHEN order_id IS NULL OR sku IS NULL OR moment IS NULL OR units IS NULL OR price IS NULL THEN '{UNREADABLE}'
            WHEN NOT ({product}) THEN '{NOT_A_PRODUCT}'
            WHEN $prefix <> '' AND starts_with(order_id, $prefix) THEN '{CANCELLED}'
            WHEN units < 0 AND price > 0 THEN '{CANCELLED}'
            WHEN units <= 0 THEN '{NO_QUANTITY}'
            WHEN price <= 0 THEN '{NO_PRICE}'
            ELSE 'kept' END AS fate
        FROM parsed""",  # noqa: S608 - constants of this module; what the user gives is passed as parameters
        {"pattern": columns.product_pattern, "prefix": columns.cancelled_prefix},
    )


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _figure(connection: duckdb.DuckDBPyConnection, query: str, values: list[str]) -> float:
    """One number; 0 where there is nothing to count."""
    row = connection.execute(query, values).fetchone()
    return 0.0 if row is None or row[0] is None else float(row[0])


def _as_arrays(
    kept: dict[str, np.ndarray], *, knows_customers: bool, repeat: float, dropped: dict[str, int], cancelled_share: float
) -> OrderLines:
    names, sku = np.unique(kept["sku"].astype(str), return_inverse=True)
    _, order = np.unique(kept["order_id"].astype(str), return_inverse=True)
    moment = kept["moment"].astype("datetime64[h]").astype(np.int64)
    epoch_day = np.datetime64("1970-01-01").astype(object).toordinal()
    known = ~np.ma.getmaskarray(kept["customer"]) if knows_customers else np.ones(sku.size, dtype=np.bool_)
    return OrderLines(
        sku_names=tuple(str(name) for name in names),
        order=order.astype(np.int64),
        sku=sku.astype(np.int64),
        day=moment // 24 + epoch_day,
        hour=moment % 24,
        units=np.asarray(kept["units"], dtype=np.int64),
        price=np.asarray(kept["price"], dtype=np.float64),
        known_customer=known,
        repeat_customer_share=repeat if knows_customers else float("nan"),
        dropped=dropped,
        cancelled_value_share=cancelled_share,
    )
