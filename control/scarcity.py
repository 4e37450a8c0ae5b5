"""Scarcity: the closer a campaign comes to its daily budget, the less of a click's value it bids.

One alpha serves all campaigns of a store while none of them runs out of money. One that does bids itself out of the day: higher bids then
buy fewer clicks at higher prices, while the store as a whole seems to lag behind its plan, so that pacing would raise alpha further. And
where a plan asks for more than the profitable clicks cost, nothing but the share of the budget that is used tells how scarce money is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from control.rows import campaign_sums
from control.sight import Sight
from perception.fields import Field
from perception.units import AS_SETTINGS, Floats

_COST, _PLANNED = "campaign_cost_cents", "planned_days"
_SPENT, _ALLOWED = "campaign_spent_cents", "campaign_allowed_cents"


SCARCEST = 3.0
"""However far a campaign passes its budget: a twentieth of alpha is left at a droop of 1, so that it is seen when there is money again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScarcityTuning:
    """How bids answer to the used share of a daily budget.

    Attributes:
        droop: Fall of log alpha per daily budget used, >= 0: the static characteristic (droop) by which sources that share a load are
            told apart without talking to each other. At 1 a campaign that uses all of its budget bids 37 % of the rest's alpha.
        sharpness: Power of the used share, >= 1. At 1 bids fall from the first cent on; at 16 next to nothing happens on a course that
            uses 0.77 of a budget, as the fence leaves it, and everything where a campaign runs out of money before its day is over.
        memory_days: Time constant of the used share, in days of planned spend, > 0.
        grace_days: Days of a budget that count as unused before anything is seen, > 0.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    droop: float = 1.0
    sharpness: float = 16.0
    memory_days: float = 4.0
    grace_days: float = 0.5


def used_share(kept: dict[str, Floats], s: Sight, *, planned_share: Floats, tuning: ScarcityTuning) -> tuple[Floats, dict[str, Floats]]:
    """(n, c) share of their daily budgets that campaigns have used lately, >= 0, and what to keep.

    Reported spend per daily budget, both faded over planned days: a day without traffic is no sign of plenty. 0 where there is no budget.

    Args:
        kept: As returned by the call before; empty at first.
        s: What is seen.
        planned_share: (n,) share of the window's spend that was planned by the time that reported spend describes.
        tuning: How it fades.
    """
    budget = s.setpoints[Field.DAILY_BUDGET]
    allowed = np.where(budget > 0.0, budget, 0.0)
    cost = campaign_sums(s.reported.cost_held_cents, s.goods.campaign_of, campaigns=budget.shape[1])
    planned_days = planned_share * (s.course.ends_days - s.course.starts_days)
    if _COST not in kept:
        share = np.zeros_like(allowed)
        return share, {_COST: cost, _PLANNED: planned_days, _SPENT: share, _ALLOWED: tuning.grace_days * allowed}
    # days leave the record at midnight, and a new window begins at nothing
    newly = np.maximum(cost - kept[_COST], 0.0)
    days = np.maximum(planned_days - kept[_PLANNED], 0.0)[:, None]
    stays = tuning.memory_days / (tuning.memory_days + days)
    spent, could = kept[_SPENT] * stays + newly, kept[_ALLOWED] * stays + days * allowed
    share = np.where(could > 0.0, spent / np.where(could > 0.0, could, 1.0), 0.0)
    return share, {_COST: cost, _PLANNED: planned_days, _SPENT: spent, _ALLOWED: could}


def worth_cents(value_cents: Floats, used: Floats, s: Sight, tuning: ScarcityTuning) -> Floats:
    """(n, m) value of a click as its campaign's budget can afford it: value · exp(−droop · used^sharpness), a little at least."""
    scarce = np.minimum(used**tuning.sharpness, SCARCEST)
    worth: Floats = value_cents * np.exp(-tuning.droop * scarce)[:, s.goods.campaign_of]
    return worth
