"""What cells mean, however they are written; and what could mean two things is not guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopilot.platforms.tables.values import Dialect, Unreadable, amount, code, day, moment, number, text, whole

CNY = Dialect(currency="CNY", timezone=ZoneInfo("Asia/Shanghai"))
EUR = Dialect(currency="EUR", timezone=ZoneInfo("Europe/Berlin"), decimal_mark=",")
NOON = datetime(2026, 3, 1, 4, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12.5", "12.5"),
        (" 12.50 ", "12.5"),
        ("１２．５０", "12.5"),
        ("¥1,234.50", "1234.5"),
        ("￥１，２３４．５", "1234.5"),
        ("12.5元", "12.5"),
        ("CNY 12.50", "12.5"),
        ("12.50 RMB", "12.5"),
        ("1,234,567", "1234567"),
        ("1 234.5", "1234.5"),
        ("(12.50)", "-12.5"),
        ("12.50-", "-12.5"),
        ("−3", "-3"),
        ("+3", "3"),
        (".5", "0.5"),
        ('="12.5"', "12.5"),
        (12, "12"),
        (12.5, "12.5"),
        (0.1, "0.1"),
        (Decimal("12.50"), "12.5"),
    ],
)
def test_a_number_is_read_however_it_is_written(written: Any, meant: str) -> None:
    assert number(written, CNY) == Decimal(meant)


@pytest.mark.parametrize(("written", "meant"), [("1.234,50", "1234.5"), ("12,5", "12.5"), ("€ 9,99", "9.99"), ("1.234", "1234")])
def test_a_comma_is_a_decimal_mark_where_the_merchant_says_so(written: str, meant: str) -> None:
    assert number(written, EUR) == Decimal(meant)


@pytest.mark.parametrize(
    "written", ["", None, "-", "abc", "12,5", "1,23,456", "1.2.3", "12 %", "nan", "inf", float("nan"), True, "USD 5", "5 USD"]
)
def test_what_is_no_number_or_could_be_two_is_not_read(written: Any) -> None:
    with pytest.raises(Unreadable, match="expected"):
        number(written, CNY)


def test_a_comma_that_could_be_a_decimal_mark_is_said_how_to_settle() -> None:
    with pytest.raises(Unreadable, match="decimal_mark = ','"):
        number("12,5", CNY)


@given(st.decimals(min_value=-1_000_000, max_value=1_000_000, places=2))
def test_any_amount_survives_grouping_and_signs(exact: Decimal) -> None:
    assert number(f"{exact:,.2f}", CNY) == exact
    assert number(f"¥{exact:.2f}", CNY) == exact
    assert amount(f"{exact:.2f}", CNY) == int(exact * 100)
    german = f"{exact:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    assert number(german, EUR) == exact


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert whole("2.0", CNY) == 2
    with pytest.raises(Unreadable):
        whole("2.5", CNY)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01 12:05:09",
        "2026-03-01T12:05:09",
        "2026-03-01T12:05:09+08:00",
        "2026-03-01T04:05:09Z",
        "2026-03-01 04:05:09+00",
        "2026/3/1 12:05:09",
        "2026年3月1日 12:05:09",
        "2026年03月01日12时05分09秒",
        "２０２６-０３-０１ １２:０５:０９",
        "1772337909",
        "1772337909000",
        1772337909,
        datetime(2026, 3, 1, 12, 5, 9),  # noqa: DTZ001 - as databases give it
        NOON,
    ],
)
def test_an_instant_is_read_however_it_is_written(written: Any) -> None:
    assert moment(written, CNY) == NOON


def test_a_date_alone_is_its_first_instant() -> None:
    assert moment("2026-03-01", CNY) == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert moment("2026/3/1 8:05", CNY) == datetime(2026, 3, 1, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", None, "01/03/2026", "3.1.2026", "yesterday", "2026-13-01", "12345", 7, True])
def test_a_time_that_could_mean_two_things_is_not_read(written: Any) -> None:
    with pytest.raises(Unreadable, match="a time"):
        moment(written, CNY)


def test_times_that_are_not_written_year_first_need_their_format() -> None:
    british = Dialect(currency="GBP", timezone=ZoneInfo("Europe/London"), time_format="%d/%m/%Y %H:%M")

    assert moment("01/03/2026 12:05", british) == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    with pytest.raises(Unreadable, match="%d/%m/%Y"):
        moment("2026-03-01", british)


@pytest.mark.parametrize("written", ["2026-03-01", "20260301", "2026/3/1", "2026年3月1日", date(2026, 3, 1), "2026-03-01 23:59:59"])
def test_a_day_is_the_date_as_it_is_written(written: Any) -> None:
    assert day(written, CNY) == date(2026, 3, 1).toordinal()


@pytest.mark.parametrize(("written", "meant"), [("\tA-1 ", "A-1"), ('="0012"', "0012"), ("'0012", "0012"), (12, "12"), (None, "")])
def test_codes_are_freed_of_what_spreadsheets_put_around_them(written: Any, meant: str) -> None:
    assert text(written) == meant


def test_a_code_is_never_empty() -> None:
    with pytest.raises(Unreadable, match="a code"):
        code(" ", CNY)
