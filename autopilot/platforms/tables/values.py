"""What a cell means: exports write numbers and times in many ways. Whatever could mean two things is refused, in words that say why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from autopilot.platforms.money import minor_units

T = TypeVar("T")

SHOWN: Final = 40
"""Characters of a value that a message shows."""

_SPREADSHEET: Final = re.compile(r'^="(.*)"$')
"""How exports keep spreadsheets from reading a code as a number."""
_CODE: Final = re.compile(r"^([A-Za-z]{3})(?=[\d.+-])|(?<=[\d.])([A-Za-z]{3})$")
_PLAIN: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_WHOLE_DAY: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_CHINESE: Final = str.maketrans({"年": "-", "月": "-", "日": " ", "时": ":", "分": ":", "秒": " ", "/": "-"})
_EPOCH_S, _EPOCH_MS = 10, 13
"""Digits of a time in seconds, and in milliseconds, since 1970: from 2001 to 2286."""


class Unreadable(ValueError):
    """A cell that has no one meaning; the row it stands on is left out, and the reason counted."""

    def __init__(self, expected: str, *, was: str, column: str = "") -> None:
        """Keeps what was expected apart from what was there, so that rows of one reason are counted together."""
        super().__init__(f"{column}{': ' if column else ''}expected {expected}, was {was}")
        self.expected, self.was, self.column = expected, was, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a source writes.

    Attributes:
        currency: ISO 4217 code of every amount.
        timezone: Of times that do not say theirs.
        decimal_mark: "." or ","; the other one groups digits.
        time_format: As in ``strptime``, where times are not written year first; None otherwise.
    """

    currency: str
    timezone: ZoneInfo
    decimal_mark: str = "."
    time_format: str | None = None


def text(value: Any) -> str:
    """Without what spreadsheets put around it; "" for nothing."""
    if value is None:
        return ""
    plain = str(value).strip().strip("\t﻿")
    wrapped = _SPREADSHEET.match(plain)
    return (wrapped[1] if wrapped else plain.removeprefix("'")).strip()


def read(row: Mapping[str, Any], column: str, meaning: Callable[[Any, Dialect], T], dialect: Dialect) -> T:
    """What the cell in this column means. Raises: Unreadable, with the column's name."""
    try:
        return meaning(row.get(column), dialect)
    except Unreadable as error:
        raise Unreadable(error.expected, was=error.was, column=column) from None


def code(value: Any, dialect: Dialect) -> str:
    """An id or a product code, which is never empty. Raises: Unreadable."""
    del dialect
    found = text(value)
    if not found:
        raise Unreadable("a code", was="empty")
    return found


def number(value: Any, dialect: Dialect) -> Decimal:
    """A number, with any digits, signs of currency and separators that leave one meaning. Raises: Unreadable."""
    if isinstance(value, bool):
        raise Unreadable("a number", was=repr(value))
    if isinstance(value, int | float | Decimal):
        return _finite(Decimal(str(value)), value)
    plain = unicodedata.normalize("NFKC", text(value))
    if not plain:
        raise Unreadable("a number", was="empty")
    bare = "".join(char for char in plain if unicodedata.category(char) not in {"Sc", "Zs"} and char != "元")
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()")
    if bare.endswith("-"):
        negative, bare = True, bare[:-1]
    bare = _without_code(bare.replace("−", "-"), dialect, plain)
    bare = _with_point(bare, dialect, plain)
    try:
        found = _finite(Decimal(bare), plain)
    except InvalidOperation:
        raise Unreadable("a number", was=_shown(plain)) from None
    return -found if negative else found


def whole(value: Any, dialect: Dialect) -> int:
    """A whole number; "2.0" is one. Raises: Unreadable."""
    found = number(value, dialect)
    if found != found.to_integral_value():
        raise Unreadable("a whole number", was=_shown(text(value)))
    return int(found)


def amount(value: Any, dialect: Dialect) -> int:
    """An amount of money, in minor units. Raises: Unreadable."""
    return in_minor_units(number(value, dialect), dialect)


def in_minor_units(found: Decimal, dialect: Dialect) -> int:
    """Raises: Unreadable, the amount is beyond all measure."""
    try:
        return minor_units(found, dialect.currency)
    except ValueError:
        raise Unreadable(f"an amount of {dialect.currency} that can be counted", was=_shown(str(found))) from None


