"""Sales of a WooCommerce shop, as it shows them: each counted once, on its day, without tax."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from perception.ports import BadAnswer, SourceUnavailable
from tests.platforms.local_server import Fault, Reply
from tests.platforms.woocommerce.opened import BERLIN, NOW, Site, sales, site
from tests.platforms.woocommerce.shop import Shop

TODAY = NOW.astimezone(BERLIN).date().toordinal()
HOUR = timedelta(hours=1)


@pytest.fixture
def shop_site() -> Iterator[Site]:
    with site() as opened:
        opened.shop.add_product(sku="MUG", regular_price="10.00")
        yield opened
        assert opened.shop.problems == []


MUG = 1


def test_a_sale_is_counted_on_the_store_local_day_without_tax_and_after_discounts(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 2, "16.80"))
    shop_site.shop.place(datetime(2026, 11, 21, 23, 30, tzinfo=UTC), (MUG, 1, "8.40"))  # 0:30 in Berlin
    shop_site.shop.place(datetime(2026, 11, 21, 22, 30, tzinfo=UTC), (MUG, 1, "8.41"))

    adapter = shop_site.adapter()

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (2, 3, 2520), ("MUG", TODAY - 1): (1, 1, 841)}


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("processing", True),
        ("completed", True),
        ("on-hold", True),
        ("refunded", True),
        ("shipped-by-plugin", True),
        ("pending", False),
        ("failed", False),
        ("cancelled", False),
        ("checkout-draft", False),
        ("trash", False),
    ],
)
def test_sales_are_what_woocommerce_itself_reports_as_sales(shop_site: Site, status: str, *, counts: bool) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"), status=status)
    adapter = shop_site.adapter()

    assert bool(sales(adapter.read(since=None, now=NOW), adapter)) is counts


def test_which_statuses_are_no_sales_may_be_set(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"), status="on-hold")
    adapter = shop_site.adapter(not_sold=["on-hold"])

    assert sales(adapter.read(since=None, now=NOW), adapter) == {}


@pytest.mark.parametrize("status", ["cancelled", "trash"])
def test_a_sale_that_is_undone_is_taken_back_with_a_higher_version(shop_site: Site, status: str) -> None:
    order = shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"))
    adapter = shop_site.adapter()
    (before, _) = adapter.read(since=None, now=NOW)

    shop_site.shop.touch(order, NOW + HOUR if status == "cancelled" else NOW - HOUR, status=status)
    (after, _) = adapter.read(since=NOW, now=NOW + 2 * HOUR)

    assert before.values.tolist() == [[1, 1, 1000]]
    assert after.values.tolist() == [[0, 0, 0]]
    assert after.version[0] > before.version[0]


def test_what_comes_back_stays_a_sale_and_is_known_as_returned(shop_site: Site) -> None:
    order = shop_site.shop.place(NOW - HOUR, (MUG, 3, "30.00"))
    shop_site.shop.place(NOW - HOUR, (MUG, 2, "20.00"), status="refunded")
    shop_site.shop.refund(order, NOW, (MUG, 1, "10.00"))
    shop_site.shop.refund(order, NOW)  # of the money alone
    adapter = shop_site.adapter()

    found = sales(adapter.read(since=None, now=NOW), adapter)

    assert found == {("MUG", TODAY): (2, 5, 5000)}
    returns = adapter._book.returns()
    assert (returns.units, returns.returned_units) == (5, 3)


def test_variations_are_sold_under_their_own_sku(shop_site: Site) -> None:
    parent = shop_site.shop.add_product(sku="SHIRT", type="variable", regular_price="", variations=[])
    small = shop_site.shop.add_variation(parent, sku="SHIRT-S", regular_price="20.00")
    shop_site.shop.add_variation(parent, sku="SHIRT-L", regular_price="21.00")
    shop_site.shop.place(NOW - HOUR, (small, 1, "20.00"), (MUG, 1, "10.00"))
    adapter = shop_site.adapter()

    found = sales(adapter.read(since=None, now=NOW), adapter)

    assert found == {("SHIRT-S", TODAY): (1, 1, 2000), ("MUG", TODAY): (1, 1, 1000)}


def test_lines_of_products_that_are_gone_do_no_harm(shop_site: Site) -> None:
    order = shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"), (MUG, 1, "10.00"))
    shop_site.shop.orders[order]["line_items"][0] |= {"product_id": 0, "variation_id": 0}
    other = shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"))
    shop_site.shop.orders[other]["line_items"][0] |= {"product_id": "", "variation_id": None, "total": ""}
    adapter = shop_site.adapter()

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (1, 1, 1000)}


@pytest.mark.parametrize(
    "dates",
    [
        {"date_created_gmt": None, "date_paid_gmt": "2026-11-22T10:59:00"},
        {"date_created_gmt": None, "date_paid_gmt": None, "date_created": "2026-11-22T11:59:00"},
        {"date_created_gmt": None, "date_paid_gmt": None, "date_created": None},
        {"date_created_gmt": "2026-11-22T10:59:00Z"},
        {"date_created_gmt": "2026-11-22T10:59:00+00:00"},
    ],
)
def test_an_order_is_dated_by_what_it_tells(shop_site: Site, dates: dict[str, Any]) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"), **dates)
    adapter = shop_site.adapter()

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (1, 1, 1000)}


def test_an_order_whose_time_is_not_readable_is_a_bad_answer(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"), date_created_gmt="yesterday")
    adapter = shop_site.adapter()

    with pytest.raises(BadAnswer, match="expected a time such as"):
        adapter.read(since=None, now=NOW)


def test_an_order_in_another_currency_counts_its_units_at_the_price_of_the_shelf(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 2, "23.00"), currency="USD")
    adapter = shop_site.adapter()

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (1, 2, 2000)}


@pytest.mark.parametrize(
    ("currency", "total", "cents", "digits"), [("JPY", "1980", 1980, "0"), ("KWD", "1.234", 1234, "3"), ("EUR", "1.23", 123, "2")]
)
def test_amounts_are_asked_for_with_the_digits_of_their_currency(currency: str, total: str, cents: int, digits: str) -> None:
    with site(Shop(currency=currency)) as opened:
        opened.shop.add_product(sku="MUG", regular_price=total)
        opened.shop.place(NOW - HOUR, (MUG, 1, total))
        adapter = opened.adapter()

        found = sales(adapter.read(since=None, now=NOW), adapter)

        assert found == {("MUG", TODAY): (1, 1, cents)}
        assert {request.query.get("dp") for request in opened.server.requests if request.path.endswith("/orders")} == {digits}


def test_hundreds_of_orders_of_one_second_are_all_counted(shop_site: Site) -> None:
    for _ in range(250):
        shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"))
    adapter = shop_site.adapter()

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (250, 250, 250_000)}


@pytest.mark.parametrize("counts_pages", [True, False])
def test_a_short_page_is_not_taken_for_the_last_one(shop_site: Site, *, counts_pages: bool) -> None:
    for second in range(130):
        shop_site.shop.place(NOW - HOUR + timedelta(seconds=second), (MUG, 1, "10.00"))
    shop_site.shop.counts_pages = counts_pages
    whole_page = shop_site.shop._page

    def with_gaps(things: list[dict[str, object]], asked: dict[str, object]) -> Reply:
        """As where the key's user may not see some of the things."""
        reply = whole_page(things, asked)
        return Reply(body=reply.body[1:], headers=reply.headers) if asked["page"] == 1 and len(reply.body) > 50 else reply

    shop_site.shop._page = with_gaps  # type: ignore[method-assign]
    adapter = shop_site.adapter()

    ((_, day),) = found = sales(adapter.read(since=None, now=NOW), adapter)

    assert day == TODAY
    assert found["MUG", day][0] >= 128


