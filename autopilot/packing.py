"""Large arrays as JSON: bytes in base64, in the narrowest type that holds every figure exactly.

A list of ten thousand numbers takes a fifth of a megabyte and half a millisecond to write, as bytes a tenth of both. Short arrays stay
lists, which people can read: ``codec`` packs what has ``LARGE`` figures and more.

    {"packed": "<u2", "shape": [10000], "base64": "…"}      figures, in the order of C
    {"packed": "<f8", "shape": [10000], "fill": 3.0}        all of them equal
    {"packed": "along", "axis": 1, "parts": [{…}, {…}]}     a table, column by column (or row by row, whichever are fewer)
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

LARGE = 512
"""Figures from which an array is packed."""

_KEY = "packed"
_TABLE = "along"
_FEW = 32
"""Rows or columns up to which a table is packed one by one."""
_NARROWER = ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4")
_KINDS = frozenset({*_NARROWER, "|u1", "|i1", "|b1", "<i8", "<f8"})
"""Types that are read; nothing else is ever written."""

_MESSAGE_TYPES = (np.float64, np.int64, np.bool_)

Array = np.ndarray[Any, np.dtype[Any]]


def is_large(array: Array) -> bool:
    """Whether ``codec`` packs it: many figures, of one of the types that messages have."""
    return array.size >= LARGE and array.dtype in _MESSAGE_TYPES


def pack(array: Array) -> dict[str, Any]:
    """The array as a JSON object that ``unpack`` gives every bit of back from, NaN as one of its kind."""
    flat = np.ascontiguousarray(array).reshape(-1)
    shape = list(array.shape)
    if flat.size and _all_equal(flat):
        return {_KEY: flat.dtype.str, "shape": shape, "fill": _plain(flat[0])}
    if array.ndim == 2 and 1 < min(shape) <= _FEW:  # noqa: PLR2004 - rows and columns
        # columns differ in what they count, so each has its own type
        axis = 0 if shape[0] <= shape[1] else 1
        return {_KEY: _TABLE, "axis": axis, "parts": [pack(part) for part in np.moveaxis(array, axis, 0)]}
    narrow = _narrowed(flat)
    return {_KEY: narrow.dtype.str, "shape": shape, "base64": binascii.b2a_base64(narrow.tobytes(), newline=False).decode("ascii")}


def unpack(value: Mapping[str, Any], dtype: np.dtype[Any]) -> Array:
    """The array of type ``dtype``. Raises: ValueError, KeyError, TypeError when it is none."""
    if value[_KEY] == _TABLE:
        return np.stack([unpack(part, dtype) for part in value["parts"]], axis=value["axis"])
    if value[_KEY] not in _KINDS:
        message = f"{_KEY}: expected one of {', '.join(sorted(_KINDS))}, was {value[_KEY]!r}"
        raise ValueError(message)
    shape = tuple(value["shape"])
    if "fill" in value:
        return np.full(shape, value["fill"], dtype=dtype)
    return np.frombuffer(binascii.a2b_base64(value["base64"]), dtype=value[_KEY]).astype(dtype).reshape(shape)


def _all_equal(flat: Array) -> bool:
    bits = flat.view(np.int64) if flat.dtype == np.float64 else flat
    # most arrays differ within their first figures, and need not be read
    return bool((bits[:8] == bits[0]).all()) and bool((bits == bits[0]).all())


def _plain(figure: Any) -> Any:
    value = figure.item()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _narrowed(flat: Array) -> Array:
    """The same figures in the narrowest whole type that holds them exactly; as they are where none does."""
    if flat.dtype.kind == "b" or not flat.size:
        return flat
    if flat.dtype.kind == "f":
        whole = flat[:8] == np.floor(flat[:8])
        if not whole.all():
            return flat
    low, high = flat.min(), flat.max()
    for name in _NARROWER:
        bounds = np.iinfo(name)
        if bounds.min <= low and high <= bounds.max:
            narrow = flat.astype(name)
            return narrow if _same_bits(narrow, flat) else flat
    return flat


def _same_bits(narrow: Array, flat: Array) -> bool:
    """Whether widening gives every figure back; a whole type has neither -0.0 nor halves."""
    if flat.dtype.kind != "f":
        return True
    back = narrow.astype(np.float64)
    return bool((back.view(np.int64) == flat.view(np.int64)).all())
