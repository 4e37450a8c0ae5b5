"""The learned policy as a controller: the laws propose, a network moves their bids and prices, and where it may not be believed it lets go.

It lets go of a SKU whose features lie outside what training met, and of the whole store when too many do, when an action is not a number,
or when there is no network (its file was lost or swapped while the daemon ran). Nothing jumps then: the last action that was believed
fades to nothing over ``FADE_TICKS`` ticks, and comes back the same way. In between and ever after the laws steer alone, with the memory
they kept up to date all along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from control import features
from control.controller import Controller, ControllerMemory, Proposal
from control.policy_network import Network
from control.residual import ACTIONS, Stride, around
from control.sight import Sight
from control.trust import TrustRegion
from perception.fields import Field
from perception.units import Bools, Floats

FADE_TICKS = 4
"""Ticks that handing over takes, either way: as many as the mode machine spends in TRANSITION. A power of two, so that weights are exact
and a steady policy acts with exactly 1."""

_OURS = "policy_"
"""How our entries of the memory begin; the base controller never sees them."""


class PolicyState(IntEnum):
    """How a policy stands in a store, as its term ``policy_state`` says it."""

    STEERS = 0
    FADES_IN = 1
    LETS_SKUS_GO = 2
    OUT_OF_TRUST = 3
    NOT_FINITE = 4
    NO_NETWORK = 5


MEANINGS = {
    PolicyState.STEERS: "moves the laws",
    PolicyState.FADES_IN: "is taking over from the laws",
    PolicyState.LETS_SKUS_GO: "leaves some products to the laws: figures unlike those of its training",
    PolicyState.OUT_OF_TRUST: "has handed over to the laws: figures unlike those of its training",
    PolicyState.NOT_FINITE: "has handed over to the laws: it gave a value that is not a number",
    PolicyState.NO_NETWORK: "has handed over to the laws: its weights cannot be used",
}
"""The states in words, as in "the policy …"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A network with what it was trained for.

    Attributes:
        network: From a row of ``control.features`` to an action of ``control.residual``.
        trust: Where it may be believed.
        stride: How far an action of 1 goes.
        sha256: Hash of the weights' file, "" for a network that came from none.
    """

    network: Network
    trust: TrustRegion
    stride: Stride = field(default_factory=Stride)
    sha256: str = ""

    def __post_init__(self) -> None:
        """Refuse parts that do not fit together. Raises: ValueError, which names the part, what was expected and what it was."""
        known = len(features.FEATURES)
        for name, was, expected in (
            ("mean", self.network.inputs, known),
            ("trust_low", self.trust.low.size, known),
            ("network", self.network.outputs, len(ACTIONS)),
        ):
            if was != expected:
                message = f"{name}: expected {expected} figures, was {was}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A network around a base controller.

    Attributes:
        base: Whose proposals are moved; it keeps its own memory at all times, so that it can take over at once.
        trained: The network; None for one that cannot be used: what it did fades out and the base steers.
        name: The name used on the command line and in results.
    """

    base: Controller
    trained: Trained | None
    name: str = "policy"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """The base's proposal with bids and prices moved by the network where it is believed."""
        proposal, kept = self.base.propose(_of_base(memory), sight)
        wished, trusted, judged = self._wished(sight)
        weight, held = _faded(memory, wished, trusted)
        stride = Stride() if self.trained is None else self.trained.stride
        moved = around(proposal, sight, weight[:, :, None] * held, stride)
        covered = sight.course.covered
        let_go = (~trusted & covered).any(axis=1)
        fading = ((weight < 1.0) & covered).any(axis=1)
        state = np.where(
            judged > PolicyState.STEERS, judged, np.where(let_go, PolicyState.LETS_SKUS_GO, np.where(fading, PolicyState.FADES_IN, judged))
        )
        terms = {"policy_state": state.astype(np.float64), "policy_trust": _share(trusted, covered)}
        answer = Proposal(
            setpoints=moved.setpoints,
            terms=moved.terms | terms,
            sku_terms=moved.sku_terms | {name: _ratio(proposal, moved, sight, which) for which, name in RATIOS.items()},
        )
        ours = {f"{_OURS}weight": weight, f"{_OURS}action": held}
        return answer, ControllerMemory(loops=kept.loops, arrays=kept.arrays | ours)

    def _wished(self, sight: Sight) -> tuple[Floats, Bools, Floats]:
        """(n, m, 2) actions, (n, m) whether they are believed, and (n,) why a whole store is not, ``STEERS`` where it is."""
        n, m = sight.setpoints[Field.BID].shape
        if self.trained is None:
            return np.zeros((n, m, len(ACTIONS))), np.zeros((n, m), dtype=np.bool_), np.full(n, float(PolicyState.NO_NETWORK))
        rows = features.observe(sight)
        wished = self.trained.network.act(rows.reshape(n * m, -1)).reshape(n, m, len(ACTIONS)).astype(np.float64)
        trust, covered = self.trained.trust, sight.course.covered
        outside = trust.outside(rows)
        unfinished = ~np.isfinite(wished).all(axis=(1, 2))
        strange = 1.0 - _share(~outside, covered) > trust.most_share
        why = np.where(unfinished, PolicyState.NOT_FINITE, np.where(strange, PolicyState.OUT_OF_TRUST, PolicyState.STEERS))
        return wished, ~outside & (why == PolicyState.STEERS)[:, None], why.astype(np.float64)


RATIOS = {Field.BID: "policy_bid_ratio", Field.PRICE: "policy_price_ratio"}
"""Term per SKU that says what the policy made of the base's wish: set-point ÷ what the base would have; NaN where it moved nothing."""


def _of_base(memory: ControllerMemory) -> ControllerMemory:
    """What the base remembers of it; that of the base alone when it steered before."""
    return ControllerMemory(loops=memory.loops, arrays={name: array for name, array in memory.arrays.items() if not name.startswith(_OURS)})


def _faded(memory: ControllerMemory, wished: Floats, trusted: Bools) -> tuple[Floats, Floats]:
    """(n, m) weight of the action, one step nearer to 1 where it is believed and to 0 where not, and (n, m, 2) last action believed."""
    weight, held = memory.arrays.get(f"{_OURS}weight"), memory.arrays.get(f"{_OURS}action")
    if weight is None or held is None or weight.shape != trusted.shape or held.shape != wished.shape:
        # with nobody at the wheel before there is nobody to take over from
        nobody = not memory.loops and not memory.arrays
        weight, held = np.full(trusted.shape, 1.0 if nobody else 0.0), np.zeros(wished.shape)
    step = 1.0 / FADE_TICKS
    after = np.minimum(np.maximum(np.where(trusted, weight + step, weight - step), 0.0), 1.0)
    return after, np.where(trusted[:, :, None], wished, held)


def _share(chosen: Bools, covered: Bools) -> Floats:
    """(n,) share of the covered SKUs that are chosen; 1 where nothing is covered."""
    count = covered.sum(axis=1)
    share: Floats = np.where(count > 0, (chosen & covered).sum(axis=1) / np.maximum(count, 1), 1.0)
    return share


def _ratio(base: Proposal, moved: Proposal, sight: Sight, which: Field) -> Floats:
    """(n, m) set-point after the policy ÷ that of the base alone; its rounding is no move."""
    current, after = sight.setpoints[which], moved.setpoints[which]
    wished = base.setpoints.get(which, np.full_like(current, np.nan))
    start = np.where(np.isnan(wished), current, wished)
    changed = ~np.isnan(after) & (after != np.floor(start)) & (start > 0.0)
    return np.where(changed, after / np.where(changed, start, 1.0), np.nan)
