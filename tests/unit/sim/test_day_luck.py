"""Days that all products of a store share: what they add to the whole store, and what they leave to each product."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.units import Floats, Ints
from sim.day_effects import DayEffects, draw_day
from sim.demand import day_factor, day_index, own_dispersion, store_day_factor
from sim.market import start, step
from sim.moment import Moment
from sim.parameters.daily_demand import DailyDemand
from sim.parameters.market import MarketFileError, MarketParameters, parse_market
from sim.world import truth

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sim.conftest import Bench

DAY = 0.2


@pytest.fixture(scope="module")
def shared(bench: Bench) -> Bench:
    """Products whose dispersion is 0.6, of which the day makes 0.2; all seeds with the same levels."""
    skus = len(bench.parameters.assortment.skus)
    demand = {"dispersion": (0.6,) * skus, "day_dispersion": DAY, "order_level_log_sd": 0.0}
    return bench.changed(demand=demand, stock={"initial_low_days": 900.0, "initial_high_days": 900.0})


def _drawn(parameters: MarketParameters, seeds: Ints, *, day: int = 3) -> DayEffects:
    moment = Moment(day=parameters.shop.first_day.toordinal() + day, hour=24 * day)
    return draw_day(parameters, truth(parameters, seeds=seeds), seeds=seeds, moment=moment, previous_drift=np.zeros(seeds.size))


def _luck(parameters: MarketParameters, seeds: Ints, *, day: int = 3) -> Floats:
    luck: Floats = _drawn(parameters, seeds, day=day).orders_per_day / truth(parameters, seeds=seeds).orders_per_day
    return luck


def test_the_days_are_part_of_the_dispersion_of_a_product_and_not_on_top_of_it() -> None:
    dispersion = np.array([0.0, 0.1, 0.2, 0.6, 1.5])

    own = own_dispersion(dispersion, DAY)

    np.testing.assert_allclose((1.0 + own[2:]) * (1.0 + DAY), 1.0 + dispersion[2:])
    assert own[:2].tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(own_dispersion(dispersion, 0.0), dispersion)


def test_a_product_scatters_as_its_dispersion_says_and_moves_with_the_others(shared: Bench) -> None:
    luck = _luck(shared.parameters, np.arange(20_000))

    covariance = np.cov(luck, rowvar=False)
    apart = ~np.eye(luck.shape[1], dtype=np.bool_)
    np.testing.assert_allclose(luck.mean(axis=0), 1.0, atol=0.02)
    assert np.diag(covariance).mean() == pytest.approx(0.6, rel=0.03)
    assert covariance[apart].mean() == pytest.approx(DAY, rel=0.05)


def test_the_days_of_a_whole_store_vary_as_the_shared_luck_says(shared: Bench) -> None:
    """Orders of all products together: variance = mean + day · mean² + what is left of the products' own luck."""
    parameters, seeds = shared.parameters, np.arange(600)
    state = start(parameters, seeds=seeds, first_day=shared.first_day)
    orders = np.zeros(state.world.orders_per_day.shape)
    for _ in range(24):
        state, outcome = step(parameters, state, shared.setpoints(600))
        orders += outcome.organic_orders
    expected = state.world.orders_per_day[0] * day_index(parameters.demand, shared.first_day)

    total, mean = orders.sum(axis=1), expected.sum()
    variance = mean + DAY * mean**2 + (0.6 - DAY) * (expected**2).sum()
    assert total.mean() == pytest.approx(mean, rel=0.06)
    assert total.var() == pytest.approx(variance, rel=0.2)
    dispersion = (orders.var(axis=0) - orders.mean(axis=0)) / orders.mean(axis=0) ** 2
    assert dispersion[expected > 2.0].mean() == pytest.approx(0.6, rel=0.12)


def test_a_product_that_scatters_less_than_the_days_scatters_as_they_do(shared: Bench) -> None:
    calm = shared.changed(demand={"dispersion": (0.05,) * 30})

    luck = _luck(calm.parameters, np.arange(4_000))

    assert luck[:, 0].var() == pytest.approx(DAY, rel=0.1)
    np.testing.assert_allclose(luck[:, 0], luck[:, 1])


