"""Draws a calibration check: what the store did, and what its simulation does, in the weeks that the fit has not seen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from autopilot.report.amounts import MINUS, NOTHING, money, percent
from autopilot.report.palette import PRINT
from autopilot.report.style import STYLE
from perception.units import Floats
from sim.calibration.check import TOLERANCE, Check, Curve, Distance
from sim.calibration.check_measures import LEVELS

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TICK_HOURS = (0, 6, 12, 18, 23)
WIDEST = 0.6
"""Distances beyond this are drawn at the edge, with their figure beside them."""
NAMES = {
    "weekday_shares": "weekdays",
    "hour_shares": "hours",
    "revenue_share_of_top_tenth": "top tenth's revenue",
    "dispersion_median": "dispersion by product",
    "orders_per_day": "orders a day",
    "zero_sku_weeks": "weeks without an order",
    "store_dispersion": "dispersion of all orders",
    "units_mean": "units, mean",
    "units_q10": "units, low",
    "units_q50": "units, median",
    "units_q90": "units, high",
    "value_cents_q10": "value, low",
    "value_cents_q50": "value, median",
    "value_cents_q90": "value, high",
    "price_response": "price response",
}
"""Measures in a merchant's words."""


def write_check_png(check: Check, path: Path, *, name: str, currency: str) -> None:
    """Writes the check as one picture; ``name`` is the market's, ``currency`` the ISO 4217 code of its amounts."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(15, 9.6), layout=ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.14), facecolor=PRINT.paper)
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(3, 4, width_ratios=(1, 1, 1, 1.15))
        _daily(figure.add_subplot(grid[0, :3]), check)
        by_name = {distance.name: distance for distance in check.distances}
        _profile(figure.add_subplot(grid[1, 0]), by_name["weekday_shares"], "Orders by weekday", WEEKDAYS, range(7))
        _profile(figure.add_subplot(grid[1, 1:3]), by_name["hour_shares"], "Orders by hour", TICK_HOURS, TICK_HOURS)
        revenue = _curve(figure.add_subplot(grid[2, 0]), check.curves["revenue"], "Share of revenue", "best products")
        revenue.set_ylim(0, 1.02)
        revenue.yaxis.set_major_formatter(FuncFormatter(lambda share, _at: percent(share)))
        _curve(figure.add_subplot(grid[2, 1]), check.curves["dispersion"], "Scatter of days, 1/r", "products below")
        value = _curve(figure.add_subplot(grid[2, 2]), check.curves["value_cents"], "Product's value in an order", "orders below")
        value.set_yscale("log")
        value.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        value.yaxis.set_major_formatter(FuncFormatter(lambda cents, _at: money(cents, currency)))
        value.yaxis.set_minor_locator(NullLocator())
        _distances(figure.add_subplot(grid[:, 3]), check.distances)
        heading = f"{name}: {check.skus} products in {check.weeks} weeks the fit has not seen"
        figure.suptitle(heading, x=0.012, ha="left", fontsize=15, fontweight="bold", color=PRINT.ink)
        figure.text(0.70, 0.975, "● store", color=PRINT.ink, va="center", fontsize=11, fontweight="bold")
        figure.text(0.755, 0.975, "▬ simulation, mean and 95 % of its seeds", color=PRINT.ours, va="center", fontsize=11)
        figure.savefig(path, format="png", dpi=110, metadata={"Software": None})


def _dressed(axes: Axes, title: str) -> Axes:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(PRINT.grid)
    axes.grid(axis="y", color=PRINT.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=PRINT.muted, length=0, labelsize=9)
    axes.set_title(title, loc="left", fontweight="bold", color=PRINT.ink, pad=8)
    return axes


def _band(axes: Axes, x: Floats, low: Floats, high: Floats, middle: Floats) -> None:
    axes.fill_between(x, low, high, color=PRINT.ours, alpha=0.25, linewidth=0)
    axes.plot(x, middle, color=PRINT.ours, linewidth=1.6)


def _daily(axes: Axes, check: Check) -> None:
    _dressed(axes, "Orders of products on each day")
    place = np.arange(check.days.size, dtype=np.float64)
    low, high = (_over_stores(check.daily_simulated, level) for level in (0.025, 0.975))
    _band(axes, place, low, high, check.daily_simulated.mean(axis=0))
    axes.plot(place, check.daily_observed, color=PRINT.ink, linewidth=1.1, marker="o", markersize=2.2)
    firsts = [index for index, day in enumerate(check.days.tolist()) if index % 7 == 0 and _month_begins(check, index, day)]
    axes.set_xticks(firsts, [f"{date.fromordinal(int(check.days[index])):%b}" for index in firsts])
    axes.set_xlim(-1, place.size)
    axes.set_ylim(0, None)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))


def _month_begins(check: Check, index: int, day: int) -> bool:
    """Whether a week is the first one shown of its month."""
    return index == 0 or date.fromordinal(int(check.days[index - 7])).month != date.fromordinal(day).month


def _profile(axes: Axes, distance: Distance, title: str, labels: tuple[str | int, ...], places: tuple[int, ...] | range) -> None:
    _dressed(axes, title)
    x = np.arange(distance.observed.size, dtype=np.float64)
    _band(axes, x, distance.simulated_low, distance.simulated_high, distance.simulated)
    axes.plot(x, distance.observed, color=PRINT.ink, linewidth=1.1, marker="o", markersize=3.5)
    axes.set_xticks(list(places), [str(label) for label in labels])
    axes.set_ylim(0, None)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _at: percent(share)))


def _curve(axes: Axes, curve: Curve, title: str, below: str) -> Axes:
    _dressed(axes, title)
    axes.set_xlabel(f"share of {below}", color=PRINT.muted)
    low, high = (_over_stores(curve.simulated, level) for level in (0.025, 0.975))
    _band(axes, LEVELS, low, high, curve.simulated.mean(axis=0))
    axes.plot(LEVELS, curve.observed, color=PRINT.ink, linewidth=1.1, marker="o", markersize=3)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _at: percent(share)))
    axes.set_xlim(0, 1)
    return axes


def _over_stores(simulated: Floats, level: float) -> Floats:
    bounds: Floats = np.quantile(simulated, level, axis=0)
    return bounds


def _distances(axes: Axes, distances: tuple[Distance, ...]) -> None:
    """One row per measure: its distance as a dot, what sampling alone would give as a bar."""
    _dressed(axes, "Distance from the store")
    axes.grid(visible=False)
    axes.axvspan(-TOLERANCE, TOLERANCE, color=PRINT.other_3, alpha=0.12, linewidth=0)
    axes.axvline(0.0, color=PRINT.muted, linewidth=0.8)
    for row, distance in enumerate(reversed(distances)):
        low, high = (float(np.clip(end, -WIDEST, WIDEST)) for end in (distance.low, distance.high))
        axes.plot([low, high], [row, row], color=PRINT.muted, alpha=0.4, linewidth=7, solid_capstyle="butt", zorder=2)
        colour = PRINT.other_3 if distance.within else PRINT.alarm if distance.required else PRINT.other_2
        axes.plot(np.clip(distance.relative, -WIDEST, WIDEST), row, marker="o", color=colour, markersize=7, zorder=3)
        axes.text(WIDEST * 1.08, row, _signed(distance.relative), va="center", color=colour, fontsize=9)
    names = [NAMES[distance.name] for distance in reversed(distances)]
    axes.set_yticks(range(len(names)), names)
    for label, distance in zip(axes.get_yticklabels(), reversed(distances), strict=True):
        label.set_color(PRINT.ink)
        label.set_fontweight("bold" if distance.required else "normal")
    axes.set_xlim(-WIDEST * 1.05, WIDEST * 1.05)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _at: _signed(share)))
    axes.set_xlabel(f"bold: must lie within {percent(TOLERANCE)}\ngrey: what chance alone would give", color=PRINT.muted)


def _signed(share: float) -> str:
    if not np.isfinite(share):
        return NOTHING
    whole = round(100 * share)
    return f"{'+' if whole > 0 else MINUS if whole < 0 else ''}{percent(abs(share))}"
