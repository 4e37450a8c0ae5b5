"""Dual mirror descent: the multipliers of the budget and of the ROAS target follow what was spent and earned; prices stay."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from control.controller import ControllerMemory, Proposal
from control.fence import fenced_budgets
from control.paced_bids import baseline_pacing, day_cents, is_first_tick, revenue_per_click_cents, settled_bids, share_planned
from control.pacing import PacingTuning
from control.sight import Sight
from perception.fields import Field
from perception.units import Floats

_LAMBDA_START, _LAMBDA_LOW, _LAMBDA_HIGH = 0.1, 1e-3, 20.0
"""Multiplier of the ROAS target: multiplicative steps need a start and a floor above 0; at 20 the bid is within 5 % of its safe limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DualDescent:
    """bid = (v + λ·r) ÷ (1 + μ + λ·R): the best reply to prices μ of the budget and λ of the ROAS target R.

    It maximises the Lagrangian of Σ (v − cost) subject to Σ cost ≤ budget and Σ r ≥ R·Σ cost in a second-price auction, v being a click's
    margin and r its revenue. The multipliers follow online mirror descent with the entropy as mirror map, that is multiplicative steps
    along the constraint's violation: Balseiro & Gur, "Learning in Repeated Auctions with Budgets", Management Science 2019 (adaptive
    pacing); Balseiro, Lu & Mirrokni, "Dual Mirror Descent for Online Allocation Problems", ICML 2020.

    Conversions come late, so the ROAS step uses the lag-corrected ratio of what is known, once enough of it is; the budget step compares
    spend and plan as of the time that reports describe.

    Attributes:
        budget_rate: Step of log μ per day of planned spend that was spent too much; 0.15, 0.3 and 0.8 were compared on training seeds
            1001 and 1002 of the gift shop, a week each.
        roas_rate_per_day: Step of log λ in a day at a ROAS of zero.
        min_expected_sales: Conversions that clicks so far should have brought before ROAS counts.
        tuning: Where alpha = 1 ÷ (1 + μ) starts, its bounds, and how old reported spend is.
    """

    budget_rate: float = 0.3
    roas_rate_per_day: float = 1.0
    min_expected_sales: float = 5.0
    tuning: PacingTuning = field(default_factory=baseline_pacing)
    name: str = "dual"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Step both multipliers by what was seen since the last tick, then bid the best reply."""
        planned = share_planned(sight, lag_s=self.tuning.reporting_lag_s) * sight.course.ad_budget_cents
        spent = sight.reported.spent_cents
        course = {"planned_cents": planned, "spent_cents": spent}
        start = {"mu": np.full_like(spent, _mu(self.tuning.alpha_start)), "lambda": np.full_like(spent, _LAMBDA_START)}
        # a new window has a new course to compare with; what the multipliers have learnt still holds
        kept = start | memory.arrays | course if is_first_tick(sight) else start | course | memory.arrays
        overspent = (spent - kept["spent_cents"]) - (planned - kept["planned_cents"])
        mu = _stepped(kept["mu"], self.budget_rate * overspent / day_cents(sight), _mu(self.tuning.alpha_high), _mu(self.tuning.alpha_low))
        lam = self._lambda(kept["lambda"], sight)

        budgets, paused = fenced_budgets(sight)
        bids = settled_bids(self._best_reply(mu, lam, sight), sight, paused=paused)
        proposal = Proposal(
            setpoints={Field.BID: bids, Field.DAILY_BUDGET: budgets},
            terms=course | {"mu": mu, "lambda": np.where(sight.course.target_roas > 0.0, lam, np.nan)},
            sku_terms={},
        )
        return proposal, ControllerMemory(arrays=course | {"mu": mu, "lambda": lam})

    def _lambda(self, lam: Floats, s: Sight) -> Floats:
        """(n,) next multiplier of the ROAS target; stays where there is no target or nothing to measure it by."""
        target, roas = s.course.target_roas, s.reported.roas
        measured = (target > 0.0) & np.isfinite(roas) & (s.reported.expected_sales >= self.min_expected_sales)
        missed = 1.0 - np.where(measured, roas, 1.0) / np.where(measured, target, 1.0)
        step = self.roas_rate_per_day * s.dt_days * np.minimum(np.maximum(missed, -1.0), 1.0)
        return _stepped(lam, np.where(measured, step, 0.0), _LAMBDA_LOW, _LAMBDA_HIGH)

    def _best_reply(self, mu: Floats, lam: Floats, s: Sight) -> Floats:
        """(n, m) bids for multipliers (n,); like every alpha never above ``alpha_high`` of the value."""
        value, revenue = s.beliefs.value_per_click_cents.mean, revenue_per_click_cents(s)
        target = s.course.target_roas[:, None]
        weight = np.where(target > 0.0, lam[:, None], 0.0)
        bid = (value + weight * revenue) / (1.0 + mu[:, None] + weight * target)
        return np.where(value > 0.0, np.minimum(bid, self.tuning.alpha_high * value), 0.0)


def _mu(alpha: float) -> float:
    """The multiplier at which 1 ÷ (1 + μ) is alpha, alpha < 1."""
    return 1.0 / alpha - 1.0


def _stepped(multiplier: Floats, step: Floats, low: float, high: float) -> Floats:
    """One multiplicative step, projected onto [low, high]."""
    return np.minimum(np.maximum(multiplier * np.exp(np.minimum(np.maximum(step, -20.0), 20.0)), low), high)
