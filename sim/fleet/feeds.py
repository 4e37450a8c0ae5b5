"""The watch over what ad platforms count, for a fleet: ``perception.feeds`` in batch. A simulated shop counts every order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception import tracking
from perception.memo import by_identity
from perception.outage import Heard, Vigil, listen, open_vigil
from perception.tracking import Tally, Totals
from perception.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, Bools, Floats
from sim.fleet.pages import ages_kept, page_of_age
from sim.fleet.terms import FleetTerms
from sim.moment import HOURS_PER_DAY
from sim.reporting import Page, Reports


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFeeds:
    """What the watch over conversions remembers of n stores."""

    tally: Tally
    conversions: Vigil


def open_feeds(terms: FleetTerms, reports: Reports, *, stores: int) -> FleetFeeds:
    """The first look, when the window begins."""
    _, tally = _look(terms, None, open_vigil(stores), reports)
    return FleetFeeds(tally=tally, conversions=open_vigil(stores))


def attend(terms: FleetTerms, before: FleetFeeds, reports: Reports) -> FleetFeeds:
    """Take in one more hour of reports."""
    heard, tally = _look(terms, before.tally, before.conversions, reports)
    vigil = listen(
        before.conversions, heard, now_s=tally.at_s, last_s=before.tally.at_s, lag=terms.tuning.maturity, tuning=terms.tuning.outage
    )
    return FleetFeeds(tally=tally, conversions=vigil)


def matured(terms: FleetTerms, vigil: Vigil, reports: Reports) -> Floats:
    """Share of the conversions of each click day that reports should show by now, by age: (k,) where the same for all stores, or (n, k)."""
    table: Floats = terms.maturity[reports.hour % HOURS_PER_DAY]
    if not vigil.blind.any():
        return table
    concerned: Bools = np.any(np.isfinite(vigil.blind.from_s), axis=1)
    shares = np.tile(table, (concerned.size, 1))
    today = reports.hour // HOURS_PER_DAY
    shares[concerned] = tracking.matured_share(
        terms.tuning.maturity,
        table,
        vigil.blind.of(concerned),
        start_s=(today - np.arange(float(table.size))) * SECONDS_PER_DAY,
        now_s=reports.hour * SECONDS_PER_HOUR,
        hour_shares=terms.hour_shares,
        recovered=terms.tuning.outage.recovered_share,
    )
    return shares


def _look(terms: FleetTerms, before: Tally | None, vigil: Vigil, reports: Reports) -> tuple[Heard, Tally]:
    hour, day = reports.hour % HOURS_PER_DAY, reports.hour // HOURS_PER_DAY
    # older days change no more, and nothing is asked of them
    ages = range(min(max(terms.changing_days, tracking.REFERENCE_DAYS + 1), terms.fading.size))
    kept, none = ages_kept(reports), np.zeros((3, vigil.out.size))
    days = [_page_totals(page_of_age(reports, age)) if age in kept else none for age in ages]
    conversions, clicks, orders = np.array(days).transpose(1, 2, 0)
    return tracking.look(
        before,
        Totals(conversions=conversions, clicks=clicks, orders=orders),
        day=day,
        at_s=reports.hour * SECONDS_PER_HOUR,
        maturity=terms.maturity[hour, : len(ages)],
        # asked for once a day
        matured=matured(terms, vigil, reports)[..., : len(ages)]
        if before is None or day > before.day
        else terms.maturity[hour, : len(ages)],
        passed=float(terms.passed[hour]),
        tuning=terms.tuning.outage,
    )


@by_identity
def _page_totals(page: Page) -> Floats:
    """(3, n) conversions, clicks and orders of one day; most pages stay as they are from hour to hour."""
    figures = (page.conversions[..., 0], page.traffic[..., 1], page.shop[..., 0])
    return np.array([column.sum(axis=1) for column in figures], dtype=np.float64)
