"""Efficiency: keep lag-corrected ROAS at or above its target by holding alpha down, without starving the evidence.

Two alphas, the smaller one wins: min(alpha_budget, alpha_roas) nearly matches the full dual (arXiv 2302.08530), while a loop nested in a
loop can violate both limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from control import pid
from perception.units import AS_SETTINGS, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyTuning:
    """How alpha answers to ROAS.

    Attributes:
        kp, ki_per_day: PI gains on log(ROAS ÷ target), bounded to ±1 so that one bad day does not slam the brake.
        min_expected_sales: Lag-corrected evidence needed before the loop acts: conversions expected from the clicks so far, >= 0.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    kp: float = 0.4
    ki_per_day: float = 0.3
    min_expected_sales: float = 5.0


def corrected_roas(revenue_by_day_cents: dict[int, float], maturity: dict[int, float], cost_by_day_cents: dict[int, float]) -> float:
    """Revenue per spend with each click day weighted by how much of it can be known yet.

    Survival weighting: Σ revenue ÷ Σ cost · maturity, so that a day whose conversions are still to come counts little instead of counting
    as bad (Chapelle 2014). NaN while nothing measurable was spent.
    """
    exposure = math.fsum(cost * maturity.get(day, 1.0) for day, cost in cost_by_day_cents.items())
    revenue = math.fsum(revenue_by_day_cents.get(day, 0.0) for day in cost_by_day_cents)
    return revenue / exposure if exposure > 0.0 else math.nan


def safe_alpha(value_per_click: Floats, revenue_per_click: Floats, *, target_roas: float) -> float:
    """The alpha at which no SKU can breach the target going forward: each bid is at most revenue per click ÷ target.

    In a second-price auction a click costs at most its bid, so below this floor alpha never needs to fall; it is what prevents the death
    spiral of "no wins, no evidence, no recovery". Infinity when nothing is worth advertising.
    """
    sells = (value_per_click > 0.0) & np.isfinite(revenue_per_click)
    if not sells.any():
        return math.inf
    return float(np.min(revenue_per_click[sells] / (target_roas * value_per_click[sells])))


def hold(
    memory: pid.Memory | None,
    *,
    roas: float,
    target_roas: float,
    floor_alpha: float,
    expected_sales: float,
    dt_days: float,
    high_alpha: float,
    tuning: EfficiencyTuning,
) -> tuple[pid.Terms | None, pid.Memory | None]:
    """One step of the efficiency loop; ``exp(terms.output)`` caps alpha. No cap (None) without a target.

    Until ``expected_sales`` reaches the needed evidence the cap is the safe floor: a limit that cannot be measured yet is approached from
    the cheap side.
    """
    if target_roas <= 0.0:
        return None, None
    high = math.log(high_alpha)
    low = min(math.log(max(floor_alpha, 1e-6)) if math.isfinite(floor_alpha) else high, high - 1e-6)
    loop = pid.Tuning(kp=tuning.kp, ki_per_day=tuning.ki_per_day, kd_days=0.0, filter_days=1.0, low=low, high=high)
    if not math.isfinite(roas) or expected_sales < tuning.min_expected_sales:
        held = pid.start(output=low, error=0.0, measurement=0.0, tuning=loop)
        return pid.Terms(p=0.0, i=low, d=0.0, output=low, saturated=False), held
    error = min(max(math.log(max(roas, 1e-6) / target_roas), -1.0), 1.0)
    if memory is None:
        memory = pid.start(output=low, error=error, measurement=roas, tuning=loop)
    return pid.step(memory, error=error, measurement=roas, dt_days=dt_days, tuning=loop)
