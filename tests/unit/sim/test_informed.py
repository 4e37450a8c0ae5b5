"""The informed reference: it knows the truth and beats those who must guess it, within the same limits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sim.fleet.fleet import fleet_terms
from sim.judging.evaluation import Trial
from sim.scenarios import load_scenario
from tests.convoy import tried

DAYS, STORES = 7, 16
BLIND = ("do_nothing", "fixed_bid", "value_bid")


@cache
def trials(*, roas: float = 0.0, budget: int = 200_000, beside: tuple[str, ...] = ()) -> dict[str, Trial]:
    """The informed reference, and others beside it, on the same stores."""
    scenario = load_scenario("steady")
    store = replace(scenario.terms, ad_spend_cents=budget, target_roas=roas)
    terms = fleet_terms(replace(scenario, days=DAYS, history_days=7, terms=store))
    return tried(terms, ("informed", *beside), seeds=np.array(scenario.train_seeds.seeds[:STORES], dtype=np.int64))


def free() -> dict[str, Trial]:
    """With money enough and no target, which several tests look at."""
    return trials(beside=BLIND)


@pytest.mark.parametrize("blind", BLIND)
def test_who_knows_the_truth_earns_more_on_average(blind: str) -> None:
    gain = free()["informed"].profit_cents - free()[blind].profit_cents

    assert gain.mean() > 2.0 * gain.std() / np.sqrt(STORES)


def test_a_tight_budget_is_kept_and_used() -> None:
    one = trials(budget=15_000)["informed"]

    assert (one.spend_cents <= 15_000).all()
    assert np.median(one.spend_cents) > 0.5 * 15_000


def test_a_roas_target_lowers_spend_and_raises_the_return() -> None:
    loose, held = free()["informed"], trials(roas=20.0)["informed"]

    assert held.spend_cents.sum() < loose.spend_cents.sum()
    assert held.ad_revenue_cents.sum() / held.spend_cents.sum() > loose.ad_revenue_cents.sum() / loose.spend_cents.sum()


def test_the_gate_has_nothing_to_correct() -> None:
    one = free()["informed"]

    assert one.interventions.sum() == 0
    assert not one.broken.any()
