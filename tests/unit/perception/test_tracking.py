"""Conversions that happened while nobody counted them are no evidence: neither for nor against a click."""

from __future__ import annotations

import numpy as np
import pytest

from perception import tracking
from perception.maturity import MaturityCurve, expected_maturity, never_reported
from perception.outage import Blind, OutageTuning
from perception.shape import ActivityShape
from perception.tracking import Totals
from perception.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, Floats

CURVE, HOURS = MaturityCurve(), ActivityShape().hour_shares()


def blind(*stretches: tuple[float, float]) -> Blind:
    from_s, to_s = (np.full((1, 4), np.nan) for _ in range(2))
    for place, (begins, ends) in enumerate(stretches):
        from_s[0, place], to_s[0, place] = begins * SECONDS_PER_DAY, ends * SECONDS_PER_DAY
    return Blind(from_s=from_s, to_s=to_s)


def lost(held: Blind, *, now_days: float, starts: Floats, recovered: float = 0.0) -> Floats:
    """Share per click day, (d,)."""
    share = never_reported(
        CURVE,
        from_s=held.from_s,
        to_s=held.to_s,
        start_s=starts * SECONDS_PER_DAY,
        now_s=now_days * SECONDS_PER_DAY,
        hour_shares=HOURS,
        recovered=recovered,
    )
    of_store: Floats = share[0]
    return of_store


def drawn(begins: float, ends: float, *, now_days: float, clicks: int = 300_000) -> float:
    """The same by drawing each click of day 0, its delay and the lag of its report."""
    draw = np.random.default_rng(5)
    click_s = (draw.choice(24, size=clicks, p=HOURS) + draw.random(clicks)) * SECONDS_PER_HOUR
    kind, cut = draw.random(clicks), -np.expm1(-CURVE.horizon_s / CURVE.days_mean_s)
    delay_s = np.where(
        kind < CURVE.minutes_weight,
        draw.exponential(CURVE.minutes_mean_s, clicks),
        np.where(
            kind < CURVE.minutes_weight + CURVE.day_weight,
            draw.uniform(CURVE.day_low_s, CURVE.day_high_s, clicks),
            -CURVE.days_mean_s * np.log1p(-draw.random(clicks) * cut),
        ),
    )
    happened, now_s = click_s + delay_s, now_days * SECONDS_PER_DAY
    age_s, lag_s = now_s - happened, draw.uniform(CURVE.lag_low_s, CURVE.lag_high_s, clicks)
    shown = np.where(
        age_s >= lag_s, CURVE.fresh_share + (1.0 - CURVE.fresh_share) * np.clip(age_s / CURVE.restated_within_s, 0.0, 1.0), 0.0
    )
    within = (happened >= begins * SECONDS_PER_DAY) & (happened < ends * SECONDS_PER_DAY)
    reported = now_s - click_s >= draw.uniform(CURVE.lag_low_s, CURVE.lag_high_s, clicks)
    return float((shown * within)[reported].sum() / reported.sum())


@pytest.mark.parametrize(("begins", "ends", "now"), [(0.5, 2.0, 2.5), (0.0, 1.0, 3.0), (1.0, 4.0, 8.0), (2.0, 2.5, 10.0), (-1.0, 0.4, 2.0)])
def test_the_lost_share_is_what_drawing_every_click_gives(begins: float, ends: float, now: float) -> None:
    (share,) = lost(blind((begins, ends)), now_days=now, starts=np.array([0.0]))

    assert share == pytest.approx(drawn(begins, ends, now_days=now), abs=0.04)


def test_nothing_is_lost_without_a_stretch_before_it_or_when_all_has_come_back() -> None:
    starts = np.array([0.0, 1.0])

    assert not lost(blind(), now_days=5.0, starts=starts).any()
    assert not lost(blind((-9.0, -8.0)), now_days=5.0, starts=starts).any()
    assert not lost(blind((0.5, 1.5)), now_days=5.0, starts=starts, recovered=1.0).any()


def test_a_day_of_which_nothing_was_counted_says_hardly_anything() -> None:
    now_s, start_s = 3.0 * SECONDS_PER_DAY, np.array([1.0]) * SECONDS_PER_DAY
    maturity = expected_maturity(CURVE, elapsed_s=now_s - start_s, hour_shares=HOURS)

    share = tracking.matured_share(CURVE, maturity, blind((0.9, np.inf)), start_s=start_s, now_s=now_s, hour_shares=HOURS, recovered=0.3)

    assert maturity[0] > 0.5
    assert share[0, 0] <= 0.1 * maturity[0]


def test_what_was_added_since_the_last_look_is_compared_day_by_day_also_over_midnight() -> None:
    tuning, maturity = OutageTuning(cautious_sd=0.0), np.ones(16)
    flat = np.full((1, 16), 10.0)
    first = Totals(conversions=flat * 0.1, clicks=flat, orders=flat)
    grown = Totals(conversions=np.concatenate((np.full((1, 1), 2.0), first.conversions[:, :-1]), axis=1), clicks=flat, orders=flat)

    nothing, before = tracking.look(None, first, day=1, at_s=0.0, maturity=maturity, matured=maturity, passed=0.5, tuning=tuning)
    heard, _ = tracking.look(before, grown, day=2, at_s=1.0, maturity=maturity, matured=maturity, passed=0.25, tuning=tuning)

    assert nothing.expected.tolist() == [0.0]
    assert heard.seen.tolist() == [2.0]
    # today's ten clicks at one conversion in ten
    assert heard.expected == pytest.approx([1.0])
    # three quarters of a day at ten orders a day
    assert heard.witness_expected == pytest.approx([7.5])


def test_a_blind_day_counts_by_the_share_of_which_something_was_told() -> None:
    starts = np.array([0.0, 1.0, 2.0]) * SECONDS_PER_DAY

    share = tracking.blind_share(blind((0.5, 1.0), (1.75, np.inf)), start_s=starts, until_s=2.5 * SECONDS_PER_DAY)

    assert share[0] == pytest.approx([0.5, 0.25, 1.0])
