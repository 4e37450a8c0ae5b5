"""Controllers against one another: which pairs, on the same stores, and how far from the informed reference."""

from __future__ import annotations

import numpy as np
import pytest

from perception.units import Floats
from sim.judging.comparison import paired, to_informed
from sim.judging.evaluation import FamilyTrials, Trial

STORES = 40


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def a_trial(profit: Floats) -> Trial:
    none, no_weeks = np.zeros(profit.size, dtype=np.int64), np.zeros((profit.size, 2), dtype=np.int64)
    return Trial(
        profit_cents=profit,
        spend_cents=none.astype(np.float64),
        ad_revenue_cents=none.astype(np.float64),
        week_spend_cents=no_weeks,
        week_revenue_cents=no_weeks,
        broken=none.astype(np.bool_),
        wishes=none,
        interventions=none,
        writes=none,
    )


def families(**gains: float) -> list[FamilyTrials]:
    """Two families in which each controller earns so much more of the bound than doing nothing, in every store alike."""
    found = []
    for place, name in enumerate(("steady", "thin_data")):
        idle = generator(place).uniform(200.0, 600.0, size=STORES)
        trials = {"do_nothing": a_trial(idle)} | {controller: a_trial(idle + 1000.0 * gain) for controller, gain in gains.items()}
        found.append(FamilyTrials(family=name, target_roas=0.0, oracle_cents=np.full(STORES, 1000.0), trials=trials))
    return found


def test_policy_meets_the_laws_the_laws_meet_each_baseline_and_the_informed_meets_both() -> None:
    pairs = paired(families(pid=0.1, laws=0.2, policy=0.25, informed=0.3, oracle=0.5), generator())

    expected = [("policy", "laws"), ("laws", "do_nothing"), ("laws", "pid"), ("informed", "laws"), ("informed", "policy")]
    for label in ("steady", "thin_data", None):
        assert [(pair.controller, pair.against) for pair in pairs if pair.family == label] == expected
    assert all(pair.stores == (STORES if pair.family else 2 * STORES) for pair in pairs)


def test_a_difference_that_is_the_same_in_every_store_is_sure_however_different_the_stores_are() -> None:
    (pair,) = (pair for pair in paired(families(laws=0.2), generator()) if pair.family is None)

    assert pair.difference.value == pytest.approx(0.2)
    assert pair.difference.low == pytest.approx(0.2)
    assert pair.difference.high == pytest.approx(0.2)
    assert pair.better_share == 1.0


def test_ties_are_half_better() -> None:
    (pair,) = (pair for pair in paired(families(laws=0.0), generator()) if pair.family is None)

    assert pair.better_share == 0.5
    assert pair.difference.low == pair.difference.high == 0.0


def test_distance_to_the_informed_reference_is_a_ratio_and_the_part_of_the_gap_that_is_closed() -> None:
    laws, policy = to_informed(families(laws=0.2, policy=0.25, informed=0.3), generator())

    assert (laws.controller, laws.gap_closed) == ("laws", None)
    assert 0.8 < laws.ratio.low <= laws.ratio.value <= laws.ratio.high < 1.0
    assert policy.gap_closed is not None
    assert policy.gap_closed.value == pytest.approx(0.5)
    assert policy.gap_closed.low == pytest.approx(0.5)


def test_without_laws_or_informed_reference_there_is_nothing_to_compare() -> None:
    found = families(pid=0.1)

    assert paired(found, generator()) == []
    assert to_informed(found, generator()) == []
