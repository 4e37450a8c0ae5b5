"""Why the plan does not do something else: the plan made again with that forced, and what it would bring or cost more."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from planning.evidence import price_bounds_cents, price_in_force_cents
from planning.milp_planner import MilpPlanner, Solved, Wish
from planning.ports import PlanRequest

_PERCENT = r"(\d+(?:\.\d+)?)\s*%"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("off", rf"^\s*{_PERCENT}\s*(?:off|discount|less|cheaper|lower)\s+(?:on|for|of)\s+(?P<sku>\S+)\s*\??\s*$"),
        ("up", rf"^\s*{_PERCENT}\s*(?:up|more|dearer|higher|increase)\s+(?:on|for|of)\s+(?P<sku>\S+)\s*\??\s*$"),
        ("off", rf"^\s*(?P<sku>\S+?)\s*(?:降价|打折|便宜)\s*{_PERCENT}\s*[？?]?\s*$"),
        ("up", rf"^\s*(?P<sku>\S+?)\s*(?:涨价|提价)\s*{_PERCENT}\s*[？?]?\s*$"),
        ("zhe", r"^\s*(?P<sku>\S+?)\s*打\s*(\d(?:\.\d)?)\s*折\s*[？?]?\s*$"),
        ("price", r"^\s*(?:price|a price of)\s+(\d+(?:\.\d{1,2})?)\s+(?:on|for)\s+(?P<sku>\S+)\s*\??\s*$"),
        ("ads", r"^\s*(?:ad budget|ads?|广告预算)\s+(?:of\s+)?(\d+(?:\.\d{1,2})?)\s*[？?]?\s*$"),
    )
)

EXAMPLES = '"20 % off on SKU-12", "10 % up on SKU-12", "price 9.99 on SKU-12", "ad budget 800.00"'


class NotUnderstood(ValueError):
    """The question fits none of the forms, or names a product there is not; the message says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for.

    Attributes:
        wish: To be forced.
        sku: Product it is about; empty for the ad budget.
        price_cents: Asked for; 0 for the ad budget.
    """

    wish: Wish
    sku: str
    price_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What forcing it would do.

    Attributes:
        question: As understood.
        allowed: Whether a plan with it passes the budget guard.
        reasons: Rules of the guard that forbid it.
        bounds_cents: The merchant's own (floor, ceiling) of the product's price; None for the ad budget.
        difference_cents: Expected gain of the plan with it less that of the plan as it is; 0 where it is not allowed.
        expected_cents, worst_case_cents: Of the plan with it.
        plan_worst_case_cents: Of the plan as it is.
        grant_price: What one more unit of the grant would bring to the plan as it is.
    """

    question: Question
    allowed: bool
    reasons: tuple[str, ...]
    bounds_cents: tuple[int, int] | None
    difference_cents: int
    expected_cents: int
    worst_case_cents: int
    plan_worst_case_cents: int
    grant_price: float


def asked(text: str, request: PlanRequest) -> Question:
    """Understand a question in one of the forms of ``EXAMPLES``, or in Chinese. Raises: NotUnderstood."""
    for kind, pattern in _PATTERNS:
        found = pattern.match(text)
        if found:
            numbers = [group for group in found.groups() if group is not None and group != found.groupdict().get("sku")]
            return _question(kind, float(numbers[0]), found.groupdict().get("sku", ""), request)
    raise NotUnderstood(f"--why-not: expected a question such as {EXAMPLES}, was {text!r}")


def _question(kind: str, number: float, sku: str, request: PlanRequest) -> Question:
    if kind == "ads":
        return Question(wish=Wish(ad_budget_cents=round(number * 100)), sku="", price_cents=0)
    if sku not in request.catalogue.skus:
        raise NotUnderstood(f"--why-not: expected a product of the store, was {sku!r}")
    price = float(price_in_force_cents(request)[request.catalogue.skus.index(sku)])
    factor = {"off": 1.0 - number / 100.0, "up": 1.0 + number / 100.0, "zhe": number / 10.0}.get(kind)
    wanted = round(number * 100) if factor is None else max(round(price * factor), 0)
    return Question(wish=Wish(bands={sku: (wanted, wanted)}), sku=sku, price_cents=wanted)


def answered(question: Question, request: PlanRequest, *, planner: MilpPlanner, plan: Solved | None = None) -> Answer:
    """Make the plan again with what is asked for forced.

    Args:
        question: From ``asked``.
        request: That the plan rests on.
        planner: That makes both plans.
        plan: As it is, where it was made before.
    """
    free = plan or planner.solve(request)
    forced = planner.solve(request, question.wish)
    untouchable = () if _planned(question, forced) else (f"left_alone: {question.sku}: its cost is unknown, or no plan may touch it",)
    allowed = forced.verdict.accepted and forced.choice is not None and not untouchable
    bounds = None
    if question.sku:
        place = request.catalogue.skus.index(question.sku)
        floor, ceiling = price_bounds_cents(request)
        bounds = int(floor[place]), int(ceiling[place])
    return Answer(
        question=question,
        allowed=allowed,
        reasons=forced.verdict.reasons + untouchable,
        bounds_cents=bounds,
        difference_cents=math.floor(forced.value_cents - free.value_cents) if allowed else 0,
        expected_cents=math.floor(forced.value_cents),
        worst_case_cents=forced.verdict.worst_case_cents,
        plan_worst_case_cents=free.verdict.worst_case_cents,
        grant_price=0.0 if free.choice is None else free.choice.grant_price,
    )


def _planned(question: Question, solved: Solved) -> bool:
    return not question.sku or any(product.sku == question.sku for product in solved.plan.products)