def test_an_order_that_moves_to_the_end_while_pages_are_read_hides_no_other(shop_site: Site) -> None:
    orders = [shop_site.shop.place(NOW - HOUR + timedelta(seconds=n), (MUG, 1, "10.00")) for n in range(250)]
    shop_site.shop.between_pages = [lambda n=n: shop_site.shop.touch(orders[n], NOW) for n in (0, 10, 20)]
    adapter = shop_site.adapter()

    assert sales(adapter.read(since=None, now=NOW), adapter) == {("MUG", TODAY): (250, 250, 250_000)}


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("moved", [0, 50, 99])
def test_an_order_that_changes_while_its_page_is_loaded_hides_no_other(shop_site: Site, moved: int, *, killed: bool) -> None:
    """The page shows its new time at its old place."""
    orders = [shop_site.shop.place(NOW - timedelta(hours=5) + timedelta(minutes=n), (MUG, 1, "10.00")) for n in range(250)]
    shop_site.shop.while_loading = [lambda: shop_site.shop.touch(orders[moved], NOW)]
    adapter = shop_site.adapter()
    if killed:
        adapter.catalogue()
        shop_site.shop.between_pages = [lambda: shop_site.server.faults.append(Fault(reply=Reply(status=503, body={})))]
        with pytest.raises(SourceUnavailable):
            adapter.read(since=None, now=NOW)
        adapter = shop_site.adapter()

    found = sales(adapter.read(since=None, now=NOW), adapter)

    assert sum(count for count, _, _ in found.values()) == 250


