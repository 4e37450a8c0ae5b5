"""Demand: constant elasticity, negative-binomial scatter, hours that add up to days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.units import Floats, Ints
from sim.demand import (
    bounded_effect,
    day_factor,
    day_index,
    hour_index,
    log_price_ratio,
    on_sale,
    price_exponent,
    traffic_share,
)
from sim.world import World, truth

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

SEEDS = np.arange(4)


def price_effect(price_cents: Ints, world: World) -> Floats:
    return bounded_effect(price_exponent(log_price_ratio(price_cents, world), world), maximum=8.0)


def test_orders_follow_price_with_constant_elasticity(bench: Bench) -> None:
    world = truth(bench.parameters, seeds=SEEDS)
    reference = world.reference_price_cents.astype(np.int64) * 10
    world_at = price_effect(reference, world)

    dearer = price_effect(reference * 2, world)

    np.testing.assert_allclose(np.log(dearer / world_at), -world.elasticity * np.log(2.0))
    np.testing.assert_allclose(world_at, 10.0**-world.elasticity)


def test_price_effect_is_capped_where_no_price_has_been(bench: Bench) -> None:
    world = truth(bench.parameters, seeds=SEEDS)

    almost_free = price_effect(np.ones((4, 30), dtype=np.int64), world)

    assert almost_free.max() == pytest.approx(8.0)


def test_a_gamma_day_makes_counts_negative_binomial(bench: Bench) -> None:
    world = truth(bench.parameters, seeds=np.arange(4000))
    alone = replace(bench.parameters.demand, day_dispersion=0.0)
    factor = day_factor(alone, world, seeds=np.arange(4000), day=3)

    np.testing.assert_allclose(factor.mean(axis=0), 1.0, atol=0.08)
    np.testing.assert_allclose(factor.var(axis=0), world.dispersion, rtol=0.2, atol=0.001)


def test_hours_add_up_to_days_and_days_to_average_weeks(bench: Bench) -> None:
    demand, traffic, day = bench.parameters.demand, bench.parameters.traffic, bench.first_day

    hours = [hour_index(demand, day, hour) for hour in range(24)]
    shares = [traffic_share(demand, traffic, day + 5, hour) for hour in range(24)]
    week = [day_index(demand, day + offset) for offset in range(7)]

    assert sum(hours) == pytest.approx(day_index(demand, day), rel=1e-4)
    assert sum(shares) == pytest.approx(1.0)
    assert np.mean(week) == pytest.approx(demand.month_index[8], rel=1e-3)


def test_launches_wait_for_the_first_day_of_the_shop(bench: Bench) -> None:
    world, new = truth(bench.parameters, seeds=SEEDS), np.array(bench.parameters.assortment.is_new)

    before, after = on_sale(world, bench.first_day - 1), on_sale(world, bench.first_day)

    np.testing.assert_array_equal(before, ~new)
    assert after.all()
