"""Promotions: one per intent, however often and however badly the way to it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from autopilot.platforms.http import Refused
from autopilot.platforms.vendure.promotions import Offer
from perception.ports import SourceUnavailable
from tests.platforms.local_server import LOST_AFTER
from tests.platforms.vendure.admin import NOW
from tests.platforms.vendure.opened import IMPATIENT_S, site, stocked


def offer(**others: Any) -> Offer:
    known = {
        "intent_id": "i1",
        "title": "Mug week",
        "percent": 12.5,
        "variants": ("1", "2"),
        "starts_at": NOW,
        "ends_at": NOW + timedelta(days=7),
    }
    return Offer(**{**known, **others})


def test_it_is_made_once_and_changed_after_that() -> None:
    with site() as here:
        promotions = here.promotions()
        first = promotions.put(offer(), now=NOW)
        again = promotions.put(offer(percent=20.0), now=NOW)
        other = promotions.put(offer(intent_id="i2"), now=NOW)

    assert first == again != other
    made = here.admin.promotions[first]
    assert made["actions"][0]["code"] == "products_percentage_discount"
    assert made["actions"][0]["arguments"] == [{"name": "discount", "value": "20"}, {"name": "productVariantIds", "value": '["1","2"]'}]
    assert made["conditions"][0]["arguments"][1] == {"name": "productVariantIds", "value": '["1","2"]'}
    assert (made["startsAt"], made["translations"][0]["name"]) == (NOW.isoformat(), "Mug week")


def test_a_creation_whose_answer_is_lost_is_found_again() -> None:
    with site() as here:
        promotions = here.promotions(timeout_s=IMPATIENT_S)
        here.server.strike("CreatePromotion", LOST_AFTER)
        with pytest.raises(SourceUnavailable):
            promotions.put(offer(), now=NOW)
        promotions.put(offer(), now=NOW)

    assert len(here.admin.promotions) == 1


def test_doubles_are_switched_off() -> None:
    with site() as here:
        promotions = here.promotions()
        kept = promotions.put(offer(), now=NOW)
        here.admin.promotions["7"] = {**here.admin.promotions[kept], "id": "7"}

        promotions.put(offer(), now=NOW)

    assert [(name, made["enabled"]) for name, made in here.admin.promotions.items()] == [(kept, True), ("7", False)]


def test_it_ends_where_there_is_one() -> None:
    with site() as here:
        promotions = here.promotions()
        promotions.put(offer(), now=NOW)
        assert (promotions.end("i1", now=NOW), promotions.end("i9", now=NOW)) == (True, False)

    assert [made["enabled"] for made in here.admin.promotions.values()] == [False]


def test_what_the_shop_refuses_is_said_in_its_words() -> None:
    def refused(name: str, answer: Any) -> Any:
        return {"__typename": "MissingConditionsError", "message": "needs a condition"} if name == "createPromotion" else answer

    with site(stocked(spoil=refused)) as here, pytest.raises(Refused, match="needs a condition"):
        here.promotions().put(offer(), now=NOW)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"percent": 0.0}, "percent"),
        ({"percent": 100.0}, "percent"),
        ({"percent": float("nan")}, "percent"),
        ({"variants": ()}, "variants"),
        ({"ends_at": NOW}, "ends_at"),
    ],
)
def test_an_offer_that_cannot_be_meant_is_none(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        offer(**wrong)
