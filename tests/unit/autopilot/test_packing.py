"""Large arrays come back from JSON bit for bit, in as few bytes as they need; what is no array is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autopilot import codec, packing
from perception.units import Bools, Floats, Ints

KINDS = {np.dtype(np.float64): Floats, np.dtype(np.int64): Ints, np.dtype(np.bool_): Bools}

ARRAYS = st.one_of(
    hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=6), elements=st.floats()),
    hnp.arrays(np.float64, st.integers(0, 30), elements=st.integers(-(2**40), 2**40).map(float)),
    hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=6)),
    hnp.arrays(np.bool_, st.integers(0, 30)),
)


def bits(array: Any) -> bytes:
    """NaN is one, whatever its payload; -0.0 is not 0.0."""
    told: bytes = np.where(np.isnan(array), np.nan, array).tobytes() if array.dtype.kind == "f" else array.tobytes()
    return told


@given(array=ARRAYS)
def test_any_array_comes_back_as_it_went(array: Any) -> None:
    written = json.loads(json.dumps(packing.pack(array)))

    again = packing.unpack(written, array.dtype)

    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert bits(again) == bits(array)
    again[...] = 0


@given(array=ARRAYS)
def test_equal_arrays_are_packed_alike_whatever_their_layout(array: Any) -> None:
    assert packing.pack(np.asfortranarray(array)) == packing.pack(array.copy())


@pytest.mark.parametrize(
    ("figures", "kind"),
    [
        ([0.0, 255.0], "|u1"),
        ([-1.0, 100.0], "|i1"),
        ([0.0, 65_535.0], "<u2"),
        ([0.0, 4_294_967_295.0], "<u4"),
        ([0.0, 0.5], "<f8"),
        ([0.0, -0.0], "<f8"),
        ([0.0, float("nan")], "<f8"),
        ([0.0, 1e300], "<f8"),
    ],
)
def test_figures_are_written_in_the_narrowest_type_that_holds_them_exactly(figures: list[float], kind: str) -> None:
    assert packing.pack(np.array(figures))["packed"] == kind


def test_equal_figures_are_written_once() -> None:
    packed = packing.pack(np.full((3, 1000), np.nan))

    assert packed == {"packed": "<f8", "shape": [3, 1000], "fill": "nan"}


def test_each_column_of_a_table_is_written_in_its_own_type() -> None:
    table = np.array([[1.0, 70_000.0, 0.5]] * 20 + [[2.0, 1.0, 0.0]])

    packed = packing.pack(table)

    assert (packed["packed"], packed["axis"]) == ("along", 1)
    assert [part["packed"] for part in packed["parts"]] == ["|u1", "<u4", "<f8"]
    assert packing.pack(table.T)["axis"] == 0


def test_large_arrays_are_packed_in_messages_and_short_ones_stay_lists_that_people_can_read() -> None:
    short, large = np.arange(packing.LARGE - 1), np.arange(packing.LARGE)

    assert codec.to_jsonable(short) == short.tolist()
    assert codec.to_jsonable(large)["packed"] == "<u2"
    assert bits(codec.from_jsonable(codec.to_jsonable(large), Ints)) == bits(large)
    assert bits(codec.from_jsonable(large.tolist(), Ints)) == bits(large)


@pytest.mark.parametrize(
    "wrong",
    [
        {"packed": "|O", "shape": [1], "base64": ""},
        {"packed": "<U4", "shape": [1], "fill": "abcd"},
        {"shape": [1], "fill": 1},
        {"packed": "<f8", "fill": 1},
        {"packed": "<f8", "shape": [2], "base64": "AAAAAAAA8D8="},
        {"packed": "<f8", "shape": [1], "base64": "AA=="},
    ],
)
def test_what_is_no_packed_array_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        packing.unpack(wrong, np.dtype(np.float64))
