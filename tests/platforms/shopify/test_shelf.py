"""What stands on a Shopify shop's shelf: names, prices without tax, costs and stock, however much of it there is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from autopilot.errors import ConfigError
from autopilot.platforms.patience import LONGEST_S, Unfinished, patiently
from autopilot.platforms.shopify.adapter import Shopify
from perception.fields import Field
from perception.observation import Signal
from perception.ports import NeedsReauthorisation, RateLimited
from tests.platforms.local_server import refusal
from tests.platforms.shopify.opened import HOUR, NOW, Site, price, prices, site, stock
from tests.platforms.shopify.shop import Shop

DAY = timedelta(days=1)


@pytest.fixture
def shop_site() -> Iterator[Site]:
    with site() as opened:
        yield opened


def anchors(opened: Site, **options: Any) -> dict[str, float]:
    catalogue = opened.adapter(**options).catalogue()
    return dict(zip(catalogue.skus, catalogue.anchor_price_cents.tolist(), strict=True))


def test_variants_are_read_with_price_cost_and_currency(shop_site: Site) -> None:
    shop_site.shop.add_variant(sku="MUG", price="12.50", cost="4.20")
    shop_site.shop.add_variant(sku="CUP", price="5")
    catalogue = shop_site.adapter().catalogue()

    assert catalogue.currency == "USD"
    assert catalogue.skus == ("MUG", "CUP")
    assert catalogue.anchor_price_cents.tolist() == [1250, 500]
    assert catalogue.cost_cents[0] == 420
    assert math.isnan(catalogue.cost_cents[1])


def test_a_cost_in_another_currency_is_not_known(shop_site: Site) -> None:
    gid = shop_site.shop.add_variant(cost="4.20")
    shop_site.shop.variants[gid]["inventoryItem"]["unitCost"]["currencyCode"] = "EUR"

    assert math.isnan(shop_site.adapter().catalogue().cost_cents[0])


def test_variants_without_or_with_the_same_sku_go_by_their_ids(shop_site: Site) -> None:
    for sku in ("", None, "SAME", "SAME", "OWN"):
        shop_site.shop.add_variant(sku=sku)

    gid = "gid://shopify/ProductVariant/"
    assert list(anchors(shop_site)) == [*(f"{gid}{place}" for place in (1, 3, 5, 7)), "OWN"]


def test_drafts_and_what_is_free_are_left_alone(shop_site: Site) -> None:
    shop_site.shop.add_variant(sku="MUG")
    shop_site.shop.add_variant(sku="DRAFT", status="DRAFT")
    shop_site.shop.add_variant(sku="FREE", price="0.00")

    assert anchors(shop_site) == {"MUG": 1000}


@pytest.mark.parametrize(("currency", "text", "cents"), [("JPY", "1980", 1980), ("KWD", "1.234", 1234), ("USD", "19.9", 1990)])
def test_prices_have_the_digits_of_their_currency(currency: str, text: str, cents: int) -> None:
    with site(Shop(currency=currency)) as opened:
        opened.shop.add_variant(sku="MUG", price=text)

        assert anchors(opened) == {"MUG": cents}


def test_prices_that_include_tax_are_held_without(shop_site: Site) -> None:
    shop_site.shop.taxes_included = True
    shop_site.shop.add_variant(sku="MUG", price="11.90")
    shop_site.shop.add_variant(sku="STAMP", price="11.90", taxable=False)

    assert anchors(shop_site, tax_percent=19.0) == {"MUG": 1000, "STAMP": 1190}
    with pytest.raises(ConfigError, match=r"platform.options.tax_percent: expected the per cent of tax"):
        shop_site.adapter().catalogue()


@pytest.mark.parametrize(
    ("fields", "on_hand"),
    [
        ({"inventoryQuantity": 7}, 7.0),
        ({"inventoryQuantity": -2}, 0.0),
        ({"inventoryQuantity": 7, "tracked": False}, None),
        ({"inventoryQuantity": 0, "inventoryPolicy": "CONTINUE"}, None),
        ({"inventoryQuantity": None}, None),
    ],
)
def test_stock_is_what_can_still_be_sold(shop_site: Site, fields: dict[str, Any], on_hand: float | None) -> None:
    shop_site.shop.add_variant(sku="MUG", **fields)
    adapter = shop_site.adapter()

    assert stock(adapter.read(since=None, now=NOW), adapter).get("MUG") == on_hand


def test_what_is_taken_off_the_shelf_is_out_of_stock_and_has_no_price(shop_site: Site) -> None:
    gone = shop_site.shop.add_variant(sku="MUG")
    shop_site.shop.add_variant(sku="CUP")
    adapter = shop_site.adapter()
    adapter.catalogue()
    del shop_site.shop.variants[gone]

    assert stock(adapter.read(since=None, now=NOW), adapter) == {"MUG": 0, "CUP": 5}
    assert math.isnan(prices(adapter)["MUG"])


def test_a_scope_that_is_missing_is_named(shop_site: Site) -> None:
    shop_site.shop.add_variant()
    shop_site.shop.denied = frozenset({"unitCost"})

    with pytest.raises(NeedsReauthorisation, match=r"Access denied for unitCost field.*read_inventory"):
        shop_site.adapter().catalogue()


def with_variants(shop: Shop, count: int) -> None:
    for place in range(count):
        shop.add_variant(sku=f"V{place:05}", product=f"gid://shopify/Product/{place // 10}", cost="3.00")


def opened_with_patience(adapter: Shopify, shop: Shop) -> float:
    """As the daemon opens a shop: again after each wait that it asks for. Seconds that it waited in all."""
    waits: list[float] = []

    def passes(seconds: float) -> None:
        shop.passes(seconds)
        adapter._clock.advance(seconds)  # type: ignore[attr-defined]
        waits.append(seconds)

    patiently(adapter.catalogue, what="test", pause=passes)
    return sum(waits)


def test_a_shop_of_ten_thousand_variants_opens_within_its_budget_and_again_at_once(shop_site: Site) -> None:
    with_variants(shop_site.shop, 10_000)

    killed = shop_site.adapter()
    with pytest.raises(Unfinished):
        killed.catalogue()
    adapter = shop_site.adapter()

    waited_s = opened_with_patience(adapter, shop_site.shop)

    assert len(adapter.catalogue().skus) == 10_000
    # 4 points each, 100 points a second, 2,000 to begin with
    assert waited_s <= 400
    # a process that has just started does not know what a query costs
    assert shop_site.shop.throttled <= 1
    asked = len(shop_site.server.requests)
    shop_site.shop.passes(20.0)
    again = shop_site.adapter(now=NOW + HOUR)
    assert len(again.catalogue().skus) == 10_000
    assert len(shop_site.server.requests) - asked == 2


def test_a_wait_without_end_is_given_up() -> None:
    waits: list[float] = []

    def never() -> None:
        raise Unfinished("no points", retry_after_s=100.0)

    with pytest.raises(Unfinished):
        patiently(never, what="test", pause=waits.append)
    assert sum(waits) <= LONGEST_S


def test_changes_that_are_more_than_one_bucket_pays_for_are_read_in_parts_too(shop_site: Site) -> None:
    with_variants(shop_site.shop, 900)
    shop_site.shop.maximum = shop_site.shop.available = 1e6
    shop_site.adapter().catalogue()
    shop_site.shop.maximum = shop_site.shop.available = 900.0
    for variant in shop_site.shop.variants.values():
        variant |= {"price": "11.00", "updatedAt": "2026-11-22T12:30:00Z"}
    adapter = shop_site.adapter(now=NOW + HOUR)

    waited_s = opened_with_patience(adapter, shop_site.shop)

    assert set(adapter.catalogue().anchor_price_cents.tolist()) == {1100.0}
    assert 0 < waited_s < 60


def test_what_changed_since_the_shop_was_read_is_read_when_it_is_opened_again(shop_site: Site) -> None:
    gid = shop_site.shop.add_variant(sku="MUG", price="10.00")
    shop_site.adapter().catalogue()
    shop_site.shop.variants[gid] |= {"price": "11.00", "updatedAt": "2026-11-22T12:30:00Z"}
    shop_site.shop.add_variant(sku="NEW", updatedAt="2026-11-22T12:31:00Z")

    catalogue = shop_site.adapter(now=NOW + HOUR).catalogue()

    assert dict(zip(catalogue.skus, catalogue.anchor_price_cents.tolist(), strict=True)) == {"MUG": 1100, "NEW": 1000}


def test_a_day_later_everything_is_read_anew(shop_site: Site) -> None:
    shop_site.shop.add_variant(sku="MUG")
    gone = shop_site.shop.add_variant(sku="GONE")
    shop_site.adapter().catalogue()
    del shop_site.shop.variants[gone]

    assert shop_site.adapter(now=NOW + DAY).catalogue().skus == ("MUG",)


def test_what_was_kept_may_be_broken(shop_site: Site) -> None:
    shop_site.shop.add_variant(sku="MUG")
    (shop_site.folder / "variants.json").write_text("{")

    assert shop_site.adapter().catalogue().skus == ("MUG",)


def test_a_tick_looks_as_far_as_its_points_reach_and_the_next_one_from_there(shop_site: Site) -> None:
    with_variants(shop_site.shop, 2_500)
    adapter = shop_site.adapter()
    opened_with_patience(adapter, shop_site.shop)
    seen = np.zeros(2_500, dtype=np.int64)

    shop_site.shop.maximum = 1000.0
    for tick in range(1, 6):
        shop_site.shop.passes(900.0)
        now = NOW + tick * HOUR
        rows = adapter.read(since=None, now=now)
        (of_stock,) = (one for one in rows if one.signal is Signal.STOCK)
        standing = ~np.isnan(adapter.readback(now=now).values[Field.PRICE])
        assert set(of_stock.sku.tolist()) == set(np.flatnonzero(standing).tolist())
        seen += standing
        # a quarter is left for orders and for writing
        assert shop_site.shop.available >= 250

    assert shop_site.shop.throttled == 0
    # 750 points of a tick are 3 pages of 250
    assert seen.min() >= 1


def test_what_was_just_written_is_looked_at_first(shop_site: Site) -> None:
    with_variants(shop_site.shop, 2_500)
    adapter = shop_site.adapter()
    opened_with_patience(adapter, shop_site.shop)
    shop_site.shop.passes(100.0)
    now = NOW + HOUR
    adapter.readback(now=now)
    shop_site.shop.passes(3.0)

    adapter.write((price("V02499", 1234),), now=now)

    assert prices(adapter, now=now)["V02499"] == 1234


def test_no_points_at_all_is_said_with_the_time_to_wait(shop_site: Site) -> None:
    shop_site.shop.add_variant(sku="MUG")
    adapter = shop_site.adapter()
    adapter.readback(now=NOW)
    shop_site.shop.available = 0.0
    shop_site.shop.restored_per_s = 50.0
    with pytest.raises(RateLimited):
        adapter.readback(now=NOW)
    asked = len(shop_site.server.requests)

    with pytest.raises(RateLimited) as caught:
        adapter.readback(now=NOW + timedelta(seconds=1))

    # not asked: 250 points and the quarter that is kept back, less what a second restores
    assert len(shop_site.server.requests) == asked
    assert caught.value.retry_after_s == pytest.approx((250 + 500 - 50) / 50)


def test_sales_are_told_though_no_points_are_left_for_stock(shop_site: Site) -> None:
    mug = shop_site.shop.add_variant(sku="MUG")
    shop_site.shop.place(NOW - HOUR, (mug, 1, "10.00"))
    adapter = shop_site.adapter()
    adapter.readback(now=NOW - HOUR)
    # a quarter of the bucket and a page are more than what the orders leave
    shop_site.shop.maximum, shop_site.shop.available = 4000.0, 900.0

    (of_shop, of_stock) = adapter.read(since=None, now=NOW)

    assert of_shop.values.tolist() == [[1, 1, 1000]]
    assert of_stock.sku.size == 0


def test_a_query_that_is_too_dear_is_asked_for_less(shop_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(300):
        shop_site.shop.add_variant(sku=f"V{place}")
    monkeypatch.setattr("tests.platforms.shopify.shop.MOST_POINTS", 300.0)

    assert len(anchors(shop_site)) == 300


def test_the_wait_that_http_asks_for_is_kept(shop_site: Site) -> None:
    shop_site.shop.add_variant(sku="MUG")
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.server.faults.append(refusal(429, retry_after="7"))

    with pytest.raises(RateLimited) as caught:
        adapter.readback(now=NOW)
    assert caught.value.retry_after_s == 7
