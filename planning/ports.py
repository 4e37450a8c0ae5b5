"""What a planner is given, and what it must answer with: the same for a rule book and a language model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.shape import ActivityShape
from perception.state import StoreState
from planning.plan import Goal, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBounds:
    """The merchant's own bounds for one SKU's price, minor units; None where there is none."""

    floor_cents: int | None = None
    ceiling_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantTerms:
    """What the merchant wants, and what it may cost.

    Attributes:
        goal: Of the plan as a whole.
        window_days: Store-local days the plan covers, the running one included, >= 1.
        ad_budget_cents: The most ads may cost in the window, at the platform's worst case, >= 0.
        granted_cents: The most the merchant may lose by the plan, >= 0.
        target_roas: Attributed revenue per ad spend to keep at least; 0 for none.
        price_low_ratio, price_high_ratio: Price band as shares of the anchor price, low <= 1 <= high; both 1: prices stay.
        learning_budget_cents: Part of the ad budget that products without history may use, >= 0.
        overdelivery_ratio: What the platform may spend of a daily budget on one day, >= 1.
        min_margin_ratio: (price - cost) / price that a moved price must keep, [0, 1).
        price_bounds: Bounds of single SKUs.
        left_alone: SKUs that no plan may touch.
    """

    goal: Goal
    window_days: int
    ad_budget_cents: int
    granted_cents: int
    target_roas: float
    price_low_ratio: float
    price_high_ratio: float
    learning_budget_cents: int
    overdelivery_ratio: float
    min_margin_ratio: float
    price_bounds: dict[str, PriceBounds] = field(default_factory=dict)
    left_alone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Everything a plan may rest on.

    Attributes:
        store: Its name.
        catalogue, economics: Products and terms of trade.
        state: What is believed now.
        terms: The merchant's.
        now: When the plan starts, aware UTC.
        timezone: Of the store.
        shape: Activity over day and week to assume before the store's own record says otherwise.
    """

    store: str
    catalogue: Catalogue
    economics: Economics
    state: StoreState
    terms: MerchantTerms
    now: datetime
    timezone: ZoneInfo
    shape: ActivityShape = field(default_factory=ActivityShape)


class Planner(Protocol):
    """Writes plans. The answer still has to pass the budget guard."""

    def draft(self, request: PlanRequest) -> Plan:
        """One whole plan that starts now."""
        ...
