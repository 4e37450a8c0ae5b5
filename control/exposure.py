"""The worst case the platform may already have charged: reported spend where it is final, the over-delivered budget where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from perception.state import StoreState
from perception.units import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Worst-case ad spend per campaign, (c,) minor units each.

    Attributes:
        window: Days of the plan's window before today.
        month: Days of this calendar month before today.
        today: Today, as the budgets have stood so far.
    """

    window: Floats
    month: Floats
    today: Floats


def exposure_of(state: StoreState, *, first_day: int, peaks_cents: dict[int, Floats], overdelivery_ratio: float) -> Exposure:
    """What may have been spent since ``first_day``, this month and today.

    A settled day costs what was reported. A day still being reported may cost over-delivery × the highest daily budget that stood on it;
    what is already reported is a lower bound.

    Args:
        state: The store as estimated.
        first_day: Store-local ordinal of the window's first day.
        peaks_cents: {day: (c,) highest daily budget in force on it}; today's included.
        overdelivery_ratio: What the platform may spend of a daily budget on one day, >= 1.
    """
    none = np.zeros_like(peaks_cents[state.day])

    def worst(day: int) -> Floats:
        reported = state.spend_by_day_cents.get(day, none)
        if day < state.spend_settled_before_day:
            return reported
        return np.maximum(reported, overdelivery_ratio * peaks_cents.get(day, none))

    def total(since: int) -> Floats:
        return sum((worst(day) for day in range(since, state.day)), start=none)

    month_start = date.fromordinal(state.day).replace(day=1).toordinal()
    return Exposure(window=total(first_day), month=total(month_start), today=worst(state.day))
