"""What a store's file says about a database, and how it is opened as a shop or as ads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, SecretStr, model_validator

from autopilot.clock import SystemClock
from autopilot.platforms.kinds import Kind, Role, Surroundings
from autopilot.platforms.tables.ads import TableAds
from autopilot.platforms.tables.columns import (
    AD_COLUMNS,
    ORDER_COLUMNS,
    PRODUCT_COLUMNS,
    AdTable,
    Column,
    OrderTable,
    ProductTable,
    StockColumns,
    StockTable,
    Writing,
    names_of,
)
from autopilot.platforms.tables.dialects import dialect_of
from autopilot.platforms.tables.shop import ShopTables, StockAt, TableShop
from autopilot.settings_problems import FieldProblem
from autopilot.settings_types import Section

if TYPE_CHECKING:
    import sqlalchemy as sa

    from autopilot.platforms.sql.reading import SqlTable

_ONE_SELECT = re.compile(r"\s*(SELECT|WITH)\b[^;]*;?\s*", flags=re.IGNORECASE)
_NAME = re.compile(r"\w+(\.\w+)*")


class From(Section):
    """Where rows are from."""

    table: Annotated[str | None, Field(examples=["shop.order_lines"])] = None
    """A table or view …"""
    query: Annotated[str | None, Field(examples=["SELECT order_no, sku, paid_at, qty, total FROM order_lines"])] = None
    """… or one SELECT."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise FieldProblem("table", expected="either table or query", was=[self.table, self.query])
        if self.table is not None and not _NAME.fullmatch(self.table):
            raise FieldProblem("table", expected="the name of a table", was=self.table)
        if self.query is not None and not _ONE_SELECT.fullmatch(self.query):
            raise FieldProblem("query", expected="one SELECT", was=self.query)
        return self

    @property
    def select(self) -> str:
        """As a query."""
        return self.query or f"SELECT * FROM {self.table}"  # noqa: S608 - a name by its pattern


class Changing(From):
    """Rows of which only those that changed need be read."""

    watermark: Column | None = None
    """Column that rises with every change of a row, such as `updated_at`; everything is read each time when left out."""


class SqlOrders(OrderTable, Changing):
    """Order lines in a database."""


class SqlProducts(ProductTable, From):
    """Products in a database."""


class SqlStock(StockTable, From):
    """Stock in a database."""


class SqlAds(AdTable, Changing):
    """An ad report in a database."""


class SqlShopOptions(Writing):
    """A shop's database."""

    orders: Annotated[SqlOrders, Field(examples=[{"table": "order_lines", "columns": ORDER_COLUMNS}])]
    products: Annotated[SqlProducts, Field(examples=[{"table": "products", "columns": PRODUCT_COLUMNS}])]
    stock: SqlStock | None = None
    """Where stock is not a column of the products."""


class SqlAdsOptions(Writing):
    """A database with an ad report."""

    report: Annotated[SqlAds, Field(examples=[{"table": "ad_report", "columns": AD_COLUMNS}])]


class SqlSecrets(Section):
    """Where the database is and how to sign in, as `postgresql://reader:password@host/shop`: use a login that may only read."""

    url: SecretStr


def open_shop(options: SqlShopOptions, secrets: SqlSecrets, surroundings: Surroundings) -> TableShop:
    """The shop in the database. Raises: ConfigError, BadAnswer."""
    engine = _engine(secrets)
    orders, products = options.orders, options.products
    tables = ShopTables(
        orders=_table(engine, orders, orders.columns, thing=orders.columns.order, watermark=orders.watermark),
        order_table=orders,
        products=_table(engine, products, products.columns),
        product_table=products,
        stock=_stock(engine, options),
    )
    dialect = dialect_of(options, surroundings, table="platform")
    return TableShop("sql", tables, dialect=dialect, timezone=surroundings.timezone, folder=surroundings.folder, clock=SystemClock())


def open_ads(options: SqlAdsOptions, secrets: SqlSecrets, surroundings: Surroundings) -> TableAds:
    """The ads in the database. Raises: ConfigError, BadAnswer."""
    if surroundings.sold is None:
        raise TypeError("expected what the shop sells, was none")
    report = options.report
    return TableAds(
        "sql-ads",
        _table(_engine(secrets), report, report.columns, thing=report.columns.day, watermark=report.watermark),
        report.columns,
        dialect=dialect_of(options, surroundings, table="ads"),
        timezone=surroundings.timezone,
        sold=surroundings.sold,
        clock=SystemClock(),
    )


def _engine(secrets: SqlSecrets) -> sa.Engine:
    from autopilot.platforms.sql.reading import engine_to

    return engine_to(secrets.url.get_secret_value())


def _table(engine: sa.Engine, rows: From, columns: Section, *, thing: str = "", watermark: str | None = None) -> SqlTable:
    from autopilot.platforms.sql.reading import SqlTable

    return SqlTable(engine, rows.select, columns=names_of(columns), thing=thing, watermark=watermark)


def _stock(engine: sa.Engine, options: SqlShopOptions) -> StockAt | None:
    """Of its own table, or of the table of products."""
    if options.stock is not None:
        return StockAt(table=_table(engine, options.stock, options.stock.columns), columns=options.stock.columns)
    products = options.products.columns
    if products.stock is None:
        return None
    columns = StockColumns(sku=products.sku, on_hand=products.stock)
    return StockAt(table=_table(engine, options.products, columns), columns=columns)


SHOP = Kind(role=Role.SHOP, options=SqlShopOptions, secrets=SqlSecrets, open=open_shop, writes=False)
ADS = Kind(role=Role.ADS, options=SqlAdsOptions, secrets=SqlSecrets, open=open_ads, writes=False)
