"""The plainest use of the estimates: every click is bid a fixed share of what it is worth, whatever was spent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control.baselines import even_budgets
from control.controller import ControllerMemory, Proposal
from control.paced_bids import value_bids
from control.pacing import PacingTuning
from control.sight import Sight
from perception.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueBid:
    """Bid = alpha · value per click with one alpha for good; even daily budgets hold the spend.

    In a second-price auction without a budget the best bid is the value itself, alpha = 1 (Vickrey 1961); where several slots are sold it
    is less (Edelman, Ostrovsky & Schwarz 2007).

    Attributes:
        alpha: Share of a click's value that is bid, > 0.
    """

    alpha: float = PacingTuning().alpha_start
    name: str = "value_bid"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Wish for the same share of what each click is worth now."""
        budgets, paused = even_budgets(sight)
        bids = value_bids(np.full(paused.shape, self.alpha), sight, paused=paused)
        return Proposal(setpoints={Field.BID: bids, Field.DAILY_BUDGET: budgets}, terms={}, sku_terms={}), memory
