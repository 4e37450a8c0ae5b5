"""Pacing: keep cumulative ad spend on the plan's course by moving alpha, the one number that scales every bid.

In a second-price auction under one budget the optimum is bid = alpha · value with a single alpha (Zhang et al., WSDM 2016; Balseiro & Gur,
2019), so a budget is paced by control of log alpha. The course follows forecast traffic, not the clock.

Two degrees of freedom: ``control.response`` forecasts the alpha at which a day costs what the plan says, and a PID loop on the spend error,
small as it may then be, corrects what the forecast gets wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from control import pid
from control.response import ResponseTuning
from control.rows import row_highs, row_sums
from perception.units import AS_SETTINGS, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingTuning:
    """How alpha follows the plan's spend.

    Attributes:
        kp, ki_per_day, kd_days, filter_days: PID gains on the spend error, measured in days of planned spend.
        response: The forecast of alpha that the loop corrects.
        alpha_start: Alpha before anything was learnt, (0, 1].
        alpha_low, alpha_high: Bounds of alpha. With bid = value (alpha = 1) a click costs at most what it is worth; a generalised
            second-price auction with several slots is not truthful (Edelman, Ostrovsky & Schwarz 2007): the top slot costs more than its
            extra clicks bring. On the expected landscapes of 24 training stores each of steady, thin_data and real_demand the most
            profitable alpha on true values was 0.69 in the median of all three (0.63-0.76 between the quartiles); rivals that run out
            of money, and budgets that bind, make it less, which is what ``control.scarcity`` sees to.
        reporting_lag_s: Typical delay of reported spend; the course is compared as of that long ago.

    The forecast is a controller by itself: the alpha of the last days plus 1 ÷ elasticity times the log of wanted ÷ found spend is a PI
    loop in its oldest form, its output fed back through a lag in place of an integral (automatic reset; Åström & Hägglund, *Advanced PID
    Control*, ch. 3), which cannot wind up. So the gains beside it are 0: on training seeds of ``configs/proving/second_price.toml`` kp 0.05
    with ki 0.02 cost 0.7 % of the bound, kp 0.2 with ki 0.05 1.7 %.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    kp: float = 0.0
    ki_per_day: float = 0.0
    kd_days: float = 0.0
    filter_days: float = 0.25
    alpha_start: float = 0.3
    alpha_low: float = 0.02
    alpha_high: float = 0.7
    reporting_lag_s: float = 4.0 * 3600.0
    response: ResponseTuning = field(default_factory=ResponseTuning)

    def loop(self) -> pid.Tuning:
        """The PID tuning on log alpha. Raises: ValueError when the bounds make no sense."""
        if not 0.0 < self.alpha_low < self.alpha_high:
            message = f"alpha_low: expected within (0, alpha_high = {self.alpha_high}), was {self.alpha_low}"
            raise ValueError(message)
        return pid.Tuning(
            kp=self.kp,
            ki_per_day=self.ki_per_day,
            kd_days=self.kd_days,
            filter_days=self.filter_days,
            low=math.log(self.alpha_low),
            high=math.log(self.alpha_high),
        )


def traffic_passed(day_fraction: float, hour_shares: Floats) -> Floats:
    """(n,) share of a day's traffic passed at ``day_fraction``, by the hour shares (n, 24), rows sum to 1; linear within an hour."""
    if day_fraction <= 0.0:
        return np.zeros(len(hour_shares))
    if day_fraction >= 1.0:
        return np.ones(len(hour_shares))
    hours = day_fraction * hour_shares.shape[1]
    whole = int(hours)
    passed: Floats = row_sums(hour_shares[:, :whole]) + (hours - whole) * hour_shares[:, whole]
    return passed


def planned_share(days: float, *, starts: float, ends: float, daily_shares: Floats, hour_shares: Floats) -> Floats:
    """(n,) share of the window's spend that the plan expects by ``days``, in [0, 1].

    Within a day spend follows forecast traffic. The share of a day that the window covers only in part is spent in the covered part.

    Args:
        days: Now, in days since the first local midnight of the window.
        starts, ends: The window's ends on the same scale, starts < ends.
        daily_shares: (n, d) share of each local day the window touches, rows sum to 1.
        hour_shares: (n, 24) share per hour of a day, rows sum to 1.
    """
    now = min(max(days, starts), ends)
    whole = min(int(now), daily_shares.shape[1] - 1)
    opens = traffic_passed(max(starts - whole, 0.0), hour_shares)
    covered = traffic_passed(min(ends - whole, 1.0), hour_shares) - opens
    open_at_all = covered > 0.0
    passed = np.where(open_at_all, (traffic_passed(now - whole, hour_shares) - opens) / np.where(open_at_all, covered, 1.0), 1.0)
    share = row_sums(daily_shares[:, :whole]) + daily_shares[:, whole] * np.minimum(np.maximum(passed, 0.0), 1.0)
    return np.minimum(share, 1.0)


def fence_share(daily_shares: Floats, day: int, *, up_ratio: float) -> Floats:
    """(n,) share of the window's budget that the daily budget must allow on ``day`` so that no later day's share comes out of reach.

    Budgets fall freely but rise by at most ``up_ratio`` a day, so a quiet day keeps what the busy one after it will need:
    fence(t) = max(share(t), fence(t + 1) ÷ (1 + up_ratio)). After the window another one is expected to begin with an average day.

    Args:
        daily_shares: (n, d) share of each local day of the window, rows sum to 1.
        day: Index into them, within [0, d).
        up_ratio: >= 0.
    """
    ahead = daily_shares[:, day:]
    growth = (1.0 + up_ratio) ** np.arange(ahead.shape[1] + 1)
    fence: Floats = np.maximum(row_highs(ahead / growth[:-1]), 1.0 / (daily_shares.shape[1] * growth[-1]))
    return fence


def pace(
    memory: pid.Memory | None,
    *,
    forecast: Floats,
    planned_cents: Floats,
    spent_cents: Floats,
    day_cents: Floats,
    dt_days: float,
    tuning: PacingTuning,
) -> tuple[Floats, pid.Terms, pid.Memory]:
    """One step of n pacing loops: log alpha, (n,), and the terms of the correction within it. Arrays are (n,).

    Args:
        memory: From the step before; loops without one take over, and correct nothing yet.
        forecast: Log alpha to be corrected.
        planned_cents: Course of cumulative spend, as of the time the reported spend describes.
        spent_cents: Reported cumulative spend.
        day_cents: Planned spend of an average day: the unit of the error.
        dt_days: Time since the last step.
        tuning: Gains and bounds.
    """
    bounds = tuning.loop()
    start = np.minimum(np.maximum(forecast, bounds.low), bounds.high)
    loop = replace(bounds, low=bounds.low - start, high=bounds.high - start)
    scale = np.maximum(day_cents, 1.0)
    error, measurement = (planned_cents - spent_cents) / scale, spent_cents / scale
    if not pid.is_running(memory):
        memory = pid.started(memory, pid.start(output=np.zeros_like(error), error=error, measurement=measurement, tuning=loop))
    terms, after = pid.step(memory, error=error, measurement=measurement, dt_days=dt_days, tuning=loop)
    return start + terms.output, terms, after
