"""The gate over columns says of every wish what the scalar gate says of it, in the same order, for the same reasons."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from control.batches import OUTCOMES
from control.command import Outcome, Verdict, Wish
from control.envelope import judge
from control.envelope_columns import StandingColumns, judge_columns
from control.limits import Limits
from control.mode import Mode
from control.standing import Reason, Standing
from perception.fields import Field
from perception.units import Floats

LIMITS = Limits(
    currency="GBP",
    max_bid_cents=300,
    first_bid_cents=20,
    max_daily_budget_cents=1_500,
    max_store_daily_cents=4_000,
    max_store_month_cents=60_000,
    min_margin_ratio=0.2,
    max_loss_24h_cents=1_000,
    max_loss_7d_cents=2_000,
    max_signal_age_s=7200.0,
    max_readback_age_s=3600.0,
    max_writes_per_hour=50,
)
CALM = Standing(
    mode=Mode.AUTO,
    last=None,
    acknowledged=None,
    changed_age_s=math.inf,
    low_24h=None,
    day_anchor=None,
    overridden=False,
    unresolved=False,
    suspect=False,
    signal_age_s=0.0,
    readback_age_s=0.0,
    unit_cost_cents=math.nan,
    map_cents=0,
    price_low_cents=0,
    price_high_cents=0,
    committed_cents=0,
    granted_cents=10_000,
    store_daily_others_cents=0,
    month_committed_cents=0,
    loss_24h_cents=0,
    loss_7d_cents=0,
    writes_last_hour=0,
    canary_passed=True,
    is_canary=False,
)
repeatable = settings(max_examples=150, derandomize=True, database=None, deadline=None)


@st.composite
def limits_near_what_stands(draw: st.DrawFn) -> Limits:
    """Limits small enough to bind, some of them zero."""
    return replace(
        LIMITS,
        max_bid_cents=draw(st.sampled_from([20, 150, 300])),
        first_bid_cents=draw(st.sampled_from([0, 1, 20])),
        min_margin_ratio=draw(st.floats(0.0, 0.5)),
        max_loss_24h_cents=draw(st.sampled_from([0, 1_000, 1_000])),
        max_writes_per_hour=draw(st.sampled_from([0, 3, 8, 50])),
        bid_up_per_change_ratio=draw(st.sampled_from([0.0, 0.15, 0.5, 1.0])),
        price_step_ratio=draw(st.sampled_from([0.0, 0.05, 0.07])),
        price_day_ratio=draw(st.sampled_from([0.07, 0.1, 0.29])),
    )


@st.composite
def stores(draw: st.DrawFn) -> Standing:
    """A store in some mode, mostly with nothing the matter."""
    usually = st.sampled_from([True, True, True, True, False])
    return replace(
        CALM,
        mode=Mode.AUTO if draw(usually) else draw(st.sampled_from(list(Mode))),
        signal_age_s=draw(st.sampled_from([0.0, 7200.0])) if draw(usually) else draw(st.sampled_from([7200.1, math.inf, math.nan, -1.0])),
        readback_age_s=0.0 if draw(usually) else draw(st.sampled_from([3600.0, 3600.1, -1.0])),
        committed_cents=5 if draw(usually) else -1,
        loss_24h_cents=draw(st.sampled_from([0, 999, 1_000])),
        loss_7d_cents=draw(st.sampled_from([0, 0, 2_000])),
        writes_last_hour=draw(st.integers(0, 7)),
        canary_passed=draw(usually),
        is_canary=not draw(usually),
    )


def columns_of_seed(seed: int, common: Standing, field: Field, k: int) -> StandingColumns:
    """Entities whose figures lie around each other and around the limits; some unknown, some impossible."""
    rng = np.random.default_rng(seed)

    def some(usual: Any, other: Any, share: float) -> Floats:
        drawn: Floats = np.where(rng.random(k) < share, other, usual)
        return drawn

    last = some(some(rng.integers(0, 400, k).astype(np.float64), np.nan, 0.05), -2.0, 0.02)
    known, is_price, none = np.nan_to_num(last), field is Field.PRICE, np.zeros(k)
    return StandingColumns(
        common=common,
        last=last,
        acknowledged=some(np.nan, some(last, last + 1.0, 0.1), 0.5),
        overridden=rng.random(k) < 0.05,
        unresolved=rng.random(k) < 0.05,
        suspect=rng.random(k) < 0.1,
        changed_age_s=rng.choice([0.0, np.nextafter(14_400.0, 0.0), 14_400.0, np.inf], k, p=[0.1, 0.1, 0.4, 0.4]),
        day_anchor=some(known + rng.integers(-40, 41, k), np.nan, 0.1),
        unit_cost_cents=some(known * rng.uniform(0.3, 1.1, k), rng.choice([np.nan, np.inf, 0.0, -1.0], k), 0.1) if is_price else none,
        map_cents=some(0.0, rng.choice([200.0, -3.0], k), 0.1) if is_price else none,
        price_low_cents=some(np.floor(known * rng.uniform(0.8, 1.02, k)), 0.0, 0.1) if is_price else none,
        price_high_cents=some(np.ceil(known * rng.uniform(0.98, 1.2, k)), 0.0, 0.05) if is_price else none,
    )


def wishes_of_seed(seed: int, standing: StandingColumns) -> Floats:
    """Wishes at, just off and far from what stands, and what a faulty law can produce."""
    rng = np.random.default_rng([seed, 1])
    last, k = np.nan_to_num(standing.last), standing.last.size
    near = last * rng.choice([0.5, 0.93, 0.95, 1.0, 1.05, 1.07, 1.5, 2.0], k) + rng.choice([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0], k)
    far = rng.choice([np.nan, np.inf, -np.inf, -0.4, -1.0, 1e300, 0.0, -0.0], k)
    wishes: Floats = np.where(rng.random(k) < 0.15, far, near)
    return wishes


def scalar_standing(columns: StandingColumns, row: int, *, is_price: bool, writes: int) -> Standing:
    return replace(
        columns.common,
        last=_whole(columns.last[row]),
        acknowledged=_whole(columns.acknowledged[row]),
        overridden=bool(columns.overridden[row]),
        unresolved=bool(columns.unresolved[row]),
        suspect=bool(columns.suspect[row]),
        changed_age_s=float(columns.changed_age_s[row]),
        day_anchor=_whole(columns.day_anchor[row]),
        unit_cost_cents=float(columns.unit_cost_cents[row]) if is_price else math.nan,
        map_cents=int(columns.map_cents[row]),
        price_low_cents=int(columns.price_low_cents[row]),
        price_high_cents=int(columns.price_high_cents[row]),
        writes_last_hour=writes,
    )


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)


@repeatable
@given(
    seed=st.integers(0, 2**32 - 1),
    common=stores(),
    limits=limits_near_what_stands(),
    field=st.sampled_from([Field.BID, Field.PRICE]),
    currency=st.sampled_from(["GBP", "GBP", "GBP", "EUR"]),
    k=st.integers(1, 25),
)
def test_every_wish_meets_the_verdict_of_the_scalar_gate(
    seed: int, common: Standing, limits: Limits, field: Field, currency: str, k: int
) -> None:
    standing = columns_of_seed(seed, common, field, k)
    wishes = wishes_of_seed(seed, standing)

    found = judge_columns(field, wishes, currency=currency, standing=standing, limits=limits)

    writes = common.writes_last_hour
    for row in range(k):
        told = scalar_standing(standing, row, is_price=field is Field.PRICE, writes=writes)
        verdict = judge(Wish(entity="e", field=field, value=float(wishes[row]), currency=currency), standing=told, limits=limits)
        ours = Verdict(outcome=OUTCOMES[found.outcomes[row]], value=int(found.values[row]), reasons=found.reason_sets[found.reasons[row]])
        assert ours == verdict
        assert found.writes_before[row] == writes
        writes += verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED)


def test_draws_reach_every_reason_that_a_bid_or_a_price_can_meet() -> None:
    met: set[str] = set()
    for seed in range(400):
        rng = np.random.default_rng([seed, 2])
        common = replace(
            CALM,
            mode=Mode.AUTO if seed % 3 else list(Mode)[seed // 3 % len(Mode)],
            signal_age_s=float(rng.choice([0.0, 9e9], p=[0.8, 0.2])),
            readback_age_s=float(rng.choice([0.0, 9e9], p=[0.8, 0.2])),
            committed_cents=int(rng.choice([0, -1], p=[0.9, 0.1])),
            loss_24h_cents=int(rng.choice([0, 1_000])),
            loss_7d_cents=int(rng.choice([0, 2_000])),
            writes_last_hour=int(rng.choice([0, 50])),
            canary_passed=bool(rng.random() < 0.8),
        )
        field = (Field.BID, Field.PRICE)[seed % 2]
        standing = columns_of_seed(seed, common, field, 25)
        currency = "GBP" if seed % 7 else "EUR"
        found = judge_columns(field, wishes_of_seed(seed, standing), currency=currency, standing=standing, limits=LIMITS)
        met.update(*found.reason_sets)

    of_budgets = {"budget_step", "budget_day", "budget_cap", "store_day_cap", "store_month_cap", "store_month_standing", "grant"}
    assert met == {reason.value for reason in Reason} - of_budgets - {"unknown_field", "not_a_number"}
