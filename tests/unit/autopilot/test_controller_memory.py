"""What controllers remember survives the journal: a loop that goes on from a snapshot proposes what it would have proposed."""

from __future__ import annotations

import pytest

from autopilot import codec
from control.baselines import AcosRules
from control.controller import Controller, ControllerMemory
from control.laws import Laws
from control.policy import Policy
from tests.unit.control.networks import trained_of
from tests.unit.control.sights import assert_same_bits, later, sight_of_seed


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "controller", [Laws(), AcosRules(start_bid_cents=20), Policy(base=Laws(), trained=trained_of())], ids=lambda controller: controller.name
)
def test_memory_goes_through_a_snapshot_without_a_change(controller: Controller, seed: int) -> None:
    sight = sight_of_seed(seed, n=1)
    _, memory = controller.propose(ControllerMemory(), sight)

    kept = codec.from_jsonable(codec.from_bytes(codec.to_bytes(memory)), ControllerMemory)

    assert_same_bits(kept, memory)
    for one, other in zip(controller.propose(kept, later(sight, seed=1)), controller.propose(memory, later(sight, seed=1)), strict=True):
        assert_same_bits(one, other)


def test_loops_remembered_as_single_numbers_go_on_as_a_batch_of_one() -> None:
    single = {"pacing": {"integral": -1.2, "measurement": 0.5, "slope_per_day": 0.0}}
    batched = {"pacing": {name: [value] for name, value in single["pacing"].items()}}
    sight = sight_of_seed(5, n=1)

    from_single, from_batch = (
        Laws().propose(codec.from_jsonable({"loops": loops, "arrays": {}}, ControllerMemory), sight) for loops in (single, batched)
    )

    assert_same_bits(from_single[0], from_batch[0])
