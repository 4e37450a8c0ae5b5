"""Remembers what was worked out from immutable messages, by their identity: for work that depends on what hardly ever changes.

A catalogue lives as long as the daemon, a plan for a window, a past day for weeks; a tick lasts milliseconds. Messages hold arrays,
so they cannot be hashed by value, and comparing them would cost what is to be saved.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Work = TypeVar("Work", bound=Callable[..., Any])


def by_identity(work: Work) -> Work:
    """Decorates a pure function of positional arguments: what it gave is given again for the very same objects, while they live.

    Results are shared, so nobody may change them, and nobody may change an argument. A result must not hold on to an argument, or neither
    would ever be let go. Arguments must be weakly referable: arrays, enums, and data classes made with ``weakref_slot``.
    """
    kept: dict[tuple[int, ...], tuple[Any, tuple[weakref.ref[Any], ...]]] = {}

    @wraps(work)
    def remembered(*arguments: Any) -> Any:
        key = tuple(map(id, arguments))
        found = kept.get(key)
        if found is None:
            # an identity may be given again once its object is gone, so what was kept for it goes first
            gone = _forgetting(kept, key)
            found = kept[key] = (work(*arguments), tuple(weakref.ref(argument, gone) for argument in arguments))
        return found[0]

    return remembered  # type: ignore[return-value]  # the same signature, positional


def _forgetting(kept: dict[tuple[int, ...], Any], key: tuple[int, ...]) -> Callable[[object], None]:
    def forget(_: object) -> None:
        kept.pop(key, None)

    return forget
