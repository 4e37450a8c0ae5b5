"""The score of a plan: gates that must all hold, then professionalism by rule and explainability by trying. Pure but for planning again.

Gates: schema, verifier, margin floor, stock, platform rules; any failure scores 0. Professionalism, 25: six elements, a measurable goal,
audience that fits the stage, discounts that fit elasticity and stock, stop rules and rollback, spend where it returns most. Explainability,
25: every number cites a fact that recomputes, plans change when a cited fact is taken away, a counterfactual is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from autopilot import codec
from perception.state import Estimate
from perception.units import Floats
from planning.budget import verify
from planning.evidence import guard_facts, price_bounds_cents
from planning.ground import Ground
from planning.milp_planner import MilpPlanner
from planning.plan import Plan, ProductPlan, Stage
from planning.ports import PlanRequest
from planning.recipes import Context, about, recomputed, uncited_numbers
from planning.selection import POLICIES
from planning.why_not import answered, asked

PROFESSIONALISM, EXPLAINABILITY = 25.0, 25.0
CITATIONS, FAITHFULNESS, COUNTERFACTUAL = 0.4, 0.4, 0.2
"""Shares of explainability."""

NO_IDEA_SD = 5.0
"""Of an elasticity that nothing is known of: shoppers may mind the price not at all, or more than any ever did."""

MOST_REMOVALS = 40
"""Facts taken away per plan."""

Draft = Callable[[PlanRequest], Plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Of one plan.

    Attributes:
        gates: Names of those that fail.
        professionalism, explainability: Points.
        changed: Of the facts taken away, the share whose absence changed the plan; NaN where none could be taken away.
        audience_share: Products whose audience fits their stage.
    """

    gates: tuple[str, ...]
    professionalism: float
    explainability: float
    changed: float
    audience_share: float


def marks(plan: Plan, request: PlanRequest, draft: Draft, *, at: datetime) -> Marks:
    """Mark a plan.

    Args:
        plan: To be marked.
        request: That it rests on.
        draft: Makes the plan again where a fact is taken away.
        at: When it is to be followed.
    """
    fitting = _audience_share(plan, Ground(request=request))
    changed = faithfulness(plan, request, draft)
    explained = CITATIONS * _cited_share(plan, request) + FAITHFULNESS * np.nan_to_num(changed) + COUNTERFACTUAL * _answers(request)
    return Marks(
        gates=failed_gates(plan, request, at=at),
        professionalism=PROFESSIONALISM * float(np.mean(list(elements(plan, request).values()))),
        explainability=EXPLAINABILITY * float(explained),
        changed=changed,
        audience_share=fitting,
    )


def failed_gates(plan: Plan, request: PlanRequest, *, at: datetime) -> tuple[str, ...]:
    """Names of the gates that a plan does not pass."""
    facts, ground = guard_facts(request), Ground(request=request)
    place = {sku: i for i, sku in enumerate(request.catalogue.skus)}
    floor, _ = price_bounds_cents(request)
    known = [(product, place[product.sku]) for product in plan.products if product.sku in place]
    checks = {
        "schema": codec.from_jsonable(codec.to_jsonable(plan), Plan) == plan,
        "window": plan.starts_at <= at < plan.ends_at,
        "verifier": verify(plan, facts).accepted,
        "margin_floor": all(p.price_low_cents >= min(floor[i], ground.price_cents[i]) for p, i in known),
        "stock": not any(request.state.on_hand[i] <= 0.0 and p.price_low_cents < ground.price_cents[i] for p, i in known),
        "platform_rules": all(p.max_bid_cents <= p.price_high_cents for p in plan.products),
        "products": len(known) == len(plan.products) and all(p.stage is ground.selection.stages[i] for p, i in known),
    }
    return tuple(name for name, holds in checks.items() if not holds)


