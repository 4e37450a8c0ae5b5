"""The ``[envelope]`` table: the gate's limits as a merchant writes them. Their meaning is ``control.limits``' affair.

Amounts have no default here: ``configs/envelope.toml`` holds them, so that they can be read, and so that none is forgotten silently.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, FiniteFloat, model_validator

from autopilot.settings_problems import FieldProblem
from autopilot.settings_types import Cents, Count, Duration, OpenRatio, Ratio, Section
from control.limits import ORDERED, Limits

Multiple = Annotated[FiniteFloat, Field(ge=1)]


class EnvelopeSection(Section):
    """Limits of every single write and of all of them together; the gate holds them, whatever a controller wishes."""

    max_bid_cents: Cents
    """Highest cost per click of any SKU."""
    first_bid_cents: Cents
    """How far a bid may rise in one change however low it stands."""
    max_daily_budget_cents: Cents
    """Highest daily budget of one campaign."""
    max_store_daily_cents: Cents
    """Most that all campaigns together may spend in one day, at the platform's worst case."""
    max_store_month_cents: Cents
    """Most that all campaigns together may spend in one month, at the platform's worst case."""
    min_margin_ratio: OpenRatio
    """Least share of the price that must be left above the unit cost."""
    max_loss_24h_cents: Cents
    """Loss against the baseline over 24 hours at which only risk may still be reduced."""
    max_loss_7d_cents: Cents
    """The same over 7 days."""
    max_signal_age_s: Duration
    """Oldest figures a change may rest on, in seconds."""
    max_readback_age_s: Duration
    """Oldest read-back at which a set-point still counts as known, in seconds."""
    max_writes_per_hour: Count
    """Writes of the whole store in a rolling hour."""
    overdelivery_day_ratio: Multiple = 2.0
    """How many daily budgets the platform may spend on one day."""
    overdelivery_month_days: Multiple = 30.4
    """How many daily budgets the platform may spend in one month."""
    budget_up_per_change_ratio: Ratio = 0.20
    """Rise of a daily budget in one change."""
    budget_up_per_day_ratio: Ratio = 0.30
    """Rise of a daily budget above its lowest value of the last 24 hours."""
    bid_up_per_change_ratio: Ratio = 0.50
    """Rise of a bid in one change."""
    price_step_ratio: Ratio = 0.05
    """Change of a price in either direction, in one change."""
    price_day_ratio: Ratio = 0.10
    """Distance of a price from where it stood 24 hours ago."""
    price_min_interval_s: Duration = 14_400.0
    """Least time between two changes of a price, in seconds."""
    transition_share: Ratio = 0.25
    """Share of every step and exposure cap that holds in TRANSITION."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for lower, upper in ORDERED:
            low, high = getattr(self, lower), getattr(self, upper)
            if low > high:
                raise FieldProblem(lower, expected=f"at most envelope.{upper} ({high})", was=low)
        return self

    def limits(self, currency: str) -> Limits:
        """What the gate takes, with every amount in minor units of ``currency``."""
        return Limits(currency=currency, **self.model_dump())
