"""Shops and ads in tables, for the conformance suite: rows come hour by hour."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from autopilot.conformance.adapter import AdapterUnderTest
from autopilot.platforms.kinds import Adapter
from tests.platforms.tables.exports import (
    AD_HEADER,
    NOW,
    PRODUCTS,
    SHANGHAI,
    SKUS,
    Database,
    ads_of_files,
    ads_of_sql,
    lines,
    shop_of_files,
    shop_of_sql,
    sold,
    write,
)

HOUR = timedelta(hours=1)
START = NOW - timedelta(days=3)


def hours_until(now: datetime) -> list[datetime]:
    return [START + HOUR * hour for hour in range(int((now - START) / HOUR) + 1)]


def order_rows(now: datetime) -> list[str]:
    """An order every hour, of which every fifth is cancelled two hours later."""
    rows = []
    for number, at in enumerate(hours_until(now)):
        state = "cancelled" if number % 5 == 0 and now - at >= 2 * HOUR else "paid"
        rows.append(f"{number},{SKUS[number % 3]},{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S},1,30.00,{state}")
    return rows


def ad_rows(now: datetime) -> list[str]:
    """Figures of a day that grow by the hour, and conversions that come for two days."""
    rows: dict[tuple[str, str], list[float]] = {}
    for at in hours_until(now):
        for place, sku in enumerate(SKUS[:2]):
            day = f"{at.astimezone(SHANGHAI):%Y-%m-%d}"
            figures = rows.setdefault((day, sku), [0, 0, 0.0, 0, 0.0])
            late = 1 if now - at > timedelta(days=1) else 0
            for index, more in enumerate((20 + place, 2, 1.25, late, 30.0 * late)):
                figures[index] += more
    return [f"{day},{sku},spring,{of[0]},{of[1]},{of[2]:.2f},{of[3]},{of[4]:.2f},0.80,50.00" for (day, sku), of in rows.items()]


@contextmanager
def _under_test(make: Callable[[Path], tuple[Adapter, Adapter, Callable[[datetime], None]]]) -> Iterator[AdapterUnderTest]:
    with tempfile.TemporaryDirectory() as folder:
        platform, broken, until = make(Path(folder))
        until(NOW)
        yield AdapterUnderTest(platform=platform, out_of_reach=broken, now=NOW, until=until)


def files_shop() -> object:
    def make(folder: Path) -> tuple[Adapter, Adapter, Callable[[datetime], None]]:
        def until(now: datetime) -> None:
            write(folder / "products.csv", PRODUCTS.replace(",100", f",{now.hour}"), at=now - timedelta(minutes=2))
            write(folder / "orders.csv", lines(*order_rows(now)), at=now - timedelta(minutes=2))

        return shop_of_files(folder, folder / "state"), shop_of_files(folder / "nowhere", folder / "other"), until

    return _under_test(make)


def files_ads() -> object:
    def make(folder: Path) -> tuple[Adapter, Adapter, Callable[[datetime], None]]:
        def until(now: datetime) -> None:
            write(folder / "ads.csv", lines(*ad_rows(now), header=AD_HEADER), at=now - timedelta(minutes=2))

        return ads_of_files(folder, folder / "state", sold()), ads_of_files(folder / "nowhere", folder / "other", sold()), until

    return _under_test(make)


def sql_shop() -> object:
    def make(folder: Path) -> tuple[Adapter, Adapter, Callable[[datetime], None]]:
        database = Database(folder / "shop.sqlite")
        written: list[datetime] = []

        def until(now: datetime) -> None:
            for number, at in enumerate(hours_until(now)):
                local = f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
                if at not in written:
                    written.append(at)
                    database.put("orders", (str(number), SKUS[number % 3], local, 2, 60.0, local))
                if number % 5 == 0 and now - at >= 2 * HOUR:
                    later = f"{(at + 2 * HOUR).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
                    database.run("UPDATE orders SET qty = 1, total = 30, updated_at = ? WHERE order_id = ?", later, str(number))

        return shop_of_sql(database.url, folder / "state"), shop_of_sql(f"sqlite:///{folder}/nowhere/x", folder / "other"), until

    return _under_test(make)


def sql_ads() -> object:
    def make(folder: Path) -> tuple[Adapter, Adapter, Callable[[datetime], None]]:
        database = Database(folder / "shop.sqlite")

        def until(now: datetime) -> None:
            database.run("DELETE FROM ads")
            database.put("ads", *(row.split(",") for row in ad_rows(now)))

        return ads_of_sql(database.url, folder / "state"), ads_of_sql(f"sqlite:///{folder}/nowhere/x", folder / "other"), until

    return _under_test(make)
