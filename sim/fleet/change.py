"""Levels that have changed in the stores of a fleet: perception's search in batch, ``perception.change_round`` over pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perception import change
from perception.change import Rate, Seen, Shift
from perception.tally import LEAST_SCALED
from perception.units import Floats
from sim.fleet.pages import ages_kept, page_of_age
from sim.fleet.terms import FleetTerms
from sim.fleet.watched_day import WatchedDay
from sim.moment import HOURS_PER_DAY
from sim.reporting import Reports

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
    shape = (reports.lag_keys.size, reports.skus)
    pairs = [_day_of(terms, rate, days, reports, age, matured[..., age, None]) or (np.zeros(shape), np.zeros(shape)) for age in ages]
    return Seen(
        events=tuple(events for events, _ in pairs),
        exposure=tuple(exposure for _, exposure in pairs),
        reported=np.broadcast_to(matured[..., ages], (shape[0], len(ages))).T[..., None],
        shape=shape,
    )


def _day_of(
    terms: FleetTerms, rate: Rate, days: Sequence[WatchedDay], reports: Reports, age: int, share: Floats
) -> tuple[Floats, Floats] | None:
    """Events and exposure of one day; None where it tells nothing. ``share`` of its conversions should be reported."""
    page = page_of_age(reports, age)
    watched = days[-age] if age <= len(days) else None
    if rate is Rate.ORGANIC:
        if watched is None:
            return None
        ordinal = terms.first_day + reports.hour // HOURS_PER_DAY - age
        events = np.maximum(page.shop[..., 0] - page.conversions[..., 0] / np.maximum(share, LEAST_SCALED), 0.0)
        return events, terms.tuning.shape.weekday_factor(ordinal) * watched.stocked * watched.demand
    tells = share >= LEAST_SCALED
    clicks = np.where(tells, page.traffic[..., _CLICKS] * share, 0.0)
    return np.where(tells, page.conversions[..., 0], 0.0), clicks if watched is None else clicks * watched.demand
