"""What every controller is: a pure function from the situation to the set-points it would like, whether law, rule book or policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from control import pid
from control.exposure import Exposure
from control.limits import Limits
from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.fields import Field
from perception.state import StoreState
from perception.units import Bools, Floats
from planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The plan unrolled to the catalogue's order: (m,) arrays, zero where the plan does not touch a SKU.

    Attributes:
        covered: SKUs the plan may touch.
        price_low_cents, price_high_cents: Price band.
        max_bid_cents: Highest bid worth offering.
        learning_cents: Ad spend granted for learning.
    """

    covered: Bools
    price_low_cents: Floats
    price_high_cents: Floats
    max_bid_cents: Floats
    learning_cents: Floats


def course_of(plan: Plan, catalogue: Catalogue) -> Course:
    """Unroll ``plan``; products that the catalogue no longer has are left out."""
    by_sku = {product.sku: product for product in plan.products}
    rows = [by_sku.get(sku) for sku in catalogue.skus]

    def column(name: str) -> Floats:
        return np.array([0.0 if row is None else float(getattr(row, name)) for row in rows])

    return Course(
        covered=np.array([row is not None for row in rows], dtype=np.bool_),
        price_low_cents=column("price_low_cents"),
        price_high_cents=column("price_high_cents"),
        max_bid_cents=column("max_bid_cents"),
        learning_cents=column("learning_budget_cents"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All a controller may look at.

    Attributes:
        state: The store as estimated.
        plan, course: Where to go, as message and as arrays.
        catalogue, economics: What is sold and on which terms.
        limits: The envelope, so that controllers can clip themselves before the gate does.
        changed_age_s: {field: (n,) seconds since each set-point last changed, inf when never}.
        lowest_24h, anchor_24h: {field: (n,) lowest value in force within the last 24 hours, and the value in force before them}.
        exposure: Worst-case ad spend of the window, the month and today.
        window_days: Days since the plan's first local midnight, fractional.
        window_spend_cents: Reported ad spend since the plan began.
        step_share: Share of every step limit that the mode leaves, (0, 1]: 1 in AUTO.
        engaged: Whether proposals are written; where not, laws track what stands so that taking over is bumpless.
    """

    state: StoreState
    plan: Plan
    course: Course
    catalogue: Catalogue
    economics: Economics
    limits: Limits
    changed_age_s: dict[Field, Floats]
    lowest_24h: dict[Field, Floats]
    anchor_24h: dict[Field, Floats]
    exposure: Exposure
    window_days: float
    window_spend_cents: float
    step_share: float
    engaged: bool

    @property
    def remaining_cents(self) -> float:
        """Ad budget left for today's worst case, after what the days before may have cost."""
        return self.plan.ad_budget_cents - float(np.sum(self.exposure.window))


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerMemory:
    """What a controller remembers between ticks, by name: loops and arrays. One type for all, so that any of them can be stored."""

    loops: dict[str, pid.Memory] = field(default_factory=dict)
    arrays: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Set-points a controller would like, and how it came to them.

    Attributes:
        setpoints: {field: (n,) minor units, unrounded}; NaN, or an absent field, means: leave as it is.
        terms: Store-wide terms of the law by name, for the journal.
        sku_terms: (m,) terms per SKU by name, for the journal.
    """

    setpoints: dict[Field, Floats]
    terms: dict[str, float]
    sku_terms: dict[str, Floats]


class Controller(Protocol):
    """A law, a rule book or a policy. Stateless: whatever it remembers is in the memory it returns."""

    @property
    def name(self) -> str:
        """The name used on the command line and in results."""
        ...

    def propose(self, memory: ControllerMemory, situation: Situation) -> tuple[Proposal, ControllerMemory]:
        """The wished set-points for this tick. Pure."""
        ...
