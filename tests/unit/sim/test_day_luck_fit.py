"""The fit finds again how much luck the products of a store share, and does not take other scatter for it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibration.day_luck_fit import shared_luck
from sim.calibration.demand_fit import fit_shape, fit_skus, sku_orders
from sim.calibration.market_file import render
from sim.calibration.market_fit import Calibration, CalibrationOptions, fit
from sim.calibration.orders import OrderLines
from sim.parameters.market import parse_market
from tests.unit.sim.made_orders import made_orders


def _dispersion(lines: OrderLines) -> float:
    orders = sku_orders(lines)
    shape = fit_shape(lines, orders)
    luck = shared_luck(orders, shape, fit_skus(lines, orders, shape))
    return float(luck.dispersion(luck.excess.sum(), luck.squares.sum()))


@pytest.mark.parametrize("common", [0.0, 0.26, 0.5])
def test_shared_luck_is_found_again(common: float) -> None:
    found = [_dispersion(made_orders(skus=12, weeks=52, seed=seed, common=common)) for seed in range(6)]

    assert np.mean(found) == pytest.approx(common**2, rel=0.12, abs=0.005)


def test_the_fit_to_the_same_days_does_not_make_it_smaller() -> None:
    """Of half a year the season takes a tenth of the days' scatter with it; the estimate makes up for that."""
    found = [_dispersion(made_orders(skus=10, weeks=16, seed=seed, common=0.4)) for seed in range(24)]

    assert np.mean(found) == pytest.approx(0.16, rel=0.1)


def test_luck_of_single_products_is_not_taken_for_shared() -> None:
    found = [_dispersion(made_orders(skus=8, weeks=52, seed=seed, dispersion=1.5)) for seed in range(4)]

    assert np.mean(found) < 0.03


def test_one_product_shares_with_nobody() -> None:
    assert _dispersion(made_orders(skus=1, weeks=20, seed=1, common=0.5)) == 0.0


def test_weeks_drawn_again_say_how_certain_it_is() -> None:
    found = [fit(made_orders(skus=6, weeks=40, seed=seed, common=0.4), CalibrationOptions()).fitted["day_dispersion"] for seed in range(10)]

    assert sum(figure.low <= 0.16 <= figure.high for figure in found) >= 8
    assert all(0.0 < figure.high - figure.low < 0.2 for figure in found)


@pytest.fixture(scope="module")
def calm() -> Calibration:
    return fit(made_orders(skus=6, weeks=40, seed=2, dispersion=0.0, common=0.4), CalibrationOptions())


def test_the_market_file_carries_it(calm: Calibration) -> None:
    text = render(calm)

    assert parse_market(text, origin="m.toml").demand.day_dispersion == pytest.approx(calm.fitted["day_dispersion"].value, abs=0.0006)
    assert "# part of it that all products share from day to day: 0.1" in text


def test_products_that_scatter_less_than_the_days_are_named(calm: Calibration) -> None:
    few = int((calm.demand.dispersion < calm.fitted["day_dispersion"].value).sum())

    assert few > 0
    assert calm.could_not_fit["own_luck"].startswith(f"{few} of 6 products scatter less than the days they share")
    assert f"# {few} products scatter less than that: the market gives them the days' dispersion" in render(calm)
    assert "own_luck" not in fit(made_orders(skus=6, weeks=40, seed=2, dispersion=0.5), CalibrationOptions()).could_not_fit
