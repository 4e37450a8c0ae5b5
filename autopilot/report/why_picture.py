"""Draws why a figure moved: the days before and since, and what each cause did."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autopilot.report.palette import PRINT
from autopilot.report.style import STYLE
from autopilot.why import Answer
from perception.attribution.facts import HOURS_PER_DAY, Facts

LONGEST_NAME = 44


def write_why_png(facts: Facts, found: Answer, path: Path) -> None:
    """The figure day by day, the window shaded, and beside it the change by cause."""
    told = found.explanation
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 4.2), layout="constrained", facecolor=PRINT.paper)
        FigureCanvasAgg(figure)
        course, causes = figure.subplots(1, 2, width_ratios=(1.5, 1.0))
        day = facts.hour // HOURS_PER_DAY
        first = int(day.min())
        totals = np.bincount(day - first, weights=facts.value)
        if facts.base is not None:
            base = np.bincount(day - first, weights=facts.base)
            totals = np.divide(totals, base, out=np.full(totals.size, np.nan), where=base > 0.0)
        course.plot(np.arange(totals.size), totals, color=PRINT.ink)
        course.axvspan(found.since.toordinal() - first - 0.5, (found.until.toordinal() - first) - 0.5, color=PRINT.ink, alpha=0.08, lw=0)
        course.set_title(f"{found.metric} by day; the window is shaded", loc="left", color=PRINT.ink)
        course.set_xlabel("day")
        course.set_ylim(bottom=0.0)
        names = [_name(cause.kind, cause.where) for cause in told.causes] + (["unexplained"] if told.changed else [])
        shares = [cause.share for cause in told.causes] + ([told.unexplained] if told.changed else [])
        causes.barh(np.arange(len(names)), np.array(shares) * 100.0, color=PRINT.ink, alpha=0.75)
        causes.set_yticks(np.arange(len(names)), names)
        causes.invert_yaxis()
        causes.set_title("share of the change, %" if told.changed else "nothing changed beyond what is usual", loc="left", color=PRINT.ink)
        figure.savefig(path, format="png", dpi=130, metadata={"Software": None})


def _name(kind: str, where: dict[str, tuple[str, ...]]) -> str:
    words = " and ".join(f"{name} = {', '.join(elements)}" for name, elements in where.items()) or kind
    return words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1] + "…"
