"""What reports added since the last look, against what they should have: conversions of ads, and orders of the shop.

Figures of a day are cumulative and change for days, so what counts is by how much each day has grown. The first axis is the store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.maturity import MaturityCurve, never_reported
from perception.outage import Blind, Heard, OutageTuning
from perception.units import SECONDS_PER_DAY, Floats

REFERENCE_DAYS = 14
"""Whole days before today that say how many conversions a click brings."""

USUAL_DAYS = 7
"""Whole days before today that say how many orders a day brings: each weekday once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over the SKUs by age of the day, today first, (n, k) each; k > ``REFERENCE_DAYS``, and days older than k change no more.

    Attributes:
        conversions, clicks: Of click days.
        orders: Of order days.
    """

    conversions: Floats
    clicks: Floats
    orders: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """As of the last look.

    Attributes:
        day: Its store-local day ordinal, or day index.
        at_s: When it was.
        conversions, trials, orders: (n, k) totals by age; trials are clicks weighed by maturity.
        passed: Share of its day's activity that the shop's report covered.
        orders_per_trial: (n,) conversions to be expected per trial, on the cautious side.
        orders_per_day: (n,) usual orders of the shop.
    """

    day: int
    at_s: float
    conversions: Floats
    trials: Floats
    orders: Floats
    passed: float
    orders_per_trial: Floats
    orders_per_day: Floats


def look(
    before: Tally | None, totals: Totals, *, day: int, at_s: float, maturity: Floats, matured: Floats, passed: float, tuning: OutageTuning
) -> tuple[Heard, Tally]:
    """Compare with the last look; the conversions are the feed, the orders their witness.

    Args:
        before: The last look; None at the first, of which nothing is to be expected.
        totals: As reported now.
        day, at_s: Now.
        maturity: (k,) share of each click day's conversions that should have been reported if tracking had always worked.
        matured: (k,) or (n, k) the same without what is known to have been lost.
        passed: Share of today's activity that the shop's report covers, [0, 1].
        tuning: How cautious.
    """
    trials = totals.clicks * maturity
    if before is None:
        none = np.zeros(totals.clicks.shape[0])
        heard = Heard(seen=none, expected=none, witnessed=none, witness_expected=none)
    else:
        older = max(day - before.day, 0)
        heard = Heard(
            # a figure that was restated downwards is no silence
            seen=np.maximum(totals.conversions - _aged(before.conversions, older), 0.0).sum(axis=1),
            expected=before.orders_per_trial * np.maximum((trials - _aged(before.trials, older)).sum(axis=1), 0.0),
            witnessed=np.maximum(totals.orders - _aged(before.orders, older), 0.0).sum(axis=1),
            witness_expected=before.orders_per_day * max(older + passed - before.passed, 0.0),
        )
    if before is not None and day <= before.day:
        per_trial, per_day = before.orders_per_trial, before.orders_per_day
    else:
        per_trial = _orders_per_trial(totals, matured, cautious_sd=tuning.cautious_sd)
        per_day = totals.orders[:, 1 : USUAL_DAYS + 1].mean(axis=1)
    after = Tally(
        day=day,
        at_s=at_s,
        conversions=totals.conversions,
        trials=trials,
        orders=totals.orders,
        passed=passed,
        orders_per_trial=per_trial,
        orders_per_day=per_day,
    )
    return heard, after


def turned(heard: Heard, *, cautious_sd: float, usual: Floats) -> Heard:
    """The orders as the feed and the conversions as its witness.

    Args:
        heard: With the conversions as the feed.
        cautious_sd: Standard deviations by which usual orders are taken lower.
        usual: (n,) usual orders a day.
    """
    doubt = cautious_sd / np.sqrt(np.maximum(usual * USUAL_DAYS, 1.0))
    return Heard(
        seen=heard.witnessed,
        expected=heard.witness_expected * np.maximum(1.0 - doubt, 0.0),
        witnessed=heard.seen,
        witness_expected=heard.expected,
    )


def matured_share(
    curve: MaturityCurve, maturity: Floats, blind: Blind, *, start_s: Floats, now_s: float, hour_shares: Floats, recovered: float
) -> Floats:
    """The maturity of click days without what happened while conversions were not counted, (n, k) in [least, 1].

    Args:
        curve: Delay, lag and restatement.
        maturity: (k,) as if conversions had always been counted.
        blind: When they were not.
        start_s: (k,) start of each click day.
        now_s: Of the report.
        hour_shares: (24,) share of a day's clicks per hour.
        recovered: See ``never_reported``.
    """
    lost = never_reported(
        curve, from_s=blind.from_s, to_s=blind.to_s, start_s=start_s, now_s=now_s, hour_shares=hour_shares, recovered=recovered
    )
    return np.clip(maturity - lost, curve.least, 1.0)


def blind_share(blind: Blind, *, start_s: Floats, until_s: float) -> Floats:
    """(n, k) share of each day, as far as it has passed by ``until_s``, of which the feed told nothing.

    Args:
        blind: When it told nothing.
        start_s: (k,) start of each day.
        until_s: Of the report.
    """
    end_s = np.minimum(start_s + SECONDS_PER_DAY, np.maximum(until_s, start_s + 1.0))
    within = np.minimum(np.minimum(blind.to_s[:, :, None], until_s), end_s) - np.maximum(blind.from_s[:, :, None], start_s)
    share: Floats = np.clip(np.nansum(np.maximum(within, 0.0), axis=1) / (end_s - start_s), 0.0, 1.0)
    return share


def _aged(figures: Floats, days: int) -> Floats:
    """Totals by age as they stand when so many days more have begun."""
    if days == 0:
        return figures
    older = np.zeros_like(figures)
    older[:, days:] = figures[:, :-days]
    return older


def _orders_per_trial(totals: Totals, matured: Floats, *, cautious_sd: float) -> Floats:
    """Conversions per matured click of the days before today, less some of their own Poisson scatter; 0 without any."""
    days = slice(1, REFERENCE_DAYS + 1)
    conversions = totals.conversions[:, days].sum(axis=1)
    trials = (totals.clicks[:, days] * np.broadcast_to(matured, totals.clicks.shape)[:, days]).sum(axis=1)
    sure = np.maximum(conversions - cautious_sd * np.sqrt(conversions), 0.0)
    per_trial: Floats = np.divide(sure, trials, out=np.zeros_like(sure), where=trials > 0.0)
    return per_trial
