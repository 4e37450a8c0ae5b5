"""Signing in: once, again when the session ran out, and not again where a person must help."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from autopilot.platforms.kinds import Surroundings
from autopilot.platforms.vendure.kind import KIND, VendureOptions
from autopilot.platforms.vendure.shop import VendureShop
from control.ports import Effect
from perception.ports import BadAnswer, NeedsReauthorisation
from tests.platforms.local_server import refusal
from tests.platforms.vendure.admin import NOW, PASSWORD, Admin
from tests.platforms.vendure.opened import LONDON, Site, price, prices, secrets, site, stocked


def test_it_signs_in_once_and_stays_signed_in() -> None:
    with site() as here:
        adapter = here.adapter()
        for _ in range(3):
            prices(adapter)
            adapter.read(since=None, now=NOW)

        assert here.admin.logins == 1


def test_an_expired_session_is_renewed_and_the_question_asked_again() -> None:
    with site() as here:
        adapter = here.adapter()
        before = prices(adapter)
        here.admin.sessions.clear()

        assert prices(adapter) == before
        assert here.admin.logins == 2


def test_a_price_is_set_once_although_the_session_expired_before() -> None:
    with site() as here:
        adapter = here.adapter()
        command = price(adapter, "MUG", 1100)
        here.admin.sessions.clear()

        (answer,) = adapter.write((command,), now=NOW)

        assert answer.effect is Effect.APPLIED
        assert here.admin.prices_set == [("1", 1100)]


def wrong_password(here: Site) -> VendureShop:
    surroundings = Surroundings(store="s", currency="GBP", timezone=LONDON, folder=here.folder)
    adapter: VendureShop = KIND.open(here.options(), secrets("not-hers"), surroundings)  # type: ignore[assignment]
    here.opened.callback(adapter.close)
    return adapter


def test_a_wrong_password_needs_a_person_and_is_tried_once() -> None:
    with site() as here:
        adapter = wrong_password(here)

        for _ in range(3):
            with pytest.raises(NeedsReauthorisation, match="The provided credentials are invalid"):
                adapter.read(since=None, now=NOW)

        assert here.admin.logins == 1
        assert len(here.server.requests) == 1


def test_what_the_role_forbids_needs_a_person_and_is_asked_no_more_while_the_rest_goes_on() -> None:
    with site(stocked(forbidden={"updateProductVariants"})) as here:
        adapter = here.adapter()
        command = price(adapter, "MUG", 1100)

        for _ in range(3):
            with pytest.raises(NeedsReauthorisation, match="authorized"):
                adapter.write((command,), now=NOW)

        assert len(here.server.asked("SetPrice")) == 2
        assert here.admin.logins == 2
        assert prices(adapter)["MUG"] == 1000
        assert here.admin.logins == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_locks_us_out_is_left_alone(status: int) -> None:
    with site() as here:
        adapter = here.adapter()
        prices(adapter)
        here.server.always = refusal(status)
        for _ in range(3):
            with pytest.raises(NeedsReauthorisation):
                prices(adapter)

        assert len(here.server.requests) <= 5


def test_a_server_that_keeps_sessions_in_cookies_only_is_told_apart() -> None:
    with site(Admin(says_token=False)) as here, pytest.raises(BadAnswer, match="tokenMethod of the server must include 'bearer'"):
        here.adapter().catalogue()


def test_the_password_is_in_no_message_and_no_repr() -> None:
    with site() as here:
        adapter = wrong_password(here)
        with pytest.raises(NeedsReauthorisation) as caught:
            adapter.catalogue()

    said = f"{caught.value!r} {secrets()!r} {adapter!r} {vars(adapter)!r}"
    assert "not-hers" not in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"url": "http://shop.example.com/admin-api"}, "url"),
        ({"url": "https://shop.example.com", "cost_field": "unit cost }"}, "cost_field"),
        ({"url": "https://shop.example.com", "timeout_s": 0}, "timeout_s"),
        ({}, "url"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValidationError) as caught:
        VendureOptions.model_validate(options)

    assert [item["loc"] for item in caught.value.errors()] == [(wrong,)]