def elements(plan: Plan, request: PlanRequest) -> dict[str, float]:
    """Each professional habit and how far the plan has it, 0…1."""
    ground = Ground(request=request)
    facts = {fact.name for fact in plan.facts}
    six = (
        bool(plan.goal),
        plan.ends_at - plan.starts_at >= timedelta(hours=1),
        bool(plan.products),
        all(product.audience for product in plan.products),
        all(0 < product.price_low_cents <= product.price_high_cents for product in plan.products),
        plan.ad_budget_cents > 0 or request.terms.ad_budget_cents == 0 or request.terms.granted_cents == 0,
    )
    return {
        "six_elements": float(np.mean(six)),
        "measurable_goal": float(np.mean([name in facts for name in ("baseline_profit", "expected_gain")])),
        "audience": _audience_share(plan, ground),
        "discounts": _share(plan.products, lambda product: _discount_fits(product, ground)),
        "stop_rules": float(bool(plan.stop_rules) and bool(plan.rollback)),
        "spend": _spend_order(plan, request),
    }


def _share(products: tuple[ProductPlan, ...], holds: Callable[[ProductPlan], bool]) -> float:
    return float(np.mean([holds(product) for product in products])) if products else 0.0


def _audience_share(plan: Plan, ground: Ground) -> float:
    stages = dict(zip(ground.request.catalogue.skus, ground.selection.stages, strict=True))
    return _share(plan.products, lambda product: product.sku in stages and product.audience is POLICIES[stages[product.sku]].audience)


def _discount_fits(product: ProductPlan, ground: Ground) -> bool:
    """A discount needs demand that answers to it, or stock to be cleared, or a launch; and stock to serve it."""
    if product.sku not in ground.request.catalogue.skus:
        return False
    place = ground.request.catalogue.skus.index(product.sku)
    if product.price_low_cents >= ground.price_cents[place]:
        return True
    belief, state = ground.request.state.elasticity, ground.request.state
    answers = belief.mean[place] + belief.sd[place] > 1.0
    stocked = np.isnan(state.on_hand[place]) or state.on_hand[place] > 0.0
    return bool(stocked and (answers or product.stage in (Stage.CLEARANCE, Stage.NEW)))


def _spend_order(plan: Plan, request: PlanRequest) -> float:
    """Rank agreement of what may be paid for a click with what a click is worth, 0…1; new products, of which little is known, aside."""
    place = {sku: i for i, sku in enumerate(request.catalogue.skus)}
    pairs = [
        (product.max_bid_cents, float(request.state.value_per_click_cents.mean[place[product.sku]]))
        for product in plan.products
        if product.sku in place and product.max_bid_cents and product.stage is not Stage.NEW
    ]
    bids, worths = np.array(pairs).T if pairs else (np.zeros(0), np.zeros(0))
    upper = np.triu_indices(bids.size, k=1)
    signs = np.sign(np.subtract.outer(bids, bids)[upper]) * np.sign(np.subtract.outer(worths, worths)[upper])
    return 1.0 if signs.size == 0 else float((signs >= 0.0).mean())


def _cited_share(plan: Plan, request: PlanRequest) -> float:
    """Share of numbers in rationales that cite a fact, times the share of facts that recompute."""
    numbers = sum(product.rationale.count("[f") + len(uncited_numbers(product.rationale)) for product in plan.products)
    bare = sum(len(uncited_numbers(product.rationale)) for product in plan.products)
    context = Context(ground=Ground(request=request), plan=plan)
    again = [recomputed(context, fact) == fact.value for fact in plan.facts]
    return (1.0 - bare / numbers) * float(np.mean(again)) if numbers and again else 0.0


def faithfulness(plan: Plan, request: PlanRequest, draft: Draft) -> float:
    """Share of cited facts whose absence changes what the plan decides; NaN where no fact can be taken away."""
    named: list[tuple[str, str]] = []
    for fact in plan.facts:
        try:
            # what is nothing already cannot be taken away
            named += [about(fact)] if fact.value != 0.0 else []
        except ValueError:
            continue
    removable = [(name, sku) for name, sku in named if name in _WITHOUT and _cited(plan, name, sku)]
    if not removable:
        return float("nan")
    chosen = [removable[i] for i in np.linspace(0, len(removable) - 1, min(MOST_REMOVALS, len(removable))).astype(int)]
    # against the plan that this planner makes: a plan that was tampered with differs from any
    before = _decided(draft(request))
    return float(np.mean([_decided(draft(without(request, name, sku))) != before for name, sku in chosen]))


