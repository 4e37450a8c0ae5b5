"""Real days instead of drawn ones: how busy each day was for each SKU, as a table that takes the place of the day's luck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

import numpy as np
from pydantic import ConfigDict, Field

from perception.units import Floats
from sim.parameters.types import STRICT, NonNegative


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyDemand:
    """The section ``[daily_demand]``; it is made from a file of daily orders by ``sim.real_demand``, hardly by hand.

    Attributes:
        first_day: Local date of the first row.
        index: One row per day without gaps, one figure per SKU: the day's demand as a multiple of what level, weekday and month expect.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    first_day: date
    index: Annotated[tuple[tuple[NonNegative, ...], ...], Field(min_length=1)]


def daily_faults(daily: DailyDemand | None, *, skus: int) -> list[str]:
    """What is wrong between fields, a line each; ``skus`` is the number of SKUs of the market."""
    odd = {len(row) for row in daily.index} - {skus} if daily is not None else set()
    return [f"daily_demand.index: expected rows of {skus} entries, was {found}" for found in sorted(odd)]


def real_day(daily: DailyDemand | None, day: int) -> Floats | None:
    """Factors on the demand of each SKU on a real day, (M,) >= 0; None where the table does not reach. ``day`` is a date ordinal."""
    if daily is None:
        return None
    row = day - daily.first_day.toordinal()
    return np.array(daily.index[row]) if 0 <= row < len(daily.index) else None