def test_searches_share_the_day_of_the_orders(shared: Bench) -> None:
    seeds = np.arange(50)
    factor = _drawn(shared.parameters, seeds).searches_per_day / truth(shared.parameters, seeds=seeds).searches_per_day

    expected = store_day_factor(shared.parameters.demand, seeds=seeds, day=3)
    np.testing.assert_allclose(factor, np.broadcast_to(expected, factor.shape))
    assert np.ptp(expected) > 0.5


def test_without_it_days_are_as_they_were(shared: Bench) -> None:
    off, seeds = shared.changed(demand={"day_dispersion": 0.0}), np.arange(7)
    parameters, world = off.parameters, truth(off.parameters, seeds=seeds)

    effects = _drawn(parameters, seeds)

    own = day_factor(parameters.demand, world, seeds=seeds, day=3)
    np.testing.assert_array_equal(effects.orders_per_day, world.orders_per_day * own)
    np.testing.assert_array_equal(effects.searches_per_day, world.searches_per_day)


def test_a_store_has_the_same_days_in_any_batch(shared: Bench) -> None:
    seeds = np.concatenate([[2**40, -3], np.arange(1022)])
    together = [_drawn(shared.parameters, seeds, day=day) for day in range(3)]

    for few in (slice(0, 1), slice(3, 10), slice(1020, 1024)):
        for day, drawn in enumerate(together):
            alone = _drawn(shared.parameters, seeds[few], day=day)
            np.testing.assert_array_equal(alone.orders_per_day, drawn.orders_per_day[few])
            np.testing.assert_array_equal(alone.searches_per_day, drawn.searches_per_day[few])


def test_days_and_stores_have_luck_of_their_own(shared: Bench) -> None:
    demand = shared.parameters.demand
    days = np.concatenate([store_day_factor(demand, seeds=np.arange(4_000), day=day) for day in range(2)], axis=1)

    assert abs(np.corrcoef(days[:, 0], days[:, 1])[0, 1]) < 0.05
    assert abs(np.corrcoef(days[:-1, 0], days[1:, 0])[0, 1]) < 0.05


def test_a_real_day_brings_its_own_luck_and_no_more(shared: Bench) -> None:
    index = tuple(0.5 + sku / 10 for sku in range(30))
    recorded = DailyDemand(first_day=shared.parameters.shop.first_day, index=(index,))
    parameters, seeds = replace(shared.parameters, daily_demand=recorded), np.arange(3)

    np.testing.assert_allclose(_luck(parameters, seeds, day=0), np.tile(index, (3, 1)))
    assert _luck(parameters, seeds, day=1).std() > 0.1


def test_the_figure_is_optional_and_never_negative(markets: Path) -> None:
    lines = (markets / "gift_shop.toml").read_text(encoding="utf-8").splitlines()
    without = "\n".join(line for line in lines if not line.startswith("day_dispersion"))

    assert parse_market(without, origin="m.toml").demand.day_dispersion == 0.0
    with pytest.raises(MarketFileError, match=r"m\.toml: demand\.day_dispersion: expected >= 0, was -0\.1"):
        parse_market(without.replace("[demand]", "[demand]\nday_dispersion = -0.1"), origin="m.toml")


def test_a_busy_day_is_seen_by_more_people(shared: Bench) -> None:
    """Impressions of an ad follow the day that all products share, seed by seed, against the same market without such days."""
    off, seeds, shown = shared.changed(demand={"day_dispersion": 0.0}), range(200), []
    for each in (shared, off):
        opened = each.changed(auction={"rivals": 1, "sampled_auctions": 1, "cpc_drift_cv": 0.0})
        _, outcomes = opened.run(opened.opened(seeds), opened.setpoints(200, bid_cents=10_000, budget_cents=10**9), 24)
        shown.append(np.sum([outcome.impressions.sum(axis=1) for outcome in outcomes], axis=0))

    factor = store_day_factor(shared.parameters.demand, seeds=np.arange(200), day=0)[:, 0]
    np.testing.assert_allclose(shown[0] / shown[1], factor, rtol=0.1)
