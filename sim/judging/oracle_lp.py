"""The hindsight programme: one choice per slot, few constraints over all of them, solved as a linear programme with its own proof.

A slot is one SKU in one hour; a choice is a price level with a bid level. With x the share of a slot given to a choice,

    maximise   Σ value·x
    subject to Σ_choices x ≤ 1 per slot, Σ cost·x ≤ budget, Σ (R·cost − ad revenue)·x ≤ 0, Σ units·x ≤ stock per SKU.

It is the linear relaxation of a multiple-choice knapsack (Kellerer, Pferschy & Pisinger, Knapsack Problems, 2004, ch. 11): at most one slot
per coupling row is split, so it lies hardly above what whole choices can reach. Any multipliers of the coupling rows give an upper bound
(Lagrangian duality); the one at the programme's own multipliers closes the gap, and is reported as the check of the solver.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from perception.units import Bools, Floats, Ints


class OracleUnsolvedError(RuntimeError):
    """The solver found no optimum; the message is its own. The reaction: report the store as unsolved, do not score it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What S slots could have brought, J choices each, (S, J).

    Attributes:
        value_cents: Contribution less ad cost.
        cost_cents: Ad cost, >= 0.
        ad_revenue_cents: Attributed to the slot's clicks, >= 0.
        units: Sold, >= 0.
        sku: (S,) which stock row a slot draws on.
    """

    value_cents: Floats
    cost_cents: Floats
    ad_revenue_cents: Floats
    units: Floats
    sku: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What limits all slots together.

    Attributes:
        budget_cents: Ad spend of the whole window, >= 0.
        target_roas: Attributed revenue per ad spend to keep at least; 0 for no target.
        stock_units: (m,) units that could be sold, >= 0; infinity where stock does not bind.
    """

    budget_cents: float
    target_roas: float
    stock_units: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The optimum.

    Attributes:
        value_cents: Of the linear programme: no whole choice of actions is worth more.
        lagrangian_cents: Upper bound at the programme's multipliers; at an optimum equal to ``value_cents``.
        cost_cents: Ad spend at the optimum.
        variables: Choices left after those that another one beats were dropped.
        split_share: Share of slots of which no single choice has all.
    """

    value_cents: float
    lagrangian_cents: float
    cost_cents: float
    variables: int
    split_share: float

    @property
    def gap_ratio(self) -> float:
        """Distance of the two bounds, share of the value."""
        return (self.lagrangian_cents - self.value_cents) / max(abs(self.value_cents), 1.0)


def solve(choices: Choices, bounds: Bounds) -> Solved:
    """Solve the hindsight programme.

    Raises:
        OracleUnsolvedError: HiGHS did not reach an optimum.
    """
    slot, choice = np.nonzero(worth_keeping(choices, target_roas=bounds.target_roas))
    value = choices.value_cents[slot, choice]
    uses, limits = _coupling(choices, bounds, slot, choice)
    slots = choices.value_cents.shape[0]
    one_per_slot = csr_array((np.ones(slot.size), (slot, np.arange(slot.size))), shape=(slots, slot.size))
    answer = linprog(
        -value,
        A_ub=vstack([one_per_slot, uses], format="csr"),
        b_ub=np.concatenate([np.ones(slots), limits]),
        bounds=(0.0, None),
        method="highs",
    )
    if answer.status != 0:
        raise OracleUnsolvedError(str(answer.message))
    multipliers = np.maximum(-np.asarray(answer.ineqlin.marginals)[slots:], 0.0)
    shares = np.asarray(answer.x)
    whole = np.zeros(slots, dtype=np.bool_)
    whole[slot[shares > 1.0 - _WHOLE]] = True
    used = np.zeros(slots, dtype=np.bool_)
    used[slot[shares > _WHOLE]] = True
    return Solved(
        value_cents=float(value @ shares),
        lagrangian_cents=_lagrangian(value, slot, uses, limits, multipliers, slots=slots),
        cost_cents=float(choices.cost_cents[slot, choice] @ shares),
        variables=slot.size,
        split_share=float(np.mean(used & ~whole)),
    )


def lagrangian_cents(choices: Choices, bounds: Bounds, *, budget: float, roas: float, stock: Floats) -> float:
    """The upper bound that any non-negative multipliers give.

    Args:
        choices, bounds: The programme.
        budget: Worth of one more minor unit of budget.
        roas: Worth of one minor unit of ad revenue missing to the target.
        stock: (m,) worth of one more unit of stock.
    """
    slot, choice = np.nonzero(np.ones(choices.value_cents.shape, dtype=np.bool_))
    uses, limits = _coupling(choices, bounds, slot, choice)
    kept = np.isfinite(bounds.stock_units)
    rows = np.concatenate([[budget], [roas] if bounds.target_roas > 0.0 else [], stock[kept]])
    return _lagrangian(choices.value_cents[slot, choice], slot, uses, limits, rows, slots=choices.value_cents.shape[0])


def worth_keeping(choices: Choices, *, target_roas: float) -> Bools:
    """(S, J) choices that no other choice of their slot beats in worth, cost, ad revenue and units alike, and that are worth something."""
    value, cost = choices.value_cents, choices.cost_cents
    figures = [value, -cost, -choices.units] + ([choices.ad_revenue_cents] if target_roas > 0.0 else [])
    kept: Bools = value > 0.0
    if target_roas > 0.0:
        # a choice at a loss can still buy ad revenue that the target lacks
        kept = kept | (choices.ad_revenue_cents > target_roas * cost)
    # slots last: comparisons then run along memory; and only where the choice is worth anything, which is in few slots
    by_choice = [np.ascontiguousarray(figure.T) for figure in figures]
    for one in range(value.shape[1]):
        slots = np.flatnonzero(kept[:, one])
        no_worse = np.ones((value.shape[1], slots.size), dtype=np.bool_)
        better = np.zeros_like(no_worse)
        # of several that are the same, the first stays
        better[:one] = True
        for figure in by_choice:
            others = figure.take(slots, axis=1)
            no_worse &= others >= others[one]
            better |= others > others[one]
        kept[slots, one] = ~(no_worse & better).any(axis=0)
    return kept


_WHOLE = 1e-6
"""Shares this close to 0 or 1 are whole."""


def _coupling(choices: Choices, bounds: Bounds, slot: Ints, choice: Ints) -> tuple[csr_array, Floats]:
    """Rows that tie slots together, (r, variables), and their limits: budget, ROAS where there is a target, stock where it is finite."""
    cost = choices.cost_cents[slot, choice]
    rows, limits = [cost], [bounds.budget_cents]
    if bounds.target_roas > 0.0:
        rows.append(bounds.target_roas * cost - choices.ad_revenue_cents[slot, choice])
        limits.append(0.0)
    sku, units = choices.sku[slot], choices.units[slot, choice]
    for stocked in np.flatnonzero(np.isfinite(bounds.stock_units)):
        rows.append(np.where(sku == stocked, units, 0.0))
        limits.append(float(bounds.stock_units[stocked]))
    return csr_array(np.array(rows)), np.array(limits)


def _lagrangian(value: Floats, slot: Ints, uses: csr_array, limits: Floats, multipliers: Floats, *, slots: int) -> float:
    reduced = value - uses.T @ multipliers
    best = np.zeros(slots)
    np.maximum.at(best, slot, reduced)
    return float(best.sum() + multipliers @ limits)
