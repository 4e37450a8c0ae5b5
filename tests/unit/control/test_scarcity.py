"""Scarcity: how much of its daily budget a campaign uses, and what that leaves of a click's value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from control import scarcity
from control.scarcity import ScarcityTuning
from control.sight import Sight
from perception.fields import Field
from perception.units import Floats
from tests.unit.control.sights import sight_of_seed

TUNING = ScarcityTuning(droop=1.0, sharpness=1.0, memory_days=2.0, grace_days=0.5)


def at(cost: list[float], *, budgets: tuple[float, float] = (1000.0, 500.0)) -> Sight:
    """Three SKUs, the first two in one campaign, that have cost this much in a window of ten days."""
    sight = sight_of_seed(1, n=1, m=3, c=2)
    return replace(
        sight,
        setpoints=sight.setpoints | {Field.DAILY_BUDGET: np.array([budgets])},
        course=replace(sight.course, starts_days=0.0, ends_days=10.0),
        goods=replace(sight.goods, campaign_of=np.array([0, 0, 1])),
        reported=replace(sight.reported, cost_held_cents=np.array([cost])),
    )


def used(*ticks: tuple[Sight, float]) -> Floats:
    """(c,) used share after these sights, each with the planned share of the window."""
    kept: dict[str, Floats] = {}
    share: Floats = np.array([[np.nan]])
    for sight, planned in ticks:
        share, kept = scarcity.used_share(kept, sight, planned_share=np.array([planned]), tuning=TUNING)
    used_by_campaign: Floats = share[0]
    return used_by_campaign


def steadily(cost_a_day: tuple[float, float, float], *, days: float, tick: float = 0.05) -> list[tuple[Sight, float]]:
    """Ticks of a store that spends this much on each planned day."""
    return [(at([cost * t for cost in cost_a_day]), t / 10.0) for t in np.arange(0.0, days + 1e-9, tick)]


def test_nothing_counts_as_used_before_anything_is_seen() -> None:
    assert used((at([5000.0, 700.0, 300.0]), 0.3)).tolist() == [0.0, 0.0]


def test_steady_spend_comes_to_its_share_of_the_budget_of_its_own_campaign() -> None:
    assert used(*steadily((500.0, 300.0, 100.0), days=9.0)) == pytest.approx([0.8, 0.2], rel=0.02)


def test_length_of_a_tick_hardly_matters() -> None:
    coarse, fine = (used(*steadily((500.0, 300.0, 100.0), days=4.0, tick=tick)) for tick in (0.1, 0.01))

    assert coarse == pytest.approx(fine, rel=0.03)


def test_days_without_planned_traffic_leave_the_share_as_it_is() -> None:
    ticks = steadily((500.0, 300.0, 100.0), days=3.0)

    assert used(*ticks, *[ticks[-1]] * 50) == pytest.approx(used(*ticks))


def test_days_that_leave_the_record_and_a_new_window_are_no_earnings() -> None:
    ticks = steadily((500.0, 300.0, 100.0), days=3.0)
    before = used(*ticks)

    assert used(*ticks, (at([0.0, 0.0, 0.0]), 0.3)) == pytest.approx(before)
    assert used(*ticks, (ticks[-1][0], 0.0)) == pytest.approx(before)


def test_campaign_without_a_budget_uses_none() -> None:
    nothing, unknown = 0.0, float("nan")
    first, second = (at([cost] * 3, budgets=(nothing, unknown)) for cost in (0.0, 100.0))

    assert used((first, 0.1), (second, 0.2)).tolist() == [0.0, 0.0]


def test_worth_falls_with_the_used_share_of_the_campaign() -> None:
    sight = at([0.0, 0.0, 0.0])
    value = np.array([[100.0, 50.0, 100.0]])

    worth = scarcity.worth_cents(value, np.array([[1.0, 0.0]]), sight, TUNING)

    assert worth[0] == pytest.approx([100.0 / np.e, 50.0 / np.e, 100.0])
    assert scarcity.worth_cents(value, np.array([[1.0, 0.5]]), sight, replace(TUNING, droop=0.0)).tolist() == value.tolist()


def test_sharp_law_leaves_a_campaign_on_course_alone_and_one_that_passes_its_budget_a_little() -> None:
    sight = at([0.0, 0.0, 0.0])
    value = np.array([[100.0, 50.0, 100.0]])

    worth = scarcity.worth_cents(value, np.array([[0.77, 3.0]]), sight, ScarcityTuning())

    assert worth[0, :2] == pytest.approx([100.0, 50.0], rel=0.02)
    assert worth[0, 2] == pytest.approx(100.0 * np.exp(-scarcity.SCARCEST))
