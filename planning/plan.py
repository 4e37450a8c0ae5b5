"""The plan: what the merchant agrees to, and all that control may aim at until it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Goal(StrEnum):
    """What a plan, or a product in it, is for."""

    FIRST_SALE = "first_sale"
    TAKE_OFF = "take_off"
    GMV = "gmv"
    BUYERS = "buyers"
    PROFIT = "profit"
    CLEAR_STOCK = "clear_stock"


class Stage(StrEnum):
    """Where a product is in its life."""

    NEW = "new"
    TAKING_OFF = "taking_off"
    MATURE = "mature"
    LONG_TAIL = "long_tail"
    CLEARANCE = "clearance"


class Audience(StrEnum):
    """Whom the ads address; platforms translate."""

    BROAD = "broad"
    IN_MARKET = "in_market"
    RETURNING = "returning"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPlan:
    """What is planned for one SKU.

    Attributes:
        sku: Id in the catalogue.
        stage, goal, audience: As chosen by selection.
        price_low_cents, price_high_cents: The band that pricing may use; both equal the current price where it must not move.
        max_bid_cents: Highest cost per click worth offering; 0 for: do not advertise.
        learning_budget_cents: Ad spend granted to learn about a product without history; 0 where there is history.
        baseline_units: Units expected over the window with nothing changed, at the upper end of its interval.
        discount_cents: Margin given away over the window if the lowest price of the band brings no extra sale at all.
        rationale: Why, citing fact ids of the plan, as in "margin 0.41 [f3]".
    """

    sku: str
    stage: Stage
    goal: Goal
    audience: Audience
    price_low_cents: int
    price_high_cents: int
    max_bid_cents: int
    learning_budget_cents: int
    baseline_units: int
    discount_cents: int
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A figure the plan rests on; ``source`` says where it can be recomputed from."""

    id: str
    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule:
    """Ends the plan early: when ``metric`` passes ``threshold`` (minor units or ratio) do what ``action`` says."""

    metric: str
    threshold: float
    action: str


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Plan:
    """A whole plan; immutable, identified by the hash of its content.

    Attributes:
        id: ``plan-`` and 12 hex digits.
        store, currency: Whose plan, and in which currency every amount is.
        goal: Of the plan as a whole.
        starts_at, ends_at: The window, aware UTC, half open.
        products: One entry per SKU that may be touched; a SKU that is absent is left alone.
        ad_budget_cents: What may be spent on ads in the window, worst case.
        daily_shares: Share of ``ad_budget_cents`` for each store-local day of the window; sums to 1.
        hour_shares: (24,) expected share of a day's traffic per store-local hour; sums to 1.
        target_roas: Attributed revenue per ad spend to keep at least; 0 for none.
        granted_cents: The most the merchant may lose by this plan.
        expected_cents: Expected cost: ad spend and discounts given, as planned.
        worst_case_cents: What the budget guard computed as the worst case; <= granted_cents.
        facts: The figures that rationales cite.
        stop_rules, rollback: When to end early, and to which set-points to return ("human_baseline").
        planner: Which planner wrote it.
    """

    id: str
    store: str
    currency: str
    goal: Goal
    starts_at: datetime
    ends_at: datetime
    products: tuple[ProductPlan, ...]
    ad_budget_cents: int
    daily_shares: tuple[float, ...]
    hour_shares: tuple[float, ...]
    target_roas: float
    granted_cents: int
    expected_cents: int
    worst_case_cents: int
    facts: tuple[Fact, ...]
    stop_rules: tuple[StopRule, ...]
    rollback: str
    planner: str
