"""What kind of merchant a store is: told from its own history, each conclusion with the figures that led to it."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from autopilot.benchmarks.profiling import bench_profile, macro_f1
from perception.state import Estimate
from planning.ground import Ground
from planning.profile import MarginRegime, MerchantStage, StoreFigures, Strength, profile_of, store_figures


def judged(request: Any) -> Any:
    return profile_of(store_figures(Ground(request=request)))


def test_a_steady_store_with_good_margins_is_mature_and_lives_from_its_supply(make: Any) -> None:
    profile = judged(make())

    assert profile.code == "MS"
    assert profile.regime is MarginRegime.FULL
    assert profile.operation is Strength.UNKNOWN


def test_a_store_without_history_is_new_and_nothing_is_claimed_of_its_ads(make: Any) -> None:
    profile = judged(make(state={"units_by_day": {}}))

    assert profile.stage is MerchantStage.NEW
    assert (profile.operation, profile.willingness) == (Strength.UNKNOWN, Strength.UNKNOWN)


def test_a_store_that_grows_is_advancing(make: Any) -> None:
    today = make().state.day
    rising = {today - back: np.array([10.0, 5.0, 1.0, 0.0]) * (2.0 if back <= 14 else 1.0) for back in range(27, 0, -1)}

    assert judged(make(state={"units_by_day": rising})).stage is MerchantStage.ADVANCING


def test_ads_that_bring_much_and_earn_make_operation_a_driver(make: Any) -> None:
    ads = {"ad_clicks_7d": np.array([600.0, 300.0, 0.0, 0.0]), "ad_cost_7d_cents": np.array([9000.0, 5000.0, 0.0, 0.0])}

    assert "O" in judged(make(state=ads)).code
    assert "O" not in judged(make(state=ads | {"ad_cost_7d_cents": np.array([90_000.0, 50_000.0, 0.0, 0.0])})).code


def test_customers_who_mind_the_price_little_make_brand_a_driver(make: Any) -> None:
    assert judged(make(state={"elasticity": Estimate(mean=np.full(4, 1.2), sd=np.full(4, 0.2))})).code == "MSB"


def test_every_conclusion_names_figures_there_are(make: Any) -> None:
    names = {field.name for field in fields(StoreFigures)}

    for conclusion in judged(make()).conclusions:
        assert conclusion.because
        assert set(conclusion.because) <= names


def test_figures_of_an_empty_store_are_unknown_not_zero(make: Any) -> None:
    figures = store_figures(Ground(request=make(state={"units_by_day": {}})))

    assert math.isnan(figures.growth_ratio)
    assert math.isnan(figures.ad_share)


def test_macro_f1_counts_every_class_alike() -> None:
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == pytest.approx((6 / 7 + 0.0) / 2)
    assert macro_f1(["a", "b"], ["a", "b"]) == 1.0
    with pytest.raises(ValueError, match="at least one label"):
        macro_f1([], [])


def test_labelled_stores_are_told_far_better_than_by_the_commonest_label() -> None:
    result = bench_profile(lambda _done: None, stores=40)

    assert result["figures"]["product_stage_macro_f1"] > 0.75
    assert result["figures"]["merchant_stage_macro_f1"] > 0.8
    assert min(result["ratios"].values()) > 1.3
