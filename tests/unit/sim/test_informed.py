"""The informed reference: it knows the truth and beats those who must guess it, within the same limits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sim.fleet.fleet import FleetState, FleetTerms, fleet_terms, open_fleet
from sim.judging.contenders import contender
from sim.judging.evaluation import Trial, trial
from sim.scenarios import load_scenario

DAYS, STORES = 7, 16


@cache
def opened(roas: float = 0.0, budget: int = 200_000) -> tuple[FleetTerms, FleetState]:
    scenario = load_scenario("steady")
    store = replace(scenario.terms, ad_spend_cents=budget, target_roas=roas)
    terms = fleet_terms(replace(scenario, days=DAYS, history_days=7, terms=store))
    return terms, open_fleet(terms, seeds=np.array(scenario.train_seeds.seeds[:STORES], dtype=np.int64))


def tried(name: str, *, roas: float = 0.0, budget: int = 200_000) -> Trial:
    terms, state = opened(roas, budget)
    return trial(terms, state, contender(name, terms), progress=lambda _: None)


@pytest.mark.parametrize("blind", ["do_nothing", "fixed_bid", "value_bid"])
def test_who_knows_the_truth_earns_more_on_average(blind: str) -> None:
    gain = tried("informed").profit_cents - tried(blind).profit_cents

    assert gain.mean() > 2.0 * gain.std() / np.sqrt(STORES)


def test_a_tight_budget_is_kept_and_used() -> None:
    one = tried("informed", budget=15_000)

    assert (one.spend_cents <= 15_000).all()
    assert np.median(one.spend_cents) > 0.5 * 15_000


def test_a_roas_target_lowers_spend_and_raises_the_return() -> None:
    free, held = tried("informed"), tried("informed", roas=20.0)

    assert held.spend_cents.sum() < free.spend_cents.sum()
    assert held.ad_revenue_cents.sum() / held.spend_cents.sum() > free.ad_revenue_cents.sum() / free.spend_cents.sum()


def test_the_gate_has_nothing_to_correct() -> None:
    one = tried("informed")

    assert one.interventions.sum() == 0
    assert not one.broken.any()
