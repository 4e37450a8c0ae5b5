"""Random sights for tests of controllers, features and the batched gate: plausible stores with hostile corners mixed in."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from control.limits import Limits
from control.sight import Beliefs, Course, Goods, Reach, Reported, Sight
from perception.economics import Economics
from perception.fields import Field
from perception.state import Estimate

ECONOMICS = Economics(fee_ratio=0.08, return_rate=0.05, return_rate_upper=0.1, return_cost_cents=150)
LIMITS = Limits(
    currency="EUR",
    max_bid_cents=200,
    first_bid_cents=10,
    max_daily_budget_cents=20_000,
    max_store_daily_cents=30_000,
    max_store_month_cents=300_000,
    min_margin_ratio=0.05,
    max_loss_24h_cents=20_000,
    max_loss_7d_cents=50_000,
    max_signal_age_s=7_200.0,
    max_readback_age_s=7_200.0,
    max_writes_per_hour=200,
)


def sight_of_seed(seed: int, *, n: int = 3, m: int = 5, c: int = 2, engaged: bool = True) -> Sight:
    """A random sight of n stores × m SKUs × c campaigns; some figures unknown, zero or far out, as they come in life."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 20))
    starts_days = float(rng.choice([0.0, rng.uniform(0.0, 0.9)]))
    ends_days = float(rng.choice([float(d), d - rng.uniform(0.0, 0.05)]))
    ends_days = max(ends_days, starts_days + 0.05)
    now_days = float(rng.uniform(starts_days, ends_days))
    anchor = np.exp(rng.normal(7.0, 1.0, (n, m)))
    price = np.round(anchor * rng.uniform(0.8, 1.2, (n, m)))
    banded = rng.random((n, m)) < 0.85
    low = np.where(banded, np.floor(anchor * rng.uniform(0.6, 0.95, (n, m))), 0.0)
    high = np.where(banded, np.ceil(anchor * rng.uniform(1.0, 1.6, (n, m))), 0.0)
    value = _some(rng, (n, m), rng.gamma(2.0, 20.0, (n, m)), 0.0, 0.15)
    budget = _some(rng, (n, c), np.floor(rng.gamma(2.0, 1000.0, (n, c))), 0.0, 0.1)
    worst_today = 2.0 * budget * rng.uniform(1.0, 1.5, (n, c))
    plan = np.floor(rng.gamma(2.0, 30_000.0, n))
    cost_7d = _some(rng, (n, m), np.floor(rng.gamma(1.0, 800.0, (n, m))), 0.0, 0.3)
    return Sight(
        now_days=now_days,
        dt_days=float(rng.choice([1.0 / 24.0, 1.0 / 96.0])),
        engaged=engaged,
        economics=ECONOMICS,
        setpoints={
            Field.PRICE: _some(rng, (n, m), price, np.nan, 0.05),
            Field.BID: _some(rng, (n, m), np.floor(rng.gamma(1.0, 12.0, (n, m))), np.nan, 0.05),
            Field.DAILY_BUDGET: _some(rng, (n, c), budget, np.nan, 0.05),
        },
        course=Course(
            ad_budget_cents=plan,
            target_roas=np.where(rng.random(n) < 0.5, rng.uniform(1.0, 8.0, n), 0.0),
            starts_days=starts_days,
            ends_days=ends_days,
            daily_shares=_shares(rng, n, d),
            hour_shares=_shares(rng, n, 24),
            covered=rng.random((n, m)) < 0.9,
            price_low_cents=low,
            price_high_cents=high,
            max_bid_cents=_some(rng, (n, m), np.floor(rng.uniform(10.0, 150.0, (n, m))), 0.0, 0.1),
            learning_cents=_some(rng, (n, m), np.zeros((n, m)), 500.0, 0.2),
        ),
        goods=Goods(
            campaign_of=np.arange(m, dtype=np.int64) % c,
            cost_cents=_some(rng, (n, m), anchor * rng.uniform(0.3, 0.8, (n, m)), np.nan, 0.1),
            anchor_price_cents=anchor,
            is_new=rng.random((n, m)) < 0.1,
            suspect=rng.random((n, m)) < 0.1,
        ),
        beliefs=Beliefs(
            cvr=_estimate(rng, rng.beta(2.0, 30.0, (n, m))),
            units_per_order=_estimate(rng, 1.0 + rng.gamma(1.0, 0.5, (n, m))),
            organic_units_per_day=_estimate(rng, rng.gamma(1.0, 3.0, (n, m))),
            elasticity=_estimate(rng, np.exp(rng.normal(0.6, 0.5, (n, m)))),
            value_per_click_cents=_estimate(rng, value),
            on_hand=_some(rng, (n, m), _some(rng, (n, m), rng.integers(1, 200, (n, m)).astype(np.float64), 0.0, 0.1), np.nan, 0.1),
        ),
        reported=Reported(
            clicks_7d=_some(rng, (n, m), np.floor(rng.gamma(1.0, 40.0, (n, m))), 0.0, 0.3),
            cost_7d_cents=cost_7d,
            revenue_7d_cents=_some(rng, (n, m), np.floor(rng.gamma(1.0, 4_000.0, (n, m))), 0.0, 0.4),
            cost_held_cents=cost_7d * rng.uniform(1.0, 3.0, (n, m)),
            spent_cents=np.floor(plan * rng.uniform(0.0, 1.1, n)),
            roas=_some(rng, (n,), rng.gamma(2.0, 2.0, n), np.nan, 0.3),
            expected_sales=rng.gamma(1.0, 10.0, n),
        ),
        reach=Reach(
            price_age_s=rng.choice([0.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, np.inf], (n, m)),
            budget_low_24h_cents=_some(rng, (n, c), np.floor(budget * rng.uniform(0.7, 1.0, (n, c))), np.nan, 0.05),
            price_anchor_24h_cents=_some(rng, (n, m), np.round(price * rng.uniform(0.92, 1.08, (n, m))), np.nan, 0.05),
            worst_window_cents=np.floor(plan[:, None] * rng.uniform(0.0, 1.2, (n, c)) / c),
            worst_month_cents=np.floor(plan[:, None] * rng.uniform(0.0, 1.5, (n, c)) / c),
            worst_today_cents=worst_today,
            step_share=float(rng.choice([1.0, 0.25])),
            limits=LIMITS,
        ),
    )


