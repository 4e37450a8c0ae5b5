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
from control.rows import row_lows, row_sums
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


def corrected_roas(revenue_cents: Floats, maturity: Floats, cost_cents: Floats) -> Floats:
    """(n,) revenue per spend with each click day weighted by how much of it can be known yet.

    Survival weighting: Σ revenue ÷ Σ cost · maturity, so that a day whose conversions are still to come counts little instead of counting
    as bad (Chapelle 2014). NaN while nothing measurable was spent.

    Args:
        revenue_cents, cost_cents: (n, d) by click day, >= 0.
        maturity: (n, d) or (d,) share of a click day's conversions that should have been reported by now, (0, 1].
    """
    exposure = row_sums(cost_cents * maturity)
    spent = exposure > 0.0
    return np.where(spent, row_sums(revenue_cents) / np.where(spent, exposure, 1.0), np.nan)


def safe_alpha(value_per_click: Floats, revenue_per_click: Floats, *, target_roas: Floats) -> Floats:
    """(n,) alpha at which no SKU can breach the target going forward: each bid is at most revenue per click ÷ target.

    In a second-price auction a click costs at most its bid, so below this floor alpha never needs to fall; it is what prevents the death
    spiral of "no wins, no evidence, no recovery". Infinity when nothing is worth advertising.

    Args:
        value_per_click, revenue_per_click: (n, m) minor units.
        target_roas: (n,), > 0.
    """
    sells = (value_per_click > 0.0) & np.isfinite(revenue_per_click)
    worst = np.divide(revenue_per_click, value_per_click, out=np.full(sells.shape, np.inf), where=sells)
    return row_lows(worst) / target_roas


def hold(
    memory: pid.Memory | None,
    *,
    roas: Floats,
    target_roas: Floats,
    floor_alpha: Floats,
    expected_sales: Floats,
    dt_days: float,
    high_alpha: float,
    tuning: EfficiencyTuning,
) -> tuple[pid.Terms, pid.Memory]:
    """One step of n efficiency loops; ``exp(terms.output)`` caps alpha, NaN where there is no target. Arrays are (n,).

    Until ``expected_sales`` reaches the needed evidence the cap is the safe floor: a limit that cannot be measured yet is approached from
    the cheap side.
    """
    aimed = target_roas > 0.0
    high = math.log(high_alpha)
    low = np.minimum(np.log(np.maximum(floor_alpha, 1e-6)), high - 1e-6)
    loop = pid.Tuning(kp=tuning.kp, ki_per_day=tuning.ki_per_day, kd_days=0.0, filter_days=1.0, low=low, high=high)
    evident = aimed & np.isfinite(roas) & (expected_sales >= tuning.min_expected_sales)
    measured = np.where(evident, roas, 0.0)
    ratio = np.where(evident, np.maximum(measured, 1e-6) / np.where(aimed, target_roas, 1.0), 1.0)
    error = np.minimum(np.maximum(np.log(ratio), -1.0), 1.0)
    if not pid.is_running(memory):
        memory = pid.started(memory, pid.start(output=low, error=error, measurement=measured, tuning=loop))
    stepped, after = pid.step(memory, error=error, measurement=measured, dt_days=dt_days, tuning=loop)
    floored, kept = _resting(np.where(aimed, low, np.nan))
    return pid.where(evident, stepped, floored), pid.where(evident, after, kept)


def without_target(n: int) -> tuple[pid.Terms, pid.Memory]:
    """What ``hold`` gives for n loops of which none has a target."""
    return _resting(np.full(n, np.nan))


def _resting(output: Floats) -> tuple[pid.Terms, pid.Memory]:
    """Loops that stand at ``output`` and will go on from there; NaN for not started."""
    none = np.zeros_like(output)
    terms = pid.Terms(p=none, i=output, d=none, output=output, saturated=np.zeros(output.shape, dtype=np.bool_))
    return terms, pid.Memory(integral=output, measurement=none, slope_per_day=none)
