"""All mechanics together: neutral when off, bounded under anything, and the same store in any batch."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.units import Floats, Ints
from sim.demand import bounded_effect, log_price_ratio, on_sale, price_exponent
from sim.mechanics.feedback import Effects, after_day, after_hour, effects, start
from sim.mechanics.feedback_state import DayDone, FeedbackState
from sim.mechanics.returns import Comebacks
from sim.moment import Moment
from sim.parameters.market import MarketParameters, load_market
from sim.world import World, truth

Ratio: TypeAlias = float | Floats

MECHANICS = ("cross_price", "promotion", "carry_over", "cold_start", "organic_rank", "returns", "baskets", "shocks")
CALM: dict[str, Any] = dict.fromkeys(
    ("surprise_events_per_year", "viral_per_sku_year", "platform_outages_per_year", "tracking_outages_per_year"), 0.0
)


@pytest.fixture(scope="module")
def everything() -> MarketParameters:
    return load_market(Path(__file__).parent / "all_mechanics.toml")


def _only(parameters: MarketParameters, *names: str) -> MarketParameters:
    off: dict[str, Any] = {name: None for name in MECHANICS if name not in names}
    return replace(parameters, **off)


class Life:
    """A market reduced to its feedback: what is expected happens, rounded, at one time of each day."""

    def __init__(self, parameters: MarketParameters, seeds: Ints) -> None:
        self.parameters, self.seeds = parameters, seeds
        self.first_day = parameters.shop.first_day.toordinal()
        self.world: World = truth(parameters, seeds=seeds)
        self.state: FeedbackState = start(parameters, self.world, seeds=seeds, first_day=self.first_day)
        self.day = 0
        self.back: Comebacks | None = None

    def prices(self, ratio: Ratio) -> Ints:
        shape = self.world.orders_per_day.shape
        prices: Ints = np.maximum(np.broadcast_to(np.rint(self.world.reference_price_cents * ratio), shape), 1).astype(np.int64)
        return prices

    def effects(self, ratio: Ratio = 1.0, *, hour: int = 12) -> Effects:
        moment = Moment(day=self.first_day + self.day, hour=24 * self.day + hour)
        return effects(self.parameters, self.state, self.world, self.prices(ratio), moment=moment)

    def live(self, ratio: Ratio = 1.0, *, ad_orders: Ratio = 0.0, served: Ratio = 1.0) -> Floats:
        """One day at a price ratio, with ad orders as a multiple of the usual organic ones; returns the organic factor of the day."""
        now, usual = self.effects(ratio), self.world.orders_per_day * on_sale(self.world, self.first_day + self.day)
        ads = np.rint(served * ad_orders * usual * now.order_per_click).astype(np.int64)
        self.state = after_hour(self.parameters, self.state, now, ad_orders=ads)
        organic = np.rint(served * (usual * now.organic + self.effects(ratio).companion_orders)).astype(np.int64)
        done = DayDone(
            clicks=10 * ads,
            orders=organic + ads,
            organic_orders=organic,
            units=2 * (organic + ads),
            revenue_cents=2 * (organic + ads) * self.prices(ratio),
            price_cents=self.prices(ratio),
        )
        self.day += 1
        moment = Moment(day=self.first_day + self.day, hour=24 * self.day)
        self.state, self.back = after_day(self.parameters, self.state, self.world, done, seeds=self.seeds, moment=moment)
        return np.broadcast_to(now.organic, usual.shape)


def _own_price_effect(life: Life, ratio: float) -> Floats:
    return bounded_effect(price_exponent(log_price_ratio(life.prices(ratio), life.world), life.world), maximum=8.0)


def _arrays(value: Any) -> list[Any]:
    """Every array inside nested dataclasses and tuples."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, tuple):
        return [array for item in value for array in _arrays(item)]
    if is_dataclass(value):
        return [array for item in fields(value) for array in _arrays(getattr(value, item.name))]
    return []


def test_without_mechanics_only_the_own_price_counts(everything: MarketParameters) -> None:
    life = Life(_only(everything), np.arange(5))

    for ratio in (0.7, 1.0, 1.4):
        now = life.effects(ratio)
        expected = _own_price_effect(life, ratio)
        assert np.array_equal(now.organic, expected)
        assert np.array_equal(now.order_per_click, expected)
    now = life.effects()
    assert [array.item() for array in (now.searches, now.rival_bid, now.companion_orders)] == [1.0, 1.0, 0.0]
    assert now.platform_up.all()
    assert now.tracking_up.all()
    life.live(0.7, ad_orders=0.5)
    assert life.back is not None
    assert not any(array.any() for array in _arrays(life.back))
    assert np.array_equal(life.effects().organic, _own_price_effect(life, 1.0))


@pytest.mark.parametrize("name", [name for name in MECHANICS if name != "shocks"])
def test_each_mechanic_is_near_neutral_for_established_skus_at_usual_actions(everything: MarketParameters, name: str) -> None:
    life = Life(_only(everything, name), np.arange(50))
    flat = replace(everything.demand, weekday_index=(1.0,) * 7, month_index=(1.0,) * 12)
    life.parameters = replace(life.parameters, demand=flat)
    organic = np.array([life.live()[:, :3] for _ in range(20)])[-1]

    # rivals' prices wander by themselves, and orders are rounded
    assert np.median(organic) == pytest.approx(1.0, abs=0.03)


