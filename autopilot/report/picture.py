"""Draws a drive with matplotlib's object interface: no window, no global figure."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from autopilot.report.amounts import controller_name, money, percent
from autopilot.report.figures import DriveFigures
from autopilot.report.palette import MARKS, PRINT, Palette, with_css_variables
from autopilot.report.style import STYLE, as_inline
from perception.units import Floats

LABELLED_PRICES = 5
"""More names than this at the end of the price paths cannot be read."""
TICK_STEPS_H = (1, 3, 6, 12, 24, 48, 96, 168, 336)
MOST_TICKS = 8
MINIMUM_WIDTH_DAYS = 1.0 / 24
LINE_SPACING = 0.075
"""Least distance of two labels at the end of lines, share of the axes' height."""

Draw = Callable[[Axes, DriveFigures, Palette], None]


def write_png(figures: DriveFigures, path: Path) -> None:
    """Writes all panels as one picture."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(13, 11), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12), facecolor=PRINT.paper)
        FigureCanvasAgg(figure)
        chosen = titles(figures)
        grid = figure.add_gridspec(3, 2, height_ratios=(1.0, 1.0, 0.8))
        # an odd panel takes the whole first row
        places = (
            [grid[0, :], *(grid[row, column] for row in (1, 2) for column in (0, 1))]
            if len(chosen) % 2
            else [grid[cell] for cell in range(6)]
        )
        for (name, title), place in zip(chosen.items(), places, strict=True):
            axes = figure.add_subplot(place)
            _panel(axes, figures, PANELS[name], PRINT)
            axes.set_title(title, loc="left", fontweight="bold", color=PRINT.ink, pad=10)
        heading = f"{figures.store}: {figures.days} days, seed {figures.seed}"
        figure.suptitle(heading, x=0.012, ha="left", fontsize=15, fontweight="bold", color=PRINT.ink)
        figure.savefig(path, format="png", dpi=130, metadata={"Software": None})


def panels_svg(figures: DriveFigures) -> dict[str, str]:
    """Every panel by name as an inline SVG element whose colours are the page's variables."""
    return {name: _svg(name, figures, PANELS[name]) for name in titles(figures)}


def reference(figures: DriveFigures) -> str | None:
    """The controller that gains are measured from: doing nothing, or else the first alternative; None where there is none."""
    others = list(figures.profit_cents)[1:]
    return "do_nothing" if "do_nothing" in others else next(iter(others), None)


def titles(figures: DriveFigures) -> dict[str, str]:
    """The panels that can be drawn, by name, in reading order, each with its title."""
    other = reference(figures)
    gain = {} if other is None else {"gain": f"Profit gained over “{controller_name(other)}”"}
    return {
        "profit": "Profit so far, beside the alternatives" if gain else "Profit so far",
        **gain,
        "spend": "Ad spend so far, against the plan",
        "prices": "Prices, as a share of the price set by hand",
        "interventions": "Wishes the gate limited or denied, per tick",
        "bid_level": "Bids, as a share of what a click is worth",
    }


def _svg(name: str, figures: DriveFigures, draw: Draw) -> str:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.4, 3.0), layout="constrained")
        figure.patch.set_visible(False)
        FigureCanvasSVG(figure)
        _panel(figure.add_subplot(), figures, draw, MARKS)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return with_css_variables(as_inline(buffer.getvalue(), name))


def _panel(axes: Axes, figures: DriveFigures, draw: Draw, palette: Palette) -> None:
    axes.set_facecolor("none")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.grid)
    axes.grid(axis="y", color=palette.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=palette.muted, length=0, labelsize=9)
    axes.tick_params(axis="x", pad=8)
    draw(axes, figures, palette)
    marked = ticks(figures.at[0], figures.at[-1], figures.timezone)
    axes.set_xticks(list(marked), list(marked.values()))
    axes.set_xlim(0.0, max(_times(figures)[-1], MINIMUM_WIDTH_DAYS))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10], integer=draw is _draw_interventions))


def ticks(start: datetime, end: datetime, timezone: str) -> dict[float, str]:
    """Places on the time axis, days since ``start``, at round hours of the store's own clock, with what is written there."""
    hours = (end - start).total_seconds() / 3600
    step_h = next((step for step in TICK_STEPS_H if hours / step <= MOST_TICKS), TICK_STEPS_H[-1])
    zone = ZoneInfo(timezone)
    marked: dict[float, str] = {}
    # adding to a zoned time goes by its wall clock, so a day of 23 hours still ends at midnight
    local = datetime.combine(start.astimezone(zone).date(), time(), zone)
    while (at := local.astimezone(UTC)) <= end:
        if at >= start:
            marked[(at - start) / timedelta(days=1)] = f"{local.day} {local:%b}" if local.hour == 0 else f"{local:%H:%M}"
        local += timedelta(hours=step_h)
    return marked


def _times(figures: DriveFigures) -> Floats:
    """(n,) days since the first instant."""
    return np.array([(at - figures.at[0]) / timedelta(days=1) for at in figures.at])


def _draw_profit(axes: Axes, figures: DriveFigures, palette: Palette) -> None:
    _draw_by_controller(axes, figures, figures.profit_cents, palette)


def _draw_gain(axes: Axes, figures: DriveFigures, palette: Palette) -> None:
    base = figures.profit_cents[str(reference(figures))]
    _draw_by_controller(axes, figures, {name: profit - base for name, profit in figures.profit_cents.items()}, palette)


