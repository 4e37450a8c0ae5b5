"""The fit to ad reports finds again what made them: our own market, and series of known figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.units import Floats
from sim.calibration.ad_fit import AdFit, TooFewClicksError, fit_ads
from sim.calibration.ad_rates_fit import fit_rate
from sim.calibration.ad_reports import AdReports
from sim.calibration.calibrate import calibrate
from sim.calibration.conversion_lag_fit import fit_lag
from sim.calibration.cpc_fit import fit_drift, price_over_median_bid
from sim.calibration.demand_fit import fit_shape, sku_orders
from sim.calibration.fitted_figures import Figure
from sim.calibration.market_fit import CalibrationOptions
from sim.market import step
from sim.parameters.market import parse_market
from sim.reporting import ad_figures, advance, open_reports
from tests.unit.sim.made_orders import made_orders

if TYPE_CHECKING:
    from sim.world import World
    from tests.unit.sim.conftest import Bench

DAYS, SEEN_DAYS, BID_CENTS = 56, 11, 31


def _covers(figure: Figure, truth: float) -> bool:
    return figure.low <= truth <= figure.high


def reports_of(rows: Floats, names: tuple[str, ...]) -> AdReports:
    """(n, 7) entity, day, age in hours, impressions, clicks, cost in minor units, conversions."""
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    same = (rows[1:, :2] == rows[:-1, :2]).all(axis=1)
    entity, day, impressions, clicks, conversions = (rows[:, column].astype(np.int64) for column in (0, 1, 3, 4, 6))
    return AdReports(
        entities=names,
        entity=entity,
        day=day,
        impressions=impressions,
        clicks=clicks,
        conversions=conversions,
        cost=rows[:, 5] / 100.0,
        value=np.zeros(entity.size),
        age_h=rows[:, 2],
        newest=np.append(~same, True),
        has_snapshots=bool(same.any()),
    )


def _looked_at(bench: Bench, *, seeds: range, days: int, bid_cents: int) -> tuple[AdReports, World, Bench]:
    """Our own market at steady bids, looked at every midnight for eleven days after each; every store and SKU is an entity."""
    ample = bench.changed(stock={"initial_low_days": 9_000.0, "initial_high_days": 9_000.0}, auction={"sampled_auctions": 1})
    state, setpoints = ample.opened(seeds), ample.setpoints(len(seeds), bid_cents=bid_cents, budget_cents=10_000_000)
    reports, rows = open_reports(state), []
    entity = np.arange(len(seeds) * len(ample.parameters.assortment.skus))
    for hour in range(1, days * 24 + 1):
        state, outcome = step(ample.parameters, state, setpoints)
        reports = advance(ample.parameters, reports, outcome)
        if hour % 24 == 0:
            now = ample.first_day + hour // 24
            seen = range(max(ample.first_day, now - SEEN_DAYS), now)
            shown = np.moveaxis(ad_figures(reports, seen), 1, 0).reshape(len(seen), entity.size, -1)
            for day, figures in zip(seen, shown, strict=True):
                ages = np.full(entity.size, 24.0 * (now - day - 1))
                rows.append(np.column_stack([entity, np.full(entity.size, day), ages, figures[:, :4]]))
    return reports_of(np.concatenate(rows), tuple(map(str, entity))), state.world, ample


@pytest.fixture(scope="module")
def market(bench: Bench) -> tuple[AdReports, World, Bench]:
    return _looked_at(bench, seeds=range(3, 4), days=DAYS, bid_cents=BID_CENTS)


def _hour_shares(bench: Bench) -> Floats:
    return np.array(bench.parameters.demand.hour_shares)


@pytest.fixture(scope="module")
def fitted(market: tuple[AdReports, World, Bench]) -> AdFit:
    return fit_ads(market[0], hour_shares=_hour_shares(market[2]))


def test_rates_and_their_spread_are_found_again(fitted: AdFit, market: tuple[AdReports, World, Bench]) -> None:
    _, world, _ = market

    assert _covers(fitted.fitted["ctr"], float(np.median(world.ctr)))
    assert _covers(fitted.fitted["cvr"], float(np.median(world.cvr)))
    assert _covers(fitted.fitted["ctr_log_sd"], float(np.log(world.ctr).std(ddof=1)))
    assert _covers(fitted.fitted["cvr_log_sd"], float(np.log(world.cvr).std(ddof=1)))
    assert fitted.fitted["ctr"].high - fitted.fitted["ctr"].low < 0.03


def test_costs_and_noise_are_found_again(fitted: AdFit, market: tuple[AdReports, World, Bench]) -> None:
    parameters = market[2].parameters

    assert fitted.fitted["day_noise_cv"].value == pytest.approx(parameters.conversion.day_noise_cv, abs=0.04)
    assert _covers(fitted.fitted["cpc_drift_ar1"], parameters.auction.cpc_drift_ar1)
    assert _covers(fitted.fitted["cpc_drift_cv"], parameters.auction.cpc_drift_cv)
    assert _covers(fitted.fitted["median_bid_cents"], parameters.auction.median_bid_cents)


def test_the_delay_of_orders_is_found_again(bench: Bench) -> None:
    conversion = bench.parameters.conversion
    reports = _looked_at(bench, seeds=range(20, 28), days=21, bid_cents=60)[0]

    found = fit_ads(reports, hour_shares=_hour_shares(bench))

    assert _covers(found.fitted["slow_mean_days"], conversion.slow_mean_days)
    assert _covers(found.fitted["slow_share"], 1.0 - conversion.fast_share - conversion.day_share)
    assert found.fitted["slow_mean_days"].value == pytest.approx(conversion.slow_mean_days, rel=0.3)
    assert found.sections["fast_share"] / found.sections["day_share"] == pytest.approx(conversion.fast_share / conversion.day_share)


def test_without_a_second_look_the_delay_stays_assumed(market: tuple[AdReports, World, Bench]) -> None:
    reports = market[0]
    newest = reports.newest
    columns = ("entity", "day", "impressions", "clicks", "conversions", "cost", "value", "age_h", "newest")
    once = replace(reports, has_snapshots=False, **{name: getattr(reports, name)[newest] for name in columns})

    found = fit_ads(once, hour_shares=_hour_shares(market[2]))

    assert "slow_mean_days" not in found.sections
    assert found.told == {"ctr", "cvr", "cpc_level", "cpc_drift"}


def test_fitted_figures_take_the_place_of_assumed_ones(market: tuple[AdReports, World, Bench]) -> None:
    lines = made_orders(skus=6, weeks=20, seed=1)
    fitted = fit_ads(market[0], hour_shares=fit_shape(lines, sku_orders(lines)).hour_shares)

    report = calibrate(lines, CalibrationOptions(), reports=market[0])

    parameters = parse_market(report.toml, origin="with ads")
    assert parameters.conversion.ctr == pytest.approx(fitted.fitted["ctr"].value, abs=1e-5)
    assert parameters.conversion.slow_mean_days == pytest.approx(fitted.fitted["slow_mean_days"].value, abs=1e-3)
    assert parameters.auction.median_bid_cents == pytest.approx(fitted.fitted["median_bid_cents"].value, abs=0.01)
    assert parameters.auction.cpc_drift_ar1 == pytest.approx(fitted.fitted["cpc_drift_ar1"].value, abs=1e-5)
    assert not {"ctr", "cvr", "cpc_level", "cpc_drift", "conversion_delay"} & set(report.could_not_fit)
    assert report.fitted["ctr"] == fitted.fitted["ctr"]
    assert "# But fitted to ad reports" in report.toml


@pytest.mark.parametrize("seed", range(6))
def test_spread_is_told_from_the_noise_of_few_trials(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rate = 0.04 * np.exp(0.4 * chance.normal(size=60))
    trials = chance.integers(20, 2000, 60)

    found = fit_rate(chance.binomial(trials, rate), trials, assumed_median=0.04, assumed_log_sd=0.3, unit="per trial")

    assert found.median.low * 0.97 <= np.median(rate) <= found.median.high * 1.03
    assert found.log_sd.low * 0.97 <= np.log(rate).std() <= found.log_sd.high * 1.03


def test_one_product_falls_back_on_what_is_assumed_of_the_spread() -> None:
    found = fit_rate(np.array([0, 40]), np.array([0, 1000]), assumed_median=0.05, assumed_log_sd=0.3, unit="per trial")

    assert found.log_sd.low < 0.3 < found.log_sd.high
    assert found.median.low < 0.04 < found.median.high


@pytest.mark.parametrize(("ar1", "cv"), [(0.5, 0.2), (0.9, 0.4)])
def test_drift_is_found_again_through_the_noise_of_single_clicks(ar1: float, cv: float) -> None:
    chance = np.random.default_rng(4)
    days, log_sd = 365, np.sqrt(np.log1p(cv**2))
    level = np.zeros(days)
    for at in range(1, days):
        level[at] = ar1 * level[at - 1] + np.sqrt(1 - ar1**2) * log_sd * chance.normal()
    entity, day = (item.ravel() for item in np.meshgrid(np.arange(5), np.arange(days), indexing="ij"))
    clicks = chance.poisson(20.0, entity.size)
    log_cpc = level[day] + 0.3 * entity + 0.5 * chance.normal(size=entity.size) / np.sqrt(np.maximum(clicks, 1))

    found_ar1, found_cv = fit_drift(entity, day, clicks, clicks.astype(np.float64) * np.exp(log_cpc))

    assert _covers(found_ar1, ar1)
    assert _covers(found_cv, cv)


def test_a_click_costs_less_than_the_bid_that_won_it(bench: Bench) -> None:
    auction = bench.parameters.auction

    alone = price_over_median_bid(replace(auction, rivals=1))
    crowded = price_over_median_bid(replace(auction, rivals=12))
    assert 0.0 < alone < crowded < 1.0


def test_too_few_orders_show_no_delay(bench: Bench) -> None:
    rows = np.array([[0, 1, age, 100, 10, 50, orders] for age, orders in ((0.0, 2), (240.0, 5))])

    assert (
        fit_lag(reports_of(rows, ("a",)), bench.parameters.conversion, bench.parameters.reporting, click_hours=np.full(24, 1 / 24)) is None
    )


def test_reports_without_clicks_are_refused() -> None:
    rows = np.array([[0.0, day, 0.0, 100.0, 1.0, 50.0, 0.0] for day in range(20)])

    with pytest.raises(TooFewClicksError, match=r"clicks: expected at least 30 in the ad reports, was 20"):
        fit_ads(reports_of(rows, ("a",)), hour_shares=np.full(24, 1 / 24))
