"""Writing prices: one honest answer each, whatever the server does, and nothing written twice."""

from __future__ import annotations

import pytest

from autopilot.platforms.http import Refused
from control.ports import Effect
from perception.ports import BadAnswer, NeedsReauthorisation, RateLimited, SourceUnavailable
from tests.platforms.local_server import LOST_AFTER, LOST_BEFORE, Fault, Reply, refusal
from tests.platforms.vendure.admin import NOW, Admin
from tests.platforms.vendure.opened import IMPATIENT_S, price, prices, site, stocked

APPLIED, REJECTED, UNKNOWN = Effect.APPLIED, Effect.REJECTED, Effect.UNKNOWN


def test_each_price_is_one_request_and_reads_back() -> None:
    with site() as here:
        adapter = here.adapter()
        commands = (price(adapter, "MUG", 1050), price(adapter, "CANDLE", 480))

        answers = adapter.write(commands, now=NOW)

        assert [answer.effect for answer in answers] == [APPLIED, APPLIED]
        assert prices(adapter) == {"MUG": 1050, "TEAPOT": 2500, "CANDLE": 480}
        assert here.admin.prices_set == [("1", 1050), ("3", 480)]


def test_what_the_server_refuses_is_rejected_by_itself() -> None:
    with site() as here:
        adapter = here.adapter()
        commands = (price(adapter, "MUG", 1050), price(adapter, "TEAPOT", 2600), price(adapter, "CANDLE", 480))
        del here.admin.variants["2"]

        answers = adapter.write(commands, now=NOW)

        assert [answer.effect for answer in answers] == [APPLIED, REJECTED, APPLIED]
        assert "could be found" in answers[1].detail


@pytest.mark.parametrize("nothing", [None, [], [None]])
def test_an_item_that_comes_back_empty_was_not_changed(nothing: object) -> None:
    with site(stocked(spoil=lambda name, answer: nothing if name == "updateProductVariants" else answer)) as here:
        adapter = here.adapter()
        if nothing is None:
            # the schema does not allow it: the server says it is broken
            with pytest.raises(SourceUnavailable):
                adapter.write((price(adapter, "MUG", 1050),), now=NOW)
            return
        (answer,) = adapter.write((price(adapter, "MUG", 1050),), now=NOW)

        assert answer.effect is REJECTED


def test_a_server_that_makes_another_price_of_it_is_believed_at_the_next_look_only() -> None:
    def rounded(name: str, answer: object) -> object:
        return [{"id": "1", "price": 1099}] if name == "updateProductVariants" else answer

    with site(stocked(spoil=rounded)) as here:
        adapter = here.adapter()
        with pytest.raises(BadAnswer, match="expected price 1050, was 1099"):
            adapter.write((price(adapter, "MUG", 1050),), now=NOW)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(429, retry_after="5"), RateLimited),
        (refusal(502), SourceUnavailable),
        (refusal(401), NeedsReauthorisation),
        (LOST_BEFORE, SourceUnavailable),
        (LOST_AFTER, SourceUnavailable),
    ],
    ids=["429", "502", "401", "lost before", "lost after"],
)
@pytest.mark.parametrize("first", [True, False], ids=["at once", "halfway"])
def test_a_batch_that_breaks_off_is_answered_for_each_and_sent_no_further(fault: Fault, error: type[Exception], *, first: bool) -> None:
    with site() as here:
        adapter = here.adapter(timeout_s=IMPATIENT_S)
        commands = tuple(price(adapter, sku, 900) for sku in ("MUG", "TEAPOT", "CANDLE"))
        if first:
            here.server.strike("SetPrice", fault)
            with pytest.raises(error):
                adapter.write(commands, now=NOW)
            assert len(here.server.asked("SetPrice")) == 1
            return
        here.server.strike("SetPrice", Fault(applies=True, reply=_applied("1", 900)), fault)

        answers = adapter.write(commands, now=NOW)

        unsure = error is SourceUnavailable
        assert [answer.effect for answer in answers] == [APPLIED, UNKNOWN if unsure else REJECTED, REJECTED]
        assert len(here.server.asked("SetPrice")) == 2
        assert "not sent" in answers[2].detail


def _applied(variant: str, cents: int) -> Reply:
    return Reply(body={"data": {"updateProductVariants": [{"id": variant, "price": cents}]}})


@pytest.mark.parametrize(("fault", "stands"), [(LOST_BEFORE, 1000), (LOST_AFTER, 1050)], ids=["before", "after"])
def test_after_a_lost_answer_the_next_look_tells_what_became_of_it(fault: Fault, stands: int) -> None:
    with site() as here:
        adapter = here.adapter(timeout_s=IMPATIENT_S)
        command = price(adapter, "MUG", 1050)
        here.server.strike("SetPrice", fault)

        with pytest.raises(SourceUnavailable):
            adapter.write((command,), now=NOW)

        assert prices(adapter)["MUG"] == stands
        assert len(here.admin.prices_set) == (fault is LOST_AFTER)


@pytest.mark.parametrize("rate", [0.0, 5.0, 7.7, 8.1, 19.0, 20.0, 25.5])
def test_where_the_shops_prices_include_tax_the_same_price_without_it_stands(rate: float) -> None:
    admin = Admin(prices_include_tax=True)
    admin.add("MUG", 1999, tax=rate)
    with site(admin) as here:
        adapter = here.adapter()
        for net in (*range(1, 60), 999, 1001, 1234, 99_999):
            (answer,) = adapter.write((price(adapter, "MUG", net),), now=NOW)
            assert answer.effect is APPLIED
            assert prices(adapter)["MUG"] == net


def test_an_edit_by_a_person_is_seen() -> None:
    with site() as here:
        adapter = here.adapter()
        adapter.write((price(adapter, "MUG", 1050),), now=NOW)
        here.admin.variants["1"].price = 1111

        assert prices(adapter)["MUG"] == 1111


def test_an_operation_that_the_server_does_not_know_is_refused_with_its_words() -> None:
    with site() as here:
        adapter = here.adapter()
        adapter.catalogue()
        with pytest.raises(Refused, match="Cannot query field"):
            adapter._session.ask("query Wrong { nothing }", {}, now=NOW)
