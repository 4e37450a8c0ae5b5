"""Everything that is sent to Shopify is valid by Shopify's own schema."""

from __future__ import annotations

import re
from pathlib import Path

import graphql
import pytest

from autopilot.platforms.shopify import documents
from tests.platforms.shopify.shop import SCHEMA

SDL = Path(__file__).with_name(f"admin_{documents.VERSION}.graphql")


@pytest.mark.parametrize("document", documents.DOCUMENTS, ids=lambda text: text.split()[1].partition("(")[0])
def test_a_document_validates_against_the_schema_of_its_version(document: str) -> None:
    assert graphql.validate(SCHEMA, graphql.parse(document)) == []


def test_every_document_is_listed() -> None:
    texts = {value for name, value in vars(documents).items() if name.isupper() and isinstance(value, str) and "{" in value}

    assert texts == set(documents.DOCUMENTS)


def test_what_the_schema_does_not_know_would_be_found() -> None:
    wrong = documents.SHOP.replace("currencyCode", "currency")

    assert "Cannot query field 'currency'" in graphql.validate(SCHEMA, graphql.parse(wrong))[0].message


def test_prices_are_written_without_a_key_because_the_schema_takes_none_for_them() -> None:
    """A directive on a mutation that does not say it takes keys promises nothing."""
    taking = re.search(r"Taken by: (.*)\.", SDL.read_text())
    assert taking is not None

    assert "inventorySetQuantities" in taking[1]
    assert "productVariantsBulkUpdate" not in taking[1]
    assert not any("@idempotent" in document for document in documents.DOCUMENTS)
