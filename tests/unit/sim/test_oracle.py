"""The clairvoyant bound of whole stores: what limits it, and that it is the same store whoever stands beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sim.fleet import FleetTerms, fleet_terms
from sim.oracle import OracleScore, oracle
from sim.scenarios import load_scenario

SEEDS = (100_000, 100_001)


def terms_of(*, days: int = 2, **store: float) -> FleetTerms:
    scenario = load_scenario("steady")
    return fleet_terms(replace(scenario, days=days, history_days=3, terms=replace(scenario.terms, **store)))


@cache
def bound(seeds: tuple[int, ...] = SEEDS, *, days: int = 2, spend: int = 20_000, roas: float = 0.0) -> tuple[OracleScore, ...]:
    terms = terms_of(days=days, ad_spend_cents=spend, target_roas=roas)
    return tuple(oracle(terms, seeds=np.array(seeds, dtype=np.int64)))


def test_a_store_has_the_same_bound_in_any_batch() -> None:
    alone, both = bound((SEEDS[1],)), bound(SEEDS)

    assert alone[0].profit_cents == pytest.approx(both[1].profit_cents, rel=1e-9)


def test_the_programme_proves_itself() -> None:
    assert all(abs(one.programme.gap_ratio) < 1e-9 for one in bound())


def test_the_bound_is_at_least_the_best_constant_pair_of_levels() -> None:
    assert all(one.profit_cents >= one.fixed_alpha_cents for one in bound())


def test_money_never_hurts_and_its_lack_always_binds() -> None:
    poor, rich = bound(spend=500), bound(spend=200_000)

    assert all(few.profit_cents <= many.profit_cents for few, many in zip(poor, rich, strict=True))
    assert all(one.programme.cost_cents <= 500 + 1e-6 for one in poor)


def test_a_roas_target_never_helps() -> None:
    free, held = bound(), bound(roas=1e6)

    assert all(tied.programme.value_cents <= loose.programme.value_cents + 1e-6 for tied, loose in zip(held, free, strict=True))


def test_a_window_of_several_weeks_freezes_the_feedback_between_them() -> None:
    longer, shorter = bound((SEEDS[0],), days=9), bound((SEEDS[0],), days=2)

    assert longer[0].profit_cents > shorter[0].profit_cents
