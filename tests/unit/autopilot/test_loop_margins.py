"""Stability of the laws' loops: the shipped gains bear more gain and more lag, worse gains do not, and the law swings where it should."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autopilot.report.loop_margins import (
    LEAST_PHASE_DEG,
    REMEMBERED_DAYS,
    REPORT_LAGS_H,
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
from control import pacing, response
from control.efficiency import EfficiencyTuning
from control.laws import LawsTuning
from control.pacing import PacingTuning
from perception.units import Floats

SHIPPED = LawsTuning()
DOCUMENTED_LAG_H = REPORT_LAGS_H[0]


def of_spend(tuning: PacingTuning, lag_h: tuple[int, int] = DOCUMENTED_LAG_H) -> Margins:
    return worst(spend_margins(tuning, SHIPPED.scarcity, lag_h=lag_h))


def test_shipped_pacing_keeps_both_margins_on_every_market_whose_reports_are_half_a_day_late() -> None:
    for plant, found in spend_margins(SHIPPED.pacing, SHIPPED.scarcity, lag_h=DOCUMENTED_LAG_H).items():
        assert found.enough, (plant, found)


def test_shipped_efficiency_swings_on_no_market_however_many_days_are_remembered() -> None:
    for days in REMEMBERED_DAYS:
        for plant, found in roas_margins(SHIPPED.efficiency, remembered_days=days).items():
            assert found.gain > 1.5, (plant, found)
            assert found.phase_deg > LEAST_PHASE_DEG, (plant, found)


@pytest.mark.parametrize(("kp", "ki_per_day", "kd_days"), [(3.0, 0.0, 0.0), (0.5, 1.5, 0.0), (0.0, 0.0, 3.0)])
def test_gains_that_take_the_margin_are_found(kp: float, ki_per_day: float, kd_days: float) -> None:
    assert not of_spend(replace(SHIPPED.pacing, kp=kp, ki_per_day=ki_per_day, kd_days=kd_days)).enough


@pytest.mark.parametrize("changed", [{"spend_elasticity": 0.4}, {"memory_days": 0.1}])
def test_forecasts_that_take_the_margin_are_found(changed: dict[str, float]) -> None:
    assert not of_spend(replace(SHIPPED.pacing, response=replace(SHIPPED.pacing.response, **changed))).enough


def test_memory_of_alpha_that_takes_the_margin_of_the_efficiency_loop_is_found() -> None:
    assert not worst(roas_margins(replace(SHIPPED.efficiency, memory_days=0.5), remembered_days=14)).enough


def test_later_reports_leave_less_margin() -> None:
    found = [of_spend(SHIPPED.pacing, lag) for lag in REPORT_LAGS_H]

    assert [one.delay_days for one in found] == sorted((one.delay_days for one in found), reverse=True)
    assert [one.gain for one in found] == sorted((one.gain for one in found), reverse=True)


def test_loop_without_an_answer_never_acts_and_never_swings() -> None:
    found = margins(efficiency_loop(EfficiencyTuning(), RoasPlant(elasticity=0.0, remembered_days=7)))

    assert math.isinf(found.gain)
    assert math.isinf(found.phase_deg)
    assert found.crossover_per_day == 0.0
    assert found.sensitivity == pytest.approx(1.0)


def swing(tuning: PacingTuning, plant: SpendPlant, *, days: int) -> Floats:
    """Log alpha by day, as the largest distance from its mean: the real law around a market that answers as the plant says."""
    hours = days * 24
    lags = np.arange(plant.lag_low_h + 1, plant.lag_high_h + 2)
    spend, log_alpha, loop = np.zeros(hours), np.zeros(hours), None
    wide = replace(tuning, alpha_low=1e-9, alpha_high=1e9)
    # a little off where it belongs, so that there is something to settle
    kept = response.began(log_alpha=np.array([0.01]), spent_cents=np.zeros(1), planned_days=np.zeros(1))
    for hour in range(hours):
        seen = np.array([np.mean([spend[: max(hour - lag + 1, 0)].sum() for lag in lags])])
        passed = np.array([np.mean(np.maximum(hour - lags + 1, 0)) * TICK_DAYS])
        kept = response.learnt(kept, spent_cents=seen, planned_days=passed, tuning=tuning.response)
        wanted = 1_000.0 + (1_000.0 * passed - seen) / plant.left_days
        log_found, terms, loop = pacing.pace(
            loop,
            forecast=response.forecast(kept, day_cents=wanted, tuning=tuning.response),
            planned_cents=1_000.0 * passed,
            spent_cents=seen,
            day_cents=np.array([1_000.0]),
            dt_days=TICK_DAYS,
            tuning=wide,
        )
        assert np.isfinite(terms.output).all()
        kept = response.felt(kept, log_found, dt_days=TICK_DAYS, lag_s=tuning.reporting_lag_s)
        log_alpha[hour] = log_found[0]
        # linear, as the analysis has it
        spend[hour] = 1_000.0 * TICK_DAYS * max(1.0 + plant.elasticity * log_alpha[hour], 0.0)
    largest: Floats = np.abs(log_alpha.reshape(days, 24)).max(axis=1)
    return largest


@pytest.mark.parametrize("elasticity", [1.5, 4.0])
def test_law_itself_settles_below_the_gain_margin_and_swings_beyond_it(elasticity: float) -> None:
    plant = SpendPlant(elasticity=elasticity, lag_low_h=1, lag_high_h=12)
    margin = margins(pacing_loop(SHIPPED.pacing, SHIPPED.scarcity, plant)).gain

    def answering(factor: float) -> PacingTuning:
        """The believed elasticity is the inverse of the forecast's gain."""
        believed = SHIPPED.pacing.response
        return replace(SHIPPED.pacing, response=replace(believed, spend_elasticity=believed.spend_elasticity / (factor * margin)))

    calm, wild = (swing(answering(factor), plant, days=24) for factor in (0.7, 1.3))

    assert calm[-1] < 0.5 * calm[2]
    # spend cannot fall below nothing, which is where a wild one stops growing
    assert wild[-1] > 0.1
    assert wild[-1] > 5.0 * calm[-1]


def test_page_about_control_has_the_margins_of_the_shipped_gains(repository: Path) -> None:
    page = (repository / "docs" / "control.md").read_text(encoding="utf-8")

    for sheet in margin_sheets(SHIPPED):
        assert markdown(sheet) in page, f"docs/control.md needs:\n{markdown(sheet)}"


def test_margins_are_given_to_machines_by_lag_and_by_memory() -> None:
    figures = margin_figures(SHIPPED)

    assert list(figures["pacing"]) == ["1-12h", "6-24h", "6-48h"]
    assert figures["pacing"]["1-12h"]["enough"] is True
    assert set(figures["efficiency"]["28d"]) == {"gain", "phase_deg", "crossover_per_day", "delay_days", "sensitivity", "enough"}
