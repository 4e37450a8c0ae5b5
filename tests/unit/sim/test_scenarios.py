"""Scenarios: every family loads, earns, and differs from the plain one in what its name says; wrong files get one clear line per fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from perception.economics import contribution_cents, unit_margin_cents
from perception.units import Floats, Ints
from sim.config_lookup import NoSuchConfigError, names
from sim.market import HourOutcome, initial_setpoints, start, step
from sim.parameters.market import MarketFileError
from sim.scenarios import Scenario, ScenarioFileError, SeedRange, families, load_scenario

FAMILIES = (
    "aggressive_rivals",
    "event",
    "lagged_reporting",
    "new_products",
    "real_demand",
    "seasonal",
    "steady",
    "stock_limited",
    "thin_data",
    "tracking_outage",
)
STORES, DAYS = 6, 7
SHARES = (0.0, 0.5, 1.0, 3.0)
"""Bids that are tried, as shares of the value of a click."""


@cache
def loaded(name: str) -> Scenario:
    return load_scenario(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What a week brought, summed over its hours: (n,) each."""

    profit_cents: Floats
    revenue_cents: Ints
    orders: Ints
    ad_orders: Ints
    clicks: Ints
    cost_cents: Ints
    lost_units: Ints


def week(name: str, share_of_value: float) -> Week:
    """A week with constant bids at a share of each SKU's true value per click, within the initial budgets."""
    return weeks(name)[share_of_value]


@cache
def weeks(name: str) -> dict[float, Week]:
    """The same stores at each of ``SHARES``, in one batch."""
    scenario = loaded(name)
    market, economics = scenario.market, scenario.terms.economics
    seeds = np.tile(np.arange(scenario.test_seeds.lo, scenario.test_seeds.lo + STORES), len(SHARES))
    state = start(market, seeds=seeds, first_day=market.shop.first_day.toordinal())
    world = state.world
    margin = unit_margin_cents(world.reference_price_cents, world.cost_cents, economics)
    value = world.cvr * world.mean_units * margin
    setpoints = initial_setpoints(market, seeds=seeds)
    setpoints = replace(setpoints, bid_cents=np.floor(np.repeat(SHARES, STORES)[:, None] * value).astype(np.int64))
    outcomes: list[HourOutcome] = []
    for _ in range(DAYS * 24):
        state, outcome = step(market, state, setpoints)
        outcomes.append(outcome)

    def total(field: str) -> Ints:
        summed: Ints = np.sum([getattr(outcome, field) for outcome in outcomes], axis=0)
        return summed

    revenue, units, cost = total("revenue_cents"), total("units"), total("cost_cents")
    kept = contribution_cents(revenue.astype(np.float64), units.astype(np.float64), world.cost_cents, economics)
    summed = {
        "profit_cents": kept - cost,
        "revenue_cents": revenue,
        "orders": total("ad_orders") + total("organic_orders"),
        "ad_orders": total("ad_orders"),
        "clicks": total("clicks"),
        "cost_cents": cost,
        "lost_units": total("lost_units"),
    }
    by_share = {key: np.split(values.sum(axis=1), len(SHARES)) for key, values in summed.items()}
    return {share: Week(**{key: parts[place] for key, parts in by_share.items()}) for place, share in enumerate(SHARES)}


def test_the_families_are_those_of_the_design() -> None:
    assert set(FAMILIES) <= set(families())


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_loads_under_its_own_name(name: str) -> None:
    scenario = loaded(name)

    assert (scenario.name, scenario.family) == (name, name)
    assert scenario.summary
    assert scenario.days + scenario.history_days > scenario.market.conversion.window_days
    assert scenario.terms.limits.currency == scenario.market.shop.currency


def test_no_family_tests_with_a_seed_that_any_family_trains_with() -> None:
    for one, other in product(map(loaded, FAMILIES), repeat=2):
        assert one.train_seeds.hi < other.test_seeds.lo or other.test_seeds.hi < one.train_seeds.lo


def test_seed_ranges_include_both_ends() -> None:
    assert list(SeedRange(3, 5).seeds) == [3, 4, 5]
    assert loaded("steady").test_seeds == (200_000, 299_999)


def test_no_scenario_is_called_like_a_market() -> None:
    assert not set(families()) & set(names("markets"))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_terms_can_be_kept(name: str) -> None:
    scenario = loaded(name)
    terms, budgets = scenario.terms, scenario.market.budget.initial_daily_budget_cents

    assert sum(budgets) * scenario.days <= terms.ad_spend_cents * 1.5
    assert max(budgets) <= terms.limits.max_daily_budget_cents
    assert sum(budgets) * terms.limits.overdelivery_day_ratio <= terms.limits.max_store_daily_cents
    assert terms.rule_bid_cents <= terms.limits.max_bid_cents
    # figures are never older than the envelope bears, or nothing could ever be written
    assert scenario.market.reporting.lag_high_h * 3600 < terms.limits.max_signal_age_s
    assert terms.limits.overdelivery_day_ratio >= scenario.market.budget.overdelivery_ratio