def _draw_by_controller(axes: Axes, figures: DriveFigures, by_controller: dict[str, Floats], palette: Palette) -> None:
    times = _times(figures)
    ours, *others = by_controller
    colours = {ours: palette.ours, **{name: palette.others()[number % len(palette.others())] for number, name in enumerate(others)}}
    for name in (*others, ours):
        axes.plot(times, by_controller[name], color=colours[name], linewidth=2.6 if name == ours else 1.4)
    _money_axis(axes, figures.currency)
    _label_ends(
        axes,
        [(float(cents[-1]), controller_name(name), colours[name]) for name, cents in by_controller.items()],
        bold=controller_name(ours),
    )


def _draw_spend(axes: Axes, figures: DriveFigures, palette: Palette) -> None:
    times = _times(figures)
    axes.axhline(figures.budget_cents, color=palette.alarm, linewidth=1.2)
    axes.plot(times, figures.planned_spend_cents, color=palette.muted, linewidth=1.4, linestyle=(0, (4, 3)))
    axes.fill_between(times, figures.spend_cents, color=palette.ours, alpha=0.12, linewidth=0)
    axes.plot(times, figures.spend_cents, color=palette.ours, linewidth=2.4)
    axes.set_ylim(0, max(float(figures.budget_cents), float(np.nanmax(figures.spend_cents)), 1.0) * 1.08)
    _money_axis(axes, figures.currency)
    ends = [
        (float(figures.budget_cents), "budget", palette.alarm),
        (float(figures.planned_spend_cents[-1]), "plan", palette.muted),
        (float(figures.spend_cents[-1]), "spent", palette.ours),
    ]
    _label_ends(axes, ends, bold="spent")


def _draw_prices(axes: Axes, figures: DriveFigures, palette: Palette) -> None:
    times = _times(figures)
    axes.axhspan(figures.band_low, figures.band_high, color=palette.ours, alpha=0.07, linewidth=0)
    axes.axhline(1.0, color=palette.muted, linewidth=1.0, linestyle=(0, (2, 2)))
    last = np.nan_to_num(figures.price_index[:, -1], nan=1.0) if len(figures.skus) else np.zeros(0)
    moved = [int(row) for row in np.argsort(-np.abs(last - 1.0), kind="stable") if abs(last[row] - 1.0) > 0.0][:LABELLED_PRICES]
    for row, path in enumerate(figures.price_index):
        style: dict[str, Any] = {"alpha": 1.0, "linewidth": 1.5} if row in moved else {"alpha": 0.35, "linewidth": 0.9}
        axes.plot(times, path, color=palette.ours if row in moved else palette.muted, drawstyle="steps-post", **style)
    axes.set_ylim(figures.band_low - 0.03, figures.band_high + 0.03)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _at: percent(value)))
    _label_ends(axes, [(float(last[row]), figures.skus[row], palette.ours) for row in moved])


def _draw_interventions(axes: Axes, figures: DriveFigures, palette: Palette) -> None:
    times = _times(figures)
    width = float(np.median(np.diff(times))) if len(times) > 1 else MINIMUM_WIDTH_DAYS
    axes.bar(times, figures.interventions, width=width, color=palette.alarm, linewidth=0)
    axes.set_ylim(0, max(4.0, float(figures.interventions.max(initial=0)) * 1.15))
    if not figures.interventions.any():
        axes.grid(visible=False)
        axes.text(0.5, 0.5, "the gate never had to step in", transform=axes.transAxes, ha="center", va="center", color=palette.muted)


def _draw_bid_level(axes: Axes, figures: DriveFigures, palette: Palette) -> None:
    axes.plot(_times(figures), figures.bid_level, color=palette.ours, linewidth=1.8, drawstyle="steps-post")
    top = float(np.nanmax(figures.bid_level)) if np.isfinite(figures.bid_level).any() else 1.0
    axes.set_ylim(0, max(top, 0.1) * 1.15)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _at: percent(value)))


PANELS: dict[str, Draw] = {
    "profit": _draw_profit,
    "gain": _draw_gain,
    "spend": _draw_spend,
    "prices": _draw_prices,
    "interventions": _draw_interventions,
    "bid_level": _draw_bid_level,
}
"""How each panel is drawn."""


def _money_axis(axes: Axes, currency: str) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _at: money(value, currency)))


def _label_ends(axes: Axes, ends: Iterable[tuple[float, str, str]], *, bold: str = "") -> None:
    """Names lines at their right end, spread so that no two names overlap; a legend would make the eye travel."""
    bottom, top = axes.get_ylim()
    ordered = sorted(ends)
    wanted = [(value - bottom) / ((top - bottom) or 1.0) for value, _, _ in ordered]
    for place, (_, text, colour) in zip(spread(wanted), ordered, strict=True):
        axes.text(
            1.01,
            place,
            text,
            transform=axes.transAxes,
            color=colour,
            va="center",
            fontsize=9,
            fontweight="bold" if text == bold else "normal",
        )


def spread(wanted: Sequence[float]) -> list[float]:
    """Rising places at least ``LINE_SPACING`` apart, each group of crowded ones centred on what it wished."""
    groups: list[tuple[float, int]] = []
    for wish in wanted:
        centre, size = wish, 1
        while groups and centre - groups[-1][0] < LINE_SPACING * (size + groups[-1][1]) / 2:
            before, count = groups.pop()
            centre, size = (before * count + centre * size) / (count + size), count + size
        groups.append((centre, size))
    return [centre + LINE_SPACING * (index - (size - 1) / 2) for centre, size in groups for index in range(size)]
