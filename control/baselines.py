"""What a store is usually run by, behind the controller signature: nothing, one bid for all, and the ACOS rule book of the trade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.clipping import bid_ceiling, clipped_budgets, within_grant
from control.controller import ControllerMemory, Proposal, Situation
from perception.fields import Field
from perception.units import SECONDS_PER_DAY, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNothing:
    """Leaves every set-point where the merchant left it."""

    name: str = "do_nothing"

    def propose(self, memory: ControllerMemory, situation: Situation) -> tuple[Proposal, ControllerMemory]:
        """Wish for nothing."""
        del situation
        return Proposal(setpoints={}, terms={}, sku_terms={}), memory


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedBid:
    """One bid for every product and an even daily budget, set once: how most small stores advertise.

    Attributes:
        bid_cents: The bid; platforms suggest one.
    """

    bid_cents: int
    name: str = "fixed_bid"

    def propose(self, memory: ControllerMemory, situation: Situation) -> tuple[Proposal, ControllerMemory]:
        """Wish for the fixed bid and the even budget."""
        budgets, paused = even_budgets(situation)
        bids = offered(float(self.bid_cents), situation, paused=paused)
        return Proposal(setpoints={Field.BID: bids, Field.DAILY_BUDGET: budgets}, terms={}, sku_terms={}), memory


@dataclass(frozen=True, slots=True, kw_only=True)
class AcosRules:
    """The rule book that bid managers document: wait, look at ACOS, step the bid up or down.

    Cuts over target, raises under it, in steps of 10–20 %, at most weekly per product, and only on enough clicks; many clicks without a
    sale count as over target.

    Attributes:
        start_bid_cents: First bid.
        target_acos: Ad cost per attributed revenue aimed at, (0, 1].
        step_ratio: Size of a step.
        min_clicks: Clicks in the last seven days before a rule may act.
        waiting_days: Days between two steps of one product.
    """

    start_bid_cents: int
    target_acos: float = 0.25
    step_ratio: float = 0.15
    min_clicks: int = 10
    waiting_days: float = 7.0
    name: str = "acos_rules"

    def propose(self, memory: ControllerMemory, situation: Situation) -> tuple[Proposal, ControllerMemory]:
        """Wish for the bids that the rules have come to; each rule steps its own bid, and the ramp from 0 is not a step."""
        s = situation
        aimed = memory.arrays.get("aimed_cents", np.full(len(s.catalogue.skus), float(self.start_bid_cents)))
        stepped_s = memory.arrays.get("stepped_s", np.full(aimed.shape, s.state.at.timestamp()))
        clicks, cost, revenue = s.state.ad_clicks_7d, s.state.ad_cost_7d_cents, s.state.ad_revenue_7d_cents
        now_s = s.state.at.timestamp()
        due = (now_s - stepped_s >= self.waiting_days * SECONDS_PER_DAY) & (clicks >= self.min_clicks)
        over = cost > self.target_acos * revenue
        aimed = np.where(due, np.floor(aimed * np.where(over, 1.0 - self.step_ratio, 1.0 + self.step_ratio)), aimed)
        budgets, paused = even_budgets(s)
        bids = offered(aimed, s, paused=paused)
        kept = {"aimed_cents": aimed, "stepped_s": np.where(due, now_s, stepped_s)}
        proposal = Proposal(setpoints={Field.BID: bids, Field.DAILY_BUDGET: budgets}, terms={}, sku_terms={})
        return proposal, ControllerMemory(arrays=kept)


def even_budgets(s: Situation) -> tuple[Floats, bool]:
    """(c,) daily budgets that spread the plan's ad budget evenly over its days and campaigns; and whether the grant is used up."""
    current = s.state.setpoints[Field.DAILY_BUDGET]
    days = max((s.plan.ends_at - s.plan.starts_at).total_seconds() / SECONDS_PER_DAY, 1.0)
    total, paused = within_grant(s.plan.ad_budget_cents / days, s)
    return clipped_budgets(np.full(current.shape, total / current.size), s), paused


def offered(bids: Floats | float, s: Situation, *, paused: bool) -> Floats:
    """(m,) bids as far as one step reaches, for the products that the plan covers; none while paused."""
    return np.where(s.course.covered, 0.0 if paused else np.minimum(bids, bid_ceiling(s)), np.nan)
