"""The reported days of a fleet added up: perception's tallies in batch, by the formulas of ``perception.tally``.

Days of which nothing changes any more are added up once a day (``Settled``); an hour costs only what may still change: the conversions of
the last click days, the clicks of the last two, and today's sales.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.rows import row_sums
from perception.change import Rate
from perception.tally import LEAST_SCALED, ConversionTally, ShopTally
from perception.units import Floats
from sim.fleet.pages import ages_kept, page_of_age
from sim.fleet.terms import FleetTerms
from sim.fleet.watch import Watch, demand_now, demand_today
from sim.moment import HOURS_PER_DAY
from sim.reporting import Page, Reports

WEEK_DAYS = 7
_CLICKS, _COST = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What this morning's reports say of the days that have ended; (n, m) unless said.

    Attributes:
        conversions, expected: Faded conversions of the click days that will not change any more, and what was expected of them.
        value_cents: Value of these conversions, not faded.
        clicks: Faded clicks by age, of the days whose traffic is final but whose maturity still grows during the day: at the merchant's own
            price where watched.
        watched: How many days were watched, the youngest.
        mature_watched, mature_before: The same clicks of all older days, weighed by their maturity: of watched days, and of earlier ones.
        clicks_7d, cost_7d_cents: Of the days of this week whose traffic is final.
        cost_held_cents: Of all remembered days whose traffic is final.
        cost_window_cents, cost_month_cents: (n, c) of those, the days of the window, and of this month.
        cost_by_age_cents: (n, k) of the whole store, by age; 0 for days whose traffic is not final.
        orders, units: Faded, of the days before today.
        days_watched, days_before: Faded selling time: of watched days at the merchant's own price, and of earlier days.
    """

    conversions: Floats
    expected: Floats
    value_cents: Floats
    clicks: dict[int, Floats]
    watched: int
    mature_watched: Floats
    mature_before: Floats
    clicks_7d: Floats
    cost_7d_cents: Floats
    cost_held_cents: Floats
    cost_window_cents: Floats
    cost_month_cents: Floats
    cost_by_age_cents: Floats
    orders: Floats
    units: Floats
    days_watched: Floats
    days_before: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Everything the reports say now.

    Attributes:
        ads, shop: (n, m) tallies for beliefs.
        clicks_7d, cost_7d_cents, revenue_7d_cents, cost_held_cents: (n, m) as in ``Reported``.
        spent_cents: (n,) since the window began.
        roas: (n,) weighed by maturity, NaN while nothing measurable was spent.
        cost_cents: {age: (n, c)} of the days whose traffic is not final.
    """

    ads: ConversionTally
    shop: ShopTally
    clicks_7d: Floats
    cost_7d_cents: Floats
    revenue_7d_cents: Floats
    cost_held_cents: Floats
    spent_cents: Floats
    roas: Floats
    cost_cents: dict[int, Floats]


def final_from(terms: FleetTerms) -> int:
    """Age from which the traffic of a day is final at any hour of the day."""
    return -(-terms.settles_h // HOURS_PER_DAY) + 1


def settle(terms: FleetTerms, watch: Watch, reports: Reports, *, matured: Floats, opened_hour: int) -> Settled:
    """Add up the days before today, as this morning's reports have them; ``matured`` as in ``tally``."""
    shape = watch.log_price.shape
    today = reports.hour // HOURS_PER_DAY
    since_window, since_month = today - opened_hour // HOURS_PER_DAY, today - terms.month_index(today)
    conversions, expected, orders, units, watched_days, earlier_days = (np.zeros(shape) for _ in range(6))
    value, clicks_7d, cost_7d, held, window, month, mature_watched, mature_before = (np.zeros(shape) for _ in range(8))
    by_age = np.zeros((shape[0], terms.fading.size))
    clicks: dict[int, Floats] = {}
    for age in _ended(terms, reports):
        page, fading, ordinal = page_of_age(reports, age), float(terms.fading[age]), _ordinal(terms, reports, age)
        share = matured[..., age, None]
        is_watched = age <= len(watch.days)
        organic, cvr = watch.shifts[Rate.ORGANIC], watch.shifts[Rate.CVR]
        orders += fading * page.shop[..., 0] * organic.weight(ordinal)
        units += fading * page.shop[..., 1] * organic.weight(ordinal)
        if is_watched:
            watched_days += fading * watch.days[-age].stocked * watch.days[-age].demand * organic.exposure(ordinal)
        else:
            earlier_days += fading * organic.exposure(ordinal)
        if age >= terms.changing_days:
            conversions += fading * page.conversions[..., 0] * cvr.weight(ordinal)
            expected += fading / np.maximum(share, LEAST_SCALED) * page.conversions[..., 0] * organic.weight(ordinal)
            value += page.conversions[..., 1]
        if age >= final_from(terms):
            cost, seen = page.traffic[..., _COST].astype(np.float64), page.traffic[..., _CLICKS].astype(np.float64)
            by_age[:, age] = row_sums(cost)
            held += cost
            window += cost * (age <= since_window)
            month += cost * (age <= since_month)
            clicks_7d += seen * (age < WEEK_DAYS)
            cost_7d += cost * (age < WEEK_DAYS)
            faded = (fading * seen * watch.days[-age].demand if is_watched else fading * seen) * cvr.exposure(ordinal)
            if terms.maturity[0, age] == terms.maturity[-1, age]:
                sums = mature_watched if is_watched else mature_before
                sums += share * faded
            else:
                clicks[age] = faded
    return Settled(
        conversions=conversions,
        expected=expected,
        value_cents=value,
        clicks=clicks,
        watched=len(watch.days),
        mature_watched=mature_watched,
        mature_before=mature_before,
        clicks_7d=clicks_7d,
        cost_7d_cents=cost_7d,
        cost_held_cents=held,
        cost_window_cents=by_campaign(terms, window),
        cost_month_cents=by_campaign(terms, month),
        cost_by_age_cents=by_age,
        orders=orders,
        units=units,
        days_watched=watched_days,
        days_before=earlier_days,
    )


