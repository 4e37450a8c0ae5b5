"""Draws an evaluation: one dot with its interval per controller, over all families and in each of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from autopilot.report.amounts import controller_name
from autopilot.report.eval_sheets import families_of, ordered
from autopilot.report.palette import PRINT, Palette
from autopilot.report.style import STYLE, as_inline

OURS = ("laws", "policy")
BOUND = "oracle"
"""Is the measure: 100 % everywhere, by definition."""
REFERENCE = "informed"
COLUMNS = 5
ROW_INCHES, HEADING_INCHES = 0.27, 1.1


def write_eval_png(result: dict[str, Any], path: Path) -> None:
    """Writes the evaluation as one picture."""
    with mpl.rc_context(STYLE):
        figure = _figure(result, PRINT)
        FigureCanvasAgg(figure)
        figure.savefig(path, format="png", dpi=120, metadata={"Software": None})


def eval_svg(result: dict[str, Any], palette: Palette) -> str:
    """The same as an inline SVG element."""
    with mpl.rc_context(STYLE):
        figure = _figure(result, palette)
        figure.patch.set_visible(False)
        FigureCanvasSVG(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return as_inline(buffer.getvalue(), "eval")


def _figure(result: dict[str, Any], palette: Palette) -> Figure:
    families = families_of(result)
    names = [row["controller"] for row in ordered(result) if row["controller"] != BOUND]
    bands = -(-len(families) // COLUMNS)
    height = ROW_INCHES * len(names) + HEADING_INCHES
    figure = Figure(figsize=(15, height * (bands + 1)), layout="constrained", facecolor=palette.paper)
    grid = figure.add_gridspec(bands + 1, COLUMNS)
    overall = {row["controller"]: row for row in result["overall"]}
    title = f"All families: {next(iter(overall.values()))['n']} stores"
    _dots(figure.add_subplot(grid[0, :]), overall, names, title, palette, labelled=True)
    for place, family in enumerate(families):
        rows = {row["controller"]: row for row in result["rows"] if row["family"] == family}
        axes = figure.add_subplot(grid[1 + place // COLUMNS, place % COLUMNS])
        _dots(axes, rows, names, family.replace("_", " "), palette, labelled=place % COLUMNS == 0)
    heading = f"Share of the clairvoyant profit (inter-quartile mean, 95 % interval), suite {result['suite']}"
    figure.suptitle(heading, x=0.01, ha="left", fontsize=14, fontweight="bold", color=palette.ink)
    return figure


def _dots(axes: Axes, rows: dict[str, dict[str, Any]], names: list[str], title: str, palette: Palette, *, labelled: bool) -> None:
    axes.set_facecolor("none")
    for height, name in enumerate(reversed(names)):
        row = rows[name]
        colour = palette.ours if name in OURS else palette.other_2 if name == REFERENCE else palette.muted
        axes.plot([row["ci_low"], row["ci_high"]], [height, height], color=colour, linewidth=2.5, solid_capstyle="round")
        axes.plot(row["share_iqm"], height, "o", color=colour, markersize=6)
    axes.set_yticks(range(len(names)), [controller_name(name) for name in reversed(names)] if labelled else [""] * len(names))
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(visible=True, axis="x", color=palette.grid)
    axes.set_axisbelow(True)
    axes.tick_params(colors=palette.muted, length=0, labelcolor=palette.ink)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(title, loc="left", fontweight="bold", color=palette.ink)
