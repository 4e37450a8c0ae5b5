"""What was set when: the figures of the ledger that a simulated store's laws and gate need, over arrays.

As ``control.ledger`` and ``control.exposure`` have them, for stores whose set-points are always read back and written at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from control.sight import Reach
from perception.units import SECONDS_PER_HOUR, Floats, Ints
from sim.fleet.tally import Settled, Tally, final_from
from sim.fleet.terms import FleetTerms
from sim.market import Setpoints
from sim.moment import HOURS_PER_DAY

_WINDOW_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Past set-points of n stores.

    Attributes:
        price_changed_h: (n, m) market hour at whose start each price last changed, −inf when never.
        prices, budgets: Set-points before the decision of each of the last hours, at most a day back, oldest first: (n, m) and (n, c).
        peaks: {day index: (n, c) highest daily budget in force on it}, of the days whose spend may not be final.
    """

    price_changed_h: Floats
    prices: tuple[Ints, ...]
    budgets: tuple[Ints, ...]
    peaks: dict[int, Ints]


def open_book(setpoints: Setpoints, *, hour: int) -> Book:
    """A book that begins at local midnight of market hour ``hour``."""
    return Book(
        price_changed_h=np.full(setpoints.price_cents.shape, -np.inf),
        prices=(),
        budgets=(),
        peaks={hour // HOURS_PER_DAY: setpoints.daily_budget_cents},
    )


def entered(terms: FleetTerms, book: Book, before: Setpoints, after: Setpoints, *, hour: int) -> Book:
    """The book once ``after`` has stood in place of ``before`` for the market hour ``hour``."""
    changed = book.price_changed_h
    if after.price_cents is not before.price_cents:
        changed = np.where(after.price_cents != before.price_cents, float(hour), changed)
    today, tomorrow = hour // HOURS_PER_DAY, (hour + 1) // HOURS_PER_DAY
    oldest = tomorrow - final_from(terms) + 1
    peaks = {day: peak for day, peak in book.peaks.items() if day >= oldest} | {
        today: np.maximum(book.peaks[today], after.daily_budget_cents)
    }
    if tomorrow > today:
        peaks |= {tomorrow: after.daily_budget_cents}
    return replace(
        book,
        price_changed_h=changed,
        prices=(*book.prices, before.price_cents)[-_WINDOW_HOURS:],
        budgets=(*book.budgets, before.daily_budget_cents)[-_WINDOW_HOURS:],
        peaks=peaks,
    )


def reach(terms: FleetTerms, book: Book, setpoints: Setpoints, settled: Settled, tallied: Tally, *, hours: tuple[int, int]) -> Reach:
    """How far set-points may go at market hour ``hours[1]`` of a window that began at ``hours[0]``.

    A settled day costs what was reported; a day still being reported may cost over-delivery × the highest daily budget that stood on it.
    """
    opened_hour, hour = hours
    limits = terms.scenario.terms.limits
    today = hour // HOURS_PER_DAY
    settled_before = (hour - terms.settles_h) // HOURS_PER_DAY
    window, month = settled.cost_window_cents, settled.cost_month_cents
    worst_today = np.zeros_like(window)
    for age in range(final_from(terms)):
        day = today - age
        reported = tallied.cost_cents.get(age, np.zeros_like(window))
        peak = book.peaks.get(day)
        worst = reported if day < settled_before or peak is None else np.maximum(reported, limits.overdelivery_day_ratio * peak)
        if age == 0:
            worst_today = worst
            continue
        window = window + worst * (day >= opened_hour // HOURS_PER_DAY)
        month = month + worst * (day >= terms.month_index(today))
    lowest = np.minimum.reduce((*book.budgets, setpoints.daily_budget_cents))
    anchor = book.prices[0] if book.prices else setpoints.price_cents
    return Reach(
        price_age_s=(hour - book.price_changed_h) * SECONDS_PER_HOUR,
        budget_low_24h_cents=lowest.astype(np.float64),
        price_anchor_24h_cents=anchor.astype(np.float64),
        worst_window_cents=window,
        worst_month_cents=month,
        worst_today_cents=worst_today,
        step_share=1.0,
        limits=limits,
    )
