"""No controller, not even the informed one, earns more than the clairvoyant bound, in any family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.fleet.fleet import FleetTerms, fleet_terms
from sim.judging.contenders import CONTENDERS
from sim.judging.evaluation import REFERENCE
from sim.judging.oracle import oracle
from sim.scenarios import families, load_scenario
from tests.convoy import tried
from tests.unit.control.networks import trained_of

STORES = 3


def short_terms(family: str) -> FleetTerms:
    """The family's first days: the same rules, in a time that a test can afford."""
    scenario = load_scenario(family)
    granted = replace(scenario.terms, ad_spend_cents=scenario.terms.ad_spend_cents * 3 // scenario.days)
    return fleet_terms(replace(scenario, days=3, history_days=5, terms=granted))


@pytest.mark.parametrize("family", families())
def test_nobody_beats_the_oracle_on_any_test_seed(family: str) -> None:
    terms = short_terms(family)
    seeds = np.array(terms.scenario.test_seeds.seeds[:STORES], dtype=np.int64)

    bounds = list(oracle(terms, seeds=seeds))
    trials = tried(terms, CONTENDERS, seeds=seeds, policy=trained_of(1, 16))

    bound = np.array([one.profit_cents for one in bounds])
    for name, one in trials.items():
        assert (one.profit_cents <= bound).all(), name
        assert not one.broken.any(), name
        assert (one.spend_cents <= terms.scenario.terms.ad_spend_cents).all(), name
    assert all(abs(one.programme.gap_ratio) < 1e-6 for one in bounds)
    assert (trials[REFERENCE].spend_cents == 0).all()
