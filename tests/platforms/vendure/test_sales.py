"""Orders as sales per day: what counts, what does not, and how late changes are found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from autopilot.platforms.order_book import KEPT_DAYS
from perception.observation import Signal
from perception.ports import BadAnswer, RateLimited, SourceUnavailable
from tests.platforms.local_server import Fault, Reply, refusal
from tests.platforms.vendure.admin import NOW
from tests.platforms.vendure.opened import IMPATIENT_S, sales, site, stocked

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_units_and_money_without_tax_stand_on_the_day_of_the_order_by_the_stores_calendar() -> None:
    admin = stocked()
    admin.now = datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC)
    admin.sell(("1", 2), ("2", 1))
    admin.now = datetime(2026, 11, 19, 0, 0, 0, tzinfo=UTC)
    admin.sell(("1", 1))
    admin.now = NOW
    admin.sell(("1", 1), ("1", 2))

    with site(admin) as here:
        assert sales(here.adapter()) == {
            ("MUG", 2): (1, 2, 2000),
            ("TEAPOT", 2): (1, 1, 2500),
            ("MUG", 1): (1, 1, 1000),
            ("MUG", 0): (1, 3, 3000),
        }


def test_carts_are_no_sales_until_they_are_paid_however_long_that_takes() -> None:
    admin = stocked()
    admin.now = NOW - timedelta(days=3)
    slow = admin.cart(("1", 1))
    admin.now = NOW
    with site(admin) as here:
        adapter = here.adapter()
        admin.sell(("2", 1))
        before = sales(adapter)

        # the time of the order's last change stays that of the cart, three days before
        admin.now = NOW + HOUR
        admin.place(slow)
        after = sales(adapter, now=NOW + 2 * HOUR, since=NOW)

    assert before == {("TEAPOT", 0): (1, 1, 2500)}
    assert after[("MUG", 0)] == (1, 1, 1000)


def test_what_is_cancelled_counts_no_more_on_the_day_it_was_ordered() -> None:
    admin = stocked()
    admin.now = NOW - timedelta(days=10)
    whole, part = admin.sell(("1", 3)), admin.sell(("2", 5))
    with site(admin) as here:
        adapter = here.adapter()
        before = sales(adapter)
        admin.now = NOW + HOUR
        admin.cancel(whole)
        admin.cancel(part, 2)

        changed = sales(adapter, now=NOW + 2 * HOUR, since=NOW)
        everything = sales(adapter, now=NOW + 2 * HOUR)

    assert before == {("MUG", 10): (1, 3, 3000), ("TEAPOT", 10): (1, 5, 12500)}
    assert changed == everything == {("TEAPOT", 10): (1, 3, 7500)}


def test_a_refund_is_no_smaller_sale_but_a_return_and_one_of_a_cancellation_is_neither() -> None:
    admin = stocked()
    returned, cancelled, failed = admin.sell(("1", 3)), admin.sell(("1", 4)), admin.sell(("1", 1))
    admin.refund(returned, 2)
    admin.cancel(cancelled, 2)
    admin.refund(cancelled, 3)
    admin.refund(failed, 1, state="Failed")

    with site(admin) as here:
        adapter = here.adapter()
        assert sales(adapter) == {("MUG", 0): (3, 6, 6000)}
        found = adapter.returns()

    # three were refunded of the order of which two had been cancelled
    assert (found.units, found.returned_units) == (6, 3)


@pytest.mark.parametrize("days", [0, 1, 20, KEPT_DAYS - 4])
def test_a_refund_that_leaves_no_trace_is_found_within_two_days(days: int) -> None:
    admin = stocked()
    admin.now = NOW - timedelta(days=days, hours=1)
    order = admin.sell(("1", 3))
    admin.now = NOW
    with site(admin) as here:
        adapter = here.adapter()
        adapter.read(since=None, now=NOW)
        admin.refund(order, 1)

        for hour in range(1, 49):
            adapter.read(since=NOW, now=NOW + hour * HOUR)
            if adapter.returns().returned_units:
                break

        assert adapter.returns().returned_units == 1


def test_sales_of_other_markets_and_parts_of_other_orders_do_not_count() -> None:
    admin = stocked()
    admin.sell(("1", 1), currency="EUR")
    admin.sell(("1", 1), type="Aggregate")
    admin.sell(("1", 1), type="Seller")

    with site(admin) as here:
        whole_shop = sales(here.adapter())
    admin.code = "sellers-own"
    with site(admin) as here:
        sellers_own = sales(here.adapter())

    assert whole_shop == {("MUG", 0): (1, 1, 1000)}
    assert sellers_own == {("MUG", 0): (2, 2, 2000)}


def test_lines_of_things_no_longer_sold_are_left_out_and_every_product_has_its_row_today() -> None:
    admin = stocked()
    admin.sell(("1", 1), ("3", 1))
    admin.variants["3"].enabled = False

    with site(admin) as here:
        adapter = here.adapter()
        rows = {one.signal: one for one in adapter.read(since=NOW - HOUR, now=NOW)}
        assert sales(adapter) == {("MUG", 0): (1, 1, 1000)}

    assert rows[Signal.SHOP].sku.tolist() == [0, 1]


def test_many_orders_of_one_second_are_all_read() -> None:
    admin = stocked()
    for _ in range(230):
        admin.sell(("1", 1))

    with site(admin) as here:
        assert sales(here.adapter()) == {("MUG", 0): (230, 230, 230_000)}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(429, retry_after="7"), RateLimited),
        (refusal(503), SourceUnavailable),
        (Fault(reply=Reply(body={"errors": [{"message": "no", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]})), SourceUnavailable),
        (Fault(reply=Reply(body={"data": {"orders": {"items": [{"id": "1"}]}}})), BadAnswer),
    ],
    ids=["429", "503", "their fault", "unreadable"],
)
def test_a_reading_that_fails_says_why_and_the_next_one_misses_nothing(fault: Fault, error: type[Exception]) -> None:
    admin = stocked()
    with site(admin) as here:
        adapter = here.adapter()
        adapter.read(since=None, now=NOW)
        for _ in range(120):
            admin.sell(("1", 1))

        here.server.strike("Orders", fault)
        with pytest.raises(error) as caught:
            adapter.read(since=NOW, now=NOW + HOUR)
        after = sales(adapter, now=NOW + 2 * HOUR, since=NOW)

    assert not isinstance(caught.value, RateLimited) or caught.value.retry_after_s == 7
    assert after == {("MUG", 0): (120, 120, 120_000)}


def test_a_server_that_says_nothing_is_out_of_reach() -> None:
    with site() as here:
        adapter = here.adapter(timeout_s=IMPATIENT_S)
        adapter.catalogue()
        here.server.strike("Orders", Fault(applies=False))
        with pytest.raises(SourceUnavailable, match="timed out"):
            adapter.read(since=None, now=NOW)
