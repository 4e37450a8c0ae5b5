"""Sales of a Shopify shop, as it shows them: each counted once, on its day, without tax."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from perception.ports import BadAnswer, SourceUnavailable
from tests.platforms.local_server import refusal
from tests.platforms.shopify.opened import HOUR, NEW_YORK, NOW, Site, sales, site

TODAY = NOW.astimezone(NEW_YORK).date().toordinal()
MUG = "gid://shopify/ProductVariant/1"


@pytest.fixture
def shop_site() -> Iterator[Site]:
    with site() as opened:
        assert opened.shop.add_variant(sku="MUG") == MUG
        opened.shop.add_variant(sku="CUP", price="5.00")
        yield opened


def found(opened: Site) -> dict[tuple[str, int], tuple[int, int, int]]:
    adapter = opened.adapter()
    return sales(adapter.read(since=None, now=NOW), adapter)


def test_a_sale_is_counted_on_the_store_local_day_without_tax_and_after_discounts(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 2, "16.80"))
    shop_site.shop.place(datetime(2026, 11, 22, 5, 30, tzinfo=UTC), (MUG, 1, "8.40"))  # 0:30 in New York
    shop_site.shop.place(datetime(2026, 11, 22, 4, 30, tzinfo=UTC), (MUG, 1, "8.41"))

    assert found(shop_site) == {("MUG", TODAY): (2, 3, 2520), ("MUG", TODAY - 1): (1, 1, 841)}


@pytest.mark.parametrize("fields", [{"cancelledAt": "2026-11-22T11:30:00Z"}, {"test": True}])
def test_cancelled_and_test_orders_are_no_sales(shop_site: Site, fields: dict[str, object]) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"), **fields)

    assert found(shop_site) == {}


def test_a_sale_that_is_cancelled_is_taken_back_with_a_higher_version(shop_site: Site) -> None:
    order = shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"))
    adapter = shop_site.adapter()
    (before, _) = adapter.read(since=None, now=NOW)

    shop_site.shop.touch(order, NOW + HOUR, cancelledAt="2026-11-22T13:00:00Z")
    (after, _) = adapter.read(since=NOW, now=NOW + 2 * HOUR)

    assert before.values.tolist()[0] == [1, 1, 1000]
    assert after.values.tolist()[0] == [0, 0, 0]
    assert after.version[0] > before.version[0]


def test_what_comes_back_stays_a_sale_and_what_never_left_is_none(shop_site: Site) -> None:
    order = shop_site.shop.place(NOW - HOUR, (MUG, 5, "50.00"), ("gid://shopify/ProductVariant/3", 2, "10.00"))
    shop_site.shop.refund(order, NOW - HOUR, 0, 1, "10.00")
    shop_site.shop.refund(order, NOW - HOUR, 0, 1, "10.00", restock="NO_RESTOCK")
    shop_site.shop.refund(order, NOW - HOUR, 0, 1, "10.00", restock="CANCEL")
    shop_site.shop.refund(order, NOW - HOUR, 1, 2, "10.00")
    adapter = shop_site.adapter()

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (1, 4, 4000), ("CUP", TODAY): (1, 2, 1000)}
    returns = adapter._book.returns()
    assert (returns.units, returns.returned_units) == (6, 4)


def test_tax_that_was_in_the_price_is_not_in_what_came_back(shop_site: Site) -> None:
    shop_site.shop.taxes_included = True
    order = shop_site.shop.place(NOW - HOUR, (MUG, 2, "20.00"))
    shop_site.shop.refund(order, NOW - HOUR, 0, 1, "11.90", tax="1.90")
    adapter = shop_site.adapter(tax_percent=19.0)

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (1, 2, 2000)}


def test_an_order_of_many_lines_and_a_refund_of_many_are_read_whole(shop_site: Site) -> None:
    shop_site.shop.maximum = shop_site.shop.available = 1e6
    order = shop_site.shop.place(NOW - HOUR, *((MUG, 2, "20.00") for _ in range(230)))
    for place in range(3):
        shop_site.shop.refund(order, NOW - HOUR, place, 1, "10.00")
    (refund,) = (one for one in list(shop_site.shop.refunds.values())[:1])
    refund["lines"] = [
        {**refund["lines"][0], "lineItem": {"id": line["id"]}, "quantity": 1} for line in shop_site.shop.orders[order]["lines"][3:]
    ] + refund["lines"]
    for line in shop_site.shop.orders[order]["lines"][3:]:
        line |= {"currentQuantity": 1, "net": "10.00"}

    assert found(shop_site) == {("MUG", TODAY): (1, 460, 460_000)}


def test_lines_of_variants_that_are_gone_do_no_harm(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, ("", 1, "10.00"), (MUG, 1, "10.00"))

    assert found(shop_site) == {("MUG", TODAY): (1, 1, 1000)}


def test_an_order_in_another_currency_counts_its_units_at_the_price_of_the_shelf(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 2, "23.00"), currencyCode="CAD")

    assert found(shop_site) == {("MUG", TODAY): (1, 2, 2000)}


def test_an_amount_that_is_none_is_a_bad_answer(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 2, "much"))

    with pytest.raises(BadAnswer, match=r"expected an amount of USD such as '12\.50', was 'much'"):
        found(shop_site)


def test_hundreds_of_orders_of_one_second_are_all_counted_even_if_some_move_meanwhile(shop_site: Site) -> None:
    shop_site.shop.maximum = shop_site.shop.available = 1e6
    orders = [shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00")) for _ in range(250)]
    shop_site.shop.between_pages = [lambda n=n: shop_site.shop.touch(orders[n], NOW) for n in (0, 30, 5)]  # type: ignore[misc]

    assert found(shop_site) == {("MUG", TODAY): (250, 250, 250_000)}


def test_a_first_reading_that_breaks_off_goes_on_where_it_was(shop_site: Site) -> None:
    for n in range(90):
        shop_site.shop.place(NOW - timedelta(days=1) + timedelta(minutes=n), (MUG, 1, "10.00"))
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.shop.between_pages = [lambda: None, lambda: shop_site.server.faults.append(refusal(503))]
    with pytest.raises(SourceUnavailable):
        adapter.read(since=None, now=NOW)
    shop_site.shop.passes(100.0)

    assert sum(orders for orders, _, _ in found(shop_site).values()) == 90


def test_nothing_of_buyers_is_asked_for(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"))
    found(shop_site)

    asked = " ".join(request.body["query"] for request in shop_site.server.requests)
    assert not any(word in asked for word in ("email", "customer", "ddress", "phone", "name"))
