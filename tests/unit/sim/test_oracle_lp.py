"""The hindsight programme against brute force, against Lagrangian bounds, and at its limits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.units import Floats
from sim.judging.oracle_lp import Bounds, Choices, lagrangian_cents, solve, worth_keeping

SLOTS, LEVELS, SKUS = 6, 4, 2


def tiny_store(seed: int) -> Choices:
    rng = np.random.Generator(np.random.PCG64(seed))
    cost = np.sort(rng.integers(0, 60, size=(SLOTS, LEVELS)), axis=1).astype(np.float64)
    cost[:, 0] = 0.0
    revenue = rng.integers(0, 300, size=(SLOTS, LEVELS)).astype(np.float64)
    return Choices(
        value_cents=0.4 * revenue - cost,
        cost_cents=cost,
        ad_revenue_cents=revenue,
        units=rng.integers(0, 4, size=(SLOTS, LEVELS)).astype(np.float64),
        sku=np.arange(SLOTS) % SKUS,
    )


EVERY_WAY = np.array(list(product(range(LEVELS + 1), repeat=SLOTS)))
"""(ways, slots) the level taken in each slot; ``LEVELS`` for none."""


def best_of_all_whole_choices(choices: Choices, bounds: Bounds) -> float:
    def taken(table: Floats) -> Floats:
        """(ways, slots) what each way brings; nothing taken brings nothing."""
        brought: Floats = np.pad(table, ((0, 0), (0, 1)))[np.arange(SLOTS), EVERY_WAY]
        return brought

    cost, revenue = taken(choices.cost_cents).sum(axis=1), taken(choices.ad_revenue_cents).sum(axis=1)
    sold = np.stack([taken(choices.units)[:, choices.sku == sku].sum(axis=1) for sku in range(SKUS)], axis=1)
    kept = (cost <= bounds.budget_cents) & (revenue >= bounds.target_roas * cost) & (sold <= bounds.stock_units).all(axis=1)
    return float(taken(choices.value_cents).sum(axis=1)[kept].max())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("budget", "roas", "stock"), [(60.0, 0.0, np.inf), (60.0, 6.0, np.inf), (1e9, 0.0, 5.0), (80.0, 5.0, 6.0)])
def test_programme_bounds_every_whole_choice_and_loses_little_to_the_best(seed: int, budget: float, roas: float, stock: float) -> None:
    choices = tiny_store(seed)
    bounds = Bounds(budget_cents=budget, target_roas=roas, stock_units=np.full(SKUS, stock))

    solved, best = solve(choices, bounds), best_of_all_whole_choices(choices, bounds)

    assert solved.value_cents >= best - 1e-6
    # each coupling row splits at most one slot
    largest = np.abs(choices.value_cents).max()
    assert solved.value_cents <= best + (1 + (roas > 0.0) + SKUS) * largest


@pytest.mark.parametrize("seed", range(4))
def test_programmes_own_multipliers_prove_its_value(seed: int) -> None:
    bounds = Bounds(budget_cents=70.0, target_roas=4.0, stock_units=np.array([4.0, np.inf]))

    solved = solve(tiny_store(seed), bounds)

    assert solved.lagrangian_cents == pytest.approx(solved.value_cents, abs=1e-6)
    assert solved.gap_ratio == pytest.approx(0.0, abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    budget=st.floats(0.0, 5.0),
    roas=st.floats(0.0, 1.0),
    stock=st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 100.0)),
)
def test_any_multipliers_bound_the_programme_from_above(seed: int, budget: float, roas: float, stock: tuple[float, float]) -> None:
    choices = tiny_store(seed)
    bounds = Bounds(budget_cents=70.0, target_roas=4.0, stock_units=np.array([4.0, 5.0]))

    bound = lagrangian_cents(choices, bounds, budget=budget, roas=roas, stock=np.array(stock))

    assert bound >= solve(choices, bounds).value_cents - 1e-6


@pytest.mark.parametrize("target_roas", [0.0, 4.0])
def test_dropping_beaten_choices_does_not_change_the_optimum(target_roas: float) -> None:
    choices = tiny_store(9)
    bounds = Bounds(budget_cents=50.0, target_roas=target_roas, stock_units=np.full(SKUS, 5.0))
    doubled = Choices(
        value_cents=_twice(choices.value_cents),
        cost_cents=_twice(choices.cost_cents),
        ad_revenue_cents=_twice(choices.ad_revenue_cents),
        units=_twice(choices.units),
        sku=choices.sku,
    )

    assert worth_keeping(doubled, target_roas=target_roas).sum() == worth_keeping(choices, target_roas=target_roas).sum()
    assert solve(doubled, bounds).value_cents == pytest.approx(solve(choices, bounds).value_cents)


def _twice(values: Floats) -> Floats:
    return np.concatenate([values, values], axis=1)


def test_without_money_only_what_costs_nothing_is_bought() -> None:
    choices = tiny_store(1)
    bounds = Bounds(budget_cents=0.0, target_roas=0.0, stock_units=np.full(SKUS, np.inf))

    solved = solve(choices, bounds)

    free = np.where(choices.cost_cents == 0.0, choices.value_cents, 0.0)
    assert solved.cost_cents == pytest.approx(0.0)
    assert solved.value_cents == pytest.approx(np.maximum(free.max(axis=1), 0.0).sum())
