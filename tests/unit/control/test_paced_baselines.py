"""What each pacing baseline, and the margin rule, does with what it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from control.controller import Controller, ControllerMemory
from control.dual import DualDescent
from control.margin_pricing import MarginRule, rule_price_cents
from control.online_lp import OnlineLp
from control.pacing import PacingTuning
from control.pid_bid import PidBid
from control.sight import Sight
from control.value_bid import ValueBid
from perception.economics import Economics, unit_margin_cents
from perception.fields import Field
from perception.state import Estimate
from tests.unit.control.sights import sight_of_seed

WIDE = PacingTuning(alpha_start=0.3, alpha_low=0.01, alpha_high=0.9, reporting_lag_s=0.0)
HOUR = 1.0 / 24.0


def shop(**reported: Any) -> Sight:
    """One store half through a window of ten even days with 1000.00 to spend; three products worth 100, 50 and 20 a click."""
    sku = np.ones((1, 3))
    sight = sight_of_seed(1, n=1, m=3, c=1)
    value = np.array([[100.0, 50.0, 20.0]])
    return replace(
        sight,
        now_days=5.0,
        dt_days=HOUR,
        engaged=True,
        setpoints={Field.PRICE: 1000 * sku, Field.BID: 20 * sku, Field.DAILY_BUDGET: 10_000 * sku[:, :1]},
        course=replace(
            sight.course,
            ad_budget_cents=np.array([100_000.0]),
            target_roas=np.array([0.0]),
            starts_days=0.0,
            ends_days=10.0,
            daily_shares=np.full((1, 10), 0.1),
            hour_shares=np.full((1, 24), 1 / 24),
            covered=sku > 0,
            price_low_cents=900 * sku,
            price_high_cents=1200 * sku,
            max_bid_cents=90 * sku,
        ),
        goods=replace(sight.goods, cost_cents=500 * sku, suspect=sku < 0),
        beliefs=replace(sight.beliefs, value_per_click_cents=Estimate(mean=value, sd=0.1 * value)),
        reported=replace(sight.reported, **{"spent_cents": np.array([50_000.0]), "roas": np.array([np.nan])} | reported),
        reach=replace(
            sight.reach,
            price_age_s=np.inf * sku,
            price_anchor_24h_cents=1000 * sku,
            budget_low_24h_cents=10_000 * sku[:, :1],
            worst_window_cents=50_000 * sku[:, :1],
            worst_month_cents=50_000 * sku[:, :1],
            worst_today_cents=20_000 * sku[:, :1],
            step_share=1.0,
            limits=replace(sight.reach.limits, first_bid_cents=100),
        ),
    )


def spent(cents: float) -> Sight:
    return shop(spent_cents=np.array([cents]))


def alpha_after(controller: Controller, *sights: Sight) -> float:
    memory = ControllerMemory()
    alpha = np.array([np.nan])
    for sight in sights:
        proposal, memory = controller.propose(memory, sight)
        alpha = proposal.terms["alpha"] if "alpha" in proposal.terms else 1.0 / (1.0 + proposal.terms["mu"])
    return float(alpha[0])


def test_a_fixed_share_of_value_is_bid_whatever_was_spent() -> None:
    lean, rich = (ValueBid(alpha=0.5).propose(ControllerMemory(), spent(cents))[0].setpoints[Field.BID] for cents in (0.0, 99_000.0))

    assert lean.tolist() == rich.tolist() == [[50.0, 25.0, 10.0]]


@pytest.mark.parametrize("controller", [ValueBid(), PidBid(), DualDescent(), OnlineLp()])
def test_ads_pause_when_the_grant_is_used_up(controller: Controller) -> None:
    sight = shop()
    sight = replace(sight, reach=replace(sight.reach, worst_window_cents=np.array([[100_000.0]])))

    assert not controller.propose(ControllerMemory(), sight)[0].setpoints[Field.BID].any()


@pytest.mark.parametrize("controller", [PidBid(tuning=WIDE), DualDescent(tuning=WIDE)])
def test_spend_on_plan_keeps_alpha_where_it_starts(controller: Controller) -> None:
    assert alpha_after(controller, shop()) == pytest.approx(0.3)


@pytest.mark.parametrize("controller", [PidBid(tuning=WIDE), DualDescent(tuning=WIDE)])
def test_overspending_lowers_alpha_and_underspending_raises_it(controller: Controller) -> None:
    over, under = (alpha_after(controller, shop(), spent(50_000.0 + change)) for change in (2_000.0, -2_000.0))

    assert over < 0.3 < under


def test_the_pid_is_the_textbooks() -> None:
    controller = PidBid(kp=0.5, ki_per_day=0.2, kd_days=0.01, tuning=WIDE)

    # 4,000 and then 2,000 behind a plan of 10,000 a day
    alpha = alpha_after(controller, spent(46_000.0), spent(48_000.0))

    expected = 0.3 * np.exp(0.5 * 0.2 + 0.2 * (0.4 + 0.2) * HOUR + 0.01 * (0.2 - 0.4) / HOUR)
    assert alpha == pytest.approx(expected)


@pytest.mark.parametrize("controller", [PidBid(tuning=WIDE), DualDescent(tuning=WIDE)])
def test_a_new_window_is_not_measured_by_the_spend_of_the_last_one(controller: Controller) -> None:
    _, memory = controller.propose(ControllerMemory(), spent(50_000.0))
    opening = replace(spent(0.0), now_days=0.0)

    proposal, _ = controller.propose(memory, opening)

    alpha = proposal.terms["alpha"] if "alpha" in proposal.terms else 1.0 / (1.0 + proposal.terms["mu"])
    assert alpha == pytest.approx(0.3)


def test_the_price_of_the_budget_rises_by_the_violation_of_a_tick() -> None:
    # planned of a day's hour are 10,000 / 24; spent are 2,000
    later = replace(spent(52_000.0), now_days=5.0 + HOUR)

    alpha = alpha_after(DualDescent(budget_rate=1.0, tuning=WIDE), shop(), later)

    mu = (1 / 0.3 - 1) * np.exp((2_000.0 - 10_000.0 / 24) / 10_000.0)
    assert alpha == pytest.approx(1 / (1 + mu))


@pytest.mark.parametrize(("roas", "expected"), [(1.0, "rises"), (8.0, "falls"), (np.nan, "stays")])
def test_the_price_of_the_target_follows_its_violation_once_it_can_be_measured(roas: float, expected: str) -> None:
    sight = shop(roas=np.array([roas]), expected_sales=np.array([50.0]))
    sight = replace(sight, course=replace(sight.course, target_roas=np.array([4.0])))

    proposal, _ = DualDescent().propose(ControllerMemory(), sight)

    change = float(proposal.terms["lambda"][0]) - 0.1
    assert {"rises": change > 0.0, "falls": change < 0.0, "stays": change == 0.0}[expected]


def test_too_few_expected_sales_leave_the_price_of_the_target() -> None:
    sight = shop(roas=np.array([1.0]), expected_sales=np.array([4.0]))
    sight = replace(sight, course=replace(sight.course, target_roas=np.array([4.0])))

    assert DualDescent().propose(ControllerMemory(), sight)[0].terms["lambda"].tolist() == [0.1]


def sampled(costs: list[float], clicks: list[float], *, spent_cents: float = 50_000.0) -> Sight:
    return shop(cost_7d_cents=np.array([costs]), clicks_7d=np.array([clicks]), spent_cents=np.array([spent_cents]))


def test_the_programme_bids_the_ratio_of_the_first_sample_it_cannot_afford() -> None:
    # 10,000 a day are left; by cost per value the samples cost 6,000, 3,000 and 4,000 a day
    sight = sampled([42_000.0, 21_000.0, 28_000.0], [4_200.0, 1_400.0, 2_800.0])

    # cost per click 10, 15 and 10 on values 100, 50 and 20
    assert alpha_after(OnlineLp(tuning=WIDE), sight) == pytest.approx(0.5)


def test_the_programme_takes_less_when_less_is_left_of_the_budget() -> None:
    costs, clicks = [42_000.0, 21_000.0, 28_000.0], [4_200.0, 1_400.0, 2_800.0]

    assert alpha_after(OnlineLp(tuning=WIDE), sampled(costs, clicks, spent_cents=60_000.0)) == pytest.approx(0.3)
    assert alpha_after(OnlineLp(tuning=WIDE), sampled(costs, clicks, spent_cents=75_000.0)) == pytest.approx(0.1)


def test_the_programme_bids_highest_where_every_sample_is_affordable() -> None:
    assert alpha_after(OnlineLp(tuning=WIDE), sampled([700.0, 700.0, 700.0], [70.0, 70.0, 70.0])) == pytest.approx(0.9)


def test_without_a_sample_the_programme_starts_like_everyone() -> None:
    assert alpha_after(OnlineLp(tuning=WIDE), sampled([0.0, 0.0, 0.0], [0.0, 0.0, 0.0])) == pytest.approx(0.3)


def test_samples_are_taken_once_a_day_and_the_oldest_is_forgotten() -> None:
    cheap, dear = sampled([70_000.0, 0.0, 0.0], [7_000.0, 0.0, 0.0]), sampled([210_000.0, 0.0, 0.0], [7_000.0, 0.0, 0.0])

    controller = OnlineLp(days=2, tuning=WIDE)
    same_day = alpha_after(controller, cheap, replace(dear, now_days=5.0 + HOUR))
    next_days = alpha_after(controller, cheap, replace(dear, now_days=6.0), replace(dear, now_days=7.0))

    assert same_day == pytest.approx(0.9), "10,000 a day: what the first sample costs is affordable"
    assert next_days == pytest.approx(0.3), "30 a click of 100 is all that is remembered"


ECONOMICS = Economics(fee_ratio=0.08, return_rate=0.05, return_rate_upper=0.1, return_cost_cents=150)


@pytest.mark.parametrize("elasticity", [1.5, 2.0, 3.0])
def test_no_other_price_earns_more_at_constant_elasticity(elasticity: float) -> None:
    best = rule_price_cents(np.array([500.0]), np.array([elasticity]), ECONOMICS)[0]
    prices = best * np.array([0.98, 1.0, 1.02])

    profit = unit_margin_cents(prices, np.full(3, 500.0), ECONOMICS) * prices**-elasticity

    assert profit.argmax() == 1


@pytest.mark.parametrize(("elasticity", "expected"), [(0.8, 1040.0), (2.0, 1040.0), (2.24, np.nan), (6.0, 960.0)])
def test_prices_go_to_the_rule_one_step_at_a_time_within_the_band(elasticity: float, expected: float) -> None:
    sight = shop()
    believed = Estimate(mean=np.full((1, 3), elasticity), sd=np.zeros((1, 3)))
    sight = replace(sight, beliefs=replace(sight.beliefs, elasticity=believed))

    proposal, _ = MarginRule().propose(ControllerMemory(), sight)

    assert list(proposal.setpoints) == [Field.PRICE], "ads are left as they are"
    assert np.array_equal(proposal.setpoints[Field.PRICE], np.full((1, 3), expected), equal_nan=True)


def test_the_rule_prices_on_top_of_another_controller() -> None:
    alone, memory = PidBid().propose(ControllerMemory(), shop())
    together, kept = MarginRule(ads=PidBid()).propose(ControllerMemory(), shop())

    assert together.setpoints.keys() == {Field.BID, Field.DAILY_BUDGET, Field.PRICE}
    assert np.array_equal(together.setpoints[Field.BID], alone.setpoints[Field.BID], equal_nan=True)
    assert kept.arrays.keys() == memory.arrays.keys()
