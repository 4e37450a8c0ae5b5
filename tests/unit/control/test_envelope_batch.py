"""The gate over arrays, where one wish changes what the next one meets; the rest is held equal to the scalar gate by its properties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from control.command import Outcome
from control.envelope_batch import OUTCOMES, StandingBatch, judge_batch
from control.limits import Limits
from perception.fields import Field

LIMITS = Limits(
    currency="GBP",
    max_bid_cents=300,
    first_bid_cents=20,
    max_daily_budget_cents=5_000,
    max_store_daily_cents=100_000,
    max_store_month_cents=1_000_000,
    min_margin_ratio=0.2,
    max_loss_24h_cents=1_000,
    max_loss_7d_cents=2_000,
    max_signal_age_s=7200.0,
    max_readback_age_s=3600.0,
    max_writes_per_hour=50,
)


def calm(n: int = 1, m: int = 3, c: int = 2) -> StandingBatch:
    """Stores whose prices stand at 10.00, bids at 1.00 and budgets at 10.00, with room on every side."""
    sku, campaign, store = np.ones((n, m)), np.ones((n, c)), np.ones(n)
    return StandingBatch(
        in_force={Field.PRICE: 1000 * sku, Field.BID: 100 * sku, Field.DAILY_BUDGET: 1000 * campaign},
        price_age_s=np.inf * sku,
        price_anchor_24h_cents=1000 * sku,
        budget_low_24h_cents=1000 * campaign,
        cost_cents=400 * sku,
        map_cents=0 * sku,
        price_low_cents=500 * sku,
        price_high_cents=2000 * sku,
        suspect=np.zeros((n, m), dtype=np.bool_),
        worst_window_cents=0 * campaign,
        worst_month_cents=0 * campaign,
        worst_today_cents=2000 * campaign,
        granted_cents=1_000_000 * store,
        loss_24h_cents=0 * store,
        loss_7d_cents=0 * store,
        signal_age_s=dict.fromkeys(Field, 0 * store),
        writes_last_hour=np.zeros(n, dtype=np.int64),
    )


def test_a_raised_budget_leaves_less_of_the_grant_to_the_next_campaign() -> None:
    standing = replace(calm(), granted_cents=np.array([4_600.0]))

    verdicts = judge_batch({Field.DAILY_BUDGET: np.array([[1200.0, 1200.0]])}, standing=standing, limits=LIMITS)

    assert verdicts.setpoints[Field.DAILY_BUDGET].tolist() == [[1200, 1100]]
    assert [OUTCOMES[code] for code in verdicts.outcomes[Field.DAILY_BUDGET][0]] == [Outcome.ADMITTED, Outcome.LIMITED]


def test_a_lowered_budget_does_not_give_back_what_today_may_have_cost_already() -> None:
    standing = replace(calm(), granted_cents=np.array([4_100.0]))

    verdicts = judge_batch({Field.DAILY_BUDGET: np.array([[0.0, 1200.0]])}, standing=standing, limits=LIMITS)

    assert verdicts.setpoints[Field.DAILY_BUDGET].tolist() == [[0, 1050]]


def test_budgets_come_before_bids_and_bids_before_prices_when_writes_run_out() -> None:
    wishes = {
        Field.PRICE: np.full((1, 3), 1010.0),
        Field.BID: np.array([[110.0, 90.0, 110.0]]),
        Field.DAILY_BUDGET: np.full((1, 2), 1100.0),
    }

    verdicts = judge_batch(wishes, standing=calm(), limits=replace(LIMITS, max_writes_per_hour=3))

    assert verdicts.setpoints[Field.DAILY_BUDGET].tolist() == [[1100, 1100]]
    assert verdicts.setpoints[Field.BID].tolist() == [[110, 90, 100]], "the cut goes on, the raise after it does not"
    assert verdicts.setpoints[Field.PRICE].tolist() == [[1000, 1000, 1000]]
    assert (verdicts.writes.tolist(), verdicts.interventions.tolist(), verdicts.judged.tolist()) == ([4], [4], [8])


def test_what_a_suspect_sku_wishes_for_is_not_presented_unless_it_lowers_its_bid() -> None:
    standing = replace(calm(m=2), suspect=np.array([[True, True]]))

    verdicts = judge_batch(
        {Field.BID: np.array([[110.0, 90.0]]), Field.PRICE: np.array([[990.0, 1010.0]])}, standing=standing, limits=LIMITS
    )

    assert verdicts.setpoints[Field.BID].tolist() == [[100, 90]]
    assert verdicts.setpoints[Field.PRICE].tolist() == [[1000, 1000]]
    assert (verdicts.judged.tolist(), verdicts.interventions.tolist()) == ([1], [0])
