"""What is sold, by which name, at what cost; and a server that is not the one that was meant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from perception.fields import Field
from perception.ports import BadAnswer, PlatformError
from tests.platforms.local_server import HTML
from tests.platforms.vendure.admin import NOW, OPENED, Admin
from tests.platforms.vendure.opened import prices, site, stock, stocked


def test_what_is_enabled_and_has_a_price_is_sold_at_what_it_costs_where_that_is_known() -> None:
    admin = stocked()
    admin.add("GONE", 100, enabled=False)
    admin.add("HIDDEN", 100, product_enabled=False)
    admin.add("FREE", 0)
    admin.add("NOTHING", 100, cost=0)
    admin.add("BELOW", 100, cost=-1)

    with site(admin) as here:
        catalogue = here.adapter().catalogue()

    assert catalogue.skus == ("MUG", "TEAPOT", "CANDLE", "NOTHING", "BELOW")
    assert catalogue.currency == "GBP"
    np.testing.assert_array_equal(catalogue.cost_cents, [400, 1100, np.nan, np.nan, np.nan])
    assert catalogue.anchor_price_cents.tolist() == [1000, 2500, 500, 100, 100]


def test_without_a_field_for_it_no_cost_is_known() -> None:
    with site() as here:
        catalogue = here.adapter(cost_field=None).catalogue()

    assert np.isnan(catalogue.cost_cents).all()


def test_skus_that_are_missing_or_shared_are_named_by_ids_and_told() -> None:
    admin = Admin()
    for sku in ("MUG", "", "CUP", "CUP", "  ", " MUG2 "):
        admin.add(sku, 100)

    with site(admin) as here, capture_logs() as logs:
        skus = here.adapter().catalogue().skus

    assert skus == ("MUG", "2", "3", "4", "5", "MUG2")
    assert [(log["event"], log["ids"]) for log in logs] == [("skus_missing_or_shared", ["2", "3", "4", "5"])]


def test_a_long_catalogue_is_read_whole_although_much_of_it_was_made_in_the_same_second() -> None:
    admin = Admin()
    for number in range(250):
        admin.add(f"S{number}", 100 + number, created=OPENED + timedelta(seconds=number // 120))

    with site(admin) as here:
        adapter = here.adapter()
        assert set(adapter.catalogue().skus) == {f"S{number}" for number in range(250)}
        assert prices(adapter) == {f"S{number}": 100 + number for number in range(250)}


def test_what_is_taken_off_sale_reads_as_unknown() -> None:
    with site() as here:
        adapter = here.adapter()
        adapter.catalogue()
        here.admin.variants["1"].enabled = False
        here.admin.variants["2"].price = 0

        values = adapter.readback(now=NOW).values[Field.PRICE]

    np.testing.assert_array_equal(values, [np.nan, np.nan, 500])


def test_stock_is_what_can_still_be_sold_by_the_rules_of_shop_and_product() -> None:
    admin = Admin(threshold=10)
    admin.add("GLOBAL", 100, on_hand=50, allocated=5)
    admin.add("OWN", 100, on_hand=50, allocated=5, threshold=0)
    admin.add("BACKORDERS", 100, on_hand=50, threshold=-20)
    admin.add("OVERSOLD", 100, on_hand=5, allocated=9)
    admin.add("INHERITS", 100, tracking="INHERIT", threshold=0)
    admin.add("ENDLESS", 100, tracking="FALSE")

    with site(admin) as here:
        adapter = here.adapter()
        counted = stock(adapter)
        here.admin.track_inventory = False
        untracked = stock(adapter)

    assert counted == {"GLOBAL": 35, "OWN": 45, "BACKORDERS": 70, "OVERSOLD": 0, "INHERITS": 100}
    assert untracked.keys() == counted.keys() - {"INHERITS"}


@pytest.mark.parametrize(
    ("admin", "options", "expected"),
    [
        ({}, {"channel": "another-token"}, "expected the token of a channel of this server, which answered for '__default_channel__'"),
        ({"digits": 3}, {}, "moneyStrategyPrecision: expected amounts with 2 decimals, was 3"),
        ({"spoil": lambda name, answer: None if name == "activeChannel" else answer}, {}, "activeChannel"),
        ({"spoil": lambda name, answer: {"items": None} if name == "productVariants" else answer}, {}, "Cannot return null"),
    ],
    ids=["another channel", "other decimals", "no channel", "no items"],
)
def test_a_server_that_answers_something_else_is_not_guessed_at(admin: dict[str, Any], options: dict[str, Any], expected: str) -> None:
    with site(stocked(**admin)) as here, pytest.raises(PlatformError, match=expected):
        here.adapter(**options).catalogue()


def test_a_page_of_html_is_a_bad_answer() -> None:
    with site() as here:
        here.server.always = HTML
        with pytest.raises(BadAnswer, match="expected JSON"):
            here.adapter().catalogue()


def test_the_shops_own_currency_is_told_where_the_store_expects_another() -> None:
    with site(stocked(currency="EUR")) as here:
        assert here.adapter().catalogue().currency == "EUR"
