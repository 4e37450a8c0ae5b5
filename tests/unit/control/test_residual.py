"""A policy moves set-points around the base proposal, never further than the envelope lets it, and may leave them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.controller import ControllerMemory, Proposal
from control.laws import Laws, LawsTuning
from control.residual import Stride, around, undamped
from control.sight import Sight
from perception.fields import Field
from tests.unit.control.gated import judged, known
from tests.unit.control.sights import assert_same_bits, row_of, sight_of_seed, sights

repeatable = settings(max_examples=40, derandomize=True, database=None, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def base_of(sight: Sight) -> Proposal:
    return undamped(LawsTuning()).propose(ControllerMemory(), sight)[0]


def action_of(sight: Sight, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (*sight.setpoints[Field.BID].shape, 2)).astype(np.float32)


@repeatable
@given(sight=sights())
def test_the_neutral_action_is_what_the_laws_alone_propose(sight: Sight) -> None:
    alone, _ = Laws().propose(ControllerMemory(), sight)

    acted = around(base_of(sight), sight, np.zeros((*sight.setpoints[Field.BID].shape, 2)), Stride())

    assert_same_bits(acted.setpoints, alone.setpoints)


@repeatable
@given(sight=sights())
def test_an_action_that_is_no_number_is_neutral(sight: Sight) -> None:
    alone, _ = Laws().propose(ControllerMemory(), sight)

    acted = around(base_of(sight), sight, np.full((*sight.setpoints[Field.BID].shape, 2), np.nan), Stride())

    assert_same_bits(acted.setpoints, alone.setpoints)


@repeatable
@given(sight=sights(), seed=SEEDS)
def test_what_an_action_moves_the_gate_has_nothing_to_object_to(sight: Sight, seed: int) -> None:
    sight = known(sight)
    base = base_of(sight)
    acted = around(base, sight, action_of(sight, seed), Stride(log_bid=1.0, log_price=0.2))

    verdicts = judged(acted, sight)

    assert verdicts.interventions.tolist() == [0] * verdicts.judged.size


@repeatable
@given(sight=sights(n=7), seed=SEEDS)
def test_a_store_is_moved_alike_alone_and_in_a_batch(sight: Sight, seed: int) -> None:
    base, action = base_of(sight), action_of(sight, seed)

    batch = around(base, sight, action, Stride())

    for store in range(7):
        alone = around(row_of(base, store), row_of(sight, store), action[store : store + 1], Stride())
        assert_same_bits(row_of(batch, store), alone)


@pytest.mark.parametrize(("action", "bid", "price"), [(1.0, 53.0, 1040.0), (-1.0, 24.0, 961.0), (9.0, 53.0, 1040.0), (0.0, 30.0, None)])
def test_an_action_moves_log_bid_and_log_price_from_the_base(action: float, bid: float, price: float | None) -> None:
    one = np.ones((1, 1))
    sight = sight_of_seed(1, n=1, m=1, c=1)
    sight = replace(
        sight,
        setpoints={Field.PRICE: 1000 * one, Field.BID: 40 * one, Field.DAILY_BUDGET: 1000 * one},
        course=replace(sight.course, covered=one > 0, price_low_cents=800 * one, price_high_cents=1200 * one, max_bid_cents=100 * one),
        goods=replace(sight.goods, cost_cents=400 * one, suspect=one < 0),
        reach=replace(sight.reach, price_age_s=np.inf * one, price_anchor_24h_cents=1000 * one, step_share=1.0),
    )
    base = Proposal(setpoints={Field.BID: (36 if action else 30) * one}, terms={}, sku_terms={})

    acted = around(base, sight, np.full((1, 1, 2), action), Stride(log_bid=0.4, log_price=0.04))

    # floor(36 · e^0.4) = 53 and floor(36 · e^−0.4) = 24; 1000 · e^±0.04 ≈ 1041 and 961, a step leads to 1050 at most
    assert acted.setpoints[Field.BID][0, 0] == bid
    assert acted.setpoints[Field.PRICE][0, 0] == pytest.approx(price, abs=1.0) if price else np.isnan(acted.setpoints[Field.PRICE][0, 0])


def test_what_the_base_pauses_stays_paused() -> None:
    sight = sight_of_seed(1)
    base = Proposal(setpoints={Field.BID: np.zeros_like(sight.setpoints[Field.BID])}, terms={}, sku_terms={})

    acted = around(base, sight, np.ones((*sight.setpoints[Field.BID].shape, 2)), Stride())

    assert not np.nan_to_num(acted.setpoints[Field.BID]).any()
    assert not acted.setpoints[Field.BID][sight.course.covered & ~sight.goods.suspect].any()
