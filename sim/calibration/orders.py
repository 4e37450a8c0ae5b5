"""Order lines of a real store: read from CSV or parquet with the columns the user names, cleaned by general rules, every drop counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from perception.units import Bools, Floats, Ints
from sim.moment import HOURS_PER_DAY

CANCELLED, UNREADABLE, NOT_A_PRODUCT = "cancelled_or_returned", "unreadable_row", "not_a_product"
NO_PRICE, NO_QUANTITY = "price_not_positive", "quantity_not_positive"

_EPOCH_DAY = date(1970, 1, 1).toordinal()
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
        first_day: Local date ordinal on which the history begins.
        counted: (days,) which days of the history the lines are of: all of them, until ``within`` leaves some out.
        order, sku: (n,) number of the order; index into ``sku_names``.
        day, hour: (n,) local date ordinal and hour of the day.
        units: (n,) > 0.
        price: (n,) of one unit, major units, > 0.
        known_customer: (n,) whether the customer is known; all True when the file does not say.
        repeat_customer_share: Share of known customers with more than one order; NaN when the file does not say.
        customers: How many customers are known; 0 when the file does not say.
        dropped: Lines left out, by reason.
        cancelled_value: (days,) value of the product lines cancelled or returned on each day of the history, major units.
    """

    sku_names: tuple[str, ...]
    first_day: int
    counted: Bools
    order: Ints
    sku: Ints
    day: Ints
    hour: Ints
    units: Ints
    price: Floats
    known_customer: Bools
    repeat_customer_share: float
    customers: int
    dropped: dict[str, int]
    cancelled_value: Floats

    @property
    def last_day(self) -> int:
        """Local date ordinal on which the history ends."""
        return self.first_day + self.counted.size - 1

    @property
    def cancelled_value_share(self) -> float:
        """Value of cancelled or returned product lines over the value of sound ones, of the counted days."""
        return float(self.cancelled_value[self.counted].sum() / (self.units * self.price).sum())

    def within(self, counted: Bools) -> OrderLines:
        """The lines of some days of the same history, (days,) True; SKUs keep their numbers. ``dropped`` stays that of the whole."""
        kept = counted[self.day - self.first_day]
        columns = ("order", "sku", "day", "hour", "units", "price", "known_customer")
        return replace(self, counted=counted, **{name: getattr(self, name)[kept] for name in columns})


def read_order_lines(path: Path, columns: OrderColumns) -> OrderLines:
    """Read and clean a file of order lines.

    Raises:
        OrderFileError: The file or a column is missing, or nothing usable is left.
    """
    wanted = [columns.order, columns.sku, columns.time, columns.quantity, columns.unit_price, columns.customer]
    with open_table(path, [name for name in wanted if name is not None], error=OrderFileError) as connection:
        _judge(connection, columns)
        dropped = dict(connection.execute("SELECT fate, count(*) FROM lines WHERE fate <> 'kept' GROUP BY 1 ORDER BY 1").fetchall())
        kept = connection.execute(
            "SELECT order_id, sku, max(moment) AS moment, sum(units)::BIGINT AS units, price, max(customer) AS customer FROM lines"
            " WHERE fate = 'kept' GROUP BY order_id, sku, price ORDER BY moment, order_id, sku, price"
        ).fetchnumpy()
        if not kept["units"].size:
            message = f"{path}: expected at least one sound order line, was none; left out: {dropped}"
            raise OrderFileError(message)
        cancelled = connection.execute(
            "SELECT moment, abs(units) * price AS value FROM lines WHERE fate = ? AND price > 0 ORDER BY ALL", [CANCELLED]
        ).fetchnumpy()
        returning, customers = _counts(
            connection,
            "SELECT count(*) FILTER (orders > 1), count(*) FROM (SELECT count(DISTINCT order_id) AS orders FROM lines"
            " WHERE fate = 'kept' AND customer IS NOT NULL GROUP BY customer)",
        )
    return _as_arrays(
        kept,
        cancelled,
        knows_customers=columns.customer is not None,
        returning=returning,
        customers=customers,
        dropped=dropped,
    )


