"""The PID law as a pure function: time is an argument, the three terms are visible, and saturation never winds up.

Form (Åström & Murray, Feedback Systems, 2nd ed., ch. 11): parallel PID, derivative on the measurement through a first-order filter,
anti-windup by conditional integration, bumpless transfer by back-computing the integral.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Gains and bounds of one loop.

    Attributes:
        kp: Output per unit of error.
        ki_per_day: Output per unit of error held for one day.
        kd_days: Output per unit of falling measurement per day.
        filter_days: Time constant of the derivative filter, > 0.
        low, high: Output bounds, low < high.
    """

    kp: float
    ki_per_day: float
    kd_days: float
    filter_days: float
    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse gains that no loop can run on. Raises: ValueError."""
        for name in ("kp", "ki_per_day", "kd_days", "filter_days", "low", "high"):
            if not math.isfinite(getattr(self, name)):
                message = f"{name}: expected a finite number, was {getattr(self, name)}"
                raise ValueError(message)
        if self.filter_days <= 0.0:
            message = f"filter_days: expected > 0, was {self.filter_days}"
            raise ValueError(message)
        if self.low >= self.high:
            message = f"low: expected below high ({self.high}), was {self.low}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the loop remembers between steps: the integral term, the last measurement and its filtered slope per day."""

    integral: float
    measurement: float
    slope_per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One step taken apart: ``output`` is p + i + d within the bounds."""

    p: float
    i: float
    d: float
    output: float
    saturated: bool


def start(*, output: float, error: float, measurement: float, tuning: Tuning) -> Memory:
    """The memory with which the next step gives ``output``: how a loop takes over without a jump (bumpless transfer)."""
    bounded = min(max(output, tuning.low), tuning.high)
    return Memory(integral=bounded - tuning.kp * error, measurement=measurement, slope_per_day=0.0)


def step(memory: Memory, *, error: float, measurement: float, dt_days: float, tuning: Tuning) -> tuple[Terms, Memory]:
    """One step of the loop.

    Args:
        memory: From ``start`` or the step before.
        error: Set-point minus measurement; finite.
        measurement: What the derivative acts on, so that a moved set-point does not kick.
        dt_days: Time since the last step, > 0.
        tuning: Gains and bounds.

    Returns:
        The terms and the next memory. A non-finite error or measurement, or dt <= 0, freezes the loop: the last integral is the output.
    """
    if not (math.isfinite(error) and math.isfinite(measurement) and dt_days > 0.0):
        held = min(max(memory.integral, tuning.low), tuning.high)
        return Terms(p=0.0, i=memory.integral, d=0.0, output=held, saturated=False), memory

    blend = dt_days / (tuning.filter_days + dt_days)
    slope = memory.slope_per_day + blend * ((measurement - memory.measurement) / dt_days - memory.slope_per_day)
    p, d = tuning.kp * error, -tuning.kd_days * slope
    integral = memory.integral + tuning.ki_per_day * error * dt_days
    raw = p + integral + d
    output = min(max(raw, tuning.low), tuning.high)
    if (raw - output) * error * tuning.ki_per_day > 0.0:
        # saturated, and pushing further: do not wind up
        integral = memory.integral
    terms = Terms(p=p, i=integral, d=d, output=output, saturated=raw != output)
    return terms, Memory(integral=integral, measurement=measurement, slope_per_day=slope)