def tally(terms: FleetTerms, settled: Settled, watch: Watch, reports: Reports, *, matured: Floats, opened_hour: int) -> Tally:
    """Add what may have changed since this morning to what has settled.

    Args:
        terms: Constants.
        settled: As of this morning.
        watch, reports: Now.
        matured: (k,) or (n, k), see ``sim.fleet.feeds.matured``.
        opened_hour: Market hour at which the window began.
    """
    since_window = reports.hour // HOURS_PER_DAY - opened_hour // HOURS_PER_DAY
    now, at_today = demand_now(watch), demand_today(watch)
    trials, trials_before = _final_trials(settled, matured)
    trials = trials * now + trials_before
    clicks_new, cost_new = np.zeros_like(trials), np.zeros_like(trials)
    cost_by_age, cost = settled.cost_by_age_cents.copy(), {}
    for age, page in _running(terms, reports, until=final_from(terms)):
        clicks, cents = page.traffic[..., _CLICKS].astype(np.float64), page.traffic[..., _COST].astype(np.float64)
        weight = terms.fading[age] * matured[..., age, None]
        demand = at_today if age == 0 else now * watch.days[-age].demand if age <= len(watch.days) else 1.0
        trials += weight * clicks * demand * watch.shifts[Rate.CVR].exposure(_ordinal(terms, reports, age))
        clicks_new += clicks
        cost_new += cents
        cost[age] = by_campaign(terms, cents)
        cost_by_age[:, age] = row_sums(cost[age])
    conversions, expected, value, value_7d = _conversions(terms, settled, watch, reports, matured)
    # whole numbers: exact in any order
    spent = row_sums(settled.cost_window_cents) + sum(cost_by_age[:, age] for age in cost if age <= since_window)
    measured = row_sums(cost_by_age * matured)
    return Tally(
        ads=ConversionTally(conversions=conversions, trials=trials, expected_conversions=expected),
        shop=_shop(terms, settled, watch, reports, now=now, at_today=at_today),
        clicks_7d=settled.clicks_7d + clicks_new,
        cost_7d_cents=settled.cost_7d_cents + cost_new,
        revenue_7d_cents=value_7d,
        cost_held_cents=settled.cost_held_cents + cost_new,
        spent_cents=spent,
        roas=np.divide(row_sums(value), measured, out=np.full_like(measured, np.nan), where=measured > 0.0),
        cost_cents=cost,
    )


def by_campaign(terms: FleetTerms, cents: Floats) -> Floats:
    """(n, c) sums of (n, m) whole amounts; exact, so the order of adding does not matter."""
    sums: Floats = cents @ terms.members
    return sums


def _ordinal(terms: FleetTerms, reports: Reports, age: int) -> int:
    """Date ordinal of the day ``age`` days ago."""
    return terms.first_day + reports.hour // HOURS_PER_DAY - age


def _ended(terms: FleetTerms, reports: Reports) -> range:
    """Ages of the remembered days before today."""
    kept = ages_kept(reports)
    return range(max(kept.start, 1), min(kept.stop, terms.fading.size))


def _running(terms: FleetTerms, reports: Reports, *, until: int) -> list[tuple[int, Page]]:
    """Ages and pages of the remembered days younger than ``until``."""
    kept = ages_kept(reports)
    return [(age, page_of_age(reports, age)) for age in range(kept.start, min(kept.stop, until, terms.fading.size))]


def _final_trials(settled: Settled, matured: Floats) -> tuple[Floats, Floats]:
    """Clicks whose number is final, weighed by what should have been reported: of watched days, and of earlier ones."""
    watched, before = settled.mature_watched.copy(), settled.mature_before.copy()
    for age, clicks in settled.clicks.items():
        sums = watched if age <= settled.watched else before
        sums += matured[..., age, None] * clicks
    return watched, before


def _conversions(
    terms: FleetTerms, settled: Settled, watch: Watch, reports: Reports, matured: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Faded conversions, what is expected of them, and their value: of all days, and of this week's."""
    conversions, expected = settled.conversions.copy(), settled.expected.copy()
    older, week = (np.zeros(conversions.shape, dtype=np.int64) for _ in range(2))
    for age, page in _running(terms, reports, until=terms.changing_days):
        ordinal = _ordinal(terms, reports, age)
        faded = float(terms.fading[age]) * page.conversions[..., 0]
        conversions += faded * watch.shifts[Rate.CVR].weight(ordinal)
        faded /= np.maximum(matured[..., age, None], LEAST_SCALED)
        expected += faded * watch.shifts[Rate.ORGANIC].weight(ordinal)
        sums = week if age < WEEK_DAYS else older
        sums += page.conversions[..., 1]
    value_7d = week.astype(np.float64)
    return conversions, expected, settled.value_cents + older + value_7d, value_7d


def _shop(terms: FleetTerms, settled: Settled, watch: Watch, reports: Reports, *, now: Floats, at_today: Floats) -> ShopTally:
    """All days before today are final; today counts as far as it has passed."""
    days = settled.days_before + now * settled.days_watched
    if watch.hours == 0:
        return ShopTally(orders=settled.orders, units=settled.units, days=days)
    page, passed = page_of_age(reports, 0), float(terms.passed[reports.hour % HOURS_PER_DAY])
    return ShopTally(
        orders=settled.orders + page.shop[..., 0],
        units=settled.units + page.shop[..., 1],
        days=days + passed * (watch.stocked_h / watch.hours) * at_today,
    )
