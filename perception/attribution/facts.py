"""Facts to explain: a figure by the hour and by dimensions such as channel, SKU or device, as columns of codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints

HOURS_PER_DAY = 24
HOUR = "hour"
"""Name of the dimension that is the time of day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """n facts.

    Attributes:
        hour: (n,) store-local hours since any midnight.
        value: (n,) what happened in that hour; what is not listed did not happen.
        base: (n,) what it is counted per, as clicks for a conversion rate; None for a figure that stands for itself.
        dimensions: Names.
        elements: Names of the elements of each dimension.
        codes: (k, n) place of each fact's element in ``elements``.
        hourly: Whether the facts tell the time of day.
    """

    hour: Ints
    value: Floats
    base: Floats | None
    dimensions: tuple[str, ...]
    elements: tuple[tuple[str, ...], ...]
    codes: Ints
    hourly: bool


def facts_of(
    hour: Ints,
    value: Floats,
    columns: Mapping[str, Sequence[str] | np.ndarray[tuple[int], np.dtype[np.str_]]],
    *,
    base: Floats | None = None,
) -> Facts:
    """Encode columns; dimensions with a single element say nothing and are left out, and the time of day becomes one where it is told.

    Args:
        hour: (n,) store-local hours since any midnight, whole numbers.
        value: (n,) finite.
        columns: {dimension: (n,) element of each fact}.
        base: (n,) finite, >= 0, or None.

    Raises:
        ValueError: A column has another length, or a figure is not finite.
    """
    for name, column in {"value": value, "base": value if base is None else base, **columns}.items():
        if len(column) != hour.size:
            message = f"{name}: expected {hour.size} rows as in the time column, was {len(column)}"
            raise ValueError(message)
    for name, figures in (("value", value), ("base", base)):
        if figures is not None and not np.isfinite(figures).all():
            row = int(np.flatnonzero(~np.isfinite(figures))[0])
            message = f"{name}: expected finite figures, was {figures[row]} in row {row + 1}"
            raise ValueError(message)
    hourly = bool((hour % HOURS_PER_DAY).any())
    names, elements, codes = [], [], []
    for name, column in columns.items():
        found, places = np.unique(np.asarray(column, dtype=np.str_), return_inverse=True)
        if found.size > 1:
            names.append(name)
            elements.append(tuple(found.tolist()))
            codes.append(places.astype(np.int64))
    if hourly and HOUR not in columns:
        names.append(HOUR)
        elements.append(tuple(f"{time:02d}:00" for time in range(HOURS_PER_DAY)))
        codes.append(hour % HOURS_PER_DAY)
    return Facts(
        hour=hour,
        value=value,
        base=base,
        dimensions=tuple(names),
        elements=tuple(elements),
        codes=np.array(codes, dtype=np.int64).reshape(len(codes), hour.size),
        hourly=hourly,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of hours ``[begins, ends)``."""

    begins: int
    ends: int

    @property
    def hours(self) -> int:
        """Length."""
        return self.ends - self.begins

    def holds(self, hour: Ints) -> Bools:
        """Which hours lie in it."""
        within: Bools = (hour >= self.begins) & (hour < self.ends)
        return within
