"""Rows of a merchant's table as what is sold, and as stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autopilot.platforms.combined import NO_CAMPAIGN
from autopilot.platforms.tables.columns import ProductTable, StockColumns
from autopilot.platforms.tables.left_out import LeftOut
from autopilot.platforms.tables.source import Batch, Row
from autopilot.platforms.tables.values import Dialect, Unreadable, amount, code, number, read, text
from perception.catalogue import Catalogue
from perception.units import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product: minor units; NaN for an unknown cost, 0 for no minimum."""

    price_cents: int
    cost_cents: float
    least_cents: int


def products_of(batch: Batch, table: ProductTable, dialect: Dialect, *, left_out: LeftOut) -> dict[str, Product]:
    """Products by SKU, in the order of their rows; of several rows of one SKU the last counts."""
    found: dict[str, Product] = {}
    for place, row in left_out.rows_of(batch):
        try:
            sku = read(row, table.columns.sku, code, dialect)
            found[sku] = _product(row, table, dialect)
        except Unreadable as error:
            left_out.row(place, error, source=batch.name)
    return found


def catalogue_of(products: Mapping[str, Product], *, currency: str) -> Catalogue:
    """The products, all in the campaign that never runs."""
    of = tuple(products.values())
    return Catalogue(
        currency=currency,
        skus=tuple(products),
        campaigns=(NO_CAMPAIGN,),
        campaign_of=np.zeros(len(of), dtype=np.int64),
        cost_cents=np.array([each.cost_cents for each in of], dtype=np.float64),
        map_cents=np.array([each.least_cents for each in of], dtype=np.float64),
        anchor_price_cents=np.array([each.price_cents for each in of], dtype=np.float64),
        is_new=np.zeros(len(of), dtype=np.bool_),
    )


def stock_of(batch: Batch, columns: StockColumns, dialect: Dialect, *, skus: Sequence[str], left_out: LeftOut) -> Floats:
    """(m,) units on hand, added up over the rows of a product; NaN for products that have none. Below zero is none left."""
    places = {sku: place for place, sku in enumerate(skus)}
    on_hand = np.full(len(skus), np.nan)
    for number_of_row, row in left_out.rows_of(batch):
        try:
            place = places.get(read(row, columns.sku, code, dialect))
            # no figure is no count: some products are not kept in stock
            if place is None or not text(row.get(columns.on_hand)):
                continue
            units = float(read(row, columns.on_hand, number, dialect))
        except Unreadable as error:
            left_out.row(number_of_row, error, source=batch.name)
            continue
        on_hand[place] = units if np.isnan(on_hand[place]) else on_hand[place] + units
    left: Floats = np.floor(np.maximum(on_hand, 0.0))
    return left


def _product(row: Row, table: ProductTable, dialect: Dialect) -> Product:
    columns = table.columns
    price = read(row, columns.price, amount, dialect)
    if price <= 0:
        raise Unreadable("a price above 0", was=str(price), column=columns.price)
    cost = _if_given(row, columns.cost, dialect)
    return Product(
        price_cents=price,
        cost_cents=float(cost) if cost > 0 else float("nan"),
        least_cents=max(_if_given(row, columns.least_price, dialect), 0),
    )


def _if_given(row: Row, column: str | None, dialect: Dialect) -> int:
    """An amount, or 0 where the cell is empty."""
    if column is None or not text(row.get(column)):
        return 0
    return read(row, column, amount, dialect)