def test_announced_events_double_demand_and_make_clicks_dearer(everything: MarketParameters) -> None:
    assert everything.shocks is not None
    calm = replace(everything.shocks, **CALM)
    life = Life(replace(_only(everything), shocks=calm), np.arange(2))
    before = life.effects()
    life.live()
    event = life.effects()

    np.testing.assert_allclose(event.organic / before.organic, 1.77 * 1.12)
    np.testing.assert_allclose(event.order_per_click / before.order_per_click, 1.12)
    assert event.searches[0, 0] == pytest.approx(1.77)
    assert event.rival_bid[0, 0] == pytest.approx(1.23)


def test_stockout_ads_and_price_cuts_move_later_demand_the_way_they_should(everything: MarketParameters) -> None:
    def later(**actions: float) -> float:
        life = Life(replace(everything, shocks=None, cross_price=None), np.arange(30))
        for _ in range(10):
            life.live(**actions)
        return float(np.median(life.effects().organic[:, :3]))

    usual = later()
    assert later(served=0.0) < 0.85 * usual
    assert later(ad_orders=0.3) > 1.03 * usual
    # buyers stocked up: the rank gained does not make up for it at once
    assert later(ratio=0.7) < 1.1 * usual


def test_cannibalisation_takes_at_most_the_published_third_of_a_bump(everything: MarketParameters) -> None:
    life = Life(_only(everything, "cross_price"), np.arange(200))
    cut = life.prices(1.0).copy()
    cut[:, 0] = np.rint(0.8 * cut[:, 0])
    moment = Moment(day=life.first_day, hour=12)
    gain = life.world.orders_per_day * (
        effects(life.parameters, life.state, life.world, cut, moment=moment).organic - life.effects().organic
    )

    assert (gain[:, 1:3] < 0.0).all()
    assert (gain[:, 3:] == 0.0).all()
    assert np.median(-gain[:, 1:].sum(axis=1) / gain[:, 0]) == pytest.approx(0.03, abs=0.03)
    assert (-gain[:, 1:].sum(axis=1) < gain[:, 0] / 3.0).all()


def test_feedback_stays_bounded_over_200_days_of_extremes_and_recovers(everything: MarketParameters) -> None:
    # giving goods away, asking a fortune, from one to the other, promotions every second week, nothing in stock
    life = Life(everything, np.arange(5))
    rank = life.state.mechanics.organic_rank
    assert rank is not None
    # rank × repeat × carry-over × event × novelty × viral, at the price effect's ceiling
    ceiling = 8.0 * rank.usual_position * 2.0 * 1.5 * 1.9824 * 1.7 * 5.0

    for day in range(200):
        odd = day % 14 < 7
        organic = life.live(
            np.array([[0.01], [1000.0], [0.01 if odd else 100.0], [0.7 if odd else 1.0], [1.0]]),
            ad_orders=np.array([[50.0], [0.0], [5.0 * (day % 3)], [0.3], [0.0]]),
            served=np.array([[1.0], [1.0], [1.0], [1.0], [0.0]]),
        )
        assert (organic >= 0.0).all()
        assert (organic <= ceiling).all()
        assert day % 20 or all(np.isfinite(array).all() for array in (*_arrays(life.state), *_arrays(life.effects())))

    def away() -> Floats:
        """(N,) how far the established SKUs are from their usual demand."""
        distance: Floats = np.abs(np.log(life.effects().organic[:, :3])).mean(axis=1)
        return distance

    left = away()
    for _ in range(120):
        life.live()
    # customers take months to gather or to leave, and carry the rank with them
    assert (left > 0.8).any()
    assert (away() < np.maximum(0.7 * left, 0.5)).all()


@settings(max_examples=50, deadline=None)
@given(price=st.integers(1, 10**12), other=st.integers(1, 10**12), rival_log_price=st.floats(-50.0, 50.0))
def test_no_price_breaks_the_effects(price: int, other: int, rival_log_price: float) -> None:
    life = Life(load_market(Path(__file__).parent / "all_mechanics.toml"), np.arange(2))
    prices = life.prices(1.0).copy()
    prices[:, ::2], prices[:, 1::2] = price, other
    moment = Moment(day=life.first_day, hour=0)

    now = effects(life.parameters, life.state, life.world, prices, moment=moment, rival_log_price=rival_log_price)

    for factor in (now.organic, now.order_per_click):
        assert np.isfinite(factor).all()
        assert (factor >= 0.0).all()


def test_a_store_is_bit_identical_in_any_batch(everything: MarketParameters) -> None:
    seeds = np.arange(1000, 1256)
    together = Life(everything, seeds)
    rows = [slice(3, 4), slice(40, 47)]
    parts = [Life(everything, seeds[row]) for row in rows]
    for day in range(12):
        ratio, ads = (0.8, 0.4) if day % 2 else (1.1, 0.1)
        whole = together.live(ratio, ad_orders=ads)
        for part, row in zip(parts, rows, strict=True):
            assert np.array_equal(part.live(ratio, ad_orders=ads), whole[row])
            assert part.back is not None
            assert together.back is not None
            assert np.array_equal(part.back.returned_cents, together.back.returned_cents[row])


def test_a_state_can_be_stepped_again_in_another_way(everything: MarketParameters) -> None:
    life = Life(everything, np.arange(4))
    life.live(0.8, ad_orders=0.3)
    before, day = life.state, life.day
    copies = [array.copy() for array in _arrays(before)]
    life.live(0.5, ad_orders=2.0)

    assert all(np.array_equal(array, copy) for array, copy in zip(_arrays(before), copies, strict=True))
    life.state, life.day = before, day
    again = life.live(0.5, ad_orders=2.0)
    life.state, life.day = before, day
    assert np.array_equal(life.live(0.5, ad_orders=2.0), again)
