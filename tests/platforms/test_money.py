"""Amounts of platforms and minor units: exact both ways, for every currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopilot.platforms import money

currencies = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF", "XXX"])


@pytest.mark.parametrize(
    ("text", "currency", "cents"),
    [
        ("12.50", "USD", 1250),
        ("12.5", "EUR", 1250),
        ("12", "GBP", 1200),
        ("1980", "JPY", 1980),
        ("1980.00", "JPY", 1980),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("-3.10", "USD", -310),
        (7, "USD", 700),
        (Decimal("0.1"), "USD", 10),
        ("0", "USD", 0),
        ("1e-999999999999", "USD", 0),
    ],
)
def test_an_amount_is_held_in_minor_units_of_its_currency(text: Any, currency: str, cents: int) -> None:
    assert money.minor_units(text, currency) == cents


@pytest.mark.parametrize(("text", "cents"), [("0.005", 1), ("0.0049", 0), ("19.999", 2000), ("-0.005", -1), ("1.115", 112)])
def test_parts_of_a_minor_unit_are_rounded_half_away_from_zero(text: str, cents: int) -> None:
    assert money.minor_units(text, "USD") == cents


@pytest.mark.parametrize("wrong", ["", "abc", "12,50", "NaN", "Infinity", "1e30", 12.5, True, None, [], "9" * 20])
def test_what_is_no_amount_is_refused_with_the_words_given(wrong: Any) -> None:
    with pytest.raises(ValueError, match="expected an amount of USD") as caught:
        money.minor_units(wrong, "USD")
    assert repr(wrong) in str(caught.value)


@given(cents=st.integers(-money.LARGEST_CENTS, money.LARGEST_CENTS), currency=currencies)
def test_minor_units_survive_being_written_and_read(cents: int, currency: str) -> None:
    text = money.decimal_text(cents, currency)

    assert money.minor_units(text, currency) == cents
    assert len(text.partition(".")[2]) == money.minor_digits(currency)
    assert "E" not in text


@given(cents=st.integers(-(2**30), 2**30), currency=currencies)
def test_micros_are_exact_both_ways(cents: int, currency: str) -> None:
    written = money.micros(cents, currency)

    assert money.minor_units_of_micros(written, currency) == cents
    assert money.columns_of_micros(np.array([written]), currency).tolist() == [cents]


def test_micros_between_two_minor_units_are_rounded_for_set_points_and_kept_for_sums() -> None:
    assert money.minor_units_of_micros(1_235_000, "USD") == 124
    assert money.columns_of_micros(np.array([1_235_000, 0]), "USD").tolist() == [123.5, 0.0]
    assert money.minor_units_of_micros(1_500_000, "JPY") == 2
