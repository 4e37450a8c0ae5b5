"""The proving grounds of pacing: what they leave out, how tight their bound is, and that the benchmark gives the contract's figures."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from autopilot.benchmarks.pacing import GROUNDS, Paced, bench_pacing, shares
from autopilot.benchmarks.pacing_bound import ALPHAS, Bound, best, truth_of
from autopilot.benchmarks.simulation import mechanics_off
from sim.fleet.fleet import FleetTerms, fleet_terms, open_fleet, sight
from sim.parameters.mechanics import Mechanics
from sim.scenarios import families, load_scenario

SEEDS = np.array([100_000, 100_001], dtype=np.int64)


def ground(name: str, repository: Path) -> FleetTerms:
    return fleet_terms(load_scenario(repository / "configs" / "proving" / f"{name}.toml"))


def short(terms: FleetTerms, *, days: int) -> FleetTerms:
    """The same ground for a shorter window with its share of the grant."""
    store = terms.scenario.terms
    granted = replace(store, ad_spend_cents=store.ad_spend_cents * days // terms.scenario.days)
    return fleet_terms(replace(terms.scenario, days=days, history_days=2, terms=granted))


def test_proving_grounds_are_no_families() -> None:
    assert not set(GROUNDS) & set(families())


def test_second_price_ground_has_one_slot_the_same_day_over_and_over_and_nothing_else(repository: Path) -> None:
    terms = ground("second_price", repository)
    market, store = terms.market, terms.scenario.terms

    assert set(mechanics_off(market)) == {"rivals", "stores", "daily_demand", *(each.name for each in fields(Mechanics))}
    assert market.auction.exposures == (1.0,)
    assert market.auction.cpc_drift_cv == market.conversion.day_noise_cv == market.demand.day_dispersion == 0.0
    assert set(market.demand.weekday_index) == set(market.demand.month_index) == {1.0}
    assert market.auction.rival_budget_low > 10.0
    assert (store.target_roas, store.price_low_ratio, store.price_high_ratio) == (0.0, 1.0, 1.0)
    assert not any(market.assortment.is_new)


def test_products_of_the_second_price_ground_are_worth_to_perception_what_they_are_worth(repository: Path) -> None:
    terms = ground("second_price", repository)
    opened = open_fleet(terms, seeds=SEEDS)

    believed = sight(terms, opened).beliefs.value_per_click_cents.mean

    assert believed == pytest.approx(truth_of(terms, opened).worth_cents, rel=0.2)


def test_cpa_limit_has_equal_prices_values_that_move_and_rivals_of_every_kind_that_reacts(repository: Path) -> None:
    terms = ground("cpa_limit", repository)
    market = terms.market

    assert len(set(market.assortment.price_cents)) == 1
    assert market.rivals is not None
    assert {str(kind) for kind in market.rivals.kinds} == {"paced", "dual", "learning"}
    assert market.cross_price is not None
    assert market.cross_price.rival_price_cv > 0.1
    assert terms.scenario.terms.target_roas > 0.0


def test_bound_of_the_second_price_ground_is_tight_one_alpha_reaches_nearly_all_of_it(repository: Path) -> None:
    bound = best(short(ground("second_price", repository), days=2), seeds=SEEDS)

    assert (bound.fixed_alpha_cents <= bound.profit_cents * (1.0 + 1e-9)).all()
    assert (bound.fixed_alpha_cents > 0.99 * bound.profit_cents).all()
    assert (bound.profit_cents > 0.0).all()


def test_alphas_rise_from_nothing_beyond_the_value() -> None:
    assert list(ALPHAS) == sorted(ALPHAS)
    assert ALPHAS[0] == 0.0
    assert ALPHAS[-1] > 1.0


def test_missed_target_is_charged_by_its_square_and_a_loss_is_not_made_smaller() -> None:
    spend = np.array([[50.0, 50.0, 300.0], [50.0, 50.0, 300.0]])
    one = Paced(value_cents=np.array([300.0, 300.0, 300.0]), revenue_cents=np.array([800.0, 400.0, 0.0]), spend_cents=spend)
    bound = Bound(profit_cents=np.full(3, 400.0), fixed_alpha_cents=np.full(3, 400.0))

    share = shares(one, bound, target_roas=8.0)

    assert share == pytest.approx([0.5, 0.5 * 0.25, -0.75])


def test_benchmark_gives_the_laws_share_beside_that_of_the_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    # how good the laws are is the benchmark's to say; here a window of a day shows that it says it
    monkeypatch.setattr("autopilot.benchmarks.pacing.fleet_terms", lambda scenario: short(fleet_terms(scenario), days=2))
    told: list[float] = []

    result = bench_pacing(told.append, stores=1, controllers=("laws", "fixed_bid"))

    json.dumps(result)
    assert result["name"] == "pacing"
    assert set(result["ratios"]) == {f"{name}_{controller}" for name in GROUNDS for controller in ("laws", "fixed_bid")}
    assert {"cpa_limit_laws_targets_missed", "second_price_laws_least_day", "second_price_fixed_alpha_over_bound"} <= set(result["figures"])
    assert told == sorted(told)
    assert told[-1] == 1.0
