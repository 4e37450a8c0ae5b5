"""The baselines in batch: an even budget, one bid for all, and rules that wait for evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from control.baselines import AcosRules, DoNothing, FixedBid
from control.controller import ControllerMemory
from control.sight import Sight
from perception.fields import Field
from tests.unit.control.sights import sight_of_seed

RULES = AcosRules(start_bid_cents=20, target_acos=0.25, step_ratio=0.15, min_clicks=10, waiting_days=7.0)


def watched(*, clicks: list[float], cost: list[float], revenue: list[float]) -> Sight:
    """One store, hourly, with these figures of the last seven days."""
    sight = sight_of_seed(6, n=1, m=len(clicks), c=1)
    return replace(
        sight,
        dt_days=1.0 / 24.0,
        course=replace(sight.course, covered=np.ones((1, len(clicks)), dtype=np.bool_), ad_budget_cents=np.array([1e6])),
        reported=replace(
            sight.reported, clicks_7d=np.array([clicks]), cost_7d_cents=np.array([cost]), revenue_7d_cents=np.array([revenue])
        ),
        reach=replace(sight.reach, worst_window_cents=np.zeros((1, 1)), step_share=1.0),
    )


def test_nothing_is_left_to_the_merchant() -> None:
    memory = ControllerMemory()

    proposal, after = DoNothing().propose(memory, sight_of_seed(1))

    assert proposal.setpoints == {}
    assert after is memory


def test_rules_step_after_the_wait_and_on_enough_clicks_only() -> None:
    sight = watched(clicks=[9.0, 10.0, 40.0, 40.0], cost=[500.0, 500.0, 500.0, 500.0], revenue=[0.0, 0.0, 1999.0, 2001.0])
    memory = ControllerMemory()

    aimed = []
    for _ in range(2 * 7 * 24 + 1):
        _, memory = RULES.propose(memory, sight)
        aimed.append(memory.arrays["aimed_cents"][0].tolist())

    assert all(step == [20.0] * 4 for step in aimed[: 7 * 24])
    assert all(step == [20.0, 17.0, 17.0, 23.0] for step in aimed[7 * 24 : 2 * 7 * 24])
    assert aimed[-1] == [20.0, 14.0, 14.0, 26.0]


def test_bids_reach_for_the_aim_step_by_step_and_pause_without_a_grant() -> None:
    sight = watched(clicks=[0.0, 0.0], cost=[0.0, 0.0], revenue=[0.0, 0.0])
    sight = replace(sight, setpoints=sight.setpoints | {Field.BID: np.array([[0.0, 20.0]])})
    spent = replace(sight, reach=replace(sight.reach, worst_window_cents=np.array([[2e6]])))

    bids = FixedBid(bid_cents=25).propose(ControllerMemory(), sight)[0].setpoints[Field.BID]
    paused = FixedBid(bid_cents=25).propose(ControllerMemory(), spent)[0].setpoints[Field.BID]

    assert bids.tolist() == [[10.0, 25.0]]
    assert paused.tolist() == [[0.0, 0.0]]


def test_budget_is_spread_evenly_over_days_and_campaigns() -> None:
    sight = sight_of_seed(6, n=2, c=2)
    standing = np.full((2, 2), 5_000.0)
    sight = replace(
        sight,
        setpoints=sight.setpoints | {Field.DAILY_BUDGET: standing},
        course=replace(sight.course, starts_days=0.5, ends_days=10.5, ad_budget_cents=np.array([40_000.0, 20_000.0])),
        reach=replace(sight.reach, worst_window_cents=np.zeros((2, 2))),
    )

    budgets = FixedBid(bid_cents=25).propose(ControllerMemory(), sight)[0].setpoints[Field.DAILY_BUDGET]

    assert budgets.tolist() == [[2_000.0, 2_000.0], [1_000.0, 1_000.0]]