def sights(*, n: int = 3, m: st.SearchStrategy[int] | None = None, c: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[Sight]:
    """Sights of ``n`` stores with random numbers of SKUs and campaigns."""
    return st.builds(
        lambda seed, skus, campaigns, engaged: sight_of_seed(seed, n=n, m=skus, c=campaigns, engaged=engaged),
        st.integers(0, 2**32 - 1),
        m or st.integers(1, 12),
        c or st.integers(1, 3),
        st.booleans(),
    )


def later(sight: Sight, *, seed: int) -> Sight:
    """The same stores one tick later, as far as controllers are concerned: time has passed, money was spent, prices have aged."""
    rng = np.random.default_rng(seed)
    spent = sight.reported.spent_cents
    return replace(
        sight,
        now_days=sight.now_days + sight.dt_days,
        reported=replace(sight.reported, spent_cents=spent + np.floor(rng.gamma(1.0, 100.0, spent.shape))),
        reach=replace(sight.reach, price_age_s=sight.reach.price_age_s + 86_400.0 * sight.dt_days),
    )


def row_of(message: Any, row: int) -> Any:
    """Store ``row`` of a sight, a memory or any other batched message on its own: the same with a store axis of length one."""
    if isinstance(message, np.ndarray):
        return message[row : row + 1].copy()
    if isinstance(message, dict):
        return {name: row_of(value, row) for name, value in message.items()}
    if isinstance(message, Goods):
        return replace(message, **{f.name: row_of(getattr(message, f.name), row) for f in fields(message) if f.name != "campaign_of"})
    if hasattr(message, "__dataclass_fields__") and not isinstance(message, Limits | Economics):
        return replace(message, **{f.name: row_of(getattr(message, f.name), row) for f in fields(message)})
    return message


def assert_same_bits(left: Any, right: Any) -> None:
    """Two messages hold the same arrays bit for bit, under the same names; NaN equals NaN."""
    if isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        assert left.shape == right.shape
        assert np.array_equal(left, right, equal_nan=left.dtype.kind == "f"), (left, right)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for name in left:
            assert_same_bits(left[name], right[name])
    elif hasattr(left, "__dataclass_fields__"):
        for f in fields(left):
            assert_same_bits(getattr(left, f.name), getattr(right, f.name))
    else:
        assert left == right


def _some(rng: np.random.Generator, shape: tuple[int, ...], usual: Any, other: float, share: float) -> Any:
    return np.where(rng.random(shape) < share, other, usual)


def _shares(rng: np.random.Generator, n: int, k: int) -> Any:
    raw = rng.gamma(2.0, 1.0, (n, k))
    return raw / raw.sum(axis=1, keepdims=True)


def _estimate(rng: np.random.Generator, mean: Any) -> Estimate:
    return Estimate(mean=mean, sd=mean * rng.uniform(0.0, 0.5, mean.shape))
