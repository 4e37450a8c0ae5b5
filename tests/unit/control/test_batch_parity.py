"""What a controller proposes for a store does not depend on the batch that the store is in, to the last bit."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.baselines import AcosRules, DoNothing, FixedBid
from control.controller import Controller, ControllerMemory, Proposal
from control.laws import Laws, LawsTuning
from control.pacing import PacingTuning
from control.sight import Sight
from perception.fields import Field
from tests.unit.control.sights import assert_same_bits, later, row_of, sight_of_seed, sights

CONTROLLERS = [
    Laws(),
    Laws(tuning=LawsTuning(pacing=PacingTuning(kd_days=0.05), move_prices=False)),
    DoNothing(),
    FixedBid(bid_cents=25),
    AcosRules(start_bid_cents=20, waiting_days=0.05),
]
STORES = 7


def driven(controller: Controller, first: Sight, second: Sight) -> tuple[Proposal, ControllerMemory, Proposal, ControllerMemory]:
    """Two ticks: the second has a memory."""
    proposal, memory = controller.propose(ControllerMemory(), first)
    return proposal, memory, *controller.propose(memory, second)


def laid_out_by_columns(message: Any) -> Any:
    """The same sight with every array in Fortran order."""
    if isinstance(message, np.ndarray):
        return np.asfortranarray(message)
    if isinstance(message, dict):
        return {name: laid_out_by_columns(value) for name, value in message.items()}
    if hasattr(message, "__dataclass_fields__"):
        return replace(message, **{f.name: laid_out_by_columns(getattr(message, f.name)) for f in fields(message) if f.init})
    return message


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda controller: controller.name)
@settings(max_examples=40, deadline=None)
@given(sight=sights(n=STORES), row=st.integers(0, STORES - 1), seed=st.integers(0, 1000))
def test_row_of_a_batch_is_proposed_what_the_store_alone_is(controller: Controller, sight: Sight, row: int, seed: int) -> None:
    following = later(sight, seed=seed)

    together = driven(controller, sight, following)
    alone = driven(controller, row_of(sight, row), row_of(following, row))

    for batched, single in zip(together, alone, strict=True):
        assert_same_bits(row_of(batched, row), single)


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda controller: controller.name)
@pytest.mark.parametrize(("m", "c"), [(1, 1), (13, 9), (130, 70)])
def test_layout_in_memory_and_size_of_a_batch_change_nothing(controller: Controller, m: int, c: int) -> None:
    sight = sight_of_seed(3, n=65, m=m, c=c)
    following = later(sight, seed=3)

    together = driven(controller, sight, following)

    for by_columns, by_rows in zip(driven(controller, laid_out_by_columns(sight), laid_out_by_columns(following)), together, strict=True):
        assert_same_bits(by_columns, by_rows)
    for row in (0, 31, 64):
        for batched, single in zip(together, driven(controller, row_of(sight, row), row_of(following, row)), strict=True):
            assert_same_bits(row_of(batched, row), single)


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda controller: controller.name)
@settings(max_examples=40, deadline=None)
@given(sight=sights(n=3))
def test_proposals_have_the_shapes_of_what_stands_and_change_nothing_that_they_were_given(controller: Controller, sight: Sight) -> None:
    before = row_of(sight, 1)
    n, (_, m), (_, c) = 3, sight.setpoints[Field.BID].shape, sight.setpoints[Field.DAILY_BUDGET].shape

    proposal, memory = controller.propose(ControllerMemory(), sight)
    kept = row_of(memory, 1)
    controller.propose(memory, later(sight, seed=1))

    assert_same_bits(row_of(sight, 1), before)
    assert_same_bits(row_of(memory, 1), kept)
    shapes = {Field.PRICE: (n, m), Field.BID: (n, m), Field.DAILY_BUDGET: (n, c)}
    assert all(values.shape == shapes[field] for field, values in proposal.setpoints.items())
    assert all(values.shape == (n,) for values in proposal.terms.values())
    assert all(values.shape == (n, m) for values in proposal.sku_terms.values())
    assert all(len(values) == n for values in memory.arrays.values())
    assert all(len(loop.integral) == n for loop in memory.loops.values())