@pytest.mark.parametrize("name", FAMILIES)
def test_the_merchant_reckons_with_the_returns_that_come(name: str) -> None:
    scenario = loaded(name)
    returns = scenario.market.returns
    if returns is None:
        return

    weight = np.array(scenario.market.demand.orders_per_day) * np.mean(scenario.market.demand.units_deciles, axis=1)
    back = returns.cancel_rate + (1.0 - returns.cancel_rate) * np.average(returns.return_rate, weights=weight)

    assert scenario.terms.economics.return_rate == pytest.approx(back, abs=0.015)


@pytest.mark.parametrize("name", FAMILIES)
def test_without_ads_every_store_earns(name: str) -> None:
    nothing = week(name, 0.0)

    assert (nothing.profit_cents > 0).all()
    assert 0.1 < nothing.profit_cents.sum() / nothing.revenue_cents.sum() < 0.5


@pytest.mark.parametrize("name", FAMILIES)
def test_ads_at_half_their_value_pay_and_bring_a_fair_share_of_orders(name: str) -> None:
    nothing, prudent = week(name, 0.0), week(name, 0.5)
    organic = prudent.orders - prudent.ad_orders

    assert prudent.profit_cents.mean() > nothing.profit_cents.mean()
    assert 0.02 < prudent.ad_orders.sum() / organic.sum() < 0.4


def test_ads_beyond_their_value_earn_less_than_at_half_of_it() -> None:
    assert week("steady", 3.0).profit_cents.mean() < week("steady", 0.5).profit_cents.mean()


def test_clicks_cost_what_marketplaces_charge() -> None:
    at_value = week("steady", 1.0)

    assert 50.0 < at_value.cost_cents.sum() / at_value.clicks.sum() < 150.0


def test_elasticities_have_the_published_median_and_spread() -> None:
    market = loaded("steady").market
    world = start(market, seeds=np.arange(400), first_day=market.shop.first_day.toordinal()).world
    low, median, high = np.quantile(world.elasticity, [0.1, 0.5, 0.9])

    assert median == pytest.approx(1.8, rel=0.1)
    assert low == pytest.approx(0.8, abs=0.2)
    assert high == pytest.approx(3.5, abs=0.5)


def test_a_tenth_of_the_products_makes_most_of_the_revenue() -> None:
    market = loaded("steady").market
    demand = market.demand
    revenue = np.array(demand.orders_per_day) * np.mean(demand.units_deciles, axis=1) * np.array(market.assortment.price_cents)

    assert revenue.max() / revenue.sum() == pytest.approx(0.6, abs=0.02)


DIFFERENCES: dict[str, Callable[[Scenario, Scenario], bool]] = {
    "seasonal": lambda own, plain: max(own.market.demand.month_index) > 1.5 * max(plain.market.demand.month_index),
    "event": lambda own, plain: _event_days_inside(own) == 2 and _event_days_inside(plain) == 0,
    "thin_data": lambda own, plain: 10 * sum(own.market.demand.orders_per_day) < sum(plain.market.demand.orders_per_day),
    "new_products": lambda own, plain: sum(own.market.assortment.is_new) == 4 and not any(plain.market.assortment.is_new),
    "lagged_reporting": lambda own, plain: own.market.reporting.lag_high_h > 2 * plain.market.reporting.lag_high_h,
    "real_demand": lambda own, plain: own.market.daily_demand is not None and plain.market.daily_demand is None,
    "tracking_outage": lambda own, plain: _outages_expected(own) > 1.0 and _outages_expected(plain) == 0.0,
}


def _event_days_inside(scenario: Scenario) -> int:
    assert scenario.market.shocks is not None
    days = [(day - scenario.market.shop.first_day).days for day in scenario.market.shocks.event_days]
    return sum(0 <= day < scenario.days for day in days)


def _outages_expected(scenario: Scenario) -> float:
    assert scenario.market.shocks is not None
    return scenario.market.shocks.tracking_outages_per_year * scenario.days / 365.0


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_family_differs_from_the_plain_one_in_what_its_name_says(name: str) -> None:
    assert DIFFERENCES[name](loaded(name), loaded("steady"))


def test_aggressive_rivals_charge_more_for_fewer_orders() -> None:
    plain, fierce = week("steady", 0.5), week("aggressive_rivals", 0.5)

    assert fierce.cost_cents.sum() / fierce.clicks.sum() > 1.2 * plain.cost_cents.sum() / plain.clicks.sum()
    assert fierce.ad_orders.sum() < plain.ad_orders.sum()


