"""What ``autopilot calibrate`` shows to people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from perception.units import Floats
    from sim.calibration.calibrate import CalibrationReport
    from sim.calibration.check import Check, Distance
    from sim.calibration.fitted_figures import Figure

COUNTS_FROM = 1000
"""Figures from here on are counts, which nobody wants to read as 2e+04."""


def draw_report(console: Console, report: CalibrationReport) -> None:
    """What was fitted, what was not, and what was left out."""
    fitted = Table(title="Fitted", title_justify="left")
    for heading in ("figure", "value", "95 % interval", "unit"):
        fitted.add_column(heading, justify="left" if heading in {"figure", "unit"} else "right")
    for name, figure in report.fitted.items():
        fitted.add_row(escape(name), _value(figure.value), _interval(figure), escape(figure.unit))
    console.print(fitted)
    assumed = Table(title="Could not be fitted", title_justify="left", show_header=False)
    for name, reason in report.could_not_fit.items():
        assumed.add_row(escape(name), escape(reason))
    console.print(assumed)
    console.print("Left out: " + (", ".join(f"{count:,} {reason}" for reason, count in report.dropped.items()) or "nothing"), markup=False)


def draw_check(console: Console, check: Check) -> None:
    """How far the simulated market is from the store, measure by measure."""
    table = Table(title=f"Simulated beside the store: {check.skus} products, {check.weeks} weeks held out", title_justify="left")
    for heading in ("measure", "simulated", "store", "distance", "by chance alone", "within 10 %"):
        table.add_column(heading, justify="left" if heading in {"measure", "within 10 %"} else "right")
    for distance in check.distances:
        chance = "" if math.isnan(distance.low) else f"{distance.low:+.1%} … {distance.high:+.1%}"
        relative = "" if math.isnan(distance.relative) else f"{distance.relative:+.1%}"
        table.add_row(distance.name, _middle(distance.simulated), _middle(distance.observed), relative, chance, _verdict(distance))
    console.print(table)
    console.print(
        "The check is passed." if check.passed else "The check FAILS: a required measure is too far from the store.", markup=False
    )


def _verdict(distance: Distance) -> str:
    if math.isnan(distance.relative):
        return "cannot be told"
    if distance.within:
        return "yes"
    return "NO, required" if distance.required else "no"


def _middle(values: Floats) -> str:
    """A plain figure; of a profile, how many shares it has."""
    return _value(float(values[0])) if values.size == 1 else f"{values.size} shares"


def _value(value: float) -> str:
    return f"{value:,.0f}" if value >= COUNTS_FROM else f"{value:.3g}"


def _interval(figure: Figure) -> str:
    return "" if math.isnan(figure.low) else f"{figure.low:.3g} … {figure.high:.3g}"
