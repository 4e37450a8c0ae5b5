"""The gate over arrays says of every wish what the scalar gate says of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from control.command import Outcome, Wish
from control.envelope import judge
from control.envelope_batch import OUTCOMES, StandingBatch, VerdictBatch, judge_batch
from control.limits import Limits
from control.mode import Mode
from control.standing import Standing
from perception.fields import Field
from perception.units import Floats

ORDER = (Field.DAILY_BUDGET, Field.BID, Field.PRICE)
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
repeatable = settings(max_examples=60, derandomize=True, database=None, deadline=None)


@st.composite
def limits_near_what_stands(draw: st.DrawFn) -> Limits:
    """Limits small enough to bind, some of them zero."""
    step, day = draw(st.sampled_from([(0.05, 0.1), (0.2, 0.3), (0.07, 0.29), (1.0, 1.0), (0.0, 0.0)]))
    cap = draw(st.sampled_from([0, 250, 1_500]))
    return replace(
        LIMITS,
        max_bid_cents=draw(st.sampled_from([20, 150, 300])),
        first_bid_cents=draw(st.sampled_from([0, 1, 20])),
        max_daily_budget_cents=cap,
        max_store_daily_cents=draw(st.sampled_from([max(cap, 1_200), 4_000])),
        max_store_month_cents=draw(st.sampled_from([12_000, 60_000])),
        min_margin_ratio=draw(st.floats(0.0, 0.5)),
        max_loss_24h_cents=draw(st.sampled_from([0, 1_000])),
        max_writes_per_hour=draw(st.sampled_from([0, 3, 5, 50])),
        overdelivery_day_ratio=draw(st.sampled_from([1.0, 1.25, 2.0])),
        budget_up_per_change_ratio=step,
        budget_up_per_day_ratio=day,
        bid_up_per_change_ratio=draw(st.sampled_from([0.0, 0.15, 0.5, 1.0])),
        price_step_ratio=step,
        price_day_ratio=day,
    )


def standing_of_seed(seed: int, *, n: int, m: int, c: int) -> StandingBatch:
    """Stores whose figures lie around each other and around the limits; some unknown, some at zero."""
    rng = np.random.default_rng(seed)

    def some(shape: tuple[int, ...], usual: Floats, other: Floats | float, share: float) -> Floats:
        return np.where(rng.random(shape) < share, other, usual)

    def amounts(shape: tuple[int, ...], low: int, high: int) -> Floats:
        return some(shape, rng.integers(low, high, shape).astype(np.float64), float(rng.integers(0, 6)), 0.1)

    price, budget = amounts((n, m), 90, 400), amounts((n, c), 50, 800)
    pinned, pin = rng.random((n, m)) < 0.15, price + rng.integers(-8, 9, (n, m))
    low = some((n, m), np.floor(price * rng.uniform(0.8, 1.02, (n, m))), 0.0, 0.1)
    window, month, today = amounts((n, c), 0, 2_000), amounts((n, c), 0, 20_000), budget * rng.choice([0.0, 1.0, 1.25, 2.0], (n, c))
    return StandingBatch(
        in_force={Field.PRICE: price, Field.BID: amounts((n, m), 0, 320), Field.DAILY_BUDGET: budget},
        price_age_s=rng.choice([0.0, np.nextafter(14_400.0, 0.0), 14_400.0, np.inf], (n, m), p=[0.1, 0.1, 0.4, 0.4]),
        price_anchor_24h_cents=some((n, m), np.maximum(price + rng.integers(-40, 41, (n, m)), 0.0), np.nan, 0.1),
        budget_low_24h_cents=some((n, c), np.maximum(budget - rng.integers(-60, 200, (n, c)), 0.0), np.nan, 0.1),
        cost_cents=some((n, m), price * rng.uniform(0.4, 1.1, (n, m)), rng.choice([np.nan, np.inf, 0.0, -1.0], (n, m)), 0.1),
        map_cents=some((n, m), np.zeros((n, m)), 200.0, 0.1),
        price_low_cents=np.where(pinned, pin, low),
        price_high_cents=np.where(pinned, pin, some((n, m), np.ceil(price * rng.uniform(0.98, 1.2, (n, m))), 0.0, 0.1)),
        suspect=rng.random((n, m)) < 0.1,
        worst_window_cents=window,
        worst_month_cents=month,
        worst_today_cents=today,
        granted_cents=np.maximum(np.ceil(window.sum(axis=1) + today.sum(axis=1)) + rng.choice([-50.0, 20.0, 60.0, 150.0, 400.0], n), 0.0),
        loss_24h_cents=some((n,), rng.choice([0.0, 999.9], n), 1_000.0, 0.1),
        loss_7d_cents=some((n,), rng.choice([0.0, 1_999.5], n), 2_000.0, 0.1),
        signal_age_s={
            field: rng.choice([0.0, 7200.0, 7200.1, np.inf, np.nan, -1.0], n, p=[0.4, 0.4, 0.05, 0.05, 0.05, 0.05]) for field in Field
        },
        writes_last_hour=rng.integers(0, 7, n),
    )


def wishes_of_seed(seed: int, standing: StandingBatch, limits: Limits) -> dict[Field, Floats]:
    """Wishes at, just off and far from what stands and the limits, and what a faulty law can produce."""
    rng = np.random.default_rng([seed, 1])
    ratios = [0.0, 0.05, 0.07, 0.1, 0.15, 0.2, 0.29, 0.3, 0.5, 1.0]
    wishes = {}
    for field, last in standing.in_force.items():
        near = np.floor(last * (1.0 + rng.choice([-1.0, 1.0], last.shape) * rng.choice(ratios, last.shape)))
        caps = rng.choice([limits.max_bid_cents, limits.max_daily_budget_cents, limits.first_bid_cents], last.shape).astype(np.float64)
        target = np.where(rng.random(last.shape) < 0.2, caps, near) + rng.choice([-1.0, -0.5, -0.4, 0.0, 0.0, 0.4, 0.5, 1.0], last.shape)
        far = rng.choice([np.nan, np.inf, -np.inf, -0.4, -1.0, 1e300, 0.0, -0.0], last.shape)
        wishes[field] = np.where(rng.random(last.shape) < 0.15, far, target)
    return wishes


def scalar_verdicts(
    wishes: dict[Field, Floats], standing: StandingBatch, limits: Limits, store: int
) -> dict[Field, list[tuple[Outcome, int]]]:
    """One store through the scalar gate, wish by wish, in the order and with the running exposure of ``control.presenting``."""
    writes = int(standing.writes_last_hour[store])
    budgets, today = standing.in_force[Field.DAILY_BUDGET][store].copy(), standing.worst_today_cents[store].copy()
    found: dict[Field, list[tuple[Outcome, int]]] = {}
    for field in ORDER:
        found[field] = []
        for index, (value, last) in enumerate(zip(wishes[field][store], standing.in_force[field][store].copy(), strict=True)):
            held = field is not Field.DAILY_BUDGET and standing.suspect[store, index] and not (field is Field.BID and value < last)
            if math.isnan(value) or held:
                found[field].append((Outcome.NEUTRAL, int(last)))
                continue
            told = _standing(standing, field, store, index, writes=writes, budgets=budgets, today=today)
            verdict = judge(Wish(entity="e", field=field, value=float(value), currency="GBP"), standing=told, limits=limits)
            found[field].append((verdict.outcome, verdict.value))
            if verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED):
                writes += 1
                if field is Field.DAILY_BUDGET:
                    budgets[index] = verdict.value
                    today[index] = max(today[index], limits.overdelivery_day_ratio * verdict.value)
    return found


def _standing(batch: StandingBatch, field: Field, store: int, index: int, *, writes: int, budgets: Floats, today: Floats) -> Standing:
    is_price, is_budget = field is Field.PRICE, field is Field.DAILY_BUDGET
    others_today = float(np.delete(today, index).sum()) if is_budget else float(today.sum())
    last = int(batch.in_force[field][store, index])
    return Standing(
        mode=Mode.AUTO,
        last=last,
        acknowledged=last,
        changed_age_s=float(batch.price_age_s[store, index]) if is_price else math.inf,
        low_24h=_whole(batch.budget_low_24h_cents[store, index]) if is_budget else None,
        day_anchor=_whole(batch.price_anchor_24h_cents[store, index]) if is_price else None,
        overridden=False,
        unresolved=False,
        suspect=not is_budget and bool(batch.suspect[store, index]),
        signal_age_s=float(batch.signal_age_s[field][store]),
        readback_age_s=0.0,
        unit_cost_cents=float(batch.cost_cents[store, index]) if is_price else math.nan,
        map_cents=int(batch.map_cents[store, index]) if is_price else 0,
        price_low_cents=int(batch.price_low_cents[store, index]) if is_price else 0,
        price_high_cents=int(batch.price_high_cents[store, index]) if is_price else 0,
        committed_cents=math.ceil(float(batch.worst_window_cents[store].sum()) + others_today),
        granted_cents=int(batch.granted_cents[store]),
        store_daily_others_cents=math.ceil(float(np.delete(budgets, index).sum())) if is_budget else 0,
        month_committed_cents=math.ceil(float(batch.worst_month_cents[store].sum()) + others_today),
        loss_24h_cents=math.floor(batch.loss_24h_cents[store]),
        loss_7d_cents=math.floor(batch.loss_7d_cents[store]),
        writes_last_hour=writes,
        canary_passed=True,
        is_canary=False,
    )


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)


def row(batch: StandingBatch, store: int) -> StandingBatch:
    def cut(value: Any) -> Any:
        return {field: cut(array) for field, array in value.items()} if isinstance(value, dict) else value[store : store + 1]

    return StandingBatch(**{name: cut(getattr(batch, name)) for name in StandingBatch.__slots__})


SEEDS = st.integers(0, 2**32 - 1)


@repeatable
@given(seed=SEEDS, limits=limits_near_what_stands(), m=st.integers(1, 9), c=st.integers(1, 4))
def test_every_wish_of_every_store_meets_the_verdict_of_the_scalar_gate(seed: int, limits: Limits, m: int, c: int) -> None:
    standing = standing_of_seed(seed, n=9, m=m, c=c)
    wishes = wishes_of_seed(seed, standing, limits)

    batch = judge_batch(wishes, standing=standing, limits=limits)

    for store in range(9):
        scalar = scalar_verdicts(wishes, standing, limits, store)
        for field in ORDER:
            codes, values = batch.outcomes[field][store], batch.setpoints[field][store]
            assert [(OUTCOMES[code], int(value)) for code, value in zip(codes, values, strict=True)] == scalar[field]
        outcomes = [outcome for found in scalar.values() for outcome, _ in found if outcome is not Outcome.NEUTRAL]
        assert batch.judged[store] == len(outcomes)
        assert batch.interventions[store] == sum(outcome in (Outcome.LIMITED, Outcome.DENIED) for outcome in outcomes)
        assert batch.writes[store] == sum(outcome in (Outcome.ADMITTED, Outcome.LIMITED) for outcome in outcomes)


@repeatable
@given(seed=SEEDS, limits=limits_near_what_stands())
def test_a_store_is_judged_alike_alone_and_in_a_batch(seed: int, limits: Limits) -> None:
    standing = standing_of_seed(seed, n=7, m=5, c=2)
    wishes = wishes_of_seed(seed, standing, limits)

    batch = judge_batch(wishes, standing=standing, limits=limits)

    for store in range(7):
        alone = judge_batch(
            {field: wish[store : store + 1] for field, wish in wishes.items()}, standing=row(standing, store), limits=limits
        )
        assert_same_row(batch, alone, store)


def assert_same_row(batch: VerdictBatch, alone: VerdictBatch, store: int) -> None:
    for field in ORDER:
        assert np.array_equal(batch.setpoints[field][store], alone.setpoints[field][0])
        assert np.array_equal(batch.outcomes[field][store], alone.outcomes[field][0])
    for name in ("judged", "interventions", "writes"):
        assert getattr(batch, name)[store] == getattr(alone, name)[0]


@repeatable
@given(seed=SEEDS, limits=limits_near_what_stands())
def test_what_was_admitted_is_admitted_when_wished_again(seed: int, limits: Limits) -> None:
    standing = standing_of_seed(seed, n=3, m=4, c=2)

    first = judge_batch(wishes_of_seed(seed, standing, limits), standing=standing, limits=limits)
    in_force = {field: values.astype(np.float64) for field, values in first.setpoints.items()}
    again = judge_batch(in_force, standing=replace(standing, in_force=in_force), limits=limits)

    assert not again.judged.any()
    assert all(np.array_equal(again.setpoints[field], first.setpoints[field]) for field in ORDER)


def test_a_field_that_is_not_wished_for_is_not_answered() -> None:
    standing = standing_of_seed(3, n=2, m=4, c=1)

    verdicts = judge_batch({Field.BID: standing.in_force[Field.BID]}, standing=standing, limits=LIMITS)

    assert list(verdicts.setpoints) == [Field.BID]
    assert verdicts.judged.tolist() == [0, 0]
