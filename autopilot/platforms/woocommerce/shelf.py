"""What stands on a WooCommerce shop's shelf now: simple products, and the variations of variable ones, each with its price and stock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BeforeValidator, FiniteFloat

from autopilot.platforms.answers import Answer, all_parsed
from autopilot.platforms.goods import Good
from autopilot.platforms.http import Refused
from autopilot.platforms.money import minor_units
from autopilot.platforms.woocommerce.api import Api
from autopilot.platforms.woocommerce.terms import Terms, Text

WITHOUT_OWN_PRICE = frozenset({"grouped", "external"})
"""Types of products that are made of others, or sold elsewhere."""

SOLD_OUT = "outofstock"

PUBLISHED = {"status": "publish", "orderby": "id", "order": "asc"}


class Meta(Answer):
    """One custom field."""

    key: Text = ""
    value: Any = None


class CostOfGoods(Answer):
    """What a unit costs, where WooCommerce's own feature for it is on."""

    total_value: Annotated[FiniteFloat, BeforeValidator(lambda value: value or 0)] = 0.0


class Product(Answer):
    """A product or a variation."""

    id: int
    type: Text = "variation"
    sku: Text = ""
    regular_price: Text = ""
    sale_price: Text = ""
    on_sale: bool = False
    tax_status: Text = ""
    tax_class: Text = ""
    manage_stock: bool | str = False
    stock_quantity: FiniteFloat | None = None
    stock_status: Text = ""
    backorders_allowed: bool = False
    parent_id: int | None = None
    variations: tuple[int, ...] = ()
    meta_data: tuple[Meta, ...] = ()
    cost_of_goods_sold: CostOfGoods | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing with a price of its own.

    Attributes:
        id: WordPress's, distinct among products and variations.
        parent: Product that it is a variation of; 0 for a simple product.
        sku: As the shop has it, perhaps empty.
        regular_cents: Price outside sales, with tax where the shop keeps prices so; None where it has none.
        sale_cents: Price in a sale, standing or to come, likewise; None where there is none.
        on_sale: A sale stands: buyers pay ``sale_cents``.
        rate: Of the tax in these prices.
        on_hand: Units; NaN where they are not counted, or where more may be sold than there are.
        cost_cents: Of one unit; NaN where unknown.
    """

    id: int
    parent: int
    sku: str
    regular_cents: int | None
    sale_cents: int | None
    on_sale: bool
    rate: Decimal
    on_hand: float
    cost_cents: float

    @property
    def paid_cents(self) -> int | None:
        """What buyers pay, with tax where the shop keeps prices so; None where it cannot be bought."""
        return self.sale_cents if self.on_sale and self.sale_cents is not None else self.regular_cents

    def good(self, terms: Terms) -> Good:
        """As part of the catalogue, at its regular price, from which a sale is the exception."""
        net = None if self.regular_cents is None else terms.net(self.regular_cents, self.rate)
        return Good(id=str(self.id), sku=self.sku, price_cents=net, cost_cents=self.cost_cents)


def shelf_of(api: Api, terms: Terms, *, cost_meta: str | None, now: datetime) -> dict[str, Item]:
    """{id: item} of everything that is published. Raises: PlatformError."""
    products = all_parsed(Product, api.everything("/products", PUBLISHED, now=now), "products")
    parents = {product.id: product for product in products if product.variations}
    simple = [product for product in products if not product.variations and product.type not in WITHOUT_OWN_PRICE]
    items = [_item(product, 0, terms, cost_meta) for product in simple]
    for parent, variation in _variations(api, tuple(parents), now):
        items.append(_item(variation, parent, terms, cost_meta))
    return {str(item.id): item for item in items}


def _variations(api: Api, parents: tuple[int, ...], now: datetime) -> Iterator[tuple[int, Product]]:
    """(parent, variation) of those parents; from one list where the site has it, product by product before WooCommerce 10.3."""
    if not parents:
        return
    try:
        found = all_parsed(Product, api.everything("/variations", PUBLISHED, now=now), "variations")
    except Refused as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        for parent in parents:
            of_one = api.everything(f"/products/{parent}/variations", PUBLISHED, now=now)
            yield from ((parent, variation) for variation in all_parsed(Product, of_one, "variations"))
        return
    known = frozenset(parents)
    for variation in found:
        if variation.parent_id in known:
            yield variation.parent_id, variation


def _item(product: Product, parent: int, terms: Terms, cost_meta: str | None) -> Item:
    return Item(
        id=product.id,
        parent=parent,
        sku=product.sku,
        regular_cents=_price(product.regular_price, terms),
        sale_cents=_price(product.sale_price, terms),
        on_sale=product.on_sale,
        rate=terms.rate(tax_status=product.tax_status, tax_class=product.tax_class),
        on_hand=_on_hand(product),
        cost_cents=_cost(product, terms, cost_meta),
    )


def _price(text: str, terms: Terms) -> int | None:
    """None for what is no price: WooCommerce keeps "abc" as nothing, and takes "-5" for a price."""
    try:
        cents = minor_units(text, terms.currency)
    except ValueError:
        return None
    return cents if cents > 0 else None


def _on_hand(product: Product) -> float:
    if product.backorders_allowed:
        return math.nan
    if product.manage_stock and product.stock_quantity is not None:
        return float(max(math.floor(product.stock_quantity), 0))
    return 0.0 if product.stock_status == SOLD_OUT else math.nan


def _cost(product: Product, terms: Terms, cost_meta: str | None) -> float:
    kept = [meta.value for meta in product.meta_data if cost_meta is not None and meta.key == cost_meta]
    own = product.cost_of_goods_sold
    for value in (*kept, own.total_value if own is not None else None):
        try:
            cents = minor_units(str(value), terms.currency)
        except ValueError:
            continue
        if cents > 0:
            return float(cents)
    return math.nan
