"""Stages follow from sales, stock and launch."""

from __future__ import annotations

from typing import Any

import numpy as np

from planning.evidence import sales_record
from planning.plan import Goal, Stage
from planning.selection import POLICIES, Selection, select


def selected(request: Any) -> Selection:
    return select(request.state, request.catalogue, sales_record(request))


def week_by_week(request: Any, *units: tuple[float, float, float, float]) -> dict[int, np.ndarray]:
    """The same units every day of a week, oldest week first."""
    today = request.state.day
    return {today - 7 * (len(units) - week) + day: np.array(row) for week, row in enumerate(units) for day in range(7)}


def test_best_sellers_are_mature_and_the_rest_is_long_tail(make: Any) -> None:
    chosen = selected(make(state={"on_hand": np.full(4, np.nan)}))

    assert chosen.stages == (Stage.MATURE, Stage.MATURE, Stage.LONG_TAIL, Stage.LONG_TAIL)
    assert chosen.units_per_day.tolist() == [10.0, 5.0, 1.0, 0.0]
    assert np.isnan(chosen.cover_days).all()


def test_stock_for_more_than_a_season_is_cleared(make: Any) -> None:
    chosen = selected(make(state={"on_hand": np.array([1200.0, 601.0, 50.0, 0.0])}))

    assert chosen.stages[:3] == (Stage.MATURE, Stage.CLEARANCE, Stage.LONG_TAIL)
    assert chosen.cover_days[:3].tolist() == [120.0, 120.2, 50.0]


def test_launch_is_new_until_its_first_sales(make: Any) -> None:
    plain = make()
    units = week_by_week(plain, (10.0, 5.0, 0.1, 1.0))

    chosen = selected(make(state={"units_by_day": units}, catalogue={"is_new": np.array([False, False, True, True])}))

    assert chosen.stages[2:] == (Stage.NEW, Stage.TAKING_OFF)


def test_new_products_are_not_cleared(make: Any) -> None:
    chosen = selected(make(state={"on_hand": np.full(4, 1e6)}, catalogue={"is_new": np.array([False, False, False, True])}))

    assert chosen.stages[3] is Stage.NEW


def test_taking_off_needs_a_rise_beyond_noise_over_two_whole_weeks(make: Any) -> None:
    plain = make()
    rising = selected(make(state={"units_by_day": week_by_week(plain, (10.0, 5.0, 1.0, 0.0), (10.0, 15.0, 1.2, 0.0))}))
    early = selected(make(state={"units_by_day": week_by_week(plain, (10.0, 15.0, 1.2, 0.0))}))

    assert rising.stages[1] is Stage.TAKING_OFF
    assert (rising.units_7d[1], rising.units_before_7d[1]) == (105.0, 35.0)
    assert rising.stages[2] is not Stage.TAKING_OFF
    assert Stage.TAKING_OFF not in early.stages


def test_store_without_a_record_is_all_long_tail(make: Any) -> None:
    assert set(selected(make(state={"units_by_day": {}, "on_hand": np.full(4, np.nan)})).stages) == {Stage.LONG_TAIL}


def test_every_stage_has_a_policy_and_launches_aim_at_the_first_sale() -> None:
    assert set(POLICIES) == set(Stage)
    assert POLICIES[Stage.NEW].goal is Goal.FIRST_SALE
    assert POLICIES[Stage.MATURE].goal is None
