"""What a merchant is told about levels that have changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from autopilot.changes_told import told

SKUS = ["A1", "B2"]
CVR = {"rate": "cvr", "sku": -1, "since_day": date(2026, 3, 5).toordinal(), "until_day": None, "ratio": 0.48, "evidence": 18.06}
EVENT = {
    "rate": "organic_orders",
    "sku": 1,
    "since_day": date(2026, 3, 1).toordinal(),
    "until_day": date(2026, 3, 3).toordinal(),
    "ratio": 2.1,
    "evidence": 9.0,
}


def decision(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"changes": list(changes)}


def test_a_change_that_lasts_says_what_when_how_much_and_how_sure() -> None:
    assert told(decision(CVR), SKUS) == [
        "conversion rate of the store 0.48 times its other level since 2026-03-05 (log odds 18.1): days before count less"
    ]


def test_an_episode_says_when_it_was_over() -> None:
    assert told(decision(EVENT), SKUS) == [
        "orders without ads of B2 2.10 times its other level from 2026-03-01 until 2026-03-03 (log odds 9.0): these days count less"
    ]


def test_one_product_is_told_of_itself_and_of_the_store() -> None:
    assert [line[:15] for line in told(decision(CVR, EVENT), SKUS, entity="A1")] == ["conversion rate"]
    assert len(told(decision(CVR, EVENT), SKUS, entity="B2")) == 2


def test_decisions_of_earlier_versions_know_of_no_changes() -> None:
    assert told({}, SKUS) == []
