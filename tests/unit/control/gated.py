"""Proposals before the gate, for tests of controllers that clip themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from control.controller import Proposal
from control.envelope_batch import VerdictBatch, judge_batch, standing_of
from control.sight import Sight
from perception.fields import Field


def known(sight: Sight) -> Sight:
    """The sight in AUTO, with every set-point and where it came from known, as in a simulated store."""
    setpoints = {field: np.where(np.isnan(values), 20.0, values) for field, values in sight.setpoints.items()}
    low = np.fmin(sight.reach.budget_low_24h_cents, setpoints[Field.DAILY_BUDGET])
    return replace(sight, setpoints=setpoints, reach=replace(sight.reach, step_share=1.0, budget_low_24h_cents=low))


def judged(proposal: Proposal, sight: Sight) -> VerdictBatch:
    """What the gate says to a proposal where nothing but the proposal can be at fault."""
    calm = np.zeros(sight.course.ad_budget_cents.shape)
    standing = standing_of(
        sight,
        loss_24h_cents=calm,
        loss_7d_cents=calm,
        writes_last_hour=calm.astype(np.int64),
        signal_age_s=dict.fromkeys(Field, calm),
    )
    return judge_batch(proposal.setpoints, standing=standing, limits=sight.reach.limits)
