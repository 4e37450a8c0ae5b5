"""What a store is usually run by, behind the controller signature: nothing, one bid for all, and the ACOS rule book of the trade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.clipping import bid_ceiling, clipped_budgets, within_grant
from control.controller import ControllerMemory, Proposal
from control.sight import Sight
from perception.fields import Field
from perception.units import Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNothing:
    """Leaves every set-point where the merchant left it."""

    name: str = "do_nothing"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Wish for nothing."""
        del sight
        return Proposal(setpoints={}, terms={}, sku_terms={}), memory


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedBid:
    """One bid for every product and an even daily budget, set once: how most small stores advertise.

    Attributes:
        bid_cents: The bid; platforms suggest one.
    """

    bid_cents: int
    name: str = "fixed_bid"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Wish for the fixed bid and the even budget."""
        budgets, paused = even_budgets(sight)
        bids = offered(float(self.bid_cents), sight, paused=paused)
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
        waiting_days: Days between two steps of one product, counted while the rule book is at work.
    """

    start_bid_cents: int
    target_acos: float = 0.25
    step_ratio: float = 0.15
    min_clicks: int = 10
    waiting_days: float = 7.0
    name: str = "acos_rules"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Wish for the bids that the rules have come to; each rule steps its own bid, and the ramp from 0 is not a step."""
        shape = sight.setpoints[Field.BID].shape
        aimed = memory.arrays.get("aimed_cents", np.full(shape, float(self.start_bid_cents)))
        waited_days = memory.arrays.get("waited_days", np.full(shape, -sight.dt_days)) + sight.dt_days
        seen = sight.reported
        # the tick nearest to the end of the wait: sums of hours do not meet a whole day exactly
        due = (waited_days >= self.waiting_days - 0.5 * sight.dt_days) & (seen.clicks_7d >= self.min_clicks)
        over = seen.cost_7d_cents > self.target_acos * seen.revenue_7d_cents
        aimed = np.where(due, np.floor(aimed * np.where(over, 1.0 - self.step_ratio, 1.0 + self.step_ratio)), aimed)
        budgets, paused = even_budgets(sight)
        bids = offered(aimed, sight, paused=paused)
        kept = {"aimed_cents": aimed, "waited_days": np.where(due, 0.0, waited_days)}
        proposal = Proposal(setpoints={Field.BID: bids, Field.DAILY_BUDGET: budgets}, terms={}, sku_terms={})
        return proposal, ControllerMemory(arrays=kept)


def even_budgets(s: Sight) -> tuple[Floats, Bools]:
    """(n, c) daily budgets that spread the plan's ad budget evenly over its days and campaigns; and (n,) whether the grant is used up."""
    shape = s.setpoints[Field.DAILY_BUDGET].shape
    days = max(s.course.ends_days - s.course.starts_days, 1.0)
    total, paused = within_grant(s.course.ad_budget_cents / days, s)
    return clipped_budgets(np.broadcast_to(total[:, None] / shape[1], shape), s), paused


def offered(bids: Floats | float, s: Sight, *, paused: Bools) -> Floats:
    """(n, m) bids as far as one step reaches, for the products that the plan covers; 0 while (n,) ``paused``."""
    reached = np.where(paused[:, None], 0.0, np.minimum(bids, bid_ceiling(s)))
    return np.where(s.course.covered, reached, np.nan)
