"""Where credentials may be sent."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from autopilot.platforms.addresses import Address

ADDRESS: TypeAdapter[str] = TypeAdapter(Address)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com:8443/admin-api/", "https://shop.example.com:8443/admin-api"),
        ("http://127.0.0.1:3000/admin-api", "http://127.0.0.1:3000/admin-api"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_https_and_this_machine_are_safe(given: str, kept: str) -> None:
    assert ADDRESS.validate_python(given) == kept


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://shop.example.com", "begins with https://"),
        ("http://127.0.0.1.example.com", "begins with https://"),
        ("http://192.168.1.5", "begins with https://"),
        ("ftp://shop.example.com", "an address such as"),
        ("shop.example.com", "an address such as"),
        ("https://", "an address such as"),
        ("https://shop.example.com:port", "an address such as"),
        ("https://shop.example.com/?key=abc", "an address such as"),
    ],
)
def test_other_addresses_are_refused_with_what_was_expected(given: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        ADDRESS.validate_python(given)


def test_credentials_in_an_address_are_refused_and_not_shown() -> None:
    with pytest.raises(ValidationError, match=r"belong into \[secrets\]") as caught:
        ADDRESS.validate_python("https://ann:hunter2@shop.example.com")

    assert "hunter2" not in caught.value.errors()[0]["msg"]
