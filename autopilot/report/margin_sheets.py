"""The margins of the laws' loops as tables: for the page of ``autopilot plot laws``, for its JSON, and for ``docs/control.md``."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from autopilot.report.amounts import NOTHING
from autopilot.report.loop_margins import (
    LEAST_GAIN,
    LEAST_PHASE_DEG,
    REMEMBERED_DAYS,
    REPORT_LAGS_H,
    Margins,
    roas_margins,
    spend_margins,
    worst,
)
from control.laws import LawsTuning


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table: its title, a sentence, and cells as they are shown."""

    title: str
    said: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_FIGURES = ("gain", "phase", "acts within", "more delay", "sensitivity")


def margin_sheets(tuning: LawsTuning) -> tuple[Sheet, Sheet]:
    """The pacing loop by lag of reports and the efficiency loop by remembered days; the worst plant of each."""
    pacing = tuple((f"{low}–{high} h", *_cells(found)) for (low, high), found in _pacing(tuning).items())
    efficiency = tuple((f"{days} days", *_cells(found)) for days, found in _efficiency(tuning).items())
    enough = f"Enough is a gain margin above {LEAST_GAIN:g} and a phase margin above {LEAST_PHASE_DEG:g}°."
    return (
        Sheet(
            title="Margins of the pacing loop",
            said=f"The least over elasticities of spend from 0.8 to 4, with and without the scarcity law. {enough}",
            headings=("reports late by", *_FIGURES),
            rows=pacing,
        ),
        Sheet(
            title="Margins of the efficiency loop",
            said=f"The least over elasticities of ROAS from 0.5 to 2. {enough}",
            headings=("ROAS of the last", *_FIGURES),
            rows=efficiency,
        ),
    )


def margin_figures(tuning: LawsTuning) -> dict[str, Any]:
    """The same for a machine: worst margins by loop and plant; None for what is infinite."""
    return {
        "pacing": {f"{low}-{high}h": _figures(found) for (low, high), found in _pacing(tuning).items()},
        "efficiency": {f"{days}d": _figures(found) for days, found in _efficiency(tuning).items()},
    }


def markdown(sheet: Sheet) -> str:
    """The table of a sheet in GitHub's markdown."""
    rule = "|".join(["---"] * len(sheet.headings))
    return "\n".join([f"| {' | '.join(sheet.headings)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in sheet.rows)])


def _pacing(tuning: LawsTuning) -> dict[tuple[int, int], Margins]:
    return {lag: worst(spend_margins(tuning.pacing, tuning.scarcity, lag_h=lag)) for lag in REPORT_LAGS_H}


def _efficiency(tuning: LawsTuning) -> dict[int, Margins]:
    return {days: worst(roas_margins(tuning.efficiency, remembered_days=days)) for days in REMEMBERED_DAYS}


def _cells(found: Margins) -> tuple[str, ...]:
    stands = found.gain > 1.0 and found.phase_deg > 0.0
    return (
        f"{found.gain:.1f}",
        f"{found.phase_deg:.0f}°",
        f"{1.0 / found.crossover_per_day:.1f} d" if found.crossover_per_day > 0.0 else NOTHING,
        f"{found.delay_days:.1f} d" if stands else "none",
        f"{found.sensitivity:.1f}" if stands else "swings",
    )


def _figures(found: Margins) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in asdict(found).items()} | {"enough": found.enough}
