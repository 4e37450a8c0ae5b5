"""The picture of a calibration check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from autopilot.report.check_picture import NAMES, write_check_png
from sim.calibration.check import CURVES, MEASURES, Check, Curve, Distance
from sim.calibration.check_measures import LEVELS


def _distance(name: str, size: int) -> Distance:
    share = np.full(size, 1.0 / size)
    return Distance(
        name=name,
        simulated=share,
        observed=share * 1.1,
        simulated_low=share * 0.9,
        simulated_high=share * 1.1,
        relative=0.1,
        low=-0.05,
        high=0.05,
        required=name in {"weekday_shares", "hour_shares"},
    )


@pytest.fixture
def check() -> Check:
    sizes = {"weekday_shares": 7, "hour_shares": 24}
    days = 733_000 + np.array([day for week in range(0, 8, 2) for day in range(7 * week, 7 * week + 7)])
    orders = np.linspace(10.0, 30.0, days.size)
    orders[3] = np.nan
    return Check(
        distances=tuple(_distance(name, sizes.get(name, 1)) for name in (*MEASURES, "price_response")),
        curves={name: Curve(observed=LEVELS * 100.0, simulated=np.tile(LEVELS * 90.0, (3, 1))) for name in CURVES},
        skus=12,
        weeks=4,
        stores=3,
        daily_observed=orders,
        daily_simulated=np.tile(orders * 1.1, (3, 1)),
        days=days,
    )


def test_every_measure_has_a_name_for_people() -> None:
    assert set(NAMES) == {*MEASURES, "price_response"}


@pytest.mark.no_cover
def test_the_picture_is_drawn_and_is_the_same_each_time(check: Check, tmp_path: Path) -> None:
    one, again = tmp_path / "one.png", tmp_path / "again.png"

    for path in (one, again):
        write_check_png(check, path, name="shop", currency="EUR")

    drawn = imread(one)
    assert one.read_bytes() == again.read_bytes()
    assert drawn.shape[1] > drawn.shape[0] > 900
    assert len(np.unique(drawn[::7, ::7, 0])) > 10


def test_figures_that_are_none_are_drawn_as_none(check: Check, tmp_path: Path) -> None:
    nan = float("nan")
    empty = tuple(replace(of, relative=nan, low=nan, high=nan) if of.name == "price_response" else of for of in check.distances)

    write_check_png(replace(check, distances=empty), tmp_path / "check.png", name="shop", currency="EUR")

    assert (tmp_path / "check.png").stat().st_size > 20_000
