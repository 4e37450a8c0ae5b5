"""What stands on a WooCommerce shop's shelf: names, prices without tax, costs and stock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopilot.platforms.tax import with_tax, without_tax
from autopilot.platforms.woocommerce.terms import TaxRate, base_rates
from perception.ports import BadAnswer
from tests.platforms.local_server import Reply
from tests.platforms.woocommerce.opened import NOW, Site, prices, site, stock
from tests.platforms.woocommerce.shop import SAMPLES, Shop


@pytest.fixture
def shop_site() -> Iterator[Site]:
    with site() as opened:
        yield opened
        assert opened.shop.problems == []


def anchors(opened: Site, **options: Any) -> dict[str, float]:
    catalogue = opened.adapter(**options).catalogue()
    return dict(zip(catalogue.skus, catalogue.anchor_price_cents.tolist(), strict=True))


def test_the_recorded_product_is_read(shop_site: Site) -> None:
    shop_site.shop.products[10] = SAMPLES["products"]["body"][0]
    adapter = shop_site.adapter()

    assert adapter.catalogue().currency == "EUR"
    assert anchors(shop_site) == {"E2E-1795330563": 1549}
    assert prices(adapter) == {"E2E-1795330563": 1349}  # on sale
    assert stock(adapter.read(since=None, now=NOW), adapter) == {"E2E-1795330563": 460}


def test_a_variable_product_is_its_variations(shop_site: Site) -> None:
    parent = shop_site.shop.add_product(sku="SHIRT", type="variable", regular_price="", price="20.00", variations=[])
    shop_site.shop.add_variation(parent, sku="SHIRT-S", regular_price="20.00")
    shop_site.shop.add_variation(parent, sku="SHIRT-L", regular_price="21.00")
    hidden = shop_site.shop.add_product(sku="OLD", type="variable", regular_price="", status="draft", variations=[])
    shop_site.shop.add_variation(hidden, sku="OLD-S", regular_price="5.00")

    assert anchors(shop_site) == {"SHIRT-S": 2000, "SHIRT-L": 2100}


def test_variations_are_read_product_by_product_where_the_site_has_no_list_of_them(shop_site: Site) -> None:
    shop_site.shop.has_variations_list = False
    for code in ("A", "B"):
        parent = shop_site.shop.add_product(type="variable", regular_price="", variations=[])
        shop_site.shop.add_variation(parent, sku=code, regular_price="20.00")

    assert anchors(shop_site) == {"A": 2000, "B": 2000}


def test_products_without_or_with_the_same_sku_go_by_their_ids(shop_site: Site) -> None:
    for sku in ("", " ", "SAME", "SAME", "OWN", "1"):
        shop_site.shop.add_product(sku=sku, regular_price="1.00")

    assert list(anchors(shop_site)) == ["id-1", "2", "3", "4", "OWN", "1"]


def test_a_sku_may_be_null(shop_site: Site) -> None:
    shop_site.shop.add_product(sku=None, regular_price="1.00")

    assert anchors(shop_site) == {"1": 100}


@pytest.mark.parametrize(
    "fields", [{"regular_price": ""}, {"regular_price": "0"}, {"regular_price": "-5"}, {"type": "grouped"}, {"type": "external"}]
)
def test_what_has_no_price_of_its_own_is_left_alone(shop_site: Site, fields: dict[str, str]) -> None:
    shop_site.shop.add_product(sku="MUG", regular_price="1.00")
    shop_site.shop.add_product(sku="ODD", **{"regular_price": "1.00", **fields})

    assert anchors(shop_site) == {"MUG": 100}


def test_an_empty_shop_says_so(shop_site: Site) -> None:
    with pytest.raises(BadAnswer, match="expected at least one published product with a price, was none"):
        shop_site.adapter().catalogue()


@pytest.mark.parametrize(("currency", "text", "cents"), [("JPY", "1980", 1980), ("KWD", "1.234", 1234), ("EUR", "19.9", 1990)])
def test_prices_have_the_digits_of_their_currency(currency: str, text: str, cents: int) -> None:
    with site(Shop(currency=currency)) as opened:
        opened.shop.add_product(sku="MUG", regular_price=text)

        assert anchors(opened) == {"MUG": cents}


@pytest.mark.parametrize(
    ("fields", "on_hand"),
    [
        ({"manage_stock": True, "stock_quantity": 7}, 7.0),
        ({"manage_stock": True, "stock_quantity": -2}, 0.0),
        ({"manage_stock": True, "stock_quantity": 1.5}, 1.0),
        ({"manage_stock": "parent", "stock_quantity": 4}, 4.0),
        ({"manage_stock": False, "stock_quantity": None, "stock_status": "outofstock"}, 0.0),
        ({"manage_stock": False, "stock_quantity": None, "stock_status": "instock"}, None),
        ({"manage_stock": True, "stock_quantity": 0, "backorders_allowed": True}, None),
    ],
)
def test_stock_is_what_can_still_be_sold(shop_site: Site, fields: dict[str, Any], on_hand: float | None) -> None:
    shop_site.shop.add_product(sku="MUG", regular_price="1.00", **fields)
    adapter = shop_site.adapter()

    assert stock(adapter.read(since=None, now=NOW), adapter).get("MUG") == on_hand


def test_what_is_taken_off_the_shelf_is_out_of_stock_and_has_no_price(shop_site: Site) -> None:
    shop_site.shop.add_product(sku="MUG", regular_price="1.00")
    shop_site.shop.add_product(sku="CUP", regular_price="2.00")
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.shop.products[1]["status"] = "draft"
    del shop_site.shop.products[2]

    assert stock(adapter.read(since=None, now=NOW), adapter) == {"MUG": 0, "CUP": 0}
    assert all(math.isnan(price) for price in prices(adapter).values())


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"cost_of_goods_sold": {"values": [{"defined_value": 4.2}], "total_value": 4.2}}, 420.0),
        ({"meta_data": [{"id": 1, "key": "_wc_cog_cost", "value": "3.50"}]}, 350.0),
        ({"meta_data": [{"id": 1, "key": "_wc_cog_cost", "value": ""}], "cost_of_goods_sold": {"total_value": 4.2}}, 420.0),
        ({"meta_data": [{"id": 1, "key": "_wc_cog_cost", "value": {"odd": 1}}]}, None),
        ({"meta_data": [{"id": 1, "key": "other", "value": "3.50"}]}, None),
        ({"cost_of_goods_sold": {"total_value": None}}, None),
        ({}, None),
    ],
)
def test_cost_is_the_plugin_s_or_woocommerce_s_own_or_unknown(shop_site: Site, fields: dict[str, Any], cost: float | None) -> None:
    shop_site.shop.add_product(sku="MUG", regular_price="10.00", **fields)

    (read,) = shop_site.adapter(cost_meta="_wc_cog_cost").catalogue().cost_cents

    assert (None if math.isnan(read) else read) == cost


def with_prices_that_include_tax(shop: Shop) -> None:
    shop.settings["general"]["woocommerce_calc_taxes"] = "yes"
    shop.settings["tax"]["woocommerce_prices_include_tax"] = "yes"
    shop.taxes = [
        {"id": 1, "country": "DE", "state": "", "rate": "19.0000", "priority": 1, "compound": False, "order": 0, "class": "standard"},
        {"id": 2, "country": "DE", "state": "", "rate": "7.0000", "priority": 1, "compound": False, "order": 0, "class": "reduced-rate"},
        {"id": 3, "country": "FR", "state": "", "rate": "20.0000", "priority": 1, "compound": False, "order": 0, "class": "standard"},
    ]


def test_prices_that_include_tax_are_held_without(shop_site: Site) -> None:
    with_prices_that_include_tax(shop_site.shop)
    shop_site.shop.add_product(sku="MUG", regular_price="11.90")
    shop_site.shop.add_product(sku="BOOK", regular_price="10.70", tax_class="reduced-rate")
    shop_site.shop.add_product(sku="STAMP", regular_price="10.00", tax_status="none")

    assert anchors(shop_site) == {"MUG": 1000, "BOOK": 1000, "STAMP": 1000}


def test_tax_is_no_matter_where_none_is_charged(shop_site: Site) -> None:
    with_prices_that_include_tax(shop_site.shop)
    shop_site.shop.settings["general"]["woocommerce_calc_taxes"] = "no"
    shop_site.shop.add_product(sku="MUG", regular_price="11.90")

    assert anchors(shop_site) == {"MUG": 1190}


@pytest.mark.parametrize(
    ("rows", "rate"),
    [
        ([], None),
        ([{"country": "", "rate": "10"}], "0.1"),
        ([{"country": "", "rate": "10"}, {"country": "CA", "rate": "5"}], "0.05"),
        ([{"country": "CA", "state": "QC", "rate": "5"}, {"country": "CA", "rate": "6"}], "0.05"),
        ([{"country": "CA", "rate": "5"}, {"country": "CA", "state": "QC", "rate": "10", "priority": 2}], "0.15"),
        ([{"country": "CA", "rate": "5"}, {"country": "CA", "state": "QC", "rate": "10", "priority": 2, "compound": True}], "0.155"),
        ([{"country": "CA", "rate": "5", "order": 2}, {"country": "CA", "rate": "6", "order": 1}], "0.06"),
        ([{"country": "CA", "rate": "9", "postcodes": ["H2X"]}, {"country": "CA", "rate": "5"}], "0.05"),
        ([{"country": "US", "rate": "9"}, {"country": "CA", "state": "ON", "rate": "5"}], None),
    ],
)
def test_the_rate_is_that_of_where_the_shop_is(rows: list[dict[str, Any]], rate: str | None) -> None:
    table = [TaxRate.model_validate(row) for row in rows]

    assert base_rates(table, country="CA", state="QC") == ({} if rate is None else {"standard": Decimal(rate)})


@given(net=st.integers(1, 10**9), rate=st.decimals(0, 2, places=4))
def test_a_price_survives_that_tax_is_put_on_and_taken_off(net: int, rate: Decimal) -> None:
    assert without_tax(with_tax(net, rate), rate) == net


def test_products_that_vanish_while_pages_are_read_hide_no_other(shop_site: Site) -> None:
    for number in range(250):
        shop_site.shop.add_product(sku=f"P{number}", regular_price="1.00")
    whole_page, deleted = shop_site.shop._page, [1, 2]

    def and_one_goes(things: list[dict[str, Any]], asked: dict[str, Any]) -> Reply:
        reply = whole_page(things, asked)
        if deleted:
            del shop_site.shop.products[deleted.pop()]
        return reply

    shop_site.shop._page = and_one_goes  # type: ignore[method-assign]

    assert len(anchors(shop_site)) == 248
