"""The check tells a market that sells as its store from one that does not, in weeks that the fit has not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.calibration.check import MEASURES, TOLERANCE, Check, Distance, check_calibration, held_out_days
from sim.calibration.market_fit import CalibrationOptions, TooFewOrdersError
from sim.calibration.orders import OrderColumns, read_order_lines
from tests.unit.sim.made_orders import made_orders
from tests.unit.sim.test_calibration import orders_file

REQUIRED = {"weekday_shares", "hour_shares", "revenue_share_of_top_tenth", "dispersion_median"}


def _by_name(check: Check) -> dict[str, Distance]:
    return {distance.name: distance for distance in check.distances}


@pytest.fixture(scope="module")
def like() -> Check:
    return check_calibration(made_orders(skus=12, weeks=20, seed=1), CalibrationOptions(), stores=2)


@pytest.fixture(scope="module")
def unlike() -> Check:
    return check_calibration(made_orders(skus=5, weeks=12, seed=1, turns=True), CalibrationOptions(), stores=1)


def test_a_store_that_sells_as_the_market_does_passes(like: Check) -> None:
    found = _by_name(like)

    # a dozen products are too few to tell dispersion within 10 %
    assert {name for name, distance in found.items() if distance.required and not distance.within} <= {"dispersion_median"}
    assert {name for name, distance in found.items() if distance.required} == REQUIRED
    assert set(found) == {*MEASURES, "price_response"}
    assert found["orders_per_day"].relative == pytest.approx(0.0, abs=0.08)
    assert found["units_mean"].relative == pytest.approx(0.0, abs=0.05)
    assert found["value_cents_q50"].relative == pytest.approx(0.0, abs=TOLERANCE)
    assert (like.skus, like.weeks, like.stores) == (12, 10, 2)


def test_a_store_whose_held_out_weeks_are_others_fails_where_they_differ(unlike: Check) -> None:
    found = _by_name(unlike)

    assert not unlike.passed
    for name in ("weekday_shares", "hour_shares", "revenue_share_of_top_tenth"):
        assert not found[name].within, name
        assert abs(found[name].relative) > found[name].high, name


def test_distances_by_chance_alone_surround_those_of_a_market_that_is_right(like: Check) -> None:
    """Of fourteen 95 % intervals one or two may miss; distances of profiles are never negative."""
    distances = [distance for distance in like.distances if np.isfinite(distance.low)]

    missed = [distance.name for distance in distances if not distance.low - 0.02 <= distance.relative <= distance.high + 0.02]
    assert len(missed) <= 2
    assert all(distance.low >= 0.0 for distance in distances if distance.observed.size > 1)


def test_what_days_have_in_common_is_in_the_market_too_and_not_required() -> None:
    check = check_calibration(made_orders(skus=8, weeks=20, seed=2, common=0.5), CalibrationOptions(), stores=4)

    found = _by_name(check)["store_dispersion"]
    assert found.observed[0] == pytest.approx(0.25, abs=0.12)
    assert found.low < found.relative < found.high
    assert not found.required


def test_products_do_not_sell_before_the_store_had_them() -> None:
    lines = made_orders(skus=6, weeks=20, seed=5)
    late = (lines.sku < 2) & (lines.day < lines.first_day + 9 * 7)
    kept = {name: getattr(lines, name)[~late] for name in ("sku", "day", "hour", "units", "price", "known_customer")}

    check = check_calibration(replace(lines, order=np.arange((~late).sum()), **kept), CalibrationOptions(), stores=2)

    assert check.skus == 6
    assert _by_name(check)["orders_per_day"].relative == pytest.approx(0.0, abs=0.08)


def test_the_fit_does_not_see_the_weeks_held_out() -> None:
    lines = made_orders(skus=3, weeks=8, seed=3)
    held = held_out_days(lines.counted.size)[lines.day - lines.first_day]
    louder = replace(lines, hour=np.where(held, 3, lines.hour))

    one, other = (_by_name(check_calibration(of, CalibrationOptions(), stores=1))["hour_shares"] for of in (lines, louder))

    np.testing.assert_array_equal(one.simulated, other.simulated)
    assert other.observed[3] == 1.0


def test_only_required_distances_decide(like: Check) -> None:
    far = [replace(distance, relative=0.11 if distance.required else 0.09) for distance in like.distances]
    near = [replace(distance, relative=-0.09 if distance.required else 0.9) for distance in like.distances]

    assert not replace(like, distances=tuple(far)).passed
    assert replace(like, distances=tuple(near)).passed
    assert not replace(like.distances[0], relative=float("nan")).within


def test_every_second_whole_week_is_held_out() -> None:
    held = held_out_days(30)

    assert np.flatnonzero(held).tolist() == [*range(7, 14), *range(21, 28)]


def test_the_same_history_gives_the_same_distances() -> None:
    lines = made_orders(skus=3, weeks=8, seed=4)

    one, again = (check_calibration(lines, CalibrationOptions(), stores=1) for _ in range(2))

    assert [(of.relative, of.low, of.high) for of in one.distances[:4]] == [(of.relative, of.low, of.high) for of in again.distances[:4]]


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(TooFewOrdersError, match=r"expected at least 8 whole weeks to hold every second one out, was 7"):
        check_calibration(made_orders(skus=3, weeks=7, seed=5), CalibrationOptions())


def test_the_gift_shop_sells_as_its_market_says() -> None:
    if not orders_file().is_file():
        pytest.skip("the original orders are not at hand; AUTOPILOT_SHARED_DATA names their folder")

    check = check_calibration(read_order_lines(orders_file(), OrderColumns()), CalibrationOptions(), stores=1)

    found = _by_name(check)
    assert check.passed
    assert {name for name in REQUIRED if abs(found[name].relative) > TOLERANCE} == set()
    assert check.skus > 1_000
    assert check.weeks == 26
