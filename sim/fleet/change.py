"""Levels that have changed in the stores of a fleet: perception's search in batch, ``perception.change_round`` over pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perception import change
from perception.change import Rate, Seen, Shift
from perception.tally import LEAST_SCALED
from sim.fleet.pages import ages_kept, page_of_age
from sim.fleet.terms import FleetTerms
from sim.moment import HOURS_PER_DAY
from sim.reporting import Reports

if TYPE_CHECKING:
    from sim.fleet.watch import WatchedDay

_CLICKS = 1


def shifts_now(terms: FleetTerms, days: Sequence[WatchedDay], reports: Reports) -> dict[Rate, Shift]:
    """What this morning's reports say of the days that have ended: of the rates that a fleet believes in.

    Args:
        terms: Constants.
        days: Whole watched days, oldest first, the last is yesterday.
        reports: As they stand at midnight.
    """
    kept = ages_kept(reports)
    ages = [age for age in reversed(kept) if 0 < age < terms.fading.size]
    first_day = terms.first_day + reports.hour // HOURS_PER_DAY - max(ages, default=0)
    shifts = {}
    for rate in (Rate.CVR, Rate.ORGANIC):
        seen = _seen(terms, rate, days, reports, ages)
        usual = change.of_store(seen, first_day=first_day, tuning=terms.tuning.change)
        found, keep = change.of_skus(seen, usual, first_day=first_day, skus=reports.skus, tuning=terms.tuning.change)
        shifts[rate] = change.shift_of(usual, found, keep)
    return shifts


def _seen(terms: FleetTerms, rate: Rate, days: Sequence[WatchedDay], reports: Reports, ages: list[int]) -> Seen:
    shape = (len(ages), reports.lag_keys.size, reports.skus)
    events, exposure = np.zeros(shape), np.zeros(shape)
    today = terms.first_day + reports.hour // HOURS_PER_DAY
    for place, age in enumerate(ages):
        page, share = page_of_age(reports, age), float(terms.maturity[0, age])
        watched = days[-age] if age <= len(days) else None
        demand = 1.0 if watched is None else watched.demand
        if rate is Rate.ORGANIC and watched is not None:
            exposure[place] = terms.tuning.shape.weekday_factor(today - age) * watched.stocked * demand
            events[place] = np.maximum(page.shop[..., 0] - page.conversions[..., 0] / max(share, LEAST_SCALED), 0.0)
        elif rate is Rate.CVR and share >= LEAST_SCALED:
            exposure[place] = page.traffic[..., _CLICKS] * share * demand
            events[place] = page.conversions[..., 0]
    return Seen(events=events, exposure=exposure, reported=terms.maturity[0, ages])
