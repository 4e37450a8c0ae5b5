"""The PID law as a pure function over n loops: time is an argument, the three terms are visible, and saturation never winds up.

Form (Åström & Murray, Feedback Systems, 2nd ed., ch. 11): parallel PID, derivative on the measurement through a first-order filter,
anti-windup by conditional integration, bumpless transfer by back-computing the integral.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TypeGuard, TypeVar

import numpy as np

from perception.units import Bools, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Gains and bounds of n loops.

    Attributes:
        kp: Output per unit of error.
        ki_per_day: Output per unit of error held for one day.
        kd_days: Output per unit of falling measurement per day.
        filter_days: Time constant of the derivative filter, > 0.
        low, high: Output bounds, low < high; one number for all loops, or (n,).
    """

    kp: float
    ki_per_day: float
    kd_days: float
    filter_days: float
    low: float | Floats
    high: float | Floats

    def __post_init__(self) -> None:
        """Refuse gains that no loop can run on. Raises: ValueError."""
        for name in ("kp", "ki_per_day", "kd_days", "filter_days"):
            if not math.isfinite(getattr(self, name)):
                message = f"{name}: expected a finite number, was {getattr(self, name)}"
                raise ValueError(message)
        for name in ("low", "high"):
            if not np.all(np.isfinite(getattr(self, name))):
                message = f"{name}: expected a finite number, was {getattr(self, name)}"
                raise ValueError(message)
        if self.filter_days <= 0.0:
            message = f"filter_days: expected > 0, was {self.filter_days}"
            raise ValueError(message)
        if np.any(self.low >= self.high):
            message = f"low: expected below high ({self.high}), was {self.low}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the loops remember between steps, (n,) each: the integral term, the last measurement and its filtered slope per day.

    A loop that has not started has a NaN integral.
    """

    integral: Floats
    measurement: Floats
    slope_per_day: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One step taken apart, (n,) each: ``output`` is p + i + d within the bounds."""

    p: Floats
    i: Floats
    d: Floats
    output: Floats
    saturated: Bools


Parts = TypeVar("Parts", Memory, Terms)


def where(chosen: Bools, these: Parts, others: Parts) -> Parts:
    """``these`` for the loops that are chosen, ``others`` for the rest."""
    return type(these)(**{f.name: np.where(chosen, getattr(these, f.name), getattr(others, f.name)) for f in fields(these)})


def start(*, output: Floats, error: Floats, measurement: Floats, tuning: Tuning) -> Memory:
    """The memory with which the next step gives ``output``: how a loop takes over without a jump (bumpless transfer). All (n,)."""
    integral = _bounded(output, tuning) - tuning.kp * error
    return Memory(integral=integral, measurement=measurement, slope_per_day=np.zeros_like(integral))


def is_running(memory: Memory | None) -> TypeGuard[Memory]:
    """Whether every loop has started."""
    return memory is not None and not np.isnan(memory.integral).any()


def started(memory: Memory | None, fresh: Memory) -> Memory:
    """``memory`` where its loops have started, ``fresh`` (from ``start``) where not."""
    return fresh if memory is None else where(np.isnan(memory.integral), fresh, memory)


def step(memory: Memory, *, error: Floats, measurement: Floats, dt_days: float, tuning: Tuning) -> tuple[Terms, Memory]:
    """One step of n loops.

    Args:
        memory: From ``start`` or the step before.
        error: (n,) set-point minus measurement; finite.
        measurement: (n,) what the derivative acts on, so that a moved set-point does not kick.
        dt_days: Time since the last step, > 0.
        tuning: Gains and bounds.

    Returns:
        The terms and the next memory. A non-finite error or measurement, or dt <= 0, freezes a loop: the last integral is the output.
    """
    runs = np.isfinite(error) & np.isfinite(measurement) & (dt_days > 0.0)
    if runs.all():
        return _run(memory, error, measurement, dt_days, tuning)
    none = np.zeros_like(memory.integral)
    held = Terms(p=none, i=memory.integral, d=none, output=_bounded(memory.integral, tuning), saturated=np.zeros_like(runs))
    if not runs.any():
        return held, memory
    stepped, after = _run(memory, np.where(runs, error, 0.0), np.where(runs, measurement, memory.measurement), dt_days, tuning)
    return where(runs, stepped, held), where(runs, after, memory)


def _run(memory: Memory, error: Floats, measurement: Floats, dt_days: float, tuning: Tuning) -> tuple[Terms, Memory]:
    """One step of loops that are all fit to run."""
    blend = dt_days / (tuning.filter_days + dt_days)
    slope = memory.slope_per_day + blend * ((measurement - memory.measurement) / dt_days - memory.slope_per_day)
    p, d = tuning.kp * error, -tuning.kd_days * slope
    integral = memory.integral + tuning.ki_per_day * error * dt_days
    raw = p + integral + d
    output = _bounded(raw, tuning)
    # saturated, and pushing further: do not wind up
    integral = np.where((raw - output) * error * tuning.ki_per_day > 0.0, memory.integral, integral)
    terms = Terms(p=p, i=integral, d=d, output=output, saturated=raw != output)
    return terms, Memory(integral=integral, measurement=measurement, slope_per_day=slope)


def _bounded(values: Floats, tuning: Tuning) -> Floats:
    bounded: Floats = np.minimum(np.maximum(values, tuning.low), tuning.high)
    return bounded
