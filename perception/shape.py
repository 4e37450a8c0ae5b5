"""How a store's activity spreads over day and week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from perception.units import AS_SETTINGS, SECONDS_PER_HOUR, Floats

MARKETPLACE_HOURS = (
    0.33, 0.18, 0.11, 0.08, 0.08, 0.12, 0.23, 0.45, 0.89, 1.43, 1.70, 1.76,
    1.76, 1.74, 1.69, 1.62, 1.54, 1.45, 1.35, 1.24, 1.11, 0.96, 0.80, 0.56,
)  # fmt: skip
"""Activity per store-local hour from midnight, 1 = mean. Source: Avito BAT, marketplace ads."""

MARKETPLACE_WEEKDAYS = (1.08, 1.23, 1.03, 1.01, 0.96, 0.86, 0.84)
"""Activity per weekday from Monday, 1 = mean. Same source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityShape:
    """Relative activity, any scale.

    Attributes:
        hours: 24 figures >= 0 from local midnight, not all zero.
        weekdays: 7 figures >= 0 from Monday, not all zero.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    hours: tuple[float, ...] = MARKETPLACE_HOURS
    weekdays: tuple[float, ...] = MARKETPLACE_WEEKDAYS

    def __post_init__(self) -> None:
        """Refuse what is no shape. Raises: ValueError."""
        for name, figures, count in (("hours", self.hours, 24), ("weekdays", self.weekdays, 7)):
            if len(figures) != count or not all(figure >= 0.0 for figure in figures) or not sum(figures) > 0.0:
                message = f"{name}: expected {count} figures >= 0, not all zero, was {list(figures)}"
                raise ValueError(message)

    def hour_shares(self) -> Floats:
        """(24,) share of a day's activity per hour; sums to 1."""
        hours = np.asarray(self.hours, dtype=np.float64)
        shares: Floats = hours / hours.sum()
        return shares

    def weekday_factor(self, day: int) -> float:
        """Activity of a store-local day (ordinal) against the mean weekday."""
        return self.weekdays[(day - 1) % 7] * 7.0 / sum(self.weekdays)


def elapsed_share(hour_shares: Floats, elapsed_s: Floats) -> Floats:
    """Share of a day's activity that lies within its first ``elapsed_s`` seconds; 0 before, 1 after the day.

    Args:
        hour_shares: (24,) summing to 1; activity is even within an hour.
        elapsed_s: (…,) seconds since local midnight, any sign.
    """
    cumulative = np.concatenate(([0.0], np.cumsum(hour_shares)))
    return np.interp(elapsed_s / SECONDS_PER_HOUR, np.arange(25.0), cumulative)
