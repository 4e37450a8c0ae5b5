"""The planner that optimises: what should bring most within the grant, among enumerated choices, explained figure by figure.

Where the optimiser finds nothing, or the budget guard refuses what it found even under a tighter grant, the rule planner writes the plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from perception.units import Floats
from planning import forecast
from planning.bands import Bands
from planning.budget import GuardFacts, GuardVerdict, verify
from planning.daily_forecast import quantile
from planning.evidence import guard_facts
from planning.explanation import explained
from planning.ground import Ground
from planning.identity import identified
from planning.menu import (
    FIRST_SALE_STEPS,
    LAUNCH_WORTH_DAYS,
    Menu,
    ad_marginal,
    band_gain_cents,
    band_worst_cents,
    menu_of,
    price_gain_cents,
)
from planning.optimiser import Choice, Problem, Unsolvable, choose
from planning.plan import Plan, ProductPlan, Stage
from planning.planner import ROLLBACK, RulePlanner, max_bid_cents, stop_rules
from planning.ports import PlanRequest
from planning.profile import profile_of, store_figures
from planning.recipes import Context
from planning.selection import POLICIES

BASELINE_QUANTILE = 0.95
"""Units in the window stay below the stated baseline with this probability."""

TRIES = 5
"""Times that a grant is tightened until the guard accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Something a person wants, whatever the optimiser thinks: bands of single products, an ad budget, None for free.

    Attributes:
        bands: {SKU: (lowest, highest price)}.
        ad_budget_cents: Whole.
    """

    bands: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    ad_budget_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A plan with how it came about.

    Attributes:
        plan: As written.
        verdict: The guard's.
        choice: The optimiser's; None where the rule planner wrote the plan.
        value_cents: Expected gain over leaving everything as it is, ads after their cost.
    """

    plan: Plan
    verdict: GuardVerdict
    choice: Choice | None
    value_cents: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MilpPlanner:
    """Optimises bands and ad money; needs no model and no network."""

    name: str = "milp"

    def draft(self, request: PlanRequest) -> Plan:
        """One plan that starts now and that the budget guard accepts."""
        return self.solve(request).plan

    def solve(self, request: PlanRequest, wish: Wish | None = None) -> Solved:
        """The plan and how it came about.

        Args:
            request: What it may rest on.
            wish: What is forced; the guard may then refuse the plan, and the verdict says why.
        """
        ground, facts = Ground(request=request), guard_facts(request)
        menu = menu_of(ground)
        grant = float(request.terms.granted_cents)
        for _ in range(TRIES):
            try:
                choice = choose(_problem(menu, wish or Wish(), grant=grant, facts=facts))
            except Unsolvable:
                break
            plan = _stated(_assembled(ground, menu, choice, wish or Wish(), planner=self.name), facts)
            verdict = verify(plan, facts)
            if verdict.accepted:
                return Solved(plan=_finished(plan, ground), verdict=verdict, choice=choice, value_cents=choice.value)
            if verdict.worst_case_cents <= facts.granted_cents:
                break
            grant *= 0.999 * facts.granted_cents / verdict.worst_case_cents
        if wish is not None:
            return _refused(ground, menu, wish, facts, planner=self.name)
        plan = RulePlanner().draft(request)
        return Solved(plan=plan, verdict=verify(plan, facts), choice=None, value_cents=0.0)


def _problem(menu: Menu, wish: Wish, *, grant: float, facts: GuardFacts) -> Problem:
    ground = menu.ground
    request = ground.request
    cost, brought = ad_marginal(ground)
    gain, worst = menu.gain_cents, menu.worst_cents
    forced = np.full(gain.shape[1], -1)
    if wish.bands:
        low, high = _wished_bands(ground, wish)
        gain = np.vstack([gain, _signed_gain_cents(ground, low, high)])
        worst = np.vstack([worst, band_worst_cents(ground, low, high)])
        for sku in wish.bands:
            forced[request.catalogue.skus.index(sku)] = gain.shape[0] - 1
    learning_cost, learning_worth = _learning(ground, menu)
    budget = request.terms.ad_budget_cents if wish.ad_budget_cents is None else wish.ad_budget_cents
    return Problem(
        gain=gain,
        worst=worst,
        forced=forced.astype(np.float64),
        step_cost=cost,
        step_return=brought,
        learning_cost=learning_cost,
        learning_worth=learning_worth,
        grant=grant,
        ad_budget=float(budget),
        learning_budget=float(min(request.terms.learning_budget_cents, budget)),
        delivery=max(1.0, max(_daily_shares(ground)) * facts.overdelivery_permille / 1000.0),
    )


def _wished_bands(ground: Ground, wish: Wish) -> tuple[Floats, Floats]:
    low, high = ground.price_cents.copy(), ground.price_cents.copy()
    for sku, (lowest, highest) in wish.bands.items():
        place = ground.request.catalogue.skus.index(sku)
        low[place], high[place] = lowest, highest
    return low, high


def _signed_gain_cents(ground: Ground, low: Floats, high: Floats) -> Floats:
    """(m,) as ``band_gain_cents``, but what a single forced price loses is negative."""
    single = np.nan_to_num(price_gain_cents(ground, low, ground.request.state.elasticity.mean))
    return np.where((low == high) & (low != ground.price_cents), single, band_gain_cents(ground, low, high))


