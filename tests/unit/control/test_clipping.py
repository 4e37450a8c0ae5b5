"""Self-clipping in batch: raises are held to each cap in turn, cuts are free, and campaigns are served in their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.clipping import LEAST_FENCE, bid_ceiling, clipped_budgets, price_reach, within_grant
from control.limits import Limits
from control.sight import Sight
from perception.fields import Field
from tests.unit.control.sights import LIMITS, row_of, sight_of_seed, sights

WIDE = replace(LIMITS, max_daily_budget_cents=10_000, max_store_daily_cents=100_000, max_store_month_cents=10**9)


def store(
    standing: list[float],
    *,
    limits: Limits = WIDE,
    grant: float = 1e8,
    low: list[float] | None = None,
    share: float = 1.0,
    month: float = 0.0,
) -> Sight:
    """One store whose campaigns stand at ``standing``, with nothing spent in this window before today."""
    sight = sight_of_seed(1, n=1, c=len(standing))
    now = np.array([standing])
    none = np.zeros_like(now)
    return replace(
        sight,
        setpoints=sight.setpoints | {Field.DAILY_BUDGET: now},
        course=replace(sight.course, ad_budget_cents=np.array([grant])),
        reach=replace(
            sight.reach,
            budget_low_24h_cents=now if low is None else np.array([low]),
            worst_window_cents=none,
            worst_month_cents=none + month,
            worst_today_cents=limits.overdelivery_day_ratio * np.nan_to_num(now),
            step_share=share,
            limits=limits,
        ),
    )


@pytest.mark.parametrize(
    ("name", "seen", "wish", "clipped"),
    [
        ("a cut is free", store([1000.0]), [10.7], [10.0]),
        ("a step", store([1000.0]), [9e9], [1200.0]),
        ("a quarter of a step", store([1000.0], share=0.25), [9e9], [1050.0]),
        ("a day", store([1200.0], low=[1000.0]), [9e9], [1300.0]),
        ("a day without a known low", store([1000.0], low=[np.nan]), [9e9], [1200.0]),
        ("the campaign's cap", store([1000.0], limits=replace(WIDE, max_daily_budget_cents=1100)), [9e9], [1100.0]),
        ("a cap below what stands", store([1000.0], limits=replace(WIDE, max_daily_budget_cents=900)), [1100.0], [1000.0]),
        (
            "the store's day",
            store([1000.0, 500.0], limits=replace(WIDE, max_daily_budget_cents=3000, max_store_daily_cents=3200)),
            [9e9, 1.0],
            [1100.0, 1.0],
        ),
        (
            "the store's month",
            store([1000.0], limits=replace(WIDE, max_store_daily_cents=40_000, max_store_month_cents=40_000), month=37_900.0),
            [9e9],
            [1050.0],
        ),
        (
            "a day of the store's month",
            store([1000.0], limits=replace(WIDE, max_store_daily_cents=33_440, max_store_month_cents=33_440)),
            [9e9],
            [1100.0],
        ),
        ("the grant", store([1000.0], grant=2300.0), [9e9], [1150.0]),
        ("the grant goes to the first", store([1000.0, 1000.0], grant=4300.0), [9e9, 9e9], [1150.0, 1000.0]),
        ("a step each", store([1000.0, 100.0]), [1100.0, 9e9], [1100.0, 120.0]),
        ("a budget that was never seen", store([np.nan, 1000.0]), [500.9, 9e9], [500.0, 1200.0]),
    ],
)
def test_budgets_are_held_to(name: str, seen: Sight, wish: list[float], clipped: list[float]) -> None:
    assert clipped_budgets(np.array([wish]), seen)[0].tolist() == clipped, name


@settings(max_examples=50, deadline=None)
@given(sight=sights())
def test_clipped_budgets_never_pass_the_wish_upwards_nor_cut_below_it(sight: Sight) -> None:
    standing = sight.setpoints[Field.DAILY_BUDGET]
    wish = np.full(standing.shape, 1234.5)

    clipped = clipped_budgets(wish, sight)

    assert (clipped <= np.where(standing > 1234.0, standing, 1234.0)).all()
    assert (clipped[standing >= 1234.0] == 1234.0).all()
    assert (clipped >= np.fmin(standing, 1234.0)).all()


def test_grant_that_runs_out_cuts_the_budget_and_then_pauses() -> None:
    sight = sight_of_seed(2, n=3, c=1)
    seen = replace(
        sight,
        course=replace(sight.course, ad_budget_cents=np.full(3, 10_000.0)),
        reach=replace(sight.reach, worst_window_cents=np.array([[0.0], [9_000.0], [9_900.0]]), limits=WIDE),
    )

    kept, paused = within_grant(np.full(3, 1000.0), seen)

    assert kept.tolist() == [1000.0, 500.0, LEAST_FENCE * 1000.0]
    assert paused.tolist() == [False, False, True]


@settings(max_examples=50, deadline=None)
@given(sight=sights())
def test_bids_and_prices_reach_around_what_stands(sight: Sight) -> None:
    bid, price = sight.setpoints[Field.BID], sight.setpoints[Field.PRICE]

    ceiling = bid_ceiling(sight)
    low, high = price_reach(sight, step_ratio=0.04)

    assert (np.isnan(ceiling) == np.isnan(bid)).all()
    assert not (ceiling < bid).any()
    assert not (low > price).any()
    assert not (high < price).any()
    assert not (high - price > 0.04 * price).any()


@given(seen=sights(), seed=st.integers(0, 1000))
@settings(max_examples=60)
def test_budgets_of_a_store_alone_are_clipped_as_in_a_batch(seen: Sight, seed: int) -> None:
    standing = seen.setpoints[Field.DAILY_BUDGET]
    wish = np.nan_to_num(standing) * np.random.default_rng(seed).uniform(0.5, 2.0, standing.shape)

    batch = clipped_budgets(wish, seen)

    for row in range(standing.shape[0]):
        assert np.array_equal(clipped_budgets(wish[row : row + 1], row_of(seen, row))[0], batch[row], equal_nan=True)
