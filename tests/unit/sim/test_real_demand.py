"""Real days: what is replayed is the level of demand behind the counts, and the market follows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from sim.demand import day_index
from sim.market import start
from sim.parameters.daily_demand import DailyDemand, daily_faults, real_day
from sim.parameters.market import MarketFileError, MarketParameters, load_market
from sim.real_demand import daily_demand
from sim.scenarios import load_scenario

MARKETS = Path(__file__).parents[3] / "configs" / "markets"
HEAD = "sku,day,orders\n"


@pytest.fixture(scope="module")
def market() -> MarketParameters:
    return load_market(MARKETS / "gift_shop.toml")


@pytest.fixture(scope="module")
def daily(market: MarketParameters) -> DailyDemand:
    return daily_demand(MARKETS / "gift_shop_daily.csv", market)


def _two_skus(market: MarketParameters, *, dispersion: float) -> MarketParameters:
    """A market with two alike SKUs, ten orders a day each, no season."""
    demand = replace(
        market.demand,
        orders_per_day=(10.0, 10.0),
        dispersion=(dispersion, dispersion),
        weekday_index=(1.0,) * 7,
        month_index=(1.0,) * 12,
    )
    return replace(market, assortment=replace(market.assortment, skus=("A", "B")), demand=demand)


def _days(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "daily.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def test_factors_are_the_posterior_means_of_the_levels(tmp_path: Path, market: MarketParameters) -> None:
    path = _days(tmp_path, "A,2010-03-01,30\nB,2010-03-01,10\n")

    daily = daily_demand(path, _two_skus(market, dispersion=0.5))

    # 40 orders where 20 were expected, phi = 1: 41 / 21; then each SKU against that day, phi = 0.5
    store = 41.0 / 21.0
    expected = [store * (2.0 + orders) / (2.0 + 10.0 * store) for orders in (30, 10)]
    assert daily.first_day == date(2010, 3, 1)
    assert len(daily.index) == 1
    assert daily.index[0] == pytest.approx(expected, abs=1e-4)


def test_without_dispersion_only_the_stores_day_counts(tmp_path: Path, market: MarketParameters) -> None:
    daily = daily_demand(_days(tmp_path, "A,2010-03-01,30\nB,2010-03-01,10\n"), _two_skus(market, dispersion=0.0))

    assert daily.index[0] == pytest.approx([41.0 / 21.0] * 2, abs=1e-4)


def test_days_without_a_row_had_no_orders(tmp_path: Path, market: MarketParameters) -> None:
    daily = daily_demand(_days(tmp_path, "A,2010-03-01,10\nB,2010-03-03,10\n"), _two_skus(market, dispersion=0.0))

    assert len(daily.index) == 3
    assert daily.index[1] == pytest.approx([1.0 / 21.0] * 2, abs=1e-4)


def test_the_replayed_months_hold_the_orders_that_there_were(market: MarketParameters, daily: DailyDemand) -> None:
    rows = [line.split(",") for line in (MARKETS / "gift_shop_daily.csv").read_text(encoding="utf-8").splitlines()[1:]]
    first = daily.first_day.toordinal()
    counted = np.zeros(len(daily.index))
    for _, day, orders, *_ in rows:
        counted[date.fromisoformat(day).toordinal() - first] += int(orders)
    season = np.array([day_index(market.demand, first + row) for row in range(len(daily.index))])
    replayed = season * (np.array(daily.index) * np.array(market.demand.orders_per_day)).sum(axis=1)

    # from the day on that the bestsellers were sold
    since = date(2010, 5, 1).toordinal() - first
    assert replayed[since:].sum() == pytest.approx(counted[since:].sum(), rel=0.05)
    assert np.corrcoef(replayed[since:], counted[since:])[0, 1] > 0.97


def test_the_market_takes_real_days_in_place_of_luck() -> None:
    parameters = load_scenario("real_demand").market
    day = parameters.shop.first_day.toordinal()
    state = start(parameters, seeds=np.array([1, 2]), first_day=day)

    factor = real_day(parameters.daily_demand, day)
    assert factor is not None
    np.testing.assert_allclose(state.today.orders_per_day, state.world.orders_per_day * factor)


def test_beyond_the_recorded_days_there_is_no_factor(daily: DailyDemand) -> None:
    first = daily.first_day.toordinal()

    assert real_day(daily, first) is not None
    assert real_day(daily, first - 1) is None
    assert real_day(daily, first + len(daily.index)) is None
    assert real_day(None, first) is None


def test_the_scenarios_history_and_window_are_recorded_days() -> None:
    scenario = load_scenario("real_demand")
    start_day = scenario.market.shop.first_day.toordinal()

    assert real_day(scenario.market.daily_demand, start_day - scenario.history_days) is not None
    assert real_day(scenario.market.daily_demand, start_day + scenario.days - 1) is not None


def test_rows_of_another_width_are_a_fault(daily: DailyDemand) -> None:
    assert daily_faults(daily, skus=30) == []
    assert daily_faults(daily, skus=10) == ["daily_demand.index: expected rows of 10 entries, was 30"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A,2010-03-01,1\n", "daily.csv: sku: expected every SKU of the market, was without B"),
        ("A,2010-03-01,1\nC,2010-03-01,1\n", "daily.csv: line 3: sku: expected one of the market's, was 'C'"),
        ("A,01.03.2010,1\n", "daily.csv: line 2: expected the columns sku, day (2010-03-15) and orders (a whole number)"),
        ("A,2010-03-01,many\n", "daily.csv: line 2: expected the columns"),
        ("A,2010-03-01,-1\n", "daily.csv: line 2: orders: expected >= 0, was -1"),
        ("", "daily.csv: sku: expected every SKU of the market, was without A, B"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, market: MarketParameters, rows: str, message: str) -> None:
    with pytest.raises(MarketFileError) as caught:
        daily_demand(_days(tmp_path, rows), _two_skus(market, dispersion=0.0))

    assert message in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path, market: MarketParameters) -> None:
    with pytest.raises(MarketFileError, match=r"none\.csv: cannot be read"):
        daily_demand(tmp_path / "none.csv", market)