def test_limited_stock_loses_sales() -> None:
    plain, short = week("steady", 0.5), week("stock_limited", 0.5)

    assert short.lost_units.sum() > 10 * plain.lost_units.sum() + 10
    assert short.orders.sum() < plain.orders.sum()


def test_seasonal_demand_rises_within_its_window() -> None:
    scenario = loaded("seasonal")
    first, last = scenario.market.shop.first_day, scenario.market.shop.first_day.toordinal() + scenario.days - 1
    index = scenario.market.demand.month_index

    assert index[type(first).fromordinal(last).month - 1] > 1.4 * index[first.month - 1]


def test_some_families_have_a_roas_target_and_others_none() -> None:
    targets = {name: loaded(name).terms.target_roas for name in FAMILIES}

    assert targets["steady"] > 0.0
    assert targets["aggressive_rivals"] > 0.0
    assert targets["thin_data"] == 0.0


# Files of a user's own


def _write(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


MINE = '[scenario]\nname = "mine"\nlike = "steady"\nsummary = "ours"\n'


def test_a_file_says_only_what_differs(tmp_path: Path) -> None:
    mine = load_scenario(_write(tmp_path, MINE + "days = 7\n[store]\ntarget_roas = 3.0\n[conversion]\nctr = 0.02\n"))

    plain = loaded("steady")
    assert (mine.name, mine.family, mine.summary, mine.days) == ("mine", "mine", "ours", 7)
    assert mine.terms == replace(plain.terms, target_roas=3.0)
    assert mine.market == replace(plain.market, conversion=replace(plain.market.conversion, ctr=0.02))


def test_results_can_be_grouped_under_another_family(tmp_path: Path) -> None:
    assert load_scenario(_write(tmp_path, MINE + 'family = "thin_data"\n')).family == "thin_data"


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("days = 0\n", "mine.toml: scenario.days: expected >= 1, was 0"),
        ("dayz = 3\n", "mine.toml: scenario.dayz: unknown key"),
        ("train_seeds = [0, 200_000]\n", "mine.toml: scenario.test_seeds: expected no seed of train_seeds ([0, 200000])"),
        ("train_seeds = [5, 4]\n", "mine.toml: scenario.train_seeds: expected [lowest, highest], was [5, 4]"),
        ("[store]\ntarget_roas = -1\n", "mine.toml: store.target_roas: expected >= 0, was -1"),
        ("[store]\nlearning_cents = 99_999_999\n", "mine.toml: store.learning_cents: expected <= ad_spend_cents, was 99999999"),
        (
            "[store.economics]\nreturn_rate_upper = 0.01\n",
            "mine.toml: store.economics.return_rate_upper: expected >= return_rate, was 0.01",
        ),
        ("[store.limits]\nmax_bid_cents = -1\n", "mine.toml: store.limits: max_bid_cents: expected an integer >= 0, was -1"),
        ("[store.limits]\nmax_bids = 1\n", "mine.toml: store.limits: got an unexpected keyword argument 'max_bids'"),
        ("[[store]]\n", "mine.toml: store: expected a table"),
    ],
)
def test_a_wrong_field_gets_one_line_that_names_it(tmp_path: Path, added: str, message: str) -> None:
    with pytest.raises(ScenarioFileError) as caught:
        load_scenario(_write(tmp_path, MINE + added))

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_market_section_names_the_field_of_the_market(tmp_path: Path) -> None:
    with pytest.raises(MarketFileError, match=r"mine\.toml: conversion\.ctr: expected < 1, was 2\.0"):
        load_scenario(_write(tmp_path, MINE + "[conversion]\nctr = 2.0\n"))


def test_a_file_without_terms_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFileError, match=r"mine\.toml: scenario: expected a table, was missing"):
        load_scenario(_write(tmp_path, "[store]\n"))


def test_a_file_must_be_called_like_its_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFileError, match=r"scenario\.name: expected 'other', as the file is called, was 'mine'"):
        load_scenario(_write(tmp_path, MINE, name="other"))


def test_scenarios_that_are_like_each_other_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE.replace('"steady"', f'"{path}"'), encoding="utf-8")

    with pytest.raises(ScenarioFileError, match=r"scenario\.like: expected scenarios that end somewhere"):
        load_scenario(path)


def test_bad_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFileError, match=r"mine\.toml: is not TOML"):
        load_scenario(_write(tmp_path, "[scenario"))


def test_a_name_that_is_not_known_lists_those_that_are() -> None:
    with pytest.raises(NoSuchConfigError, match=r"moon: expected a TOML file or the name of a scenario.*steady"):
        load_scenario("moon")


def test_a_market_that_is_not_known_lists_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(NoSuchConfigError, match=r"moon: expected a TOML file or the name of a market.*marketplace"):
        load_scenario(_write(tmp_path, MINE + 'market = "moon"\n'))
