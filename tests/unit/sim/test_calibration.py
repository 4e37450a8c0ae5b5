"""The committed market: reproduced from the orders where they are at hand, and checked against its aggregates where they are not."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.calibration.calibrate import CalibrationReport, calibrate_file
from sim.calibration.demand_fit import level_and_dispersion
from sim.calibration.market_file import render
from sim.calibration.market_fit import CalibrationOptions, TooFewOrdersError, fit
from sim.calibration.orders import OrderColumns, read_order_lines
from sim.market import start, step
from sim.parameters.market import MarketFileError, MarketParameters, parse_market

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

GIFT_SHOP = CalibrationOptions(
    name="gift_shop",
    source="Online Retail II, Chen, D., UCI Machine Learning Repository (502), doi 10.24432/C5CG6D, CC BY 4.0; "
    "changed: aggregated and fitted",
)
FIRST, LAST = date(2009, 12, 1).toordinal(), date(2010, 11, 30).toordinal()


def orders_file() -> Path:
    folder = os.environ.get("AUTOPILOT_SHARED_DATA")
    beside = Path(__file__).parents[4] / "shared" / "data"
    return (Path(folder) if folder else beside) / "online_retail_II_2009_10.parquet"


@pytest.fixture(scope="module")
def report() -> CalibrationReport:
    if not orders_file().is_file():
        pytest.skip("the original orders are not at hand; AUTOPILOT_SHARED_DATA names their folder")
    return calibrate_file(orders_file(), OrderColumns(), GIFT_SHOP)


def test_committed_market_is_reproduced_byte_for_byte(report: CalibrationReport, markets: Path) -> None:
    assert report.toml == (markets / "gift_shop.toml").read_text(encoding="utf-8")
    assert report.daily_csv == (markets / "gift_shop_daily.csv").read_text(encoding="utf-8")


def test_figures_known_of_the_data_are_found(report: CalibrationReport) -> None:
    assert report.fitted["cancelled_value_share"].value == pytest.approx(0.026, abs=0.001)
    assert report.fitted["repeat_customer_share"].value == pytest.approx(0.66, abs=0.01)
    assert report.fitted["revenue_share_of_top_tenth"].value == pytest.approx(0.60, abs=0.01)
    assert report.fitted["order_value_median"].value == pytest.approx(301, abs=3)
    assert report.fitted["launch_week_ratio"].low < 1.46 < report.fitted["launch_week_ratio"].high
    assert report.dropped["cancelled_or_returned"] > 9_000


def test_no_original_code_leaves_with_the_market(report: CalibrationReport) -> None:
    written = report.toml + report.daily_csv

    assert len(report.sku_names) == 30
    assert not [code for code in report.sku_names.values() if len(code) > 5 and code in written]
    assert not {line.split(",")[0] for line in report.daily_csv.splitlines()[1:]} - set(report.sku_names)


def test_what_orders_cannot_tell_is_named(report: CalibrationReport) -> None:
    assert {"unit_cost", "ad_auction", "ctr", "cvr", "cpc_level", "conversion_delay", "stock_and_lead_time"} <= set(report.could_not_fit)


@pytest.fixture(scope="module")
def daily(markets: Path) -> list[dict[str, str]]:
    with (markets / "gift_shop_daily.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _day_index(parameters: MarketParameters, daily: list[dict[str, str]]) -> np.ndarray:
    """Weekday × month index of the year of the aggregates; days on which none of the 30 products sold on an open weekday are closed."""
    sold = {date.fromisoformat(row["day"]) for row in daily}
    demand, days = parameters.demand, [date.fromordinal(day) for day in range(FIRST, LAST + 1)]
    usual = np.array([demand.weekday_index[day.weekday()] * demand.month_index[day.month - 1] for day in days])
    closed = np.array([day not in sold and demand.weekday_index[day.weekday()] > 0.1 for day in days])
    return np.where(closed, 0.0, usual)


def test_committed_levels_and_dispersions_follow_from_the_aggregates(bench: Bench, daily: list[dict[str, str]]) -> None:
    place = {name: index for index, name in enumerate(bench.parameters.assortment.skus)}
    count = np.array([int(row["orders"]) for row in daily])
    sku = np.repeat([place[row["sku"]] for row in daily], count)
    day = np.repeat([date.fromisoformat(row["day"]).toordinal() - FIRST for row in daily], count)

    rate, dispersion = level_and_dispersion(sku, day, _day_index(bench.parameters, daily), skus=30)

    np.testing.assert_allclose(rate, bench.parameters.demand.orders_per_day, rtol=0.01, atol=0.001)
    np.testing.assert_allclose(dispersion, bench.parameters.demand.dispersion, atol=0.02)


def test_committed_units_and_prices_agree_with_the_aggregates(bench: Bench, daily: list[dict[str, str]]) -> None:
    units, orders, revenue = defaultdict[str, float](float), defaultdict[str, float](float), defaultdict[str, float](float)
    for row in daily:
        units[row["sku"]] += int(row["units"])
        orders[row["sku"]] += int(row["orders"])
        revenue[row["sku"]] += int(row["units"]) * float(row["mean_price_cents"])

    names = bench.parameters.assortment.skus
    per_order = np.array([units[name] / orders[name] for name in names])
    deciles = np.array(bench.parameters.demand.units_deciles).mean(axis=1)
    paid = np.array([revenue[name] / units[name] for name in names])
    listed = np.array(bench.parameters.assortment.price_cents)
    often = np.array([orders[name] >= 100 for name in names])
    # deciles leave out the largest bulk orders (but round pack sizes up), and bulk is cheaper than the list price
    assert np.median(deciles[often] / per_order[often]) == pytest.approx(0.9, abs=0.15)
    assert (deciles[often] <= 1.25 * per_order[often]).all()
    assert (deciles[often] >= 0.2 * per_order[often]).all()
    assert np.median(paid[often] / listed[often]) == pytest.approx(0.95, abs=0.15)


def test_the_market_sells_as_the_shop_did(bench: Bench, daily: list[dict[str, str]]) -> None:
    """Closing the loop: four simulated weeks of September have the orders of the shop's September, less launches of later months."""
    ample = bench.changed(stock={"initial_low_days": 9_000.0, "initial_high_days": 9_000.0})
    state = start(ample.parameters, seeds=np.arange(40), first_day=bench.first_day)
    for _ in range(21 * 24):
        state, _ = step(ample.parameters, state, ample.setpoints(40))

    old = ~np.array(bench.parameters.assortment.is_new)
    # the mean of the seeds' level factors exp(0.2 z) is exp(0.02)
    simulated = state.totals.orders[:, old].sum(axis=1).mean() / np.exp(0.02)
    weeks = range(bench.first_day, bench.first_day + 21)
    established = {name for name, keep in zip(bench.parameters.assortment.skus, old, strict=True) if keep}
    happened = sum(int(row["orders"]) for row in daily if date.fromisoformat(row["day"]).toordinal() in weeks and row["sku"] in established)
    assert simulated == pytest.approx(happened, rel=0.2)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a year of a shop with six products, in which the first sells most."""
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    chance = np.random.default_rng(8)
    bought = [(number, sku) for number in range(900) for sku in range(6) if chance.random() < 0.9 / (sku + 1)]
    first = date(2024, 1, 1).toordinal()
    rows = [
        f"{number},1000{sku},{date.fromordinal(first + number // 5)} {9 + number % 5}:30:00,{1 + number % 4},{2.5 + sku}"
        for number, sku in bought
    ]
    path.write_text("\n".join(["id,item,at,pieces,each", *rows]), encoding="utf-8")
    return path


COLUMNS = OrderColumns(order="id", sku="item", time="at", quantity="pieces", unit_price="each", customer=None)


def test_any_shop_becomes_a_market_that_loads_and_runs(small_file: Path) -> None:
    report = calibrate_file(small_file, COLUMNS, CalibrationOptions(name="mine", currency="EUR", timezone="Europe/Berlin"))

    parameters = parse_market(report.toml, origin="mine")
    state = start(parameters, seeds=np.array([1]), first_day=parameters.shop.first_day.toordinal())
    assert sorted(parameters.assortment.price_cents) == [250, 350, 450, 550, 650, 750]
    assert parameters.assortment.price_cents[0] == 250
    assert parameters.demand.orders_per_day[0] == pytest.approx(4.5, rel=0.1)
    assert parameters.shop.first_day.weekday() == 0
    assert "month_index" in report.could_not_fit
    assert (state.inventory.on_hand > 0).all()


def test_the_same_orders_give_the_same_bytes(small_file: Path) -> None:
    lines, options = read_order_lines(small_file, COLUMNS), CalibrationOptions(first_day=date(2024, 3, 4))

    once, again = render(fit(lines, options)), render(fit(lines, options))

    assert once == again
    assert "first_day = 2024-03-04" in once


def test_a_name_cannot_break_out_of_its_place(small_file: Path) -> None:
    nasty = 'a"b\n[shop]\nname = "c'

    report = calibrate_file(small_file, COLUMNS, CalibrationOptions(name=nasty, source="x\n[auction]"))

    assert parse_market(report.toml, origin="nasty").shop.name == nasty


def test_options_that_make_no_market_are_refused(small_file: Path) -> None:
    with pytest.raises(MarketFileError, match=r"shop\.timezone: expected an IANA name"):
        calibrate_file(small_file, COLUMNS, CalibrationOptions(timezone="Mars/Olympus"))


def test_too_thin_a_history_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "thin.csv"
    path.write_text("id,item,at,pieces,each\n1,10001,2024-01-01 10:00:00,1,5\n2,10001,2024-02-01 10:00:00,1,5\n", encoding="utf-8")

    with pytest.raises(TooFewOrdersError, match=r"expected at least one product with 30 orders"):
        calibrate_file(path, COLUMNS, CalibrationOptions())