def moment(value: Any, dialect: Dialect) -> datetime:
    """An instant, aware UTC. Raises: Unreadable."""
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, date):
        found = datetime.combine(value, time())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _since_1970(str(int(value)))
    else:
        found = _written(unicodedata.normalize("NFKC", text(value)), dialect)
    return (found if found.tzinfo is not None else found.replace(tzinfo=dialect.timezone)).astimezone(UTC)


def day(value: Any, dialect: Dialect) -> int:
    """A calendar day, as ordinal: the date as it is written, whatever the zone. Raises: Unreadable."""
    if isinstance(value, datetime):
        return value.date().toordinal()
    if isinstance(value, date):
        return value.toordinal()
    return _written(unicodedata.normalize("NFKC", text(value)), dialect).date().toordinal()


def _finite(found: Decimal, was: Any) -> Decimal:
    if not found.is_finite():
        raise Unreadable("a number", was=repr(was))
    return found


def _without_code(bare: str, dialect: Dialect, was: str) -> str:
    """Without the currency's code, if it is the store's."""
    code = _CODE.search(bare)
    if code is None:
        return bare
    named = (code[1] or code[2]).upper()
    if named not in {dialect.currency, "RMB" if dialect.currency == "CNY" else dialect.currency}:
        raise Unreadable(f"an amount of {dialect.currency}", was=_shown(was))
    return bare[: code.start()] + bare[code.end() :]


def _with_point(bare: str, dialect: Dialect, was: str) -> str:
    """With a point for decimals and nothing between digits."""
    if dialect.decimal_mark == ",":
        bare = bare.replace(",", "\0").replace(".", ",").replace("\0", ".")
    bare = bare.replace("'", "")
    if _PLAIN.fullmatch(bare):
        return bare
    if _GROUPED.fullmatch(bare):
        return bare.replace(",", "")
    other = "." if dialect.decimal_mark == "," else ","
    raise Unreadable(f"a number with {dialect.decimal_mark!r} before decimals (if not, set decimal_mark = {other!r})", was=_shown(was))


def _written(plain: str, dialect: Dialect) -> datetime:
    if not plain:
        raise Unreadable("a time", was="empty")
    if dialect.time_format is not None:
        try:
            return datetime.strptime(plain, dialect.time_format)  # noqa: DTZ007 - the zone, if none is written, is added by who asked
        except ValueError:
            raise Unreadable(f"a time as in {dialect.time_format!r}", was=_shown(plain)) from None
    if plain.isdigit() and len(plain) in {_EPOCH_S, _EPOCH_MS}:
        return _since_1970(plain)
    try:
        return datetime.fromisoformat(_year_first(plain))
    except ValueError:
        raise Unreadable("a time written year first (if not, set time_format)", was=_shown(plain)) from None


def _year_first(plain: str) -> str:
    """As ISO 8601 wants it: 2026/3/1 8:05, 2026年3月1日 8时5分 and 2026-03-01T08:05Z are the same."""
    tidy = plain.translate(_CHINESE).strip().rstrip(":").strip()
    found = _WHOLE_DAY.match(tidy)
    if found is None:
        return tidy
    year, month, of_month = found[0].split("-")
    rest = tidy[found.end() :].lstrip("T ").strip()
    clock = re.match(r"(\d{1,2})(:\d{1,2})?(:\d{1,2})?", rest)
    if clock:
        parts = [part for part in clock[0].split(":") if part]
        rest = ":".join(part.zfill(2) for part in (*parts, "00")[: max(len(parts), 2)]) + rest[clock.end() :].replace(" ", "")
    return f"{year}-{month.zfill(2)}-{of_month.zfill(2)}" + (f"T{rest}" if rest else "")


def _since_1970(digits: str) -> datetime:
    if len(digits) not in {_EPOCH_S, _EPOCH_MS}:
        raise Unreadable("a time", was=_shown(digits))
    return datetime.fromtimestamp(int(digits) / (1000.0 if len(digits) == _EPOCH_MS else 1.0), UTC)


def _shown(plain: str) -> str:
    return repr(plain if len(plain) <= SHOWN else plain[:SHOWN] + "…")