def _learning(ground: Ground, menu: Menu) -> tuple[Floats, Floats]:
    """(l, m) spend of each step towards a first sale, and (l, m) what a unit of it is worth."""
    state, days = ground.request.state, LAUNCH_WORTH_DAYS
    new = np.array([stage is Stage.NEW for stage in ground.selection.stages], dtype=np.bool_)
    bid = np.where(ground.covered & new, max_bid_cents(ground.request, ground.selection, menu.widest), 0.0)
    steps = np.array([0.0, *FIRST_SALE_STEPS])[:, None]
    spent = np.ceil(steps / np.maximum(state.cvr.mean, 1e-6) * bid)
    earning = ground.forecast.level * np.maximum(np.nan_to_num(state.unit_margin_cents), 0.0)
    worth = float(np.median(earning[ground.covered])) * days if ground.covered.any() else 0.0
    cost, chance = np.diff(spent, axis=0), np.diff(1.0 - np.exp(-steps), axis=0)
    # a first sale is what learning money was granted for: even a poor one is worth a little more than nothing
    return cost, np.divide(chance * max(worth, 1.0), cost, out=np.zeros_like(cost), where=cost > 0.0)


def _daily_shares(ground: Ground) -> tuple[float, ...]:
    request = ground.request
    return forecast.daily_shares(
        request.now,
        window_days=request.terms.window_days,
        weekdays=forecast.weekday_factors(request.state, request.shape),
        hour_shares=request.shape.hour_shares(),
        timezone=request.timezone,
    )


def _assembled(ground: Ground, menu: Menu, choice: Choice, wish: Wish, *, planner: str) -> Plan:
    """The choice as a plan; facts, rationales and worst case are still to come."""
    request, terms = ground.request, ground.request.terms
    low, high = _chosen(menu, choice, wish)
    shape = Bands(price=menu.widest.price, low=low, high=high, target=np.clip(menu.widest.target, low, high))
    bid = np.where(ground.covered, max_bid_cents(request, ground.selection, shape), 0.0)
    units, variance = ground.window_units
    upper = quantile(units, variance, BASELINE_QUANTILE)
    products = tuple(
        ProductPlan(
            sku=request.catalogue.skus[i],
            stage=ground.selection.stages[i],
            goal=POLICIES[ground.selection.stages[i]].goal or terms.goal,
            audience=POLICIES[ground.selection.stages[i]].audience,
            price_low_cents=int(low[i]),
            price_high_cents=int(high[i]),
            max_bid_cents=int(bid[i]),
            learning_budget_cents=math.floor(choice.learning[i]) if bid[i] > 0.0 else 0,
            baseline_units=int(upper[i]),
            discount_cents=int(upper[i]) * max(int(shape.price[i]) - int(low[i]), 0),
            rationale="",
        )
        for i in np.flatnonzero(ground.covered).tolist()
    )
    given_away = units * np.maximum(shape.price - shape.target, 0.0)
    ad_budget = math.floor(choice.ad_budget + 1e-6)
    return Plan(
        id="",
        store=request.store,
        currency=request.catalogue.currency,
        goal=terms.goal,
        starts_at=request.now,
        ends_at=forecast.window_end(request.now, window_days=terms.window_days, timezone=request.timezone),
        products=products,
        ad_budget_cents=ad_budget,
        daily_shares=_daily_shares(ground),
        hour_shares=tuple(request.shape.hour_shares().tolist()),
        target_roas=terms.target_roas,
        granted_cents=terms.granted_cents,
        expected_cents=ad_budget + math.ceil(float(given_away[ground.covered].sum())),
        worst_case_cents=0,
        facts=(),
        stop_rules=stop_rules(request),
        rollback=ROLLBACK,
        planner=planner,
    )


def _chosen(menu: Menu, choice: Choice, wish: Wish) -> tuple[Floats, Floats]:
    low, high = menu.low, menu.high
    if wish.bands:
        wished_low, wished_high = _wished_bands(menu.ground, wish)
        low, high = np.vstack([low, wished_low]), np.vstack([high, wished_high])
    places = np.arange(low.shape[1])
    return low[choice.band, places], high[choice.band, places]


def _stated(plan: Plan, facts: GuardFacts) -> Plan:
    """With the worst case that the guard computes."""
    return replace(plan, worst_case_cents=verify(plan, facts).worst_case_cents)


def _finished(plan: Plan, ground: Ground) -> Plan:
    context = Context(ground=ground, plan=plan)
    return identified(explained(plan, context, profile_of(store_figures(ground))))


def _refused(ground: Ground, menu: Menu, wish: Wish, facts: GuardFacts, *, planner: str) -> Solved:
    """What is wished for on its own, with everything else left alone, so that the guard can say what is wrong with it."""
    low, _ = _wished_bands(ground, wish)
    skus = low.size
    alone = Choice(
        band=np.where([sku in wish.bands for sku in ground.request.catalogue.skus], menu.low.shape[0], 0),
        spend=np.zeros(skus),
        learning=np.zeros(skus),
        ad_budget=float(wish.ad_budget_cents or 0),
        value=0.0,
        grant_price=0.0,
        budget_price=0.0,
    )
    plan = _stated(_assembled(ground, menu, alone, wish, planner=planner), facts)
    return Solved(plan=_finished(plan, ground), verdict=verify(plan, facts), choice=None, value_cents=0.0)
