"""The choice of bands and ad money that should bring most within the grant: a mixed integer linear programme, solved by HiGHS.

    max   sum_i sum_o gain[o, i] · x[o, i]  +  sum_i sum_s (return[s, i] - 1) · y[s, i]  +  sum_l worth[l, i] · z[l, i]  +  tie · b
    s.t.  sum_o x[o, i] = 1                             one band per product
          sum worst[o, i] · x[o, i] + delivery · b <= grant
          sum y + sum z <= b <= ad budget                ads are spent from one budget
          sum z <= learning budget
          0 <= y[s, i] <= cost[s, i],  0 <= z[l, i] <= cost[l, i],  x binary

Returns fall from step to step, so steps fill in order by themselves. Money for first sales was granted to be spent: its cost is
not charged again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from perception.units import Floats

TIE = 1e-3
"""What an unused cent of the ad budget is worth: where nothing speaks against it, ads keep what the merchant gave them."""

SIZE = 1000.0
"""What the larger of grant and ad budget is scaled to: HiGHS' tolerances are absolute."""

TIME_LIMIT_S = 10.0
GAP = 1e-4


class Unsolvable(RuntimeError):
    """HiGHS found no choice within its time; the reaction: plan by rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is to be chosen; m products, k bands, s steps of ad spend, l steps of learning; minor units.

    Attributes:
        gain, worst: (k, m) of each band; the first is to leave the price alone.
        forced: (m,) band that must be chosen, -1 where it is free.
        step_cost, step_return: (s, m) ad spend of each step, and what a unit of it brings.
        learning_cost, learning_worth: (l, m) spend on each step of a first sale, and what a unit of it is worth.
        grant, ad_budget, learning_budget: Limits.
        delivery: What a unit of ad budget may cost at worst, >= 1.
    """

    gain: Floats
    worst: Floats
    forced: Floats
    step_cost: Floats
    step_return: Floats
    learning_cost: Floats
    learning_worth: Floats
    grant: float
    ad_budget: float
    learning_budget: float
    delivery: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best there is.

    Attributes:
        band: (m,) index of each product's band.
        spend: (m,) ad spend over the window.
        learning: (m,) part of the ad budget set aside for first sales.
        ad_budget: Whole.
        value: Of the objective, without the tie breaker.
        grant_price, budget_price: What one more unit of the grant and of the ad budget would bring (duals of the relaxation), >= 0.
    """

    band: Floats
    spend: Floats
    learning: Floats
    ad_budget: float
    value: float
    grant_price: float
    budget_price: float


def choose(problem: Problem) -> Choice:
    """Solve. Raises: Unsolvable."""
    scale = max(problem.grant, problem.ad_budget, 1.0) / SIZE
    return _unscaled(_solved(_scaled(problem, scale)), scale)


def _solved(problem: Problem) -> Choice:
    # a second of import that a daemon which plans by rule never pays
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp

    k, m = problem.gain.shape
    cost, rows, upper = _objective(problem), *_rows(problem)
    sizes = _sizes(problem)
    highest = _upper_bounds(problem)
    lowest = np.zeros(highest.size)
    forced = np.flatnonzero(problem.forced >= 0)
    lowest[problem.forced[forced].astype(np.int64) * m + forced] = 1.0
    integral = np.zeros(highest.size, dtype=np.int64)
    integral[: k * m] = 1
    one_band = _one_band(problem)
    found = milp(
        cost,
        integrality=integral,
        bounds=Bounds(lowest, highest),
        constraints=[LinearConstraint(rows, -np.inf, upper), LinearConstraint(one_band, 1.0, 1.0)],
        options={"time_limit": TIME_LIMIT_S, "mip_rel_gap": GAP},
    )
    if found.x is None:
        raise Unsolvable(f"expected a choice within {TIME_LIMIT_S} s, was: {found.message}")
    limits = list(zip(lowest.tolist(), highest.tolist(), strict=True))
    relaxed = linprog(cost, A_ub=rows, b_ub=upper, A_eq=one_band, b_eq=np.ones(m), bounds=limits, method="highs")
    duals = -relaxed.ineqlin.marginals if relaxed.status == 0 else np.zeros(len(upper))
    x, y, z, b = np.split(found.x, np.cumsum(sizes)[:-1])
    return Choice(
        band=np.argmax(x.reshape(k, m), axis=0),
        spend=y.reshape(-1, m).sum(axis=0),
        learning=z.reshape(-1, m).sum(axis=0),
        ad_budget=float(b[0]),
        value=float(-found.fun - TIE * b[0]),
        grant_price=float(duals[0]),
        budget_price=float(duals[2]),
    )


_AMOUNTS = ("gain", "worst", "step_cost", "learning_cost", "grant", "ad_budget", "learning_budget")


def _scaled(problem: Problem, scale: float) -> Problem:
    return replace(problem, **{name: getattr(problem, name) / scale for name in _AMOUNTS})


def _unscaled(choice: Choice, scale: float) -> Choice:
    return replace(choice, **{name: getattr(choice, name) * scale for name in ("spend", "learning", "ad_budget", "value")})


def _sizes(problem: Problem) -> tuple[int, int, int, int]:
    return problem.gain.size, problem.step_cost.size, problem.learning_cost.size, 1


def _objective(problem: Problem) -> Floats:
    earned = [problem.gain.ravel(), (problem.step_return - 1.0).ravel(), problem.learning_worth.ravel(), np.array([TIE])]
    objective: Floats = -np.concatenate(earned)
    return objective


def _upper_bounds(problem: Problem) -> Floats:
    bounds = [np.ones(problem.gain.size), problem.step_cost.ravel(), problem.learning_cost.ravel(), np.array([problem.ad_budget])]
    return np.concatenate(bounds)


def _rows(problem: Problem) -> tuple[Any, Floats]:
    """Grant, spending out of the budget, the budget itself, learning: sparse rows and their upper ends."""
    from scipy.sparse import csr_array

    x, y, z, _ = _sizes(problem)
    grant = np.concatenate([problem.worst.ravel(), np.zeros(y + z), [problem.delivery]])
    spent = np.concatenate([np.zeros(x), np.ones(y + z), [-1.0]])
    budget = np.concatenate([np.zeros(x + y + z), [1.0]])
    learning = np.concatenate([np.zeros(x + y), np.ones(z), [0.0]])
    upper = np.array([problem.grant, 0.0, problem.ad_budget, problem.learning_budget])
    return csr_array(np.array([grant, spent, budget, learning])), upper


def _one_band(problem: Problem) -> Any:
    from scipy.sparse import csr_array, hstack, identity

    k, m = problem.gain.shape
    _, y, z, b = _sizes(problem)
    return hstack([*(identity(m, format="csr") for _ in range(k)), csr_array((m, y + z + b))], format="csr")
