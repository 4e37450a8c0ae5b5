"""A shop in a database: only ever read, only what changed, whole orders at a time."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from autopilot.platforms.sql.kind import SqlShopOptions
from autopilot.platforms.sql.reading import SqlTable, engine_to
from autopilot.platforms.tables.shop import TableShop
from perception.observation import Signal
from perception.ports import BadAnswer, PlatformError, SourceUnavailable
from tests.platforms.tables.exports import NOW, SHANGHAI, SKUS, Database, ads_of_sql, shop_of_sql

HOUR = timedelta(hours=1)
TODAY = NOW.astimezone(SHANGHAI).date()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """With three orders of yesterday and today."""
    database = Database(tmp_path / "shop.sqlite")
    database.put(
        "orders",
        ("1", "TEA-1", "2026-11-20 10:00:00", 2, 60.0, "2026-11-20 10:00:00"),
        ("1", "TEA-2", "2026-11-20 10:00:00", 1, 45.5, "2026-11-20 10:00:00"),
        ("2", "POT-3", "2026-11-19 09:00:00", 1, 128.0, "2026-11-19 09:00:00"),
    )
    return database


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> TableShop:
    return shop_of_sql(database.url, tmp_path / "state")


def sales(shop: TableShop, *, now: Any = NOW, since: Any = None) -> dict[tuple[str, int], tuple[float, ...]]:
    rows = next(rows for rows in shop.read(since=since, now=now) if rows.signal is Signal.SHOP)
    found = zip(rows.sku, rows.day, rows.values, strict=True)
    return {(SKUS[sku], int(TODAY.toordinal() - day)): tuple(values) for sku, day, values in found if values.any()}


def test_orders_are_read_with_the_types_that_the_database_has(shop: TableShop) -> None:
    assert sales(shop) == {("TEA-1", 0): (1, 2, 6_000), ("TEA-2", 0): (1, 1, 4_550), ("POT-3", 1): (1, 1, 12_800)}


def test_when_one_line_of_an_order_changes_the_others_are_not_lost(database: Database, shop: TableShop) -> None:
    sales(shop)
    database.run("UPDATE orders SET qty = 3, total = 90, updated_at = '2026-11-20 20:30:00' WHERE order_id = '1' AND sku = 'TEA-1'")

    assert sales(shop, now=NOW + HOUR, since=NOW) == {("TEA-1", 0): (1, 3, 9_000), ("TEA-2", 0): (1, 1, 4_550)}


def test_only_orders_that_changed_are_read_again_and_a_little_before(database: Database, shop: TableShop) -> None:
    sales(shop)
    table = shop._tables.orders
    (batch,) = table.fresh(now=NOW + HOUR)
    assert {row["order_id"] for row in batch.rows} == {"1"}

    database.put("orders", ("3", "TEA-1", "2026-11-20 09:57:00", 1, 30.0, "2026-11-20 09:57:00"))

    # committed late: its time is before the newest that was seen, but within the overlap
    assert sales(shop, now=NOW + HOUR, since=NOW)["TEA-1", 0] == (2, 3, 9_000)


def test_without_a_watermark_everything_is_read_each_time(database: Database, tmp_path: Path) -> None:
    shop = shop_of_sql(database.url, tmp_path / "state", watermark=None)
    sales(shop)

    (batch,) = shop._tables.orders.fresh(now=NOW)

    assert len(list(batch.rows)) == 3


@pytest.mark.parametrize("newest", [1_772_337_909, 1_772_337_909_000, "2026-03-01T12:05:09+08:00", "2026-03-01"])
def test_a_watermark_may_be_of_any_form_that_sorts(tmp_path: Path, newest: Any) -> None:
    database = Database(tmp_path / "shop.sqlite")
    database.run("CREATE TABLE changes (id TEXT, at)")
    database.put("changes", ("a", newest))
    table = SqlTable(engine_to(database.url), "SELECT id, at FROM changes", columns=["id"], thing="id", watermark="at")
    (first,) = table.fresh(now=NOW)
    list(first.rows)

    (second,) = table.fresh(now=NOW)

    assert [row["id"] for row in second.rows] == ["a"]


def test_a_database_that_shows_the_present_says_that_nothing_was_sold_today(database: Database, tmp_path: Path) -> None:
    database.run("DELETE FROM orders WHERE order_id = '1'")

    rows = shop_of_sql(database.url, tmp_path / "state").read(since=None, now=NOW)[0]

    assert {SKUS[sku] for sku in rows.sku[rows.day == TODAY.toordinal()]} == set(SKUS)
    assert set(rows.observed_at_s) == {NOW.timestamp()}


def test_nothing_can_be_written_through_the_connection(database: Database) -> None:
    with engine_to(database.url).connect() as connection, pytest.raises(sa.exc.OperationalError, match="readonly"):
        connection.execute(sa.text("DELETE FROM orders"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"query": "DELETE FROM orders"},
        {"query": "SELECT 1; DELETE FROM orders"},
        {"table": "orders; DROP TABLE orders"},
        {"table": "orders", "query": "SELECT 1"},
        {},
    ],
)
def test_only_one_select_or_the_name_of_a_table_is_taken(wrong: dict[str, str]) -> None:
    columns = {"order": "a", "sku": "b", "time": "c", "quantity": "d", "amount": "e"}
    products = {"table": "products", "columns": {"sku": "a", "price": "b"}}

    with pytest.raises(ValueError, match="expected"):
        SqlShopOptions.model_validate({"orders": wrong | {"columns": columns}, "products": products})


@pytest.mark.parametrize(
    ("statement", "error", "words"),
    [
        ("DROP TABLE orders", BadAnswer, "no such table"),
        ("ALTER TABLE orders RENAME COLUMN paid_at TO at", BadAnswer, "no such column"),
    ],
)
def test_a_table_that_is_not_as_told_is_said_without_the_statement(
    database: Database, shop: TableShop, statement: str, error: type[PlatformError], words: str
) -> None:
    shop.catalogue()
    database.run(statement)

    with pytest.raises(error, match=words) as caught:
        shop.read(since=None, now=NOW)
    assert "SELECT" not in str(caught.value)


def test_a_locked_database_is_unavailable_and_read_at_the_next_tick(database: Database, tmp_path: Path) -> None:
    shop = shop_of_sql(database.url + "?timeout=0.05", tmp_path / "state")
    shop.catalogue()
    with sqlite3.connect(database.path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceUnavailable, match="locked"):
            shop.read(since=None, now=NOW)
        other.rollback()

    assert sales(shop)["TEA-1", 0] == (1, 2, 6_000)


@pytest.mark.parametrize("url", ["", "no url", "postgresql+nothing://reader:hush@127.0.0.1/shop", "sqlite:////nowhere/hush/x.sqlite"])
def test_a_url_that_cannot_be_used_is_never_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(PlatformError) as caught:
        shop_of_sql(url, tmp_path / "state").catalogue()

    assert "hush" not in str(caught.value)


def test_what_is_restated_in_an_ad_table_is_given_again(database: Database, tmp_path: Path) -> None:
    database.put(
        "ads",
        ("2026-11-19", "TEA-1", "spring", 100, 9, 7.2, 1, 30.0, 0.8, 50.0),
        ("2026-11-19", "TEA-1", "autumn", 10, 1, 0.8, 0, 0, 0.7, 20.0),
    )
    ads = ads_of_sql(database.url, tmp_path / "state")
    (before,) = ads.read(since=None, now=NOW)
    database.run("UPDATE ads SET orders = 2, sales = 60 WHERE campaign = 'spring'")

    (after,) = ads.read(since=NOW, now=NOW + HOUR)

    assert before.values[before.sku == 0].tolist() == [[110, 10, 800, 1, 3_000]]
    assert after.values[after.sku == 0].tolist() == [[110, 10, 800, 2, 6_000]]
    assert after.version[after.sku == 0] > before.version[before.sku == 0]
