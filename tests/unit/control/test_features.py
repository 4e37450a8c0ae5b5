"""The observation of a policy: bounded, finite, and each store's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.features import FEATURES, highs, lows, observe
from control.sight import Sight
from perception.fields import Field
from perception.state import Estimate
from tests.unit.control.sights import row_of, sight_of_seed, sights

repeatable = settings(max_examples=40, derandomize=True, database=None, deadline=None)
HOSTILE = [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, -1e300, 1e-300]


def column(name: str) -> int:
    return [feature.name for feature in FEATURES].index(name)


def with_hostile_figures(sight: Sight, seed: int) -> Sight:
    """The sight with a third of all its figures replaced by what should never come."""
    rng = np.random.default_rng(seed)

    def spoilt(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return np.where(rng.random(value.shape) < 0.33, rng.choice(HOSTILE, value.shape), value)
        if isinstance(value, Estimate):
            return Estimate(mean=spoilt(value.mean), sd=spoilt(value.sd))
        if isinstance(value, dict):
            return {name: spoilt(figures) for name, figures in value.items()}
        return value

    parts = {
        part: replace(held, **{name: spoilt(getattr(held, name)) for name in held.__slots__})
        for part in ("course", "goods", "beliefs", "reported", "reach")
        if (held := getattr(sight, part)) is not None
    }
    return replace(sight, setpoints=spoilt(sight.setpoints), **parts)


@repeatable
@given(sight=sights())
def test_every_feature_stays_within_its_documented_bounds(sight: Sight) -> None:
    seen = observe(sight)

    assert seen.shape == (*sight.setpoints[Field.BID].shape, len(FEATURES))
    assert seen.dtype == np.float32
    assert seen.flags.c_contiguous
    assert np.all((seen >= lows()) & (seen <= highs()))


@repeatable
@given(sight=sights(), seed=st.integers(0, 2**32 - 1))
def test_figures_that_should_never_come_leave_no_feature_out_of_bounds(sight: Sight, seed: int) -> None:
    seen = observe(with_hostile_figures(sight, seed))

    assert np.all((seen >= lows()) & (seen <= highs()))


@repeatable
@given(sight=sights(n=7))
def test_a_store_sees_the_same_alone_and_in_a_batch(sight: Sight) -> None:
    seen = observe(sight)

    for store in range(7):
        assert np.array_equal(observe(row_of(sight, store))[0], seen[store])


def test_the_table_is_documented_and_its_unknowns_are_within_bounds() -> None:
    names = [feature.name for feature in FEATURES]

    assert len(set(names)) == len(names)
    assert all(feature.low <= feature.unknown <= feature.high for feature in FEATURES)
    assert all(feature.unit and feature.meaning for feature in FEATURES)
    assert np.all(np.isfinite(lows()) & np.isfinite(highs()) & (lows() < highs()))


@pytest.mark.parametrize(
    ("name", "figure", "expected"),
    [
        ("price_to_anchor", 1100.0, np.log(1.1)),
        ("price_to_anchor", np.nan, 0.0),
        ("band_place", 900.0, -1.0),
        ("band_place", 1050.0, 0.0),
        ("band_place", 1200.0, 1.0),
        ("margin_ratio", 1000.0, (0.95 * (1000.0 * 0.92 - 400.0) - 0.05 * 150.0) / 1000.0),
    ],
)
def test_a_price_is_seen_by_anchor_band_and_margin(name: str, figure: float, expected: float) -> None:
    sight = sight_of_seed(1, n=1, m=1, c=1)
    one = np.ones((1, 1))
    sight = replace(
        sight,
        setpoints=sight.setpoints | {Field.PRICE: figure * one},
        course=replace(sight.course, price_low_cents=900 * one, price_high_cents=1200 * one),
        goods=replace(sight.goods, anchor_price_cents=1000 * one, cost_cents=400 * one),
    )

    assert observe(sight)[0, 0, column(name)] == pytest.approx(expected, abs=1e-6)


def test_the_cost_of_a_campaign_is_compared_with_its_own_budget() -> None:
    sight = sight_of_seed(2, n=1, m=3, c=2)
    sight = replace(
        sight,
        setpoints=sight.setpoints | {Field.DAILY_BUDGET: np.array([[100.0, 400.0]])},
        goods=replace(sight.goods, campaign_of=np.array([0, 1, 0])),
        reported=replace(sight.reported, cost_7d_cents=np.array([[350.0, 700.0, 0.0]])),
    )

    assert observe(sight)[0, :, column("budget_used")] == pytest.approx([0.5, 0.25, 0.5])


def test_a_stock_that_is_not_known_counts_as_lasting() -> None:
    sight = sight_of_seed(3, n=1, m=2, c=1)
    sight = replace(sight, beliefs=replace(sight.beliefs, on_hand=np.array([[np.nan, 0.0]])))

    assert observe(sight)[0, :, column("cover")].tolist() == [6.0, 0.0]
