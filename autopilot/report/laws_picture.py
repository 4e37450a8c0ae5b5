"""Draws how the laws answer steps, and how far their loops are from swinging."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from autopilot.report.laws_steps import DAYS, ENDS_DAYS, Line, Panel
from autopilot.report.palette import PRINT, Palette
from autopilot.report.smooth_store import HOURS_PER_DAY
from autopilot.report.style import STYLE, as_inline

COLUMNS = 3
PANEL_INCHES = (5.4, 3.9)
_ROOM = 0.08
"""Of an axis' height, above and below what is drawn."""
_UNJUDGED_DAYS = 4.0
"""Last days for which the wanted spend is not drawn: little is left to be spread over little, and the figure says nothing."""


def write_laws_png(panels: Sequence[Panel], path: Path) -> None:
    """Writes the responses as one picture."""
    with mpl.rc_context(STYLE):
        figure = _figure(panels, PRINT)
        FigureCanvasAgg(figure)
        figure.savefig(path, format="png", dpi=110, metadata={"Software": None})


def laws_svg(panels: Sequence[Panel], palette: Palette) -> str:
    """The same as an inline SVG element."""
    with mpl.rc_context(STYLE):
        figure = _figure(panels, palette)
        figure.patch.set_visible(False)
        FigureCanvasSVG(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return as_inline(buffer.getvalue(), "laws")


def _figure(panels: Sequence[Panel], palette: Palette) -> Figure:
    rows = -(-len(panels) // COLUMNS)
    size = (COLUMNS * PANEL_INCHES[0], rows * PANEL_INCHES[1] + 0.6)
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1), facecolor=palette.paper)
    grid = figure.add_gridspec(rows, COLUMNS)
    for place, panel in enumerate(panels):
        _draw(figure, grid[place // COLUMNS, place % COLUMNS], panel, palette, last=place >= len(panels) - COLUMNS)
    heading = "How the laws answer a step, in closed loop with a store without luck"
    figure.suptitle(heading, x=0.008, ha="left", fontsize=15, fontweight="bold", color=palette.ink)
    return figure


def _draw(figure: Figure, place: SubplotSpec, panel: Panel, palette: Palette, *, last: bool) -> None:
    inner = place.subgridspec(2, 1, height_ratios=(3, 2), hspace=0.02)
    upper = figure.add_subplot(inner[0])
    lower = figure.add_subplot(inner[1], sharex=upper)
    upper.set_title(f"{panel.law}: {panel.title}", loc="left", fontweight="bold", color=palette.ink, pad=20)
    for axes, lines, label in ((upper, panel.measured, panel.measured_label), (lower, panel.set_lines, panel.set_label)):
        _dress(axes, panel, palette)
        _plot(axes, lines, palette)
        axes.set_ylabel(label, color=palette.muted, fontsize=9)
    upper.tick_params(labelbottom=False)
    lower.set_xlim(0.0, DAYS)
    lower.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if last:
        lower.set_xlabel("day of the window", color=palette.muted)


def _dress(axes: Axes, panel: Panel, palette: Palette) -> None:
    axes.set_facecolor("none")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.grid)
    axes.grid(axis="y", color=palette.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=palette.muted, length=0, labelsize=9)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.axvspan(DAYS - ENDS_DAYS, DAYS, color=palette.grid, alpha=0.5, linewidth=0)
    for mark in panel.marks:
        axes.axvline(mark, color=palette.muted, linewidth=1.0, linestyle=":")


def _plot(axes: Axes, lines: Sequence[Line], palette: Palette) -> None:
    """The curves; names stand above the axes where there are several."""
    colours = (palette.ours, palette.other_2)
    seen = []
    for line in lines:
        days = (np.arange(line.values.size) + 1.0) / HOURS_PER_DAY
        # the first day has no day behind it, and the last days have nearly nothing left to be spread over
        shown = (days >= 1.0) & (days <= DAYS - _UNJUDGED_DAYS) if line.wanted else days >= 1.0
        values = np.where(shown, line.values, np.nan)
        style = {"linestyle": "--", "linewidth": 1.1, "alpha": 0.75} if line.wanted else {"linewidth": 1.7}
        axes.plot(days, values, color=colours[line.colour], label=line.label, **style)
        seen.append(values[np.isfinite(values)])
    together = np.concatenate(seen) if seen else np.zeros(1)
    if together.size:
        low, high = float(together.min()), float(together.max())
        room = _ROOM * max(high - low, 0.05 * abs(high), 1e-6)
        axes.set_ylim(low - room, high + room)
    if len(lines) > 1:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.01, 0.97),
            borderaxespad=0.0,
            fontsize=8.5,
            frameon=False,
            labelcolor="linecolor",
            handlelength=1.6,
            columnspacing=1.2,
            ncols=len(lines),
        )
