"""Every operation that is sent is one that a real Vendure knows: the schema is compared with a running server by ``make e2e``."""

from __future__ import annotations

import pytest
from graphql import parse, validate

from autopilot.platforms.vendure import documents
from tests.platforms.vendure.admin import SCHEMA

SENT = {name: text for name, text in vars(documents).items() if name.isupper() and isinstance(text, str)}


@pytest.mark.parametrize("text", [*SENT.values(), documents.goods(None), documents.goods("unitCost")])
def test_it_is_valid(text: str) -> None:
    assert validate(SCHEMA, parse(text)) == []


def test_a_wrong_field_would_be_noticed() -> None:
    assert validate(SCHEMA, parse(documents.ORDERS.replace("orderPlacedAt", "orderedAt"))) != []


def test_none_is_left_out() -> None:
    assert len(SENT) == 9
