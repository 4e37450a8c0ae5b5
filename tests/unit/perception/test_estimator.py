"""The whole step: from rows to beliefs, over days of a small synthetic store."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.estimator import EstimatorMemory, EstimatorTuning, estimate, start
from perception.fields import Field
from perception.maturity import MaturityCurve, expected_maturity
from perception.observation import COLUMNS, MetricRows, Observation, Readback, Signal
from perception.state import StoreState
from perception.units import Floats, day_of, day_start

ZONE = ZoneInfo("Europe/London")
TERMS = Economics(fee_ratio=0.1, return_rate=0.05, return_rate_upper=0.1, return_cost_cents=200)
TUNING = EstimatorTuning(tick_s=3600.0)
FIRST = datetime(2024, 5, 1, 8, tzinfo=UTC)
TODAY = day_of(FIRST, ZONE)


def catalogue(m: int = 3, **changes: object) -> Catalogue:
    plain = Catalogue(
        currency="GBP",
        skus=tuple(f"S{i}" for i in range(m)),
        campaigns=("A", "B"),
        campaign_of=np.arange(m) % 2,
        cost_cents=np.full(m, 500.0),
        map_cents=np.zeros(m),
        anchor_price_cents=np.full(m, 1000.0),
        is_new=np.zeros(m, dtype=np.bool_),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # a test names only fields of Catalogue


def rows(signal: Signal, day: int, figures: list[list[float]] | Floats, *, at: datetime, version: int) -> MetricRows:
    """One row per SKU."""
    values = np.array(figures, dtype=np.float64)
    n = len(values)
    return MetricRows(
        signal=signal,
        sku=np.arange(n),
        day=np.full(n, day),
        observed_at_s=np.full(n, at.timestamp()),
        version=np.full(n, version),
        values=values.reshape(n, len(COLUMNS[signal])),
    )


def seen(at: datetime, *new: MetricRows, tick: int = 0, price: float = 1000.0, m: int = 3, readback: bool = True) -> Observation:
    values = {Field.PRICE: np.full(m, price), Field.BID: np.full(m, 30.0), Field.DAILY_BUDGET: np.array([5000.0, 5000.0])}
    return Observation(tick=tick, at=at, rows=new, readback=Readback(at=at, values=values) if readback else None, failures=())


def step(memory: EstimatorMemory, what: Observation, **changes: object) -> tuple[StoreState, EstimatorMemory]:
    shop = catalogue(len(what.readback.values[Field.PRICE]) if what.readback else 3, **changes)
    return estimate(memory, what, catalogue=shop, economics=TERMS, tuning=TUNING, timezone=ZONE)


def begin(m: int = 3) -> EstimatorMemory:
    return start(catalogue(m), TUNING)


def test_before_any_data_beliefs_are_the_priors() -> None:
    state, _ = step(begin(), seen(FIRST))

    assert state.ctr.mean == pytest.approx(np.full(3, TUNING.ctr_prior))
    assert state.cvr.mean == pytest.approx(np.full(3, TUNING.cvr_prior))
    assert state.organic_units_per_day.mean == pytest.approx(np.full(3, TUNING.organic_prior_per_day))
    assert state.dt_s == 3600.0
    assert set(state.age_s.values()) == {np.inf}
    assert np.isnan(state.on_hand).all()
    assert state.baseline_loss_7d_cents == 0.0


def test_new_products_start_above_the_store() -> None:
    state, _ = step(begin(), seen(FIRST), is_new=np.array([False, True, False]))

    assert state.cvr.mean[1] == pytest.approx(TUNING.new_cvr_ratio * state.cvr.mean[0])


def test_value_per_click_is_zero_where_nothing_can_be_sold_or_earned() -> None:
    shelf = rows(Signal.STOCK, TODAY, [[4.0], [0.0], [4.0]], at=FIRST, version=1)

    state, _ = step(begin(), seen(FIRST, shelf), cost_cents=np.array([500.0, 500.0, np.nan]))

    margin = 0.95 * (1000.0 * 0.9 - 500.0) - 0.05 * 200.0
    expected = TUNING.cvr_prior * TUNING.units_per_order_prior * margin
    assert state.unit_margin_cents[:2] == pytest.approx([margin, margin])
    assert np.isnan(state.unit_margin_cents[2])
    assert state.value_per_click_cents.mean == pytest.approx([expected, 0.0, 0.0])
    assert state.value_per_click_cents.sd[0] > 0.0
    assert state.value_per_click_cents.sd[1] == 0.0


def test_memory_and_state_are_those_of_a_pure_step() -> None:
    first = seen(FIRST, rows(Signal.SHOP, TODAY, [[1.0, 2.0, 2000.0]] * 3, at=FIRST, version=1))
    memory = begin()

    once, after = step(memory, first)
    again, _ = step(memory, first)

    assert memory.history.days == {}
    assert once.organic_units_per_day.mean.tolist() == again.organic_units_per_day.mean.tolist()
    assert list(after.history.days) == [TODAY]


@dataclass(frozen=True)
class Ads:
    """A made-up ad platform that reports conversions late, exactly as the curve says on average."""

    cvr: float
    clicks: float
    days: int

    def report(self, now: datetime, version: int, m: int) -> Iterator[MetricRows]:
        day = day_of(now, ZONE)
        for back in range(self.days):
            clicked = day - back
            elapsed_s = np.array([(now - day_start(clicked, ZONE)).total_seconds()])
            share = float(expected_maturity(MaturityCurve(), elapsed_s=elapsed_s, hour_shares=TUNING.shape.hour_shares())[0])
            figures = [self.clicks * 50.0, self.clicks, self.clicks * 30.0, self.clicks * self.cvr * share, 0.0]
            yield rows(Signal.ADS, clicked, [figures] * m, at=now, version=version)


def test_conversions_still_to_come_do_not_lower_the_conversion_rate() -> None:
    ads = Ads(cvr=0.12, clicks=5000.0, days=4)

    state, _ = step(begin(), seen(FIRST + timedelta(hours=12), *ads.report(FIRST + timedelta(hours=12), 1, 3)))

    reported = sum(float(block.values[0, 3]) for block in ads.report(FIRST + timedelta(hours=12), 1, 3)) / (4 * 5000.0)
    assert reported < 0.09
    assert state.cvr.mean == pytest.approx(np.full(3, 0.12), rel=0.02)


def test_conversion_rate_recovers_the_truth_of_each_product() -> None:
    draw = np.random.default_rng(1)
    truth = np.array([0.03, 0.08, 0.20])
    memory, now = begin(), FIRST
    for back in range(27, 7, -1):
        clicks = draw.poisson(200.0, 3)
        figures = np.stack([clicks * 20.0, clicks, clicks * 30.0, draw.binomial(clicks, truth), clicks * 0.0], axis=1)
        _, memory = step(memory, seen(now, rows(Signal.ADS, TODAY - back, figures, at=now, version=1), tick=27 - back))

    state, _ = step(memory, seen(now + timedelta(hours=1), tick=30))

    assert (np.abs(state.cvr.mean - truth) < 3.0 * state.cvr.sd).all()
    assert (state.cvr.sd < 0.02).all()


def test_organic_units_are_shop_units_less_those_of_ads() -> None:
    memory = begin()
    for back in range(20, 8, -1):
        shop = rows(Signal.SHOP, TODAY - back, [[10.0, 20.0, 20_000.0]] * 3, at=FIRST, version=1)
        ads = rows(Signal.ADS, TODAY - back, [[5000.0, 100.0, 3000.0, 4.0, 8000.0]] * 3, at=FIRST, version=1)
        _, memory = step(memory, seen(FIRST, shop, ads))
    for back in range(8, 0, -1):
        shop = rows(Signal.SHOP, TODAY - back, [[10.0, 20.0, 20_000.0]] * 3, at=FIRST, version=1)
        ads = rows(Signal.ADS, TODAY - back, [[0.0, 0.0, 0.0, 0.0, 0.0]] * 3, at=FIRST, version=1)
        _, memory = step(memory, seen(FIRST, shop, ads))

    state, _ = step(memory, seen(FIRST + timedelta(hours=15), tick=99))

    weight = 0.5 ** (np.arange(20, 0, -1) / 14.0)
    organic = (weight[:12].sum() * 6.0 + weight[12:].sum() * 10.0) / weight.sum() * 2.0
    assert state.organic_units_per_day.mean == pytest.approx(np.full(3, organic), rel=0.05)


def drive(memory: EstimatorMemory, *, days: int, stock: float, units: float, price: float = 1000.0) -> tuple[EstimatorMemory, datetime]:
    """Hours of a store that sells ``units`` a day while it has stock."""
    now = FIRST.replace(hour=0) - timedelta(hours=1)
    for tick in range(24 * days):
        now = now + timedelta(hours=1)
        day = day_of(now, ZONE)
        blocks = [rows(Signal.STOCK, day, [[stock]] * 3, at=now, version=tick)]
        if tick % 24 == 23:
            blocks.append(rows(Signal.SHOP, day, [[units, units, units * price]] * 3, at=now, version=tick))
        _, memory = step(memory, seen(now, *blocks, tick=tick, price=price))
    return memory, now


def test_days_without_stock_do_not_count_against_demand() -> None:
    memory, now = drive(begin(), days=4, stock=50.0, units=8.0)
    state = None
    for hour in range(72):
        now = now + timedelta(hours=1)
        day = day_of(now, ZONE)
        blocks = [rows(Signal.STOCK, day, [[0.0]] * 3, at=now, version=hour), rows(Signal.SHOP, day, [[0.0] * 3] * 3, at=now, version=hour)]
        state, memory = step(memory, seen(now, *blocks, tick=200 + hour))

    assert state is not None
    assert state.organic_units_per_day.mean == pytest.approx(np.full(3, 8.0), rel=0.15)
    assert state.value_per_click_cents.mean.tolist() == [0.0, 0.0, 0.0]


def test_demand_is_brought_to_todays_price() -> None:
    memory, now = drive(begin(), days=6, stock=50.0, units=8.0)

    at_once, _ = step(memory, seen(now + timedelta(minutes=1), tick=900, price=1000.0))
    raised, _ = step(memory, seen(now + timedelta(minutes=1), tick=900, price=1100.0))

    ratio = raised.organic_units_per_day.mean / at_once.organic_units_per_day.mean
    assert ratio == pytest.approx(1.1**-at_once.elasticity.mean, rel=0.05)


def test_elasticity_is_learned_once_prices_have_moved() -> None:
    draw = np.random.default_rng(6)
    m, memory, now, state = 30, begin(30), FIRST.replace(hour=0), None
    for day_index in range(24):
        price = float(np.round(1000.0 * np.exp(draw.uniform(-0.1, 0.1))))
        prices = np.round(1000.0 * np.exp(draw.uniform(-0.1, 0.1, m)))
        for quarter in range(4):
            now = FIRST.replace(hour=1) + timedelta(days=day_index, hours=6 * quarter)
            what = seen(now, tick=day_index * 4 + quarter, price=price, m=m)
            assert what.readback is not None
            what.readback.values[Field.PRICE] = prices
            if quarter == 3:
                orders = draw.poisson(80.0 * (prices / 1000.0) ** -3.0).astype(float)
                block = rows(Signal.SHOP, day_of(now, ZONE), np.stack([orders, orders, orders * prices], axis=1), at=now, version=day_index)
                what = replace(what, rows=(block,))
            state, memory = step(memory, what)

    assert state is not None
    assert state.elasticity.mean.mean() == pytest.approx(3.0, rel=0.15)
    assert (state.elasticity.sd < 0.9).all()


def test_set_points_that_cannot_be_read_keep_their_last_value() -> None:
    _, memory = step(begin(), seen(FIRST, price=900.0))

    state, _ = step(memory, seen(FIRST + timedelta(hours=2), tick=1, readback=False))

    assert state.setpoints[Field.PRICE].tolist() == [900.0, 900.0, 900.0]
    assert state.readback_age_s == 7200.0


def test_single_unread_set_point_keeps_its_last_value() -> None:
    _, memory = step(begin(), seen(FIRST, price=900.0))
    partly = seen(FIRST + timedelta(hours=1), tick=1, price=950.0)
    assert partly.readback is not None
    partly.readback.values[Field.PRICE][1] = np.nan

    state, _ = step(memory, partly)

    assert state.setpoints[Field.PRICE].tolist() == [950.0, 900.0, 950.0]


def test_unsound_figures_hold_their_sku_for_the_tick_only() -> None:
    broken = rows(Signal.STOCK, TODAY, [[4.0], [np.nan], [4.0]], at=FIRST, version=1)

    during, memory = step(begin(), seen(FIRST, broken))
    after, _ = step(memory, seen(FIRST + timedelta(hours=1), tick=1))

    assert during.suspect.tolist() == [False, True, False]
    assert [(r.signal, r.sku, r.reason) for r in during.rejected] == [(Signal.STOCK, 1, "non_finite")]
    assert after.suspect.tolist() == [False, False, False]


def test_spend_is_summed_by_campaign_and_settles_after_the_lag() -> None:
    now = FIRST.replace(hour=13)
    ads = [rows(Signal.ADS, TODAY - back, [[100.0, 10.0, 300.0, 1.0, 900.0]] * 3, at=now, version=1) for back in (0, 1)]

    state, _ = step(begin(), seen(now, *ads))

    assert {day: cents.tolist() for day, cents in state.spend_by_day_cents.items()} == {TODAY - 1: [600.0, 300.0], TODAY: [600.0, 300.0]}
    assert state.revenue_by_day_cents == {TODAY - 1: 2700.0, TODAY: 2700.0}
    assert state.ad_cost_7d_cents.tolist() == [600.0, 600.0, 600.0]
    assert state.ad_cost_held_cents.tolist() == [600.0, 600.0, 600.0]
    assert state.spend_settled_before_day == TODAY
    assert 0.0 < state.expected_maturity[TODAY] < state.expected_maturity[TODAY - 1] < 1.0


def test_loss_counts_only_days_since_the_loop_runs() -> None:
    now = FIRST + timedelta(days=6)
    wasted = [[10_000.0, 200.0, 90_000.0, 0.0, 0.0]] * 3
    past = [rows(Signal.ADS, TODAY - back, wasted, at=FIRST, version=1) for back in (1, 2, 3)]
    _, memory = step(begin(), seen(FIRST, *past))

    before, memory = step(memory, seen(FIRST + timedelta(hours=1), tick=1))
    after, _ = step(memory, seen(now, rows(Signal.ADS, TODAY, wasted, at=now, version=1), tick=2))

    assert before.baseline_loss_7d_cents == 0.0
    assert 200_000.0 < after.baseline_loss_7d_cents <= 270_000.0
    assert after.baseline_loss_24h_cents == 0.0


def test_frozen_shop_is_named_after_enough_missed_orders() -> None:
    memory, now = drive(begin(), days=8, stock=50.0, units=40.0)
    frozen_at = None
    for hour in range(24):
        now = now + timedelta(hours=1)
        state, memory = step(memory, seen(now, tick=500 + hour))
        if Signal.SHOP in state.frozen and frozen_at is None:
            frozen_at = hour + 1

    assert frozen_at is not None
    assert 6 < frozen_at <= 13


def test_clock_that_goes_back_counts_as_one_tick() -> None:
    _, memory = step(begin(), seen(FIRST))

    state, after = step(memory, seen(FIRST - timedelta(hours=1), tick=1))

    assert state.dt_s == TUNING.tick_s
    assert after.history.today == TODAY


def test_days_are_the_stores_own_across_summer_time() -> None:
    midnight = datetime(2024, 3, 30, 23, 30, tzinfo=UTC)

    before, memory = step(begin(), seen(midnight))
    after, _ = step(memory, seen(midnight + timedelta(days=1), tick=1))

    assert after.day == before.day + 2
    assert before.day_fraction == pytest.approx(23.5 / 24.0)
    assert after.day_fraction == pytest.approx(0.5 / 24.0)


def leaves(value: object) -> Iterator[object]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        assert type(value).__dataclass_params__.frozen  # type: ignore[attr-defined]  # set by the decorator
        for field in dataclasses.fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, dict):
        assert all(isinstance(key, (str, int, Enum)) for key in value)
        for item in value.values():
            yield from leaves(item)
    else:
        yield value


def test_memory_is_made_of_what_a_snapshot_can_hold() -> None:
    memory, _ = drive(begin(), days=2, stock=5.0, units=3.0)

    kinds = {leaf.dtype.name if isinstance(leaf, np.ndarray) else type(leaf).__name__ for leaf in leaves(memory)}

    assert kinds <= {"int", "float", "str", "bool", "NoneType", "datetime", "float64", "int64"}
