"""Messages survive JSON: every float, array, enum, instant and nested message comes back as it went."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cattrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autopilot import codec
from autopilot.settings_sources import load_store
from autopilot.wiring import loop_config, market_of
from control.command import Command
from control.decide import decide, start
from perception.fields import Field
from perception.observation import COLUMNS, MetricRows, Observation, Readback, Signal, SourceFailure
from perception.units import Bools, Floats, Ints
from sim.market import catalogue


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    floats: Floats
    ints: Ints
    bools: Bools
    number: float
    whole: int
    text: str
    at: datetime
    zone: ZoneInfo
    colour: Colour
    inner: tuple[Inner, ...]
    named: dict[str, float]
    by_day: dict[int, Inner]
    nothing: Inner | None


WORDS = st.text(st.characters(exclude_categories=["Cs"]))
WHOLE = st.integers(-(2**63), 2**63 - 1)
INNER = st.builds(Inner, name=WORDS, value=st.floats())
OUTER = st.builds(
    Outer,
    floats=hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats()),
    ints=hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=4)),
    bools=hnp.arrays(np.bool_, st.integers(0, 4)),
    number=st.floats(),
    whole=WHOLE,
    text=WORDS,
    at=st.datetimes(timezones=st.just(UTC)),
    zone=st.sampled_from([ZoneInfo("Europe/London"), ZoneInfo("Asia/Shanghai")]),
    colour=st.just(Colour.RED),
    inner=st.lists(INNER, max_size=3).map(tuple),
    named=st.dictionaries(WORDS, st.floats(), max_size=3),
    by_day=st.dictionaries(st.integers(0, 10**6), INNER, max_size=2),
    nothing=st.none() | INNER,
)


def same(one: Any, other: Any) -> bool:
    """Equal in type, shape and every bit that matters: NaN equals NaN, -0.0 is not 0.0, and the order of a dictionary is not told."""
    if isinstance(one, float):
        return isinstance(other, float) and repr(one) == repr(other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and all(map(same, one.ravel().tolist(), other.ravel().tolist()))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__slots__") and hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)
    return type(one) is type(other) and bool(one == other)


@given(message=OUTER)
def test_any_message_comes_back_as_it_went(message: Outer) -> None:
    again = codec.from_jsonable(codec.from_bytes(codec.to_bytes(message)), Outer)

    assert same(again, message)


@given(message=OUTER)
def test_what_is_written_is_json_that_anyone_can_read(message: Outer) -> None:
    def refuse(word: str) -> float:
        raise AssertionError(word)

    json.loads(codec.to_bytes(message), parse_constant=refuse)


@given(message=OUTER)
def test_bytes_and_plain_types_say_the_same(message: Outer) -> None:
    assert codec.from_bytes(codec.to_bytes(message)) == codec.to_jsonable(message)


def test_equal_messages_have_equal_bytes_whatever_the_order_of_their_keys() -> None:
    assert codec.to_bytes({"b": 1, "a": {"d": 2, "c": 3}}) == codec.to_bytes({"a": {"c": 3, "d": 2}, "b": 1})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_floats_that_json_lacks_travel_as_words(value: float) -> None:
    written = codec.to_jsonable({"plain": value, "numpy": np.float64(value), "array": np.array([value, 1.0])})

    assert written == {"plain": str(value), "numpy": str(value), "array": [str(value), 1.0]}


def test_an_instant_elsewhere_stays_the_same_instant() -> None:
    at = datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("America/New_York"))

    again = codec.from_jsonable(codec.to_jsonable(at), datetime)

    assert again == at
    assert again.utcoffset() == timedelta(hours=-4)
    assert codec.from_jsonable(codec.to_jsonable(at.astimezone(timezone(timedelta(hours=8)))), datetime) == at


@pytest.mark.parametrize(
    ("value", "kind"),
    [({"name": "x"}, Inner), ({"name": "x", "value": "much"}, Inner), ("blue", Colour), ("yesterday", datetime), (["a"], Floats)],
)
def test_what_is_not_the_message_is_refused(value: Any, kind: Any) -> None:
    with pytest.raises((cattrs.BaseValidationError, ValueError, KeyError)):
        codec.from_jsonable(value, kind)


def test_bytes_that_are_no_json_are_refused() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        codec.from_bytes(b'{"a": ')


def test_an_observation_comes_back_with_everything_in_it() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows = MetricRows(
        signal=Signal.ADS,
        sku=np.array([0, 1]),
        day=np.array([739_000, 739_000]),
        observed_at_s=np.array([at.timestamp()] * 2),
        version=np.array([3, 4]),
        values=np.array([[1.0, 2.0, 3.0, 4.0, math.nan], [0.0, 0.0, math.inf, 0.0, 0.0]]),
    )
    seen = Observation(
        tick=7,
        at=at,
        rows=(rows,),
        readback=Readback(at=at, values={field: np.array([1.0, math.nan]) for field in Field}),
        failures=(SourceFailure(source="shop", reason="SourceUnavailable: 503"),),
    )

    again = codec.from_jsonable(codec.to_jsonable(seen), Observation)

    assert same(again, seen)


def test_a_command_is_plain_enough_for_a_person_to_read() -> None:
    command = Command(intent_id="a1", entity="G01", index=0, field=Field.BID, value=12, previous=10, currency="GBP")

    assert codec.to_bytes(command) == (
        b'{"currency":"GBP","entity":"G01","field":"bid","index":0,"intent_id":"a1","previous":10,"value":12}'
    )


def test_paths_and_sets_are_no_messages() -> None:
    with pytest.raises(TypeError):
        codec.to_bytes({"path": Path("x"), "what": object()})


def test_a_reading_without_a_row_decides_the_same_after_the_journal() -> None:
    loaded = load_store("gift-shop", environ={})
    config = loop_config(loaded.settings, catalogue(market_of(loaded)))
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    whole = {name: np.zeros(0, dtype=np.int64) for name in ("sku", "day", "version")}
    empty = tuple(
        MetricRows(signal=signal, observed_at_s=np.zeros(0), values=np.zeros((0, len(COLUMNS[signal]))), **whole) for signal in Signal
    )
    seen = Observation(tick=1, at=at, rows=empty, readback=None, failures=())

    again = codec.from_jsonable(codec.to_jsonable(seen), Observation)

    decided, journaled = (decide(start(config, now_s=at.timestamp()), one, None, config) for one in (seen, again))
    assert codec.to_bytes(journaled) == codec.to_bytes(decided)
