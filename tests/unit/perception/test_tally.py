"""Adding up days: what fades, what is brought to today's price, and what the record says about prices."""

from __future__ import annotations

import numpy as np
import pytest

from perception import history, tally
from perception.elasticity import ElasticityTuning, evidence, pool
from perception.observation import COLUMNS, MetricRows, Signal
from perception.tally import Fading
from perception.units import Floats

TODAY = 700_000
AT_S = 1_700_000_000.0


def rows(signal: Signal, day: int, figures: Floats) -> MetricRows:
    n = len(figures)
    return MetricRows(
        signal=signal,
        sku=np.arange(n),
        day=np.full(n, day),
        observed_at_s=np.full(n, AT_S),
        version=np.zeros(n, dtype=np.int64),
        values=np.asarray(figures, dtype=np.float64).reshape(n, len(COLUMNS[signal])),
    )


def watched(held: history.History, day: int, price: Floats, *, stocked: bool = True) -> history.History:
    held = history.advance(held, day)
    return history.watch(held, dt_s=86_400.0, price_cents=price, in_stock=np.full(price.size, stocked))


def sold(orders: Floats) -> Floats:
    return np.stack([orders, orders, 100.0 * orders], axis=1)


def fading(m: int, *, price: float = 100.0) -> Fading:
    return Fading(half_life_days=7.0, log_price=np.full(m, np.log(price)), elasticity=np.full(m, 2.0))


def test_days_fade_by_half_life() -> None:
    held = history.empty(1, window_days=28, today=TODAY)
    held = history.remember(held, rows(Signal.SHOP, TODAY - 7, sold(np.array([8.0]))), TODAY)

    added = tally.tally_shop(held, fading(1), passed={TODAY - 7: 1.0})

    assert added.orders.tolist() == [4.0]
    assert added.days.tolist() == [0.5]


def test_cheap_days_count_as_more_selling_time() -> None:
    held = watched(history.empty(1, window_days=28, today=TODAY - 1), TODAY - 1, np.array([80.0]))
    held = history.remember(held, rows(Signal.ADS, TODAY - 1, np.array([[100.0, 10.0, 300.0, 1.0, 80.0]])), TODAY)
    weight = 0.5 ** (1.0 / 7.0)

    shop = tally.tally_shop(held, fading(1), passed={TODAY - 1: 1.0})
    ads = tally.tally_ads(held, fading(1), maturity={TODAY - 1: 0.5})

    easier = (100.0 / 80.0) ** 2.0
    assert shop.days == pytest.approx([weight * easier])
    assert ads.trials == pytest.approx([weight * 0.5 * 10.0 * easier])
    assert ads.expected_conversions == pytest.approx([weight * 2.0])


def test_hardly_matured_days_are_not_blown_up() -> None:
    held = history.remember(
        history.empty(1, window_days=28, today=TODAY), rows(Signal.ADS, TODAY, np.array([[100.0, 10.0, 300.0, 1.0, 80.0]])), TODAY
    )

    assert tally.tally_ads(held, fading(1), maturity={TODAY: 0.05}).expected_conversions.tolist() == [4.0]


def test_days_without_stock_add_no_selling_time() -> None:
    held = watched(history.empty(1, window_days=28, today=TODAY), TODAY, np.array([100.0]), stocked=False)

    assert tally.tally_shop(held, fading(1), passed={TODAY: 1.0}).days.tolist() == [0.0]


def test_ads_since_counts_from_its_first_day() -> None:
    held = history.empty(1, window_days=28, today=TODAY)
    for back, cost in ((0, 5.0), (6, 7.0), (7, 11.0)):
        held = history.remember(held, rows(Signal.ADS, TODAY - back, np.array([[100.0, 10.0, cost, 0.0, 0.0]])), TODAY)

    assert tally.ads_since(held, "cost_cents", TODAY - 6).tolist() == [12.0]
    assert tally.ads_since(held, "cost_cents", 0).tolist() == [23.0]


def recorded(prices: Floats, truth: float, *, seed: int = 0) -> tally.PriceRecord:
    """A store that follows its prices at one elasticity, on days as busy as they happen to be."""
    draw = np.random.default_rng(seed)
    days, m = prices.shape
    held = history.empty(m, window_days=40, today=TODAY)
    for day in range(days):
        held = watched(held, TODAY + day, prices[day])
        orders = draw.poisson(40.0 * draw.uniform(0.5, 1.5) * (prices[day] / 100.0) ** -truth).astype(np.float64)
        held = history.remember(held, rows(Signal.SHOP, TODAY + day, sold(orders)), TODAY + day)
    record = tally.price_record(history.advance(held, TODAY + days), maturity={})
    assert record is not None
    return record


def learned(record: tally.PriceRecord) -> tuple[float, float]:
    tuning = ElasticityTuning(dispersion=1.0)
    belief = pool(evidence(record.orders, record.log_price, record.opportunity, tuning), tuning).own
    return float(belief.mean.mean()), float(belief.sd.mean())


def test_prices_that_moved_against_each_other_tell_through_busy_and_quiet_days() -> None:
    prices = 100.0 * np.exp(np.random.default_rng(1).uniform(-0.1, 0.1, (24, 20)))

    mean, sd = learned(recorded(prices, 3.0))

    assert mean == pytest.approx(3.0, rel=0.12)
    assert sd < 0.7


def test_prices_that_moved_all_alike_tell_nothing() -> None:
    prices = 100.0 * np.exp(np.linspace(0.0, 0.15, 24))[:, None] * np.ones((24, 20))

    mean, sd = learned(recorded(prices, 3.0))

    assert mean == pytest.approx(2.1, abs=0.3)
    assert sd > 1.0


def test_orders_of_ads_are_taken_off_the_record() -> None:
    held = history.empty(2, window_days=28, today=TODAY)
    for day in range(TODAY, TODAY + 5):
        held = watched(held, day, np.array([100.0, 100.0]))
        held = history.remember(held, rows(Signal.SHOP, day, sold(np.array([9.0, 1.0]))), day)
        held = history.remember(held, rows(Signal.ADS, day, np.array([[100.0, 10.0, 300.0, 2.0, 80.0]] * 2)), day)

    record = tally.price_record(history.advance(held, TODAY + 5), maturity=dict.fromkeys(range(TODAY, TODAY + 5), 0.5))

    assert record is not None
    assert record.orders[0].tolist() == [5.0, 0.0]
    assert record.moved.tolist() == [False, False]


def test_short_records_are_none() -> None:
    held = history.empty(1, window_days=28, today=TODAY)

    assert tally.price_record(held, maturity={}) is None
