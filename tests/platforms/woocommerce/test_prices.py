"""Prices written to a WooCommerce shop: what is asked for stands, and nothing else moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from control.ports import Effect
from perception.fields import Field
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable
from tests.platforms.local_server import HTML, LOST_AFTER, LOST_BEFORE, Fault, Reply, patience, refusal
from tests.platforms.woocommerce.opened import NOW, Site, price, prices, site
from tests.platforms.woocommerce.test_shelf import with_prices_that_include_tax

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def shop_site() -> Iterator[Site]:
    with site() as opened:
        opened.shop.add_product(sku="MUG", regular_price="10.00")
        opened.shop.add_product(sku="CUP", regular_price="12.00")
        parent = opened.shop.add_product(type="variable", regular_price="", variations=[])
        for size in ("S", "L"):
            opened.shop.add_variation(parent, sku=f"SHIRT-{size}", regular_price="20.00")
        yield opened
        assert opened.shop.problems == []


def posts(opened: Site) -> list[tuple[str, object]]:
    return [(request.path, request.body) for request in opened.server.requests if request.method == "POST"]


def test_products_and_variations_are_written_in_one_request_each_and_read_back(shop_site: Site) -> None:
    adapter = shop_site.adapter()

    answers = adapter.write((price("SHIRT-S", 2150), price("MUG", 999), price("CUP", 1), price("SHIRT-L", 123456)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.APPLIED] * 4
    assert [answer.intent_id for answer in answers] == ["set-SHIRT-S-2150", "set-MUG-999", "set-CUP-1", "set-SHIRT-L-123456"]
    assert posts(shop_site) == [
        (
            "/wp-json/wc/v3/products/3/variations/batch",
            {"update": [{"id": 4, "regular_price": "21.50"}, {"id": 5, "regular_price": "1234.56"}]},
        ),
        ("/wp-json/wc/v3/products/batch", {"update": [{"id": 1, "regular_price": "9.99"}, {"id": 2, "regular_price": "0.01"}]}),
    ]
    assert prices(adapter) == {"MUG": 999, "CUP": 1, "SHIRT-S": 2150, "SHIRT-L": 123456}


def test_at_most_a_hundred_prices_go_into_one_request(shop_site: Site) -> None:
    for number in range(248):
        shop_site.shop.add_product(sku=f"P{number}", regular_price="1.00")
    adapter = shop_site.adapter()

    answers = adapter.write(tuple(price(f"P{number}", 200 + number) for number in range(248)), now=NOW)

    assert all(answer.effect is Effect.APPLIED for answer in answers)
    assert [len(body["update"]) for _, body in posts(shop_site)] == [100, 100, 48]  # type: ignore[index]


@pytest.mark.parametrize("value", [0, -5, 2**53])
def test_what_woocommerce_would_take_but_is_no_price_is_never_sent(shop_site: Site, value: int) -> None:
    with_prices_that_include_tax(shop_site.shop)
    (answer,) = shop_site.adapter().write((price("MUG", value),), now=NOW)

    assert answer.effect is Effect.REJECTED
    assert "value" in answer.detail
    assert posts(shop_site) == []


def test_an_item_that_is_refused_leaves_the_others_alone(shop_site: Site) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    del shop_site.shop.products[1]

    answers = adapter.write((price("MUG", 900), price("CUP", 900)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.REJECTED, Effect.APPLIED]
    assert answers[0].detail == "woocommerce_rest_product_invalid_id: Invalid ID."


def test_a_price_that_the_shop_makes_something_else_of_is_not_called_applied(shop_site: Site) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    changed = shop_site.shop._update
    shop_site.shop._update = lambda things, item: changed(things, {**item, "regular_price": "abc"})  # type: ignore[method-assign]

    (answer,) = adapter.write((price("MUG", 900),), now=NOW)

    assert answer.effect is Effect.UNKNOWN
    assert answer.detail == "regular_price: expected 9.00, was ''"


@pytest.mark.parametrize("body", [{}, [], {"update": []}, {"update": [{"id": "1"}]}])
def test_an_answer_that_does_not_say_what_became_of_it_is_not_taken_for_success(shop_site: Site, body: object) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.server.faults.append(Fault(applies=True, reply=Reply(body=body)))

    try:
        (answer,) = adapter.write((price("MUG", 900),), now=NOW)
    except BadAnswer:
        return
    assert answer.effect is Effect.UNKNOWN


def test_a_sale_is_the_price_that_stands_and_is_left_alone(shop_site: Site) -> None:
    shop_site.shop.products[1] |= {"sale_price": "8.00", "on_sale": True}
    adapter = shop_site.adapter()

    (answer,) = adapter.write((price("MUG", 1100),), now=NOW)

    assert answer.effect is Effect.REJECTED
    assert answer.detail.startswith("a sale stands")
    assert prices(adapter)["MUG"] == 800
    shop_site.shop.products[1] |= {"sale_price": "", "on_sale": False}
    assert prices(adapter, now=LATER)["MUG"] == 1000
    assert adapter.write((price("MUG", 1100),), now=LATER)[0].effect is Effect.APPLIED


@pytest.mark.parametrize(("value", "effect"), [(800, Effect.REJECTED), (801, Effect.APPLIED)])
def test_a_sale_to_come_is_not_wiped_out_by_a_regular_price_below_it(shop_site: Site, value: int, effect: Effect) -> None:
    shop_site.shop.products[1] |= {"sale_price": "8.00", "on_sale": False}
    adapter = shop_site.adapter()

    (answer,) = adapter.write((price("MUG", value),), now=NOW)

    assert answer.effect is effect
    assert shop_site.shop.products[1]["sale_price"] == "8.00"


def test_what_is_off_the_shelf_is_not_written(shop_site: Site) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.shop.products[1]["status"] = "draft"
    adapter.readback(now=NOW)

    (answer,) = adapter.write((price("MUG", 900),), now=NOW)

    assert answer.effect is Effect.REJECTED
    assert "not on the shelf" in answer.detail


def test_prices_that_include_tax_are_written_with_it(shop_site: Site) -> None:
    with_prices_that_include_tax(shop_site.shop)
    adapter = shop_site.adapter()

    adapter.write((price("MUG", 1000), price("CUP", 1001)), now=NOW)

    assert [shop_site.shop.products[one]["regular_price"] for one in (1, 2)] == ["11.90", "11.91"]
    assert (prices(adapter)["MUG"], prices(adapter)["CUP"]) == (1000, 1001)


def test_a_person_s_price_is_seen_at_once(shop_site: Site) -> None:
    adapter = shop_site.adapter()
    adapter.write((price("MUG", 900),), now=NOW)
    adapter.read(since=None, now=NOW)
    assert prices(adapter)["MUG"] == 900
    shop_site.shop.products[1]["regular_price"] = "7.77"

    assert prices(adapter)["MUG"] == 777
    assert prices(adapter, now=LATER)["MUG"] == 777


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(429, retry_after="7"), RateLimited),
        (refusal(503), SourceUnavailable),
        (LOST_BEFORE, SourceUnavailable),
        (HTML, BadAnswer),
        (refusal(401), NeedsReauthorisation),
        (refusal(403), NeedsReauthorisation),
    ],
)
@pytest.mark.parametrize("call", ["catalogue", "read", "readback", "write"])
def test_what_goes_wrong_is_named_by_what_to_do_about_it_and_changes_nothing(
    shop_site: Site, call: str, fault: Fault, error: type[PlatformError]
) -> None:
    adapter = shop_site.adapter()
    if call != "catalogue":
        adapter.catalogue()
    shop_site.server.faults.append(fault)
    calls: dict[str, Callable[[], object]] = {
        "catalogue": adapter.catalogue,
        "read": lambda: adapter.read(since=None, now=NOW),
        "readback": lambda: adapter.readback(now=NOW),
        "write": lambda: adapter.write((price("MUG", 900),), now=NOW),
    }

    with pytest.raises(error) as caught, patience(adapter._api._courier, fault):
        calls[call]()

    assert shop_site.shop.products[1]["regular_price"] == "10.00"
    assert not isinstance(caught.value, RateLimited) or caught.value.retry_after_s == 7


@pytest.mark.parametrize(("fault", "stands"), [(LOST_BEFORE, 1000), (LOST_AFTER, 900)])
def test_a_lost_answer_is_never_sent_again_and_reading_back_tells(shop_site: Site, fault: Fault, stands: int) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.server.faults.append(fault)

    with pytest.raises(SourceUnavailable), patience(adapter._api._courier, fault):
        adapter.write((price("MUG", 900),), now=NOW)

    assert len(posts(shop_site)) == 1
    assert prices(adapter)["MUG"] == stands


@pytest.mark.parametrize(
    ("fault", "effect"),
    [(LOST_AFTER, Effect.UNKNOWN), (refusal(502), Effect.UNKNOWN), (refusal(429), Effect.REJECTED), (refusal(400), Effect.REJECTED)],
)
def test_a_later_batch_that_fails_does_not_spoil_the_answers_of_the_first(shop_site: Site, fault: Fault, effect: Effect) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    post = shop_site.shop.answer

    def then_fault(request: object) -> Reply:
        shop_site.server.faults.append(fault)
        return post(request)  # type: ignore[arg-type]

    shop_site.server._app = then_fault

    with patience(adapter._api._courier, fault):
        answers = adapter.write((price("MUG", 900), price("CUP", 900), price("SHIRT-S", 900)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.APPLIED, Effect.APPLIED, effect]
    assert len(posts(shop_site)) == 2


def test_a_key_that_may_only_read_is_told_which_permission_it_needs(shop_site: Site) -> None:
    shop_site.shop.permission = "read"
    adapter = shop_site.adapter()
    adapter.read(since=None, now=NOW)

    with pytest.raises(NeedsReauthorisation, match="permission Read/Write"):
        adapter.write((price("MUG", 900),), now=NOW)

    assert adapter.fields == {Field.PRICE}
