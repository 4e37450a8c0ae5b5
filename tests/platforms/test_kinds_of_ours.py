"""Options of our own kinds: what cannot be meant is refused by the field's name, before anything is opened."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from autopilot.errors import ConfigError
from autopilot.platforms.files.kind import FilesShopOptions, NoSecrets
from autopilot.platforms.files.kind import open_shop as open_files
from autopilot.platforms.google_ads import kind as google_ads
from autopilot.platforms.google_ads.kind import GoogleAdsOptions, GoogleAdsSecrets
from autopilot.platforms.kinds import Role, find_kind, kind_names
from tests.platforms.tables.exports import ORDER_COLUMNS, PRODUCT_COLUMNS, sold, surroundings

SECRET = "must-not-be-seen"
KEYS = GoogleAdsSecrets.model_validate({"developer_token": SECRET, "client_id": SECRET, "client_secret": SECRET, "refresh_token": SECRET})


def files(**changes: Any) -> dict[str, Any]:
    tables = {
        "orders": {"path": "orders.csv", "columns": ORDER_COLUMNS},
        "products": {"path": "products.csv", "columns": PRODUCT_COLUMNS},
    }
    return {"folder": "/srv/exports", **tables, **changes}


def test_all_kinds_are_found_by_name_and_those_that_only_read_say_so() -> None:
    assert {"files", "sql"} <= set(kind_names(Role.SHOP))
    assert {"files-ads", "google-ads", "sql-ads"} <= set(kind_names(Role.ADS))
    assert find_kind("google-ads", Role.ADS).writes
    assert not any(find_kind(name, role).writes for name, role in (("files", Role.SHOP), ("sql-ads", Role.ADS)))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customer_id": "12"}, "customer_id"),
        ({"customer_id": "123-456-7890", "access": "royal"}, "access"),
        ({"customer_id": "123-456-7890", "endpoint": "ads.example.com:443"}, "endpoint"),
        ({"customer_id": "123-456-7890", "products": {"MUG": "Ad group 1"}}, "products"),
        ({"customer_id": "123-456-7890", "restated_days": 0}, "restated_days"),
        ({"customer_id": "123-456-7890", "budget": 1}, "budget"),
    ],
)
def test_options_of_google_ads_that_cannot_be_meant_are_refused(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        GoogleAdsOptions.model_validate(wrong)


def test_without_the_official_client_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "autopilot.platforms.google_ads.client", raising=False)
    monkeypatch.setitem(sys.modules, "grpc", None)
    options = GoogleAdsOptions(customer_id="123-456-7890")

    with pytest.raises(ConfigError, match=r"pip install 'store-autopilot\[google-ads\]'"):
        google_ads.opened(options, KEYS, surroundings(tmp_path / "state", sold=sold()))


def test_opening_google_ads_asks_nothing_and_shows_no_secret(tmp_path: Path) -> None:
    ads = google_ads.opened(GoogleAdsOptions(customer_id="123-456-7890"), KEYS, surroundings(tmp_path / "state", sold=sold()))

    assert SECRET not in repr(ads)
    assert SECRET not in repr(KEYS)
    ads._client.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"folder": "exports"}, "an absolute path"),
        ({"encoding": "klingon"}, "an encoding such as"),
        ({"decimal_mark": ";"}, "decimal_mark"),
        ({"orders": {"path": "o.csv", "columns": ORDER_COLUMNS | {"unit_price": "price"}}}, "either amount or unit_price"),
        ({"orders": {"path": "o.csv", "columns": {k: v for k, v in ORDER_COLUMNS.items() if k != "sku"}}}, "sku"),
    ],
)
def test_options_of_files_that_cannot_be_meant_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FilesShopOptions.model_validate(files(**changes))


def test_a_time_zone_that_does_not_exist_is_named(tmp_path: Path) -> None:
    options = FilesShopOptions.model_validate(files(timezone="Europe/Atlantis"))

    with pytest.raises(
        ConfigError, match=r"platform\.options\.timezone: expected a time zone such as 'Asia/Shanghai', was 'Europe/Atlantis'"
    ):
        open_files(options, NoSecrets(), surroundings(tmp_path / "state"))


def test_a_folder_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")

    assert FilesShopOptions.model_validate(files(folder="~/exports")).where == Path("/home/ann/exports")
