"""The fence of daily budgets: room above the plan, nothing lowered without need, nothing beyond the grant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from control.fence import FenceTuning, fenced_budgets
from control.sight import Sight
from perception.fields import Field
from tests.unit.control.sights import sight_of_seed, sights

TUNING = FenceTuning(headroom=1.5, slack=2.0)


def planned(*budgets: float, day: float = 0.5, grant: float = 14_000.0, spent: float = 0.0) -> Sight:
    """A store half through a day of a window of fourteen even days, whose campaigns have these daily budgets."""
    standing = np.array([budgets])
    sight = sight_of_seed(1, n=1, m=2, c=standing.shape[1])
    none = np.zeros_like(standing)
    return replace(
        sight,
        now_days=day,
        setpoints=sight.setpoints | {Field.DAILY_BUDGET: standing},
        course=replace(
            sight.course, ad_budget_cents=np.array([grant]), starts_days=0.0, ends_days=14.0, daily_shares=np.full((1, 14), 1.0 / 14.0)
        ),
        reach=replace(
            sight.reach,
            budget_low_24h_cents=standing,
            worst_window_cents=none + spent / standing.shape[1],
            worst_month_cents=none,
            worst_today_cents=none,
            step_share=1.0,
        ),
    )


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ([1000.0, 500.0], [1000.0, 500.0]),  # the least
        ([1600.0, 800.0], [1600.0, 800.0]),
        ([2000.0, 1000.0], [2000.0, 1000.0]),  # twice the least
        ([4000.0, 2000.0], [2000.0, 1000.0]),
        ([900.0, 450.0], [1000.0, 500.0]),
    ],
)
def test_budgets_are_left_standing_between_the_least_and_its_slack(standing: list[float], expected: list[float]) -> None:
    # 14,000 over 14 days with half as much room again: 1,500 a day
    budgets, paused = fenced_budgets(planned(*standing), TUNING)

    assert budgets[0].tolist() == expected
    assert not paused[0]


def test_budget_that_stands_is_wished_to_the_cent_whatever_the_split() -> None:
    standing = [611.0, 397.0, 173.0, 491.0, 3.0]

    assert fenced_budgets(planned(*standing), TUNING)[0][0].tolist() == standing


def test_what_stands_is_cut_to_what_is_left_of_the_grant() -> None:
    sight = planned(2000.0, day=12.5, spent=12_500.0)
    ratio = sight.reach.limits.overdelivery_day_ratio

    assert fenced_budgets(sight, TUNING)[0][0, 0] == np.floor(1_500.0 / ratio)


def test_grant_that_is_used_up_pauses() -> None:
    assert fenced_budgets(planned(2000.0, day=12.5, spent=14_000.0), TUNING)[1].tolist() == [True]


@settings(max_examples=60, deadline=None)
@given(sight=sights())
def test_fence_never_rises_above_the_slack_of_a_plan(sight: Sight) -> None:
    wide, _ = fenced_budgets(sight, TUNING)

    standing = np.where(sight.setpoints[Field.DAILY_BUDGET] > 0.0, sight.setpoints[Field.DAILY_BUDGET], 0.0)
    raised = np.where(np.isnan(wide), standing, wide).sum(axis=1)
    assert (raised <= np.maximum(standing.sum(axis=1), TUNING.slack * TUNING.headroom * sight.course.ad_budget_cents)).all()
