"""The policy as a controller: it moves the laws' wishes, and where it may not be believed it hands over to them without a jump."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from control import features
from control.controller import ControllerMemory, Proposal
from control.laws import Laws, LawsTuning
from control.policy import FADE_TICKS, Policy, PolicyState, Trained
from control.residual import Stride, around, undamped
from control.sight import Sight
from control.trust import TrustRegion
from perception.fields import Field
from tests.unit.control.gated import known
from tests.unit.control.networks import constant, everywhere, trained_of
from tests.unit.control.sights import assert_same_bits, later, sight_of_seed


def nowhere() -> TrustRegion:
    """A region that holds no observation."""
    beyond = features.highs() + np.float32(1.0)
    return TrustRegion(low=beyond, high=beyond)


def steady_sight(seed: int = 11, *, n: int = 2) -> Sight:
    """A store that everything is known of and all of which is planned."""
    sight = known(sight_of_seed(seed, n=n))
    return replace(sight, course=replace(sight.course, covered=np.ones_like(sight.course.covered)))


def driven(controllers: list[Policy], sight: Sight, memory: ControllerMemory | None = None) -> list[tuple[Proposal, ControllerMemory]]:
    """One tick with each controller, the memory handed on."""
    told = []
    memory = memory or ControllerMemory()
    for tick, controller in enumerate(controllers):
        proposal, memory = controller.propose(memory, sight if tick == 0 else later(sight, seed=tick))
        told.append((proposal, memory))
    return told


def weights(told: list[tuple[Proposal, ControllerMemory]]) -> list[float]:
    return [float(memory.arrays["policy_weight"].min()) for _, memory in told]


def states(told: list[tuple[Proposal, ControllerMemory]]) -> list[PolicyState]:
    return [PolicyState(int(proposal.terms["policy_state"][0])) for proposal, _ in told]


def test_a_steady_policy_is_the_laws_with_the_networks_action_around_them() -> None:
    trained, sight = trained_of(2, 16), steady_sight()

    (proposal, memory), (second, after) = driven([Policy(base=undamped(LawsTuning()), trained=trained)] * 2, sight)

    base, kept = undamped(LawsTuning()).propose(ControllerMemory(), sight)
    rows = features.observe(sight)
    action = trained.network.act(rows.reshape(-1, rows.shape[2])).reshape(*rows.shape[:2], 2)
    assert_same_bits(proposal.setpoints, around(base, sight, action, trained.stride).setpoints)
    assert_same_bits({name: memory.arrays[name] for name in kept.arrays}, kept.arrays)
    assert_same_bits(memory.loops, kept.loops)
    assert weights([(proposal, memory), (second, after)]) == [1.0, 1.0]
    assert states([(proposal, memory), (second, after)]) == [PolicyState.STEERS] * 2
    assert proposal.terms["policy_trust"].tolist() == [1.0, 1.0]


def test_the_terms_say_what_the_policy_made_of_the_laws_wishes() -> None:
    sight = steady_sight()
    up = Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.0))
    base, _ = undamped(LawsTuning()).propose(ControllerMemory(), sight)

    proposal, _ = up.propose(ControllerMemory(), sight)

    ratio = proposal.sku_terms["policy_bid_ratio"]
    wished = base.setpoints[Field.BID]
    start = np.where(np.isnan(wished), sight.setpoints[Field.BID], wished)
    moved = ~np.isnan(ratio)
    assert moved.any()
    np.testing.assert_allclose(proposal.setpoints[Field.BID][moved], (start * ratio)[moved])
    assert (ratio[moved] <= np.exp(0.5 * Stride().log_bid) + 1e-9).all()
    assert np.isnan(proposal.sku_terms["policy_price_ratio"]).all()


def test_the_laws_own_terms_stay_in_the_journal() -> None:
    sight = steady_sight()
    base, _ = Laws().propose(ControllerMemory(), sight)

    proposal, _ = Policy(base=undamped(LawsTuning()), trained=trained_of()).propose(ControllerMemory(), sight)

    assert base.terms.keys() < proposal.terms.keys()
    assert base.sku_terms.keys() < proposal.sku_terms.keys()


@pytest.mark.parametrize(
    ("broken", "state"),
    [
        (None, PolicyState.NO_NETWORK),
        (constant(0.5, 0.5, trust=nowhere()), PolicyState.OUT_OF_TRUST),
    ],
)
def test_a_policy_that_is_not_believed_fades_and_comes_back_the_same_way(broken: Trained | None, state: PolicyState) -> None:
    good, bad = Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.5)), Policy(base=undamped(LawsTuning()), trained=broken)

    told = driven([good, bad, bad, bad, bad, bad, good, good, good, good, good], steady_sight())

    assert weights(told) == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert states(told) == [PolicyState.STEERS, *[state] * 5, *[PolicyState.FADES_IN] * 3, *[PolicyState.STEERS] * 2]
    applied = [proposal.sku_terms["bid_action"][0, 0] for proposal, _ in told]
    assert np.abs(np.diff(applied)).max() <= 0.5 / FADE_TICKS


def test_once_faded_the_laws_steer_alone_bit_for_bit() -> None:
    sight = steady_sight()
    told = driven(
        [Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.5)), *[Policy(base=undamped(LawsTuning()), trained=None)] * 5], sight
    )

    memory, laws = ControllerMemory(), None
    for tick in range(6):
        laws, memory = Laws().propose(memory, sight if tick == 0 else later(sight, seed=tick))

    assert laws is not None
    np.testing.assert_equal(told[-1][0].setpoints, {**laws.setpoints})


def test_an_action_that_is_not_a_number_hands_over_the_whole_store(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, sight = Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.5)), steady_sight()
    _, memory = policy.propose(ControllerMemory(), sight)
    observe = features.observe

    def one_spoilt(seen: Sight) -> Any:
        rows = observe(seen)
        rows[0, 1, 3] = np.nan
        return rows

    monkeypatch.setattr(features, "observe", one_spoilt)
    proposal, after = policy.propose(memory, later(sight, seed=1))

    assert proposal.terms["policy_state"].tolist() == [PolicyState.NOT_FINITE, PolicyState.STEERS]
    assert after.arrays["policy_weight"].tolist() == [[0.75] * 5, [1.0] * 5]
    assert all(np.isfinite(array).all() for name, array in after.arrays.items() if name.startswith("policy_"))


def test_a_sku_of_a_kind_never_met_is_left_to_the_laws_and_its_neighbours_are_not() -> None:
    sight = steady_sight()
    elasticity = sight.beliefs.elasticity
    strange = replace(elasticity, mean=_with(elasticity.mean, 6.0), sd=_with(elasticity.sd, 3.0))
    odd = replace(sight, beliefs=replace(sight.beliefs, elasticity=strange))
    high = features.highs().copy()
    for name in ("elasticity", "elasticity_doubt"):
        high[[feature.name for feature in features.FEATURES].index(name)] *= np.float32(0.99)
    region = replace(everywhere(), high=high, most_features=1)

    proposal, memory = Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.5, trust=region)).propose(ControllerMemory(), odd)

    assert memory.arrays["policy_weight"].tolist() == [[0.75, 1.0, 1.0, 1.0, 1.0], [1.0] * 5]
    assert proposal.sku_terms["bid_action"][0, 0] == 0.0
    assert proposal.terms["policy_state"].tolist() == [PolicyState.LETS_SKUS_GO, PolicyState.STEERS]
    assert proposal.terms["policy_trust"].tolist() == [0.8, 1.0]


def _with(figures: Any, value: float) -> Any:
    """The figures with another one for the first SKU of the first store."""
    changed = figures.copy()
    changed[0, 0] = value
    return changed


def test_what_the_plan_does_not_touch_does_not_count_against_the_store() -> None:
    sight = steady_sight()
    nothing = replace(sight, course=replace(sight.course, covered=np.zeros_like(sight.course.covered)))

    proposal, _ = Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.5, trust=nowhere())).propose(ControllerMemory(), nothing)

    assert proposal.terms["policy_trust"].tolist() == [1.0, 1.0]
    assert proposal.terms["policy_state"].tolist() == [PolicyState.STEERS] * 2


def test_taking_over_from_the_laws_is_as_gentle_as_handing_over() -> None:
    sight = steady_sight()
    _, memory = Laws().propose(ControllerMemory(), sight)

    told = driven([Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.5))] * 4, later(sight, seed=9), memory)

    assert weights(told) == [0.25, 0.5, 0.75, 1.0]


def test_a_change_of_the_catalogue_begins_the_fade_anew() -> None:
    policy = Policy(base=undamped(LawsTuning()), trained=constant(0.5, 0.5))
    memory = ControllerMemory(arrays={"policy_weight": np.ones((2, 3)), "policy_action": np.ones((2, 3, 2))})

    _, after = policy.propose(memory, steady_sight())

    assert after.arrays["policy_weight"].tolist() == [[0.25] * 5] * 2


def test_parts_that_do_not_fit_together_are_refused() -> None:
    trained = constant(0.1, 0.1)
    narrow = TrustRegion(low=np.zeros(3, dtype=np.float32), high=np.ones(3, dtype=np.float32))

    with pytest.raises(ValueError, match=r"trust_low: expected \d+ figures, was 3"):
        Trained(network=trained.network, trust=narrow, stride=Stride())
