"""A small shop's exports: files that a test writes, as platforms do; and the same rows in a database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from autopilot.platforms.files import kind as files
from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.sql import kind as sql
from autopilot.platforms.tables.ads import TableAds
from autopilot.platforms.tables.shop import TableShop
from perception.catalogue import Catalogue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SKUS = ("TEA-1", "TEA-2", "POT-3")

ORDER_HEADER = "order_id,sku,paid_at,qty,total,status"
ORDER_COLUMNS = {"order": "order_id", "sku": "sku", "time": "paid_at", "quantity": "qty", "amount": "total", "status": "status"}
PRODUCTS = "code,price,cost,stock\nTEA-1,30.00,12.00,100\nTEA-2,45.50,,40\nPOT-3,128.00,60.00,7\n"
PRODUCT_COLUMNS = {"sku": "code", "price": "price", "cost": "cost", "stock": "stock"}
AD_HEADER = "date,sku,campaign,impressions,clicks,cost,orders,sales,bid,budget"
AD_COLUMNS = {
    "day": "date",
    "sku": "sku",
    "campaign": "campaign",
    "impressions": "impressions",
    "clicks": "clicks",
    "cost": "cost",
    "conversions": "orders",
    "conversion_value": "sales",
    "bid": "bid",
    "daily_budget": "budget",
}


def write(path: Path, content: str, *, at: datetime = NOW - timedelta(minutes=5), encoding: str = "utf-8") -> Path:
    """A file as it stood at an instant."""
    path.write_bytes(content.encode(encoding))
    return touched(path, at)


def touched(path: Path, at: datetime) -> Path:
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def lines(*rows: str, header: str = ORDER_HEADER) -> str:
    return "\n".join((header, *rows)) + "\n"


def surroundings(folder: Path, *, sold: Catalogue | None = None, currency: str = "CNY") -> Surroundings:
    folder.mkdir(parents=True, exist_ok=True)
    return Surroundings(store="tea", currency=currency, timezone=SHANGHAI, folder=folder, sold=sold)


def shop_of_files(exports: Path, state: Path, **options: Any) -> TableShop:
    given: dict[str, Any] = {
        "folder": str(exports),
        "orders": {"path": "orders*.csv", "columns": ORDER_COLUMNS, "cancelled": ["cancelled"]},
        "products": {"path": "products.csv", "columns": PRODUCT_COLUMNS},
    }
    return files.open_shop(files.FilesShopOptions.model_validate(given | options), files.NoSecrets(), surroundings(state))


def ads_of_files(exports: Path, state: Path, sold: Catalogue, **options: Any) -> TableAds:
    given: dict[str, Any] = {"folder": str(exports), "report": {"path": "ads*.csv", "columns": AD_COLUMNS}}
    return files.open_ads(files.FilesAdsOptions.model_validate(given | options), files.NoSecrets(), surroundings(state, sold=sold))


def sold() -> Catalogue:
    m = len(SKUS)
    return Catalogue(
        currency="CNY",
        skus=SKUS,
        campaigns=("none",),
        campaign_of=np.zeros(m, dtype=np.int64),
        cost_cents=np.full(m, 1_000.0),
        map_cents=np.zeros(m),
        anchor_price_cents=np.full(m, 3_000.0),
        is_new=np.zeros(m, dtype=np.bool_),
    )


class Database:
    """The shop's tables in SQLite."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(self._connection()) as connection:
            connection.execute("CREATE TABLE orders (order_id TEXT, sku TEXT, paid_at TEXT, qty INTEGER, total NUMERIC, updated_at TEXT)")
            connection.execute("CREATE TABLE products (code TEXT, price NUMERIC, cost NUMERIC, stock INTEGER)")
            connection.execute(
                "CREATE TABLE ads (date TEXT, sku TEXT, campaign TEXT, impressions INTEGER, clicks INTEGER, cost NUMERIC,"
                " orders NUMERIC, sales NUMERIC, bid NUMERIC, budget NUMERIC)"
            )
            connection.executemany(
                "INSERT INTO products VALUES (?, ?, ?, ?)",
                [("TEA-1", 30.0, 12.0, 100), ("TEA-2", "45.50", None, 40), ("POT-3", 128, 60, 7)],
            )
            connection.commit()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def put(self, table: str, *rows: Iterable[Any]) -> None:
        with closing(self._connection()) as connection:
            for row in rows:
                values = tuple(row)
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 - a test's own table
            connection.commit()

    def run(self, statement: str, *values: Any) -> None:
        with closing(self._connection()) as connection:
            connection.execute(statement, values)
            connection.commit()

    def _connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path)
        connection.execute("PRAGMA synchronous = OFF")
        return connection


def shop_of_sql(url: str, state: Path, *, watermark: str | None = "updated_at", **options: Any) -> TableShop:
    columns = {name: column for name, column in ORDER_COLUMNS.items() if name != "status"} | {"modified": "updated_at"}
    given: dict[str, Any] = {
        "orders": {"table": "orders", "columns": columns, "watermark": watermark},
        "products": {"query": "SELECT code, price, cost, stock FROM products", "columns": PRODUCT_COLUMNS},
    }
    secrets = sql.SqlSecrets.model_validate({"url": url})
    return sql.open_shop(sql.SqlShopOptions.model_validate(given | options), secrets, surroundings(state))


def ads_of_sql(url: str, state: Path, **options: Any) -> TableAds:
    given: dict[str, Any] = {"report": {"table": "ads", "columns": AD_COLUMNS}}
    secrets = sql.SqlSecrets.model_validate({"url": url})
    return sql.open_ads(sql.SqlAdsOptions.model_validate(given | options), secrets, surroundings(state, sold=sold()))