def test_only_what_changed_is_read_again(shop_site: Site) -> None:
    for n in range(300):
        shop_site.shop.place(NOW - timedelta(days=2) + timedelta(minutes=n), (MUG, 1, "10.00"))
    adapter = shop_site.adapter()
    adapter.read(since=None, now=NOW)
    shop_site.shop.place(NOW + HOUR, (MUG, 1, "10.00"))
    asked_before = len(shop_site.server.requests)

    (rows, _) = adapter.read(since=NOW, now=NOW + 2 * HOUR)

    # changed orders, the bin, the shelf
    assert len(shop_site.server.requests) - asked_before == 3
    assert rows.values.tolist()[-1] == [1, 1, 1000]


def test_a_first_reading_that_breaks_off_goes_on_where_it_was(shop_site: Site) -> None:
    for n in range(300):
        shop_site.shop.place(NOW - timedelta(days=1) + timedelta(minutes=n), (MUG, 1, "10.00"))
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.shop.between_pages = [lambda: None, lambda: shop_site.server.faults.append(Fault(reply=Reply(status=503, body={})))]
    with pytest.raises(SourceUnavailable):
        adapter.read(since=None, now=NOW)

    again = shop_site.adapter()
    found = sales(again.read(since=None, now=NOW), again)

    assert sum(orders for orders, _, _ in found.values()) == 300


def test_the_hour_that_summer_time_skips_hides_no_order() -> None:
    """PHP reads 2:30 of that night as 3:30, even where it stands for UTC."""
    with site() as opened:
        night = datetime(2027, 3, 28, 2, 30, tzinfo=UTC)
        opened.shop.add_product(sku="MUG", regular_price="10.00")
        opened.shop.place(night, (MUG, 1, "10.00"))
        adapter = opened.adapter(now=night)
        adapter.read(since=None, now=night)
        opened.shop.place(night + timedelta(minutes=10), (MUG, 1, "10.00"))

        found = sales(adapter.read(since=None, now=night + HOUR), adapter)

        assert [orders for orders, _, _ in found.values()] == [2]


def test_nothing_of_buyers_is_kept(shop_site: Site) -> None:
    shop_site.shop.place(NOW - HOUR, (MUG, 1, "10.00"), billing={"email": "ann@example.com", "first_name": "Annabel"})
    adapter = shop_site.adapter()
    adapter.read(since=None, now=NOW)

    kept = b"".join(path.read_bytes() for path in shop_site.folder.iterdir())

    assert kept
    assert b"ann@example" not in kept
    assert b"Annabel" not in kept
    assert not math.isnan(adapter.read(since=None, now=NOW)[0].values.sum())
