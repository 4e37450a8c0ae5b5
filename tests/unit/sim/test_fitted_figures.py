"""Every figure of a calibration says how certain it is."""

from __future__ import annotations

import numpy as np
import pytest

from sim.calibration.demand_fit import fit_shape, fit_skus, sku_orders
from sim.calibration.elasticity_fit import fit_elasticity
from sim.calibration.fitted_figures import Figure, Spread, figures, head_share
from sim.calibration.orders import OrderLines
from tests.unit.sim.made_orders import made_orders

COUNTS = {"orders", "days", "closed_days", "skus", "list_price_log_sd"}


def _figures(lines: OrderLines) -> tuple[dict[str, Figure], Spread]:
    orders = sku_orders(lines)
    shape = fit_shape(lines, orders)
    return figures(lines, orders, shape, fit_skus(lines, orders, shape), fit_elasticity(lines))


@pytest.fixture(scope="module")
def found() -> tuple[dict[str, Figure], Spread]:
    return _figures(made_orders(skus=12, weeks=56, seed=1))


def test_every_figure_but_counts_lies_within_its_interval(found: tuple[dict[str, Figure], Spread]) -> None:
    certain = {name: figure for name, figure in found[0].items() if name not in COUNTS and np.isfinite(figure.value)}

    assert {"order_value_median", "revenue_share_of_top_tenth", "dispersion_median", "zero_sku_weeks", "cancelled_value_share"} <= set(
        certain
    )
    assert {"repeat_customer_share", "busiest_hour_share", "lines_per_order"} <= set(certain)
    for name, figure in certain.items():
        assert figure.low <= figure.value <= figure.high, name


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """Weekdays of twelve made half-years: of 84 indices some five should miss; twelve are far more than chance."""
    truth = np.array([1.4, 1.3, 1.2, 1.1, 1.0, 0.0, 1.0])
    missed = 0
    for seed in range(12):
        lines = made_orders(skus=4, weeks=26, seed=seed)
        shape = fit_shape(lines, sku_orders(lines))
        _, spread = _figures(lines)
        missed += int((np.abs(shape.weekday_index - truth / truth.mean()) > spread.weekday_index + 1e-9).sum())

    assert missed <= 12


def test_more_weeks_make_figures_more_certain() -> None:
    short, long = (_figures(made_orders(skus=4, weeks=weeks, seed=3))[1] for weeks in (16, 64))

    assert long.weekday_index.sum() < 0.75 * short.weekday_index.sum()
    assert long.hour_shares.max() < 0.75 * short.hour_shares.max()


def test_the_best_tenth_is_at_least_one_product() -> None:
    assert head_share(np.array([3.0, 1.0])) == pytest.approx(0.75)
    np.testing.assert_allclose(head_share(np.array([[1.0] * 20, [11.0] + [1.0] * 19])), [0.1, 0.4])
