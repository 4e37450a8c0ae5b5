"""The clairvoyant bound of whole stores: what limits it, and that it is the same store whoever stands beside it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from sim.fleet.fleet import FleetTerms, fleet_terms, open_fleet, play
from sim.judging.oracle import OracleScore, oracle
from sim.market import Setpoints
from sim.parameters.market import MarketParameters
from sim.scenarios import load_scenario

SEEDS = (100_000, 100_001)


def terms_of(*, days: int, ad_spend_cents: int, target_roas: float) -> FleetTerms:
    scenario = load_scenario("steady")
    store = replace(scenario.terms, ad_spend_cents=ad_spend_cents, target_roas=target_roas)
    return fleet_terms(replace(scenario, days=days, history_days=3, terms=store))


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


def first_sku_only(market: MarketParameters) -> MarketParameters:
    """The same market with the first of its SKUs alone."""
    skus = len(market.assortment.skus)

    def cut(section: object) -> object:
        if not is_dataclass(section) or isinstance(section, type):
            return section
        values = {item.name: getattr(section, item.name) for item in fields(section)}
        shorter = {name: value[:1] for name, value in values.items() if isinstance(value, tuple) and len(value) == skus}
        return replace(section, **shorter)

    return replace(market, **{item.name: cut(getattr(market, item.name)) for item in fields(market)})  # type: ignore[arg-type]


@pytest.mark.parametrize("budget", [1_500, 50_000])
def test_no_sequence_of_actions_of_a_tiny_store_beats_its_bound(budget: int) -> None:
    """Brute force through the market itself: every sequence of four pairs of levels over three parts of a day, played on the same luck."""
    scenario = load_scenario("steady")
    store = replace(scenario.terms, ad_spend_cents=budget, target_roas=0.0)
    terms = fleet_terms(replace(scenario, market=first_sku_only(scenario.market), days=1, history_days=3, terms=store))
    pairs = [(bid, ratio) for bid in (0, 60) for ratio in (1.0, 1.1)]
    sequences = np.array(list(product(pairs, repeat=3)))
    state = open_fleet(terms, seeds=np.full(len(sequences), SEEDS[0]))

    for hour in range(terms.hours):
        bid, ratio = sequences[:, hour // 8].T
        wanted = Setpoints(
            bid_cents=bid[:, None].astype(np.int64),
            price_cents=np.rint(state.goods.anchor_price_cents * ratio[:, None]).astype(np.int64),
            daily_budget_cents=np.full_like(state.setpoints.daily_budget_cents, 10**8),
        )
        state, _ = play(terms, state, wanted)
    (one,) = oracle(terms, seeds=np.array(SEEDS[:1], dtype=np.int64))

    affordable = state.window.spend_cents <= budget
    assert affordable.any()
    assert state.window.profit_cents[affordable].max() <= one.profit_cents
