"""Every controller of the table: one name, one batch law, and nothing for the gate to correct."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.controller import ControllerMemory
from control.laws import LawsTuning
from control.pacing import PacingTuning
from control.registry import CONTROLLERS, Options, controller_of
from control.sight import Sight
from tests.unit.control.gated import judged, known
from tests.unit.control.networks import trained_of
from tests.unit.control.sights import assert_same_bits, later, row_of, sights

repeatable = settings(max_examples=8, derandomize=True, database=None, deadline=None)
NAMES = [*CONTROLLERS, "pid+margin_rule"]
OPTIONS = Options(policy=trained_of(1, 16))


@pytest.mark.parametrize("name", NAMES)
def test_a_controller_is_found_by_its_own_name(name: str) -> None:
    assert controller_of(name, OPTIONS).name == name


@pytest.mark.parametrize("name", ["", "no_such_law", "pid+", "pid+no_such_rule", "no_such_law+margin_rule"])
def test_a_name_that_is_not_in_the_table_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        controller_of(name)


def test_a_policy_without_a_network_is_refused() -> None:
    with pytest.raises(KeyError, match=r"policy: expected a trained network in Options\.policy, was none"):
        controller_of("policy")


def test_paced_baselines_keep_to_the_bounds_of_alpha_that_the_laws_are_given() -> None:
    pacing = PacingTuning(alpha_start=0.2, alpha_high=0.25)

    made = [controller_of(name, Options(laws=LawsTuning(pacing=pacing))) for name in ("pid", "dual", "online_lp")]

    assert [controller.tuning for controller in made] == [pacing] * 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
@repeatable
@given(sight=sights(n=7), seed=st.integers(0, 2**32 - 1))
def test_a_store_is_steered_alike_alone_and_in_a_batch(name: str, sight: Sight, seed: int) -> None:
    controller = controller_of(name, OPTIONS)
    following = later(sight, seed=seed)

    first, memory = controller.propose(ControllerMemory(), sight)
    second, after = controller.propose(memory, following)

    for store in range(7):
        alone, kept = controller.propose(ControllerMemory(), row_of(sight, store))
        again, kept_after = controller.propose(kept, row_of(following, store))
        assert_same_bits(row_of(first, store), alone)
        assert_same_bits(row_of(memory, store), kept)
        assert_same_bits(row_of(second, store), again)
        assert_same_bits(row_of(after, store), kept_after)


@pytest.mark.parametrize("name", NAMES)
@repeatable
@given(sight=sights(), seed=st.integers(0, 2**32 - 1))
def test_controllers_clip_themselves_so_that_the_gate_need_not(name: str, sight: Sight, seed: int) -> None:
    sight, controller = known(sight), controller_of(name, OPTIONS)
    _, memory = controller.propose(ControllerMemory(), sight)
    sight = later(sight, seed=seed)

    verdicts = judged(controller.propose(memory, sight)[0], sight)

    assert verdicts.interventions.tolist() == [0] * verdicts.judged.size
