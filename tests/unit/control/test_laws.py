"""The laws in batch: taking over from the bids that stand, capping by ROAS, pausing, learning and leaving small differences alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from control.clipping import bid_ceiling
from control.controller import ControllerMemory
from control.laws import Laws, LawsTuning, implied_alpha
from control.scarcity import SCARCEST
from control.sight import Sight
from perception.fields import Field
from perception.state import Estimate
from perception.units import Floats
from tests.unit.control.sights import sight_of_seed, sights


def plain(*, value: Floats, bid: Floats) -> Sight:
    """Stores with money left, in the middle of a window, whose SKUs are worth ``value`` a click and bid ``bid``."""
    n, m = value.shape
    sight = sight_of_seed(4, n=n, m=m, c=1)
    budget = np.full((n, 1), 1000.0)
    return replace(
        sight,
        now_days=3.5,
        engaged=True,
        setpoints=sight.setpoints | {Field.BID: bid, Field.DAILY_BUDGET: budget},
        course=replace(
            sight.course,
            ad_budget_cents=np.full(n, 14_000.0),
            target_roas=np.zeros(n),
            starts_days=0.0,
            ends_days=7.0,
            daily_shares=np.full((n, 7), 1.0 / 7.0),
            hour_shares=np.full((n, 24), 1.0 / 24.0),
            covered=np.ones((n, m), dtype=np.bool_),
            max_bid_cents=np.full((n, m), 1000.0),
            learning_cents=np.zeros((n, m)),
        ),
        beliefs=replace(sight.beliefs, value_per_click_cents=Estimate(mean=value, sd=0.1 * value)),
        reported=replace(sight.reported, spent_cents=np.full(n, 6_500.0)),
        reach=replace(sight.reach, worst_window_cents=np.full((n, 1), 6_000.0), worst_today_cents=2.0 * budget, step_share=1.0),
    )


def test_implied_alpha_is_the_median_over_what_is_advertised() -> None:
    value = np.array([[10.0, 20.0, 40.0, 0.0], [10.0, 10.0, 10.0, 10.0], [0.0, 0.0, 5.0, 5.0]])
    bid = np.array([[1.0, 6.0, 4.0, 9.0], [1.0, 2.0, np.nan, 0.0], [3.0, 3.0, 0.0, np.nan]])

    alphas = implied_alpha(bid, value)

    assert alphas == pytest.approx([0.1, 0.15, np.nan], nan_ok=True)


def test_laws_that_take_over_bid_what_stands() -> None:
    sight = plain(value=np.array([[100.0, 50.0], [100.0, 50.0]]), bid=np.array([[20.0, 10.0], [30.0, 15.0]]))

    proposal, _ = Laws().propose(ControllerMemory(), replace(sight, engaged=False))

    assert proposal.terms["alpha"] == pytest.approx([0.2, 0.3], rel=0.05)
    assert np.isnan(proposal.setpoints[Field.BID]).all()


def test_store_without_a_target_has_no_roas_terms_beside_one_that_has() -> None:
    sight = plain(value=np.full((2, 2), 100.0), bid=np.full((2, 2), 10.0))
    sight = replace(
        sight,
        course=replace(sight.course, target_roas=np.array([0.0, 4.0])),
        reported=replace(sight.reported, roas=np.array([1.0, 1.0]), expected_sales=np.array([50.0, 50.0])),
    )

    proposal, _ = Laws().propose(ControllerMemory(), sight)

    assert np.isnan(proposal.terms["alpha_roas"]).tolist() == [True, False]
    assert np.isnan(proposal.terms["roas"]).tolist() == [True, False]
    assert proposal.terms["alpha"][0] == proposal.terms["alpha_budget"][0]
    assert proposal.terms["alpha"][1] == min(proposal.terms["alpha_budget"][1], proposal.terms["alpha_roas"][1])


def test_store_that_has_used_up_its_grant_pauses_and_the_other_does_not() -> None:
    sight = plain(value=np.full((2, 2), 100.0), bid=np.full((2, 2), 10.0))
    sight = replace(sight, reach=replace(sight.reach, worst_window_cents=np.array([[14_000.0], [6_000.0]])))

    proposal, _ = Laws().propose(ControllerMemory(), sight)

    assert (proposal.setpoints[Field.BID][0] == 0.0).all()
    assert not (proposal.setpoints[Field.BID][1] == 0.0).any()


def test_learner_bids_no_lower_than_at_the_start_while_its_budget_lasts() -> None:
    value = np.full((1, 3), 20.0)
    sight = plain(value=value, bid=np.full((1, 3), 1.0))
    sight = replace(
        sight,
        course=replace(sight.course, learning_cents=np.array([[500.0, 500.0, 0.0]])),
        reported=replace(sight.reported, cost_held_cents=np.array([[100.0, 500.0, 0.0]]), spent_cents=np.array([13_000.0])),
    )
    _, memory = Laws().propose(ControllerMemory(), replace(sight, engaged=False))

    proposal, _ = Laws().propose(memory, sight)

    assert proposal.terms["alpha"][0] < LawsTuning().pacing.alpha_start
    learner, spent, mature = proposal.setpoints[Field.BID][0]
    assert learner == np.floor(LawsTuning().pacing.alpha_start * 20.0)
    assert not spent >= learner
    assert not mature >= learner


def test_campaign_that_uses_up_its_budget_bids_less_of_the_same_value_than_one_that_does_not() -> None:
    sight = plain(value=np.full((1, 2), 100.0), bid=np.full((1, 2), 20.0))
    budget = np.full((1, 2), 1000.0)
    sight = replace(
        sight,
        setpoints=sight.setpoints | {Field.DAILY_BUDGET: budget},
        goods=replace(sight.goods, campaign_of=np.array([0, 1]), suspect=np.zeros((1, 2), dtype=np.bool_)),
        reported=replace(sight.reported, cost_held_cents=np.zeros((1, 2))),
        reach=replace(sight.reach, worst_window_cents=3.0 * budget, worst_month_cents=3.0 * budget, worst_today_cents=2.0 * budget),
    )
    _, memory = Laws().propose(ControllerMemory(), sight)
    later = replace(
        sight, now_days=5.5, reported=replace(sight.reported, cost_held_cents=np.array([[2000.0, 400.0]]), spent_cents=np.array([9_000.0]))
    )

    proposal, _ = Laws().propose(memory, later)

    alpha, (busy, idle) = proposal.terms["alpha"][0], proposal.sku_terms["budget_used"][0]
    assert busy == pytest.approx(5.0 * idle)
    wished = np.floor(
        alpha
        * 100.0
        * np.exp(-LawsTuning().scarcity.droop * np.minimum(np.array([busy, idle]) ** LawsTuning().scarcity.sharpness, SCARCEST))
    )
    assert proposal.setpoints[Field.BID][0].tolist() == np.minimum(wished, bid_ceiling(later)[0]).tolist()


@settings(max_examples=50, deadline=None)
@given(sight=sights())
def test_proposals_are_whole_and_change_nothing_that_the_plan_does_not_cover(sight: Sight) -> None:
    proposal, _ = Laws().propose(ControllerMemory(), sight)

    for values in proposal.setpoints.values():
        known = values[~np.isnan(values)]
        assert (known == np.floor(known)).all()
        assert (known >= 0.0).all()
    for field in (Field.BID, Field.PRICE):
        assert np.isnan(proposal.setpoints[field][~sight.course.covered]).all()
