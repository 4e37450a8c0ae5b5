"""Which column of a merchant's table holds what."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from autopilot.settings_problems import FieldProblem
from autopilot.settings_types import Section


def names_of(columns: Section) -> tuple[str, ...]:
    """The columns that are named, each once."""
    return tuple(dict.fromkeys(name for name in columns.model_dump().values() if name is not None))


Column = Annotated[str, Field(min_length=1, examples=["order_id"])]

ORDER_COLUMNS: Final = {"order": "order_id", "sku": "sku", "time": "paid_at", "quantity": "qty", "amount": "total"}
AD_COLUMNS: Final = {
    "day": "date",
    "sku": "sku",
    "impressions": "impressions",
    "clicks": "clicks",
    "cost": "spend",
    "conversions": "orders",
    "conversion_value": "sales",
}
PRODUCT_COLUMNS: Final = {"sku": "sku", "price": "price", "cost": "cost", "stock": "stock"}
"""Examples, for a new store's file."""


class OrderColumns(Section):
    """Columns of order lines: one row per product of an order."""

    order: Column
    """Id of the order; one id may span many rows."""
    sku: Column
    """Product code, as among the products."""
    time: Column
    """When the buyer ordered."""
    quantity: Column
    """Units; negative where they came back."""
    amount: Column | None = None
    """What the buyer paid for the line …"""
    unit_price: Column | None = None
    """… or for one unit of it: one of the two."""
    status: Column | None = None
    """State of the line or its order; see `cancelled` and `counted`."""
    modified: Column | None = None
    """When the order last changed; where there is none, the newer file counts."""
    currency: Column | None = None
    """Currency of the line: those of another one than the store's are left out."""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.amount is None) == (self.unit_price is None):
            raise FieldProblem("amount", expected="either amount or unit_price", was=[self.amount, self.unit_price])
        return self


class OrderTable(Section):
    """Where the orders are, and which of them count."""

    columns: OrderColumns
    cancelled: list[str] = Field(default_factory=list)
    """States that are no sale, such as "closed" or "已取消"."""
    counted: list[str] = Field(default_factory=list)
    """States that are a sale; all that are not `cancelled` when left out."""


class ProductColumns(Section):
    """Columns of what is sold: one row per product."""

    sku: Column
    """Product code."""
    price: Column
    """What the shop asks for one unit, in the terms of the orders: both net of tax, or both gross."""
    cost: Column | None = None
    """What one unit costs the merchant, in the same terms."""
    least_price: Column | None = None
    """Minimum advertised price."""
    stock: Column | None = None
    """Units on hand."""


class ProductTable(Section):
    """Where the products are."""

    columns: ProductColumns


class StockColumns(Section):
    """Columns of stock, where it is not among the products."""

    sku: Column
    """Product code."""
    on_hand: Column
    """Units on hand; several rows of one product (warehouses) are added up."""


class StockTable(Section):
    """Where the stock is."""

    columns: StockColumns


class AdColumns(Section):
    """Columns of a daily ad report: a row per day and product, or finer; what is finer is added up."""

    day: Column
    """Date; conversions belong to the day of the click."""
    sku: Column
    """Product code."""
    impressions: Column
    clicks: Column
    cost: Column
    conversions: Column
    """Orders that the ads brought."""
    conversion_value: Column
    """What those orders were worth."""
    campaign: Column | None = None
    """Where the row was advertised; all is one campaign when left out."""
    bid: Column | None = None
    """Highest cost per click that was offered: what stands is that of the newest day."""
    daily_budget: Column | None = None
    """Daily budget of the campaign, likewise."""


class AdTable(Section):
    """Where the ad report is."""

    columns: AdColumns


class Writing(Section):
    """How a source writes its values."""

    timezone: Annotated[str | None, Field(examples=["Asia/Shanghai"])] = None
    """Of times that do not say theirs; the store's when left out."""
    decimal_mark: Literal[".", ","] = "."
    """Before decimals; the other one groups digits."""
    time_format: Annotated[str | None, Field(min_length=2, examples=["%d/%m/%Y %H:%M"])] = None
    """Of times and dates that are not written year first, as in Python's strptime."""
