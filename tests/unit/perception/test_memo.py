"""What is remembered by identity is worked out once for the same objects, and forgotten with them."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from perception.memo import by_identity
from perception.units import Floats


def test_the_same_objects_are_worked_with_once() -> None:
    calls: list[int] = []

    @by_identity
    def total(values: Floats) -> float:
        calls.append(values.size)
        return float(values.sum())

    values = np.arange(3.0)

    assert total(values) == total(values) == 3.0
    assert calls == [3]


def test_equal_objects_are_not_the_same() -> None:
    @by_identity
    def doubled(values: Floats) -> Floats:
        return 2.0 * values

    one, other = np.arange(3.0), np.arange(3.0)

    assert doubled(one) is doubled(one)
    assert doubled(one) is not doubled(other)


def test_nothing_is_kept_for_an_object_that_is_gone() -> None:
    @by_identity
    def doubled(values: Floats) -> Floats:
        return 2.0 * values

    values = np.arange(3.0)
    result = weakref.ref(doubled(values))
    assert result() is not None

    del values
    gc.collect()

    assert result() is None


def test_what_cannot_be_referred_to_weakly_is_refused() -> None:
    @by_identity
    def same(number: int) -> int:
        return number

    with pytest.raises(TypeError, match="weak reference"):
        same(3)
