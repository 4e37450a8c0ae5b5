"""The margin rule of the textbook as a controller: prices by believed elasticity, ads by whatever controller it is put on top of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from control import pricing
from control.baselines import DoNothing
from control.clipping import price_reach
from control.controller import Controller, ControllerMemory, Proposal
from control.pricing import PricingTuning
from control.sight import Sight
from perception.economics import Economics
from perception.fields import Field
from perception.units import Floats

_LEAST_ELASTICITY = 1.01
"""Below an elasticity of 1 the rule knows no finite price; here it calls for a hundred times the cost, which the band then cuts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRule:
    """p* = c·ε ÷ (ε − 1) with the believed mean of ε, in small steps within the band; ads as ``ads`` would have them.

    Lerner, "The Concept of Monopoly and the Measurement of Monopoly Power", Review of Economic Studies 1934, for constant elasticity. It
    takes the belief at its word, which is what the laws' pricing is measured against: that one weighs how unsure the belief is, and stock.

    Attributes:
        ads: What sets bids and budgets; by default they are left as they are.
        tuning: Size, interval and deadband of the steps.
    """

    ads: Controller = field(default_factory=DoNothing)
    tuning: PricingTuning = field(default_factory=PricingTuning)

    @property
    def name(self) -> str:
        """``margin_rule``, behind the name of what sets the ads if anything does."""
        return "margin_rule" if isinstance(self.ads, DoNothing) else f"{self.ads.name}+margin_rule"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Wish for one step towards the rule's prices, and for what the ads' controller wishes."""
        proposal, kept = self.ads.propose(memory, sight)
        target = rule_price_cents(sight.goods.cost_cents, sight.beliefs.elasticity.mean, sight.economics)
        moved = _moved(target, sight, self.tuning)
        merged = Proposal(
            setpoints=proposal.setpoints | {Field.PRICE: moved},
            terms=proposal.terms,
            sku_terms=proposal.sku_terms | {"rule_price_cents": target},
        )
        return merged, kept


def rule_price_cents(cost_cents: Floats, elasticity: Floats, terms: Economics) -> Floats:
    """Price of the highest margin · volume at constant elasticity, (…,) minor units; NaN where the cost is unknown.

    A unit sold leaves (1 − r)·(p·(1 − fee) − cost) − r·handling, so what counts as its cost per unit of price is
    c = (cost + handling·r ÷ (1 − r)) ÷ (1 − fee).
    """
    handling = terms.return_cost_cents * terms.return_rate / (1.0 - terms.return_rate)
    whole_cost = (cost_cents + handling) / (1.0 - terms.fee_ratio)
    epsilon = np.maximum(elasticity, _LEAST_ELASTICITY)
    return whole_cost * epsilon / (epsilon - 1.0)


def _moved(target: Floats, s: Sight, tuning: PricingTuning) -> Floats:
    """(n, m) prices one step nearer to ``target`` within band and floor; NaN where nothing moves."""
    course, limits, current = s.course, s.reach.limits, s.setpoints[Field.PRICE]
    low, high = course.price_low_cents, course.price_high_cents
    rested = s.reach.price_age_s >= max(tuning.interval_s, limits.price_min_interval_s)
    may_move = course.covered & (low > 0.0) & (high > low) & (current > 0.0) & rested & ~s.goods.suspect
    floor = np.ceil(s.goods.cost_cents / (1.0 - limits.min_margin_ratio))
    banded = np.minimum(np.maximum(target, np.maximum(low, floor)), np.maximum(high, floor))
    least, most = price_reach(s, step_ratio=tuning.step_ratio)
    safe = np.where(may_move, current, 1.0)
    moved = pricing.moved_price_cents(safe, banded, reach=(least, most), may_move=may_move, tuning=tuning)
    return np.where(may_move & (moved != current), moved, np.nan)
