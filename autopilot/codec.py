"""Messages to and from JSON: arrays, enums, datetimes, and floats that are not finite.

Arrays are lists, large ones are packed (``packing``); both are read wherever an array is expected. Nothing is lost but the order of a
dictionary and, of an array without a row, its other axes: neither may shape a decision.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

import numpy as np
import orjson
from cattrs.preconf.orjson import make_converter

from autopilot import packing
from control.batches import Batch, Commands, Judgements

T = TypeVar("T")

_converter = make_converter()


def _float_out(value: float) -> float | str:
    # JSON has no NaN or infinity; as words they survive the round trip
    return value if math.isfinite(value) else str(value)


def _array_out(array: np.ndarray[Any, np.dtype[Any]]) -> list[Any] | dict[str, Any]:
    if packing.is_large(array):
        return packing.pack(array)
    return _list_out(array)


def _list_out(array: np.ndarray[Any, np.dtype[Any]]) -> list[Any]:
    if array.dtype.kind != "f" or bool(np.isfinite(array).all()):
        return array.tolist()  # type: ignore[no-any-return]  # numpy types tolist() as Any
    if array.ndim > 1:
        return [_list_out(row) for row in array]
    return [_float_out(value) for value in array.tolist()]


def _array_in(value: list[Any] | dict[str, Any], kind: Any) -> np.ndarray[Any, np.dtype[Any]]:
    (dtype,) = get_args(get_args(kind)[1])
    return packing.unpack(value, np.dtype(dtype)) if isinstance(value, dict) else np.array(value, dtype=dtype)


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is np.ndarray


def _batch_out(batch: Batch[Any, Any]) -> list[Any] | dict[str, Any]:
    # objects alone are a list of them, as anybody would write them down
    if all(isinstance(part, tuple) for part in batch.parts):
        return _converter.unstructure(batch.listed)  # type: ignore[no-any-return]  # cattrs types it as Any
    return {"parts": [_converter.unstructure(part) for part in batch.parts]}


def _batch_in(value: list[Any] | dict[str, Any], kind: type[Judgements | Commands]) -> Batch[Any, Any]:
    parts = value["parts"] if isinstance(value, dict) else [value]
    return kind(*(_part_in(part, kind) for part in parts))


def _part_in(part: list[Any] | dict[str, Any], kind: type[Judgements | Commands]) -> Any:
    if isinstance(part, list):
        return tuple(_converter.structure(item, kind.item_type) for item in part)
    return _converter.structure(part, kind.columns_type)


_converter.register_unstructure_hook(float, _float_out)
_converter.register_unstructure_hook(np.floating, lambda value: _float_out(float(value)))
_converter.register_unstructure_hook_func(lambda kind: _is_array(kind) or kind is np.ndarray, _array_out)
_converter.register_structure_hook_func(_is_array, _array_in)
for _kind in (Judgements, Commands):
    _converter.register_unstructure_hook(_kind, _batch_out)
    _converter.register_structure_hook(_kind, _batch_in)
_converter.register_unstructure_hook(ZoneInfo, str)
_converter.register_structure_hook(ZoneInfo, lambda value, _: ZoneInfo(value))


def to_jsonable(message: Any) -> Any:
    """A message (frozen dataclass, or a container of them) as plain JSON types; non-finite floats become words."""
    return orjson.loads(orjson.dumps(_converter.unstructure(message), option=orjson.OPT_NON_STR_KEYS))


def from_jsonable(value: Any, kind: type[T]) -> T:
    """The message of type ``kind`` that ``to_jsonable`` gave ``value`` for. Raises: cattrs errors when it is none."""
    return _converter.structure(value, kind)


def to_bytes(message: Any) -> bytes:
    """Canonical JSON bytes: keys sorted, so that equal messages have equal bytes."""
    return orjson.dumps(_converter.unstructure(message), option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)


def from_bytes(data: bytes) -> Any:
    """Plain JSON types from bytes. Raises: orjson.JSONDecodeError."""
    return orjson.loads(data)
