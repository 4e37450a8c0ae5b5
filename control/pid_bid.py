"""The four-line PID of the literature: one alpha per store, fed back on the error of cumulative spend; prices stay."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from control.controller import ControllerMemory, Proposal
from control.fence import fenced_budgets
from control.paced_bids import baseline_pacing, bounded, day_cents, is_first_tick, share_planned, value_bids
from control.pacing import PacingTuning
from control.sight import Sight
from perception.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class PidBid:
    """alpha = start · exp(kp·e + ki·∫e + kd·ė), e = planned − reported spend in days of spend.

    Zhang, Rong, Wang, Zhu & Wang, "Feedback Control of Real-Time Display Advertising", WSDM 2016, eq. 2–5: PID with an exponential
    actuator on the bid. As there: no anti-windup, no bumpless hand-over, derivative on the error.

    Attributes:
        kp, ki_per_day, kd_days: Gains.
        tuning: Where alpha starts, its bounds, and how old reported spend is.
    """

    kp: float = 0.4
    ki_per_day: float = 0.25
    kd_days: float = 0.02
    tuning: PacingTuning = field(default_factory=baseline_pacing)
    name: str = "pid"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Wish for bids at the alpha that the error calls for."""
        planned = share_planned(sight, lag_s=self.tuning.reporting_lag_s) * sight.course.ad_budget_cents
        error = (planned - sight.reported.spent_cents) / day_cents(sight)
        fresh = {"error": error, "integral": np.zeros_like(error)}
        kept = fresh if is_first_tick(sight) else fresh | memory.arrays

        integral = kept["integral"] + error * sight.dt_days
        slope = (error - kept["error"]) / sight.dt_days
        raised = self.kp * error + self.ki_per_day * integral + self.kd_days * slope
        alpha = bounded(self.tuning.alpha_start * np.exp(np.minimum(np.maximum(raised, -20.0), 20.0)), self.tuning)

        budgets, paused = fenced_budgets(sight)
        proposal = Proposal(
            setpoints={Field.BID: value_bids(alpha, sight, paused=paused), Field.DAILY_BUDGET: budgets},
            terms={"error_days": error, "integral": integral, "alpha": alpha},
            sku_terms={},
        )
        return proposal, ControllerMemory(arrays={"error": error, "integral": integral})
