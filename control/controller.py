"""What every controller is: a pure function from what is seen to the set-points it would like, whether law, rule book or policy.

Everything is batched: n stores at once, the first axis of every array. The daemon's store is n = 1, so one implementation of each law
serves the daemon, the replay and the training environments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from control import pid
from control.sight import Sight
from perception.fields import Field
from perception.units import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerMemory:
    """What a controller remembers between ticks, by name. One type for all, so that any of them can be stored.

    Attributes:
        loops: (n,) memories of PID loops.
        arrays: (n, …) figures; NaN for nothing yet.
    """

    loops: dict[str, pid.Memory] = field(default_factory=dict)
    arrays: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Set-points a controller would like, and how it came to them. Which names there are depends on the controller alone.

    Attributes:
        setpoints: Price and bid (n, m), daily budget (n, c); minor units, unrounded. NaN, or an absent field, means: leave as it is.
        terms: (n,) store-wide terms of the law by name, for the journal; NaN where one does not apply.
        sku_terms: (n, m) terms per SKU by name, for the journal; NaN where one does not apply.
    """

    setpoints: dict[Field, Floats]
    terms: dict[str, Floats]
    sku_terms: dict[str, Floats]


class Controller(Protocol):
    """A law, a rule book or a policy. Stateless: whatever it remembers is in the memory it returns.

    What it proposes for a store must not depend on the batch that the store is in, to the last bit.
    """

    @property
    def name(self) -> str:
        """The name used on the command line and in results."""
        ...

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """The wished set-points for this tick. Pure: ``memory`` and ``sight`` are not changed."""
        ...
