"""Efficiency: ROAS corrected for lag, a cap that comes from the cheap side, and no death spiral."""

from __future__ import annotations

import math

import numpy as np
import pytest

from control import pid
from control.efficiency import EfficiencyTuning, corrected_roas, hold, safe_alpha
from perception.units import Floats


def test_fresh_days_count_by_what_can_be_known_of_them() -> None:
    revenue, cost = np.array([[400.0, 40.0], [400.0, 0.0]]), np.array([[100.0, 100.0], [200.0, 0.0]])

    roas = corrected_roas(revenue, np.array([1.0, 0.1]), cost)

    assert roas == pytest.approx([440.0 / 110.0, 2.0])


def test_roas_is_unknown_before_anything_was_spent() -> None:
    assert np.isnan(corrected_roas(np.zeros((1, 0)), np.zeros(0), np.zeros((1, 0)))).all()
    assert np.isnan(corrected_roas(np.array([[50.0]]), np.ones(1), np.array([[0.0]]))).all()


def test_safe_alpha_cannot_breach_the_target() -> None:
    value, revenue = np.array([[50.0, 20.0, 0.0], [10.0, 10.0, 10.0]]), np.array([[200.0, 60.0, 10.0], [80.0, np.nan, 60.0]])

    alpha = safe_alpha(value, revenue, target_roas=np.array([4.0, 2.0]))

    assert np.all(alpha[0] * value[0, :2] <= revenue[0, :2] / 4.0 + 1e-9)
    assert alpha == pytest.approx([60.0 / 4.0 / 20.0, 60.0 / 2.0 / 10.0])


def test_nothing_to_advertise_needs_no_floor() -> None:
    assert safe_alpha(np.zeros((1, 2)), np.zeros((1, 2)), target_roas=np.array([4.0])) == [math.inf]


def steps(
    memory: pid.Memory | None, roas: list[float], *, target: list[float], sales: list[float], floor: list[float]
) -> tuple[Floats, pid.Memory]:
    terms, after = hold(
        memory,
        roas=np.array(roas),
        target_roas=np.array(target),
        floor_alpha=np.array(floor),
        expected_sales=np.array(sales),
        dt_days=1.0 / 24.0,
        high_alpha=1.0,
        tuning=EfficiencyTuning(),
    )
    return np.exp(terms.output), after


def step(memory: pid.Memory | None, roas: float, *, target: float = 4.0, sales: float = 50.0) -> tuple[float, pid.Memory]:
    caps, after = steps(memory, [roas], target=[target], sales=[sales], floor=[0.2])
    return float(caps[0]), after


def test_without_a_target_there_is_no_cap() -> None:
    cap, memory = step(None, 1.0, target=0.0)

    assert math.isnan(cap)
    assert not pid.is_running(memory)


def test_unmeasured_limit_is_approached_from_the_cheap_side() -> None:
    cap, _ = step(None, math.nan, sales=0.0)

    assert cap == pytest.approx(0.2)


def held(memory: pid.Memory | None, roas: float, *, days: int) -> tuple[float, pid.Memory | None]:
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


TABLE = [
    # roas, target, expected sales, floor, lowest and highest cap after a day
    (8.0, 4.0, 50.0, 0.2, 0.24, 0.25),
    (2.0, 4.0, 50.0, 0.2, 0.2, 0.2),
    (8.0, 4.0, 4.9, 0.2, 0.2, 0.2),
    (math.nan, 4.0, 50.0, 0.2, 0.2, 0.2),
    (math.inf, 4.0, 50.0, 0.2, 0.2, 0.2),
    (0.0, 4.0, 50.0, 0.2, 0.2, 0.2),
    (8.0, 4.0, 50.0, math.inf, 1.0, 1.0),
    (8.0, 4.0, 50.0, 5.0, 1.0, 1.0),
    (2.0, 4.0, 50.0, 0.0, 1e-6, 1e-5),
    (8.0, 0.0, 50.0, 0.2, math.nan, math.nan),
]


def test_stores_of_a_batch_are_held_each_by_its_own_evidence() -> None:
    roas, target, sales, floor, low, high = (list(column) for column in zip(*TABLE, strict=True))
    caps, memory = steps(None, roas, target=target, sales=sales, floor=floor)

    for _ in range(23):
        caps, memory = steps(memory, roas, target=target, sales=sales, floor=floor)

    assert np.isnan(caps).tolist() == np.isnan(low).tolist()
    assert not (caps < np.array(low) * (1.0 - 1e-5)).any()
    assert not (caps > np.array(high) * (1.0 + 1e-5)).any()


def test_target_that_comes_later_starts_its_loop_then() -> None:
    _, memory = steps(None, [8.0, 8.0], target=[0.0, 4.0], sales=[50.0, 50.0], floor=[0.2, 0.2])

    caps, after = steps(memory, [8.0, 8.0], target=[4.0, 4.0], sales=[50.0, 50.0], floor=[0.2, 0.2])

    assert caps[0] == pytest.approx(0.2, rel=0.05)
    assert caps[1] > caps[0]
    assert pid.is_running(after)
