"""Units shared by every message: money is integer minor units ("cents"), time is aware UTC, a day is a store-local date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

AS_SETTINGS: Final = {"extra": "forbid", "allow_inf_nan": False, "strict": False}
"""``__pydantic_config__`` of tunings that may stand in a store's file: unknown keys and non-finite numbers are refused there."""

SECONDS_PER_HOUR = 3600.0
SECONDS_PER_DAY = 86_400.0


def day_of(at: datetime, timezone: ZoneInfo) -> int:
    """The store-local calendar day of an instant, as a proleptic ordinal (``date.toordinal``)."""
    return at.astimezone(timezone).date().toordinal()


def day_fraction(at: datetime, timezone: ZoneInfo) -> float:
    """How much of the store-local day has passed, in [0, 1); by the wall clock of the store."""
    local = at.astimezone(timezone)
    return (local.hour * 3600 + local.minute * 60 + local.second) / SECONDS_PER_DAY


def day_start(day: int, timezone: ZoneInfo) -> datetime:
    """The UTC instant at which a store-local day begins."""
    return datetime.combine(date.fromordinal(day), datetime.min.time(), timezone).astimezone(UTC)
