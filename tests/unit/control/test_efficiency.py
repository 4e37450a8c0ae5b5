"""Efficiency: ROAS corrected for lag, a cap that comes from the cheap side, and no death spiral."""

from __future__ import annotations

import math

import numpy as np
import pytest

from control.efficiency import EfficiencyTuning, corrected_roas, hold, safe_alpha


def test_fresh_days_count_by_what_can_be_known_of_them() -> None:
    roas = corrected_roas({1: 400.0, 2: 40.0}, {1: 1.0, 2: 0.1}, {1: 100.0, 2: 100.0})

    assert roas == pytest.approx(440.0 / 110.0)


def test_roas_is_unknown_before_anything_was_spent() -> None:
    assert math.isnan(corrected_roas({}, {}, {}))


def test_safe_alpha_cannot_breach_the_target() -> None:
    value, revenue = np.array([50.0, 20.0, 0.0]), np.array([200.0, 60.0, 10.0])

    alpha = safe_alpha(value, revenue, target_roas=4.0)

    assert np.all(alpha * value[:2] <= revenue[:2] / 4.0 + 1e-9)
    assert alpha == pytest.approx(60.0 / 4.0 / 20.0)


def test_nothing_to_advertise_needs_no_floor() -> None:
    assert safe_alpha(np.zeros(2), np.zeros(2), target_roas=4.0) == math.inf


def step(memory: object, roas: float, *, target: float = 4.0, sales: float = 50.0, floor: float = 0.2) -> tuple[float, object]:
    terms, after = hold(
        memory,  # type: ignore[arg-type]
        roas=roas,
        target_roas=target,
        floor_alpha=floor,
        expected_sales=sales,
        dt_days=1.0 / 24.0,
        high_alpha=1.0,
        tuning=EfficiencyTuning(),
    )
    return (math.nan if terms is None else math.exp(terms.output)), after


def test_without_a_target_there_is_no_cap() -> None:
    cap, memory = step(None, 1.0, target=0.0)

    assert math.isnan(cap)
    assert memory is None


def test_unmeasured_limit_is_approached_from_the_cheap_side() -> None:
    cap, _ = step(None, math.nan, sales=0.0)

    assert cap == pytest.approx(0.2)


def held(memory: object, roas: float, *, days: int) -> tuple[float, object]:
    cap = math.nan
    for _ in range(24 * days):
        cap, memory = step(memory, roas)
    return cap, memory


def test_good_roas_opens_the_cap_and_bad_roas_closes_it_to_the_floor() -> None:
    opened, memory = held(None, 8.0, days=20)
    closed, _ = held(memory, 1.0, days=30)

    assert opened == pytest.approx(1.0)
    assert closed == pytest.approx(0.2)


def test_cap_recovers_from_its_floor_once_roas_does() -> None:
    _, memory = held(None, 0.5, days=30)
    recovered, _ = held(memory, 9.0, days=5)

    assert recovered > 0.5
