"""Daily budgets as a fence around planned spend: room enough that alpha paces and not the budget, within what is left of the grant.

Where alpha paces, a budget that binds would hide the traffic of the evening from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from control import pacing
from control.clipping import clipped_budgets, within_grant
from control.rows import row_sums
from control.sight import Sight
from perception.fields import Field
from perception.units import AS_SETTINGS, Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceTuning:
    """How much room a fence leaves.

    Attributes:
        headroom: Least daily budget, as a multiple of the day's planned spend, >= 1.
        slack: Budgets up to this multiple of the least are left standing, >= 1: they rise slowly, so what is lowered without need is
            missed on the days after, while a budget far above the plan fences nothing.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    headroom: float = 1.3
    slack: float = 2.0


_USUAL = FenceTuning()


def fenced_budgets(s: Sight, tuning: FenceTuning = _USUAL) -> tuple[Floats, Bools]:
    """(n, c) daily budgets for today, split by what stands; and (n,) whether the grant is used up, so that ads must pause."""
    course, current = s.course, s.setpoints[Field.DAILY_BUDGET]
    day = min(int(s.now_days), course.daily_shares.shape[1] - 1)
    share = pacing.fence_share(course.daily_shares, day, up_ratio=s.reach.limits.budget_up_per_change_ratio)
    least = course.ad_budget_cents * share * tuning.headroom
    standing = np.where(current > 0.0, current, 0.0)
    total, paused = within_grant(np.minimum(np.maximum(row_sums(standing), least), least * tuning.slack), s)
    weight = np.where(current > 0.0, current, 1.0)
    return clipped_budgets(total[:, None] * (weight / row_sums(weight)[:, None]), s), paused
