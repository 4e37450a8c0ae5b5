"""Stability of the laws' loops: the shipped gains bear more gain and more lag, worse gains do not, and the law swings where it should."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autopilot.report.loop_margins import (
    REPORT_LAGS_H,
    SPEND_ELASTICITIES,
    TICK_DAYS,
    Margins,
    RoasPlant,
    SpendPlant,
    efficiency_loop,
    margins,
    pacing_loop,
    roas_margins,
    spend_margins,
    worst,
)
from autopilot.report.margin_sheets import margin_figures, margin_sheets, markdown
from control import pacing, pid
from control.efficiency import EfficiencyTuning
from control.laws import LawsTuning
from control.pacing import PacingTuning
from control.scarcity import ScarcityTuning
from perception.units import Floats

SHIPPED = LawsTuning()
DOCUMENTED_LAG_H = REPORT_LAGS_H[0]


def of_spend(tuning: PacingTuning, lag_h: tuple[int, int] = DOCUMENTED_LAG_H) -> Margins:
    return worst(spend_margins(tuning, SHIPPED.scarcity, lag_h=lag_h))


def test_shipped_pacing_keeps_both_margins_on_every_market_whose_reports_are_half_a_day_late() -> None:
    for plant, found in spend_margins(SHIPPED.pacing, SHIPPED.scarcity, lag_h=DOCUMENTED_LAG_H).items():
        assert found.enough, (plant, found)


def test_shipped_efficiency_keeps_both_margins_while_few_days_are_remembered() -> None:
    for plant, found in roas_margins(SHIPPED.efficiency, remembered_days=3).items():
        assert found.enough, (plant, found)


@pytest.mark.parametrize("changed", [{"kp": 2.0}, {"ki_per_day": 1.0}, {"kd_days": 2.0}, {"kp": 0.05}])
def test_gains_that_take_the_margin_are_found(changed: dict[str, float]) -> None:
    assert not of_spend(replace(SHIPPED.pacing, **changed)).enough


def test_gains_that_take_the_margin_of_the_efficiency_loop_are_found() -> None:
    assert not worst(roas_margins(replace(SHIPPED.efficiency, ki_per_day=1.0), remembered_days=3)).enough


def test_later_reports_and_longer_memories_leave_less_margin() -> None:
    by_lag = [of_spend(SHIPPED.pacing, lag).delay_days for lag in REPORT_LAGS_H]
    by_memory = [worst(roas_margins(SHIPPED.efficiency, remembered_days=days)).phase_deg for days in (3, 7, 14, 28)]

    assert by_lag == sorted(by_lag, reverse=True)
    assert by_memory == sorted(by_memory, reverse=True)


def test_scarcity_law_only_adds_margin_where_reports_are_half_a_day_late() -> None:
    for elasticity in SPEND_ELASTICITIES:
        alone, damped = (
            margins(
                pacing_loop(
                    SHIPPED.pacing, SHIPPED.scarcity, SpendPlant(elasticity=elasticity, lag_low_h=1, lag_high_h=12, used_share=used)
                )
            )
            for used in (0.0, 0.77)
        )
        assert damped.phase_deg > alone.phase_deg


def test_loop_without_gain_never_acts_and_never_swings() -> None:
    found = margins(efficiency_loop(EfficiencyTuning(kp=0.0, ki_per_day=0.0), RoasPlant(elasticity=1.0, remembered_days=7)))

    assert math.isinf(found.gain)
    assert math.isinf(found.phase_deg)
    assert found.crossover_per_day == 0.0
    assert found.sensitivity == pytest.approx(1.0)


def swing(tuning: PacingTuning, plant: SpendPlant, *, days: int) -> Floats:
    """Log alpha by day, as the largest distance from its mean: the real law around a market that answers as the plant says."""
    budget, hours = 1_000.0 * days, days * 24
    lags = np.arange(plant.lag_low_h + 1, plant.lag_high_h + 2)
    spend, log_alpha, memory = np.zeros(hours), np.zeros(hours), None
    wide = replace(tuning, alpha_low=1e-9, alpha_high=1e9)
    for hour in range(hours):
        seen = np.mean([spend[: max(hour - lag + 1, 0)].sum() for lag in lags])
        course = budget * (hour + 1 - lags.mean()) * TICK_DAYS / days
        terms, memory = pacing.pace(
            memory,
            planned_cents=np.array([course]),
            spent_cents=np.array([seen]),
            day_cents=np.array([1_000.0]),
            dt_days=TICK_DAYS,
            tuning=wide,
            # a little off where it belongs, so that there is something to settle
            alpha=1.01,
        )
        log_alpha[hour] = terms.output[0]
        # linear, as the analysis has it
        spend[hour] = 1_000.0 * TICK_DAYS * (1.0 + plant.elasticity * log_alpha[hour])
    largest: Floats = np.abs(log_alpha.reshape(days, 24)).max(axis=1)
    return largest


@pytest.mark.parametrize("elasticity", [1.5, 4.0])
def test_law_itself_settles_below_the_gain_margin_and_swings_beyond_it(elasticity: float) -> None:
    plant = SpendPlant(elasticity=elasticity, lag_low_h=1, lag_high_h=12)
    margin = margins(pacing_loop(SHIPPED.pacing, SHIPPED.scarcity, plant)).gain

    calm, wild = (
        swing(
            replace(SHIPPED.pacing, kp=factor * margin * SHIPPED.pacing.kp, ki_per_day=factor * margin * SHIPPED.pacing.ki_per_day),
            plant,
            days=12,
        )
        for factor in (0.85, 1.2)
    )

    assert calm[-1] < 0.5 * calm[1]
    assert wild[-1] > 2.0 * wild[1]


def test_derivative_of_the_analysis_is_the_one_of_the_law() -> None:
    tuning = replace(SHIPPED.pacing, kp=0.2, ki_per_day=0.0, kd_days=0.1)
    plant = SpendPlant(elasticity=2.0, lag_low_h=1, lag_high_h=12)
    margin = margins(pacing_loop(tuning, ScarcityTuning(), plant)).gain

    calm, wild = (
        swing(replace(tuning, kp=factor * margin * tuning.kp, kd_days=factor * margin * tuning.kd_days), plant, days=12)
        for factor in (0.85, 1.2)
    )

    assert calm[-1] < calm[1]
    assert wild[-1] > wild[1]


def test_longer_memory_of_the_law_itself_is_what_the_analysis_says() -> None:
    settled, swinging = (roas_course(days) for days in (3, 28))

    assert settled == pytest.approx(math.log(0.5), abs=0.02)
    assert abs(swinging - math.log(0.5)) > 0.02


def roas_course(remembered_days: int) -> float:
    """Log alpha cap after 40 days: the real law, whose ROAS is an even mean over the remembered days of 0.5 / alpha × target."""
    course, memory = np.zeros(40 * 24), None
    for hour in range(course.size):
        since = max(hour - remembered_days * 24, 0)
        seen = np.exp(np.mean(math.log(0.5) - course[since:hour])) if hour else 0.5
        terms, memory = hold_one(memory, float(seen))
        course[hour] = terms.output[0]
    return float(course[-24:].mean() + 0.5 * (course[-24:].max() - course[-24:].min()))


def hold_one(memory: pid.Memory | None, roas: float) -> tuple[pid.Terms, pid.Memory]:
    from control import efficiency

    return efficiency.hold(
        memory,
        roas=np.array([roas]),
        target_roas=np.array([1.0]),
        floor_alpha=np.array([0.01]),
        expected_sales=np.array([50.0]),
        dt_days=TICK_DAYS,
        high_alpha=1.0,
        tuning=EfficiencyTuning(),
    )


def test_page_about_control_has_the_margins_of_the_shipped_gains(repository: Path) -> None:
    page = (repository / "docs" / "control.md").read_text(encoding="utf-8")

    for sheet in margin_sheets(SHIPPED):
        assert markdown(sheet) in page, f"docs/control.md needs:\n{markdown(sheet)}"


def test_margins_are_given_to_machines_by_lag_and_by_memory() -> None:
    figures = margin_figures(SHIPPED)

    assert list(figures["pacing"]) == ["1-12h", "6-24h", "6-48h"]
    assert figures["pacing"]["1-12h"]["enough"] is True
    assert set(figures["efficiency"]["28d"]) == {"gain", "phase_deg", "crossover_per_day", "delay_days", "sensitivity", "enough"}
