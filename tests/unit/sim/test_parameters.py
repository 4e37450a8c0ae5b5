"""A market file is refused with one line for each field that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.parameters.market import MarketFileError, load_market, parse_market


@pytest.fixture(scope="module")
def text(markets: Path) -> str:
    return (markets / "gift_shop.toml").read_text(encoding="utf-8")


def _refusal(text: str, old: str, new: str) -> str:
    assert old in text
    with pytest.raises(MarketFileError) as refused:
        parse_market(text.replace(old, new), origin="m.toml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1275, 295,", "1275, -2,", "m.toml: assortment.price_cents[1]: expected > 0, was -2"),
        ("ctr = 0.05", "ctr = 1.5", "m.toml: conversion.ctr: expected < 1, was 1.5"),
        ("ctr = 0.05", "ctr = nan", "m.toml: conversion.ctr: expected a finite number, was nan"),
        ("reserve_cents = 1\n", "reserve_cents = 1\nlucky = 7\n", "m.toml: auction.lucky: unknown key"),
        ("[auction]", "[action]", "m.toml: auction: expected a value, was missing"),
        ("rivals = 6\n", "", "m.toml: auction.rivals: expected a value, was missing"),
        ("rivals = 6", 'rivals = "many"', "m.toml: auction.rivals: expected a valid integer"),
        ('"G01", ', "", "m.toml: demand.orders_per_day: expected 29 entries, was 30"),
        ('"G01", ', '"G02", ', "m.toml: assortment.skus: expected distinct ids"),
        ("overdelivery_ratio = 1.25", "overdelivery_ratio = 0.9", "m.toml: budget.overdelivery_ratio: expected >= 1, was 0.9"),
        ("hour_shares = [\n    0.", "hour_shares = [\n    9.", "m.toml: demand.hour_shares: expected sum 1, was 10"),
        ("reorder_days = 28.0", "reorder_days = 99.0", "m.toml: stock.order_up_to_days: expected >= reorder_days"),
        ("lag_low_h = 1", "lag_low_h = 13", "m.toml: reporting.lag_high_h: expected >= lag_low_h"),
        ('"Europe/London"', '"Europe/Lundon"', "m.toml: shop.timezone: expected an IANA name, was 'Europe/Lundon'"),
        ("[shop]", "[shop", "m.toml: is not TOML"),
    ],
)
def test_refusal_names_the_field_and_what_was_there(text: str, old: str, new: str, message: str) -> None:
    assert message in _refusal(text, old, new)


def test_every_wrong_field_gets_its_line(text: str) -> None:
    refusal = _refusal(text.replace("rivals = 6", "rivals = 0"), "ctr = 0.05", "ctr = 0.0")

    assert refusal.splitlines() == [
        "m.toml: auction.rivals: expected >= 1, was 0",
        "m.toml: conversion.ctr: expected > 0, was 0.0",
    ]


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MarketFileError, match=r"none\.toml: cannot be read: No such file"):
        load_market(tmp_path / "none.toml")