def _cited(plan: Plan, name: str, sku: str) -> bool:
    """Whether the fact bears on a decision: figures of products that are neither moved nor advertised decide nothing."""
    if not sku:
        return name != "learning_allowed" or any(product.learning_budget_cents for product in plan.products)
    product = next((one for one in plan.products if one.sku == sku), None)
    return product is not None and (product.price_low_cents != product.price_high_cents or name != "price_elasticity")


def _decided(plan: Plan) -> tuple[object, ...]:
    products = tuple(replace(product, rationale="") for product in plan.products)
    return (products, plan.ad_budget_cents, plan.target_roas, plan.daily_shares, plan.granted_cents)


def without(request: PlanRequest, name: str, sku: str) -> PlanRequest:
    """The same request with one figure unknown: nothing sold, no cost, no worth, no idea of elasticity, nothing granted."""
    place = request.catalogue.skus.index(sku) if sku else -1
    return _WITHOUT[name](request, place)


def _at(array: Floats, place: int, value: float) -> Floats:
    changed: Floats = np.array(array, dtype=np.float64)
    changed[place] = value
    return changed


def _unsold(request: PlanRequest, place: int) -> PlanRequest:
    state = request.state
    days = {day: _at(units, place, 0.0) for day, units in state.units_by_day.items()}
    return replace(request, state=replace(state, units_by_day=days))


def _costless(request: PlanRequest, place: int) -> PlanRequest:
    return replace(request, catalogue=replace(request.catalogue, cost_cents=_at(request.catalogue.cost_cents, place, np.nan)))


def _worthless(request: PlanRequest, place: int) -> PlanRequest:
    worth = request.state.value_per_click_cents
    none = Estimate(mean=_at(worth.mean, place, 0.0), sd=_at(worth.sd, place, 0.0))
    return replace(request, state=replace(request.state, value_per_click_cents=none))


def _unanswering(request: PlanRequest, place: int) -> PlanRequest:
    belief = request.state.elasticity
    none = Estimate(mean=_at(belief.mean, place, 1.0), sd=_at(belief.sd, place, NO_IDEA_SD))
    return replace(request, state=replace(request.state, elasticity=none))


def _terms(**changes: int) -> Callable[[PlanRequest, int], PlanRequest]:
    return lambda request, _place: replace(request, terms=replace(request.terms, **changes))  # type: ignore[arg-type]


_WITHOUT: dict[str, Callable[[PlanRequest, int], PlanRequest]] = {
    "units_per_day": _unsold,
    "forecast_units": _unsold,
    "unit_margin_ratio": _costless,
    "value_per_click": _worthless,
    "price_elasticity": _unanswering,
    "granted": _terms(granted_cents=0),
    "ad_budget_allowed": _terms(ad_budget_cents=0),
    "learning_allowed": _terms(learning_budget_cents=0),
}
"""Figures a plan rests on, and how to take each away."""


def _answers(request: PlanRequest) -> float:
    """Whether "why not a tenth less" on the best seller is answered with numbers."""
    ground = Ground(request=request)
    if not ground.covered.any():
        return 0.0
    best = int(np.argmax(np.where(ground.covered, ground.units_per_day, -1.0)))
    answer = answered(asked(f"10 % off on {request.catalogue.skus[best]}", request), request, planner=MilpPlanner())
    return float(answer.allowed or bool(answer.reasons))


def swapped(plan: Plan) -> Plan:
    """A negative control: every product gets its neighbour's plan."""
    skus = [product.sku for product in plan.products]
    return replace(plan, products=tuple(replace(p, sku=sku) for p, sku in zip(plan.products, skus[1:] + skus[:1], strict=True)))


def expired(plan: Plan) -> Plan:
    """A negative control: the window was last year."""
    return replace(plan, starts_at=plan.starts_at - timedelta(days=365), ends_at=plan.ends_at - timedelta(days=365))


def wrong_audience(plan: Plan) -> Plan:
    """A negative control: everybody is addressed as somebody else."""
    audiences = list(type(plan.products[0].audience)) if plan.products else []
    return replace(
        plan,
        products=tuple(replace(p, audience=audiences[(audiences.index(p.audience) + 1) % len(audiences)]) for p in plan.products),
    )
