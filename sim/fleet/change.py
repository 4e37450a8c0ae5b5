"""Levels that have changed in the stores of a fleet: perception's search in batch, ``perception.change_round`` over pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perception import change
from perception.change import Rate, Seen, Shift
from perception.tally import LEAST_SCALED
from perception.units import Floats
from sim.fleet.pages import ages_kept, page_of_age
from sim.fleet.terms import FleetTerms
from sim.moment import HOURS_PER_DAY
from sim.reporting import Reports

if TYPE_CHECKING:
    from sim.fleet.watch import WatchedDay

_CLICKS = 1


def shifts_now(terms: FleetTerms, days: Sequence[WatchedDay], reports: Reports, *, matured: Floats) -> dict[Rate, Shift]:
    """What this morning's reports say of the days that have ended: of the rates that a fleet believes in.

    Args:
        terms: Constants.
        days: Whole watched days, oldest first, the last is yesterday.
        reports: As they stand at midnight.
        matured: (k,) or (n, k), see ``sim.fleet.feeds.matured``.
    """
    kept = ages_kept(reports)
    ages = [age for age in reversed(kept) if 0 < age < terms.fading.size]
    first_day = terms.first_day + reports.hour // HOURS_PER_DAY - max(ages, default=0)
    shifts = {}
    for rate in (Rate.CVR, Rate.ORGANIC):
        seen = _seen(terms, rate, days, reports, ages, matured)
        usual = change.of_store(seen, first_day=first_day, tuning=terms.tuning.change)
        found, keep = change.of_skus(seen, usual, first_day=first_day, skus=reports.skus, tuning=terms.tuning.change)
        shifts[rate] = change.shift_of(usual, found, keep)
    return shifts


def _seen(terms: FleetTerms, rate: Rate, days: Sequence[WatchedDay], reports: Reports, ages: list[int], matured: Floats) -> Seen:
    shape = (len(ages), reports.lag_keys.size, reports.skus)
    events, exposure = np.zeros(shape), np.zeros(shape)
    today = terms.first_day + reports.hour // HOURS_PER_DAY
    for place, age in enumerate(ages):
        page, share = page_of_age(reports, age), matured[..., age, None]
        watched = days[-age] if age <= len(days) else None
        demand = 1.0 if watched is None else watched.demand
        if rate is Rate.ORGANIC and watched is not None:
            exposure[place] = terms.tuning.shape.weekday_factor(today - age) * watched.stocked * demand
            events[place] = np.maximum(page.shop[..., 0] - page.conversions[..., 0] / np.maximum(share, LEAST_SCALED), 0.0)
        elif rate is Rate.CVR:
            tells = share >= LEAST_SCALED
            exposure[place] = np.where(tells, page.traffic[..., _CLICKS] * share * demand, 0.0)
            events[place] = np.where(tells, page.conversions[..., 0], 0.0)
    reported = np.broadcast_to(matured[..., ages], (shape[1], shape[0])).T[..., None]
    return Seen(events=events, exposure=exposure, reported=reported)
