"""Prices written to a Shopify shop: what is asked for stands, and nothing else moves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from autopilot.platforms.kinds import Role, find_kind
from autopilot.platforms.shopify.kind import KIND
from autopilot.platforms.shopify.options import Options, Secrets
from control.ports import Effect
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable
from tests.platforms.local_server import HTML, LOST_AFTER, LOST_BEFORE, Fault, Reply, patience, refusal
from tests.platforms.shopify.opened import HOUR, NOW, Site, price, prices, site
from tests.platforms.shopify.shop import CLIENT_ID, CLIENT_SECRET, TOKEN

MUG = "gid://shopify/ProductVariant/1"
SHIRT = "gid://shopify/Product/99"
DAY = timedelta(days=1)


@pytest.fixture
def shop_site() -> Iterator[Site]:
    with site() as opened:
        opened.shop.add_variant(sku="MUG")
        opened.shop.add_variant(sku="CUP", price="12.00")
        for size in ("S", "L"):
            opened.shop.add_variant(sku=f"SHIRT-{size}", product=SHIRT, price="20.00")
        yield opened


def sent(opened: Site) -> list[dict[str, Any]]:
    return [request.body["variables"] for request in opened.server.requests if "mutation" in request.body["query"]]


def graphql_error(code: str) -> Fault:
    return Fault(reply=Reply(body={"errors": [{"message": code.lower(), "extensions": {"code": code}}]}))


def test_variants_of_one_product_are_written_at_once_and_read_back(shop_site: Site) -> None:
    adapter = shop_site.adapter()

    answers = adapter.write((price("SHIRT-S", 2150), price("MUG", 999), price("SHIRT-L", 123456)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.APPLIED] * 3
    assert [[variant["price"] for variant in one["variants"]] for one in sent(shop_site)] == [["21.50", "1234.56"], ["9.99"]]
    assert prices(adapter) == {"MUG": 999, "CUP": 1200, "SHIRT-S": 2150, "SHIRT-L": 123456}


def test_only_prices_are_written(shop_site: Site) -> None:
    shop_site.adapter().write((price("MUG", 999),), now=NOW)

    assert [set(variant) for one in sent(shop_site) for variant in one["variants"]] == [{"id", "price"}]


def test_an_item_that_is_refused_leaves_the_others_alone(shop_site: Site) -> None:
    answers = shop_site.adapter().write((price("SHIRT-S", 200_000_000), price("SHIRT-L", 2100)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.REJECTED, Effect.APPLIED]
    assert answers[0].detail == "INVALID_INPUT: Price must be less than 1000000"


def test_an_error_that_names_no_variant_is_about_all_of_them(shop_site: Site) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    errors = [{"field": None, "code": "PRODUCT_SUSPENDED", "message": "Product is suspended"}]
    shop_site.shop._update = lambda **_: {"productVariants": None, "userErrors": errors}  # type: ignore[method-assign]

    answers = adapter.write((price("SHIRT-S", 2000), price("SHIRT-L", 2100)), now=NOW)

    assert [(answer.effect, answer.detail) for answer in answers] == [(Effect.REJECTED, "PRODUCT_SUSPENDED: Product is suspended")] * 2


@pytest.mark.parametrize("written", [[], [{"id": MUG, "price": "7.00"}]])
def test_a_price_that_the_shop_does_not_confirm_is_not_called_applied(shop_site: Site, written: list[Any]) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.shop._update = lambda **_: {"productVariants": written, "userErrors": []}  # type: ignore[method-assign]

    (answer,) = adapter.write((price("MUG", 900),), now=NOW)

    assert answer.effect is Effect.UNKNOWN


@pytest.mark.parametrize("value", [0, -5])
def test_what_is_no_price_is_never_sent(shop_site: Site, value: int) -> None:
    (answer,) = shop_site.adapter().write((price("MUG", value),), now=NOW)

    assert answer.effect is Effect.REJECTED
    assert sent(shop_site) == []


def test_prices_that_include_tax_are_written_with_it(shop_site: Site) -> None:
    shop_site.shop.taxes_included = True
    shop_site.shop.variants["gid://shopify/ProductVariant/3"]["taxable"] = False
    adapter = shop_site.adapter(tax_percent=19.0)

    adapter.write((price("MUG", 1000), price("CUP", 1000)), now=NOW)

    assert [variant["price"] for variant in list(shop_site.shop.variants.values())[:2]] == ["11.90", "10.00"]
    assert (prices(adapter)["MUG"], prices(adapter)["CUP"]) == (1000, 1000)


def test_a_person_s_price_is_seen_at_once(shop_site: Site) -> None:
    adapter = shop_site.adapter()
    adapter.write((price("MUG", 900),), now=NOW)
    adapter.read(since=None, now=NOW)
    assert prices(adapter)["MUG"] == 900
    shop_site.shop.variants[MUG]["price"] = "7.77"

    assert prices(adapter)["MUG"] == 777


FAULTS = [
    (refusal(429, retry_after="7"), RateLimited),
    (graphql_error("THROTTLED"), RateLimited),
    (refusal(503), SourceUnavailable),
    (graphql_error("INTERNAL_SERVER_ERROR"), SourceUnavailable),
    (LOST_BEFORE, SourceUnavailable),
    (HTML, BadAnswer),
    (Fault(reply=Reply(body={"data": {}})), BadAnswer),
    (refusal(401), NeedsReauthorisation),
    (graphql_error("ACCESS_DENIED"), NeedsReauthorisation),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
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

    with pytest.raises(error) as caught, patience(adapter._session._courier, fault):
        calls[call]()

    assert shop_site.shop.variants[MUG]["price"] == "10.00"
    assert not isinstance(caught.value, RateLimited) or caught.value.retry_after_s >= 1


@pytest.mark.parametrize(("fault", "stands"), [(LOST_BEFORE, 1000), (LOST_AFTER, 900)])
def test_a_lost_answer_is_never_sent_again_and_reading_back_tells(shop_site: Site, fault: Fault, stands: int) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    shop_site.server.faults.append(fault)

    with pytest.raises(SourceUnavailable), patience(adapter._session._courier, fault):
        adapter.write((price("MUG", 900),), now=NOW)

    assert len(sent(shop_site)) == 1
    assert prices(adapter)["MUG"] == stands


@pytest.mark.parametrize(
    ("fault", "effect"),
    [(LOST_AFTER, Effect.UNKNOWN), (refusal(502), Effect.UNKNOWN), (refusal(429), Effect.REJECTED), (graphql_error("x"), Effect.REJECTED)],
)
def test_a_later_product_that_fails_does_not_spoil_the_answers_of_the_first(shop_site: Site, fault: Fault, effect: Effect) -> None:
    adapter = shop_site.adapter()
    adapter.catalogue()
    update = shop_site.shop._update

    def then_fault(**asked: Any) -> Any:
        shop_site.server.faults.append(fault)
        return update(**asked)

    shop_site.shop._update = then_fault  # type: ignore[method-assign]

    with patience(adapter._session._courier, fault):
        answers = adapter.write((price("SHIRT-S", 900), price("SHIRT-L", 900), price("MUG", 900)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.APPLIED, Effect.APPLIED, effect]
    assert len(sent(shop_site)) == 2


def test_prices_beyond_the_budget_are_not_sent_and_said_to_be_rejected(shop_site: Site) -> None:
    adapter = shop_site.adapter()
    adapter.write((price("MUG", 900),), now=NOW)
    shop_site.shop.available = 20.0

    answers = adapter.write((price("MUG", 901), price("CUP", 902), price("SHIRT-S", 903)), now=NOW)

    assert [answer.effect for answer in answers] == [Effect.APPLIED, Effect.APPLIED, Effect.REJECTED]
    assert shop_site.shop.throttled == 0


def test_an_app_with_an_id_and_a_secret_gets_a_token_a_day(shop_site: Site) -> None:
    shop_site.shop.token = "none yet"
    adapter = shop_site.adapter(keys={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})

    for hours in (0, 1, 23):
        assert prices(adapter, now=NOW + hours * HOUR)["MUG"] == 1000
    assert shop_site.shop.granted == 1
    assert prices(adapter, now=NOW + DAY)["MUG"] == 1000
    assert shop_site.shop.granted == 2


def test_a_wrong_secret_is_refused_by_name(shop_site: Site) -> None:
    adapter = shop_site.adapter(keys={"client_id": CLIENT_ID, "client_secret": "wrong"})

    with pytest.raises(PlatformError, match="invalid_client"):
        adapter.catalogue()


@pytest.mark.parametrize(
    "keys", [{}, {"client_id": "a"}, {"client_secret": "b"}, {"access_token": "t", "client_id": "a"}, {"access_token": ""}, {"token": "t"}]
)
def test_there_is_one_way_to_sign_in(keys: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Secrets.model_validate(keys)


@pytest.mark.parametrize("wrong", [{}, {"url": "http://shop.myshopify.com"}, {"url": "https://s.myshopify.com", "tax_percent": -1.0}])
def test_options_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(wrong)


@pytest.mark.parametrize("keys", [{"access_token": TOKEN}, {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}])
def test_keys_are_nowhere_to_be_read(shop_site: Site, caplog: pytest.LogCaptureFixture, keys: dict[str, str]) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = shop_site.adapter(keys=keys)
    adapter.read(since=None, now=NOW)
    shop_site.shop.token = "revoked"
    with pytest.raises(NeedsReauthorisation) as caught:
        adapter.read(since=None, now=NOW)

    logged = [record.getMessage() for record in caplog.records]
    seen = "".join((repr(adapter.__dict__), repr(vars(adapter._session)), str(caught.value), *logged))
    kept = b"".join(path.read_bytes() for path in shop_site.folder.iterdir()).decode(errors="replace")
    assert not any(secret in text for secret in (TOKEN, CLIENT_SECRET, "day-1") for text in (seen, kept))


def test_settings_find_the_kind() -> None:
    assert find_kind("shopify", Role.SHOP) is KIND
