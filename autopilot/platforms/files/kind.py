"""What a store's file says about exports, and how they are opened as a shop or as ads."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from autopilot.clock import SystemClock
from autopilot.platforms.kinds import Kind, Role, Surroundings
from autopilot.platforms.tables.ads import TableAds
from autopilot.platforms.tables.columns import (
    AD_COLUMNS,
    ORDER_COLUMNS,
    PRODUCT_COLUMNS,
    AdTable,
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
    from autopilot.platforms.files.reading import FileTable

Pattern = Annotated[str, Field(min_length=1, examples=["orders-*.csv"])]


class FileOrders(OrderTable):
    """Order lines in files."""

    path: Pattern
    """CSV or parquet, below `folder`; `*`, `?` and `**` match several files, of which the newer counts where two hold the same order."""


class FileProducts(ProductTable):
    """Products in files."""

    path: Pattern
    """As for the orders."""


class FileStock(StockTable):
    """Stock in files."""

    path: Pattern
    """As for the orders."""


class FileAds(AdTable):
    """An ad report in files."""

    path: Pattern
    """As for orders: where two files hold the same day, product and campaign, the newer counts."""


class FilesOptions(Writing):
    """What all tables of one source have in common."""

    folder: Annotated[str, Field(min_length=1, examples=["/srv/exports"])]
    """Where the files are: an absolute path, or one from `~`."""
    encoding: Annotated[str | None, Field(examples=["gb18030"])] = None
    """Of text files; UTF-8, UTF-16 and GB18030 are told apart when left out."""

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if not self.where.is_absolute():
            raise FieldProblem("folder", expected="an absolute path, or one from '~'", was=self.folder)
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise FieldProblem("encoding", expected="an encoding such as 'utf-8' or 'gb18030'", was=self.encoding) from None
        return self

    @property
    def where(self) -> Path:
        """The folder."""
        return Path(self.folder).expanduser()


class FilesShopOptions(FilesOptions):
    """A shop's exports."""

    orders: Annotated[FileOrders, Field(examples=[{"path": "orders-*.csv", "columns": ORDER_COLUMNS}])]
    products: Annotated[FileProducts, Field(examples=[{"path": "products.csv", "columns": PRODUCT_COLUMNS}])]
    stock: FileStock | None = None
    """Where stock is not a column of the products."""


class FilesAdsOptions(FilesOptions):
    """Exports of an ad platform."""

    report: Annotated[FileAds, Field(examples=[{"path": "ads-*.csv", "columns": AD_COLUMNS}])]


class NoSecrets(Section):
    """Files need no key."""


def open_shop(options: FilesShopOptions, secrets: NoSecrets, surroundings: Surroundings) -> TableShop:
    """The shop in the files. Raises: ConfigError."""
    del secrets
    orders, products = options.orders, options.products
    tables = ShopTables(
        orders=_table(options, orders.path, orders.columns),
        order_table=orders,
        products=_table(options, products.path, products.columns),
        product_table=products,
        stock=_stock(options),
    )
    dialect = dialect_of(options, surroundings, table="platform")
    return TableShop("files", tables, dialect=dialect, timezone=surroundings.timezone, folder=surroundings.folder, clock=SystemClock())


def open_ads(options: FilesAdsOptions, secrets: NoSecrets, surroundings: Surroundings) -> TableAds:
    """The ads in the files. Raises: ConfigError."""
    del secrets
    if surroundings.sold is None:
        raise TypeError("expected what the shop sells, was none")
    report = options.report
    return TableAds(
        "files-ads",
        _table(options, report.path, report.columns),
        report.columns,
        dialect=dialect_of(options, surroundings, table="ads"),
        timezone=surroundings.timezone,
        sold=surroundings.sold,
        clock=SystemClock(),
    )


def _table(options: FilesOptions, path: str, columns: Section) -> FileTable:
    # a database engine, which stores without files have no use for
    from autopilot.platforms.files.reading import FileTable

    return FileTable(options.where, path, columns=names_of(columns), encoding=options.encoding)


def _stock(options: FilesShopOptions) -> StockAt | None:
    """Of its own table, or of the table of products, which is then watched a second time."""
    if options.stock is not None:
        return StockAt(table=_table(options, options.stock.path, options.stock.columns), columns=options.stock.columns)
    products = options.products.columns
    if products.stock is None:
        return None
    columns = StockColumns(sku=products.sku, on_hand=products.stock)
    return StockAt(table=_table(options, options.products.path, columns), columns=columns)


SHOP = Kind(role=Role.SHOP, options=FilesShopOptions, secrets=NoSecrets, open=open_shop, writes=False)
ADS = Kind(role=Role.ADS, options=FilesAdsOptions, secrets=NoSecrets, open=open_ads, writes=False)