@contextmanager
def open_table(path: Path, wanted: Sequence[str], *, error: type[ValueError]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which the file is the table ``raw``, of text columns if it is CSV: what a value means is not guessed.

    Args:
        path: CSV with a header, or parquet.
        wanted: Columns that have to be there.
        error: Raised when the file or a column is missing.
    """
    if not path.is_file():
        raise error(f"{path}: expected a CSV or parquet file, was none")
    with duckdb.connect() as connection:
        _load(connection, path, error)
        found = [row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE raw)").fetchall()]
        missing = [name for name in wanted if name not in found]
        if missing:
            raise error(f"{path}: expected columns {', '.join(missing)}, was not among those found: {', '.join(found)}")
        yield connection


@contextmanager
def open_separated(
    path: Path, names: Sequence[str], *, separator: str, skip: int, error: type[ValueError]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[tuple[int, str]]]]:
    """A connection in which the rows of a text file are the table ``raw``, of text columns; and the rows that are none.

    Args:
        path: UTF-8, lines ended by a line feed.
        names: Of every column, each once.
        separator: Between columns.
        skip: Lines before the first row.
        error: Raised when the file cannot be read, or a quote in it is never closed.

    Yields:
        The connection, and (line, what was expected) of each row with too few or too many columns.
    """
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    with duckdb.connect() as connection:
        try:
            connection.execute(
                f"CREATE TEMP TABLE raw AS SELECT * FROM read_csv(?, auto_detect = false, header = false, skip = {skip:d},"  # noqa: S608 - literals
                f" delim = {literal(separator)}, quote = '\"', escape = '\"', columns = {{{columns}}}, store_rejects = true)",
                [str(path)],
            )
        except duckdb.Error as fault:
            raise error(f"{path}: expected rows of {len(names)} columns, was unreadable: {fault}") from fault
        found = connection.execute("SELECT line, any_value(error_type::VARCHAR) FROM reject_errors GROUP BY line ORDER BY line").fetchall()
        torn = [(int(line), str(what)) for line, what in found]
        for line, what in torn:
            if what not in {"MISSING COLUMNS", "TOO MANY COLUMNS"}:
                raise error(f"{path}: line {line}: expected a row, was {what.lower()}")
        yield connection, torn


def _load(connection: duckdb.DuckDBPyConnection, path: Path, error: type[ValueError]) -> None:
    reader = "read_parquet(?)" if path.suffix == ".parquet" else "read_csv(?, header = true, all_varchar = true)"
    try:
        connection.execute(f"CREATE TEMP TABLE raw AS SELECT * FROM {reader}", [str(path)])  # noqa: S608 - one of two constants
    except duckdb.Error as fault:
        raise error(f"{path}: expected a CSV or parquet file with a header, was unreadable: {fault}") from fault


def _judge(connection: duckdb.DuckDBPyConnection, columns: OrderColumns) -> None:
    """Give every line its fate: kept, or the first rule that leaves it out."""
    customer = "NULL" if columns.customer is None else f"CAST({quoted(columns.customer)} AS VARCHAR)"
    connection.execute(
        f"""CREATE TEMP TABLE parsed AS SELECT
            trim(CAST({quoted(columns.order)} AS VARCHAR)) AS order_id,
            upper(trim(CAST({quoted(columns.sku)} AS VARCHAR))) AS sku,
            TRY_CAST({quoted(columns.time)} AS TIMESTAMP) AS moment,
            TRY_CAST({quoted(columns.quantity)} AS BIGINT) AS units,
            round(TRY_CAST({quoted(columns.unit_price)} AS DOUBLE), 4) AS price,
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


def quoted(column: str) -> str:
    """A column's name as SQL takes it."""
    return '"' + column.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as SQL takes it."""
    return "'" + value.replace("'", "''") + "'"


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    """The two counts of a query that gives one row."""
    row = connection.execute(query).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def _as_arrays(
    kept: dict[str, np.ndarray],
    cancelled: dict[str, np.ndarray],
    *,
    knows_customers: bool,
    returning: int,
    customers: int,
    dropped: dict[str, int],
) -> OrderLines:
    names, sku = np.unique(kept["sku"].astype(str), return_inverse=True)
    _, order = np.unique(kept["order_id"].astype(str), return_inverse=True)
    hours = _hours_since_1970(kept["moment"])
    day = hours // HOURS_PER_DAY + _EPOCH_DAY
    first_day, days = int(day.min()), int(day.max() - day.min()) + 1
    returned = _hours_since_1970(cancelled["moment"]) // HOURS_PER_DAY + _EPOCH_DAY - first_day
    # what came back before the first sale or after the last counts on that day
    returned = np.clip(returned, 0, days - 1)
    known = ~np.ma.getmaskarray(kept["customer"]) if knows_customers else np.ones(sku.size, dtype=np.bool_)
    return OrderLines(
        sku_names=tuple(str(name) for name in names),
        first_day=first_day,
        counted=np.ones(days, dtype=np.bool_),
        order=order.astype(np.int64),
        sku=sku.astype(np.int64),
        day=day,
        hour=hours % HOURS_PER_DAY,
        units=np.asarray(kept["units"], dtype=np.int64),
        price=np.asarray(kept["price"], dtype=np.float64),
        known_customer=known,
        repeat_customer_share=returning / customers if customers else float("nan"),
        customers=customers,
        dropped=dropped,
        cancelled_value=np.bincount(returned, weights=cancelled["value"], minlength=days).astype(np.float64),
    )


def _hours_since_1970(moment: np.ndarray) -> Ints:
    hours: Ints = np.asarray(moment).astype("datetime64[h]").astype(np.int64)
    return hours
