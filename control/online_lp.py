"""Online linear programming: the price of the budget is found anew from what clicks have cost and were worth; prices stay."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from control.controller import ControllerMemory, Proposal
from control.fence import fenced_budgets
from control.paced_bids import baseline_pacing, bounded, share_planned, value_bids
from control.pacing import PacingTuning
from control.sight import Sight
from perception.fields import Field
from perception.units import Floats

_LEAST_SHARE = 0.02
"""Share of the window's traffic that counts as still to come at least, so that its last hours do not take all that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineLp:
    """Re-solves the budget's linear programme on remembered samples and bids its threshold.

    The programme takes a share x ∈ [0, 1] of each sample to maximise Σ x·(value − cost) within what is left of the budget per day to come:
    a knapsack, whose solution takes samples by value per cost until the budget is full. The ratio of the last one is the budget's price,
    and bidding alpha = cost ÷ value of that sample buys those above it. Agrawal, Wang & Ye, "A Dynamic Near-Optimal Algorithm for Online
    Linear Programming", Operations Research 2014; with the budget that is left instead of the planned one, Li & Ye, "Online Linear
    Programming: Dual Convergence, New Algorithms, and Regret Bounds", Operations Research 2022 (action-history-dependent). Once a day
    each SKU gives one sample: its clicks of seven days, at what they cost and what they are believed to be worth now.

    Attributes:
        days: Days of samples remembered, >= 1.
        tuning: Where alpha starts, its bounds, and how old reported spend is.
    """

    days: int = 7
    tuning: PacingTuning = field(default_factory=baseline_pacing)
    name: str = "online_lp"

    def propose(self, memory: ControllerMemory, sight: Sight) -> tuple[Proposal, ControllerMemory]:
        """Wish for bids at the threshold of the programme."""
        kept = self._with_sample(memory.arrays, sight)
        daily = self._affordable_cents(sight)
        alpha = bounded(_threshold(kept["ranked_alpha"], kept["spend_cents"], daily, self.tuning), self.tuning)
        budgets, paused = fenced_budgets(sight)
        proposal = Proposal(
            setpoints={Field.BID: value_bids(alpha, sight, paused=paused), Field.DAILY_BUDGET: budgets},
            terms={"affordable_day_cents": daily, "alpha": alpha},
            sku_terms={},
        )
        return proposal, ControllerMemory(arrays=kept)

    def _with_sample(self, kept: dict[str, Floats], s: Sight) -> dict[str, Floats]:
        """``kept`` with today's sample in the place of the oldest, if today has none yet.

        ``alpha`` (n, days, m) is cost ÷ value per click, infinite for no sample; ``cost_cents`` (n, days, m) its spend a day; ``sampled``
        (n,) the day of the window it was last done. ``ranked_alpha`` and ``spend_cents`` (n, days·m) are the alphas in rising order and
        what a day costs at each.
        """
        n, m = s.reported.clicks_7d.shape
        if not kept:
            kept = {
                "alpha": np.full((n, self.days, m), np.inf),
                "cost_cents": np.zeros((n, self.days, m)),
                "sampled": np.full(n, np.nan),
            }
        today = float(int(s.now_days))
        due = kept["sampled"] != today
        if not due.any():
            return kept
        value, seen = s.beliefs.value_per_click_cents.mean, s.reported
        sound = (seen.clicks_7d > 0.0) & (seen.cost_7d_cents > 0.0) & (value > 0.0)
        alpha = np.where(sound, seen.cost_7d_cents / np.where(sound, seen.clicks_7d * value, 1.0), np.inf)
        alphas = _pushed(kept["alpha"], alpha, due)
        costs = _pushed(kept["cost_cents"], np.where(sound, seen.cost_7d_cents / 7.0, 0.0), due)
        flat = alphas.reshape(n, -1)
        order = np.argsort(flat, axis=1, kind="stable")
        # days without any sample are no evidence of cheap clicks
        filled = np.maximum(np.isfinite(alphas).any(axis=2).sum(axis=1), 1)
        spend = np.cumsum(np.take_along_axis(costs.reshape(n, -1), order, axis=1), axis=1) / filled[:, None]
        return {
            "alpha": alphas,
            "cost_cents": costs,
            "sampled": np.full(n, today),
            "ranked_alpha": np.take_along_axis(flat, order, axis=1),
            "spend_cents": spend,
        }

    def _affordable_cents(self, s: Sight) -> Floats:
        """(n,) what is left of the budget, per day of average traffic that is left of the window."""
        left = np.maximum(s.course.ad_budget_cents - s.reported.spent_cents, 0.0)
        to_come = np.maximum(1.0 - share_planned(s, lag_s=self.tuning.reporting_lag_s), _LEAST_SHARE)
        return left / to_come / max(s.course.ends_days - s.course.starts_days, 1.0)


def _pushed(ring: Floats, newest: Floats, due: Floats) -> Floats:
    """(n, days, m) ``ring`` with (n, m) ``newest`` behind and the oldest out, in the stores that are ``due``."""
    pushed = np.concatenate([ring[:, 1:], newest[:, None]], axis=1)
    return np.where(due[:, None, None], pushed, ring)


def _threshold(ranked: Floats, spend: Floats, daily: Floats, tuning: PacingTuning) -> Floats:
    """(n,) alpha of the first sample that is no longer affordable; the highest where all are, the start where there is none."""
    affordable = np.count_nonzero(spend <= daily[:, None], axis=1)
    last = ranked.shape[1] - 1
    first_out = np.take_along_axis(ranked, np.minimum(affordable, last)[:, None], axis=1)[:, 0]
    alpha = np.where((affordable > last) | np.isinf(first_out), tuning.alpha_high, first_out)
    return np.where(np.isinf(ranked[:, 0]), tuning.alpha_start, alpha)
