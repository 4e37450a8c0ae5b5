"""Write a calibration as a market file (TOML) and as daily aggregates (CSV): deterministic, rounded, without a trace of single orders."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from perception.units import Floats
from sim.calibration.assumptions import (
    AD_FIGURES,
    ASSUMED_SECTIONS,
    LAUNCH_RATIO_HIGH,
    LAUNCH_RATIO_LOW,
    LAUNCH_SECTION,
    RETURNS_SECTION,
    gross_margin_ratios,
    initial_daily_budgets_cents,
    rival_median_bid_cents,
)
from sim.calibration.market_fit import Calibration

_WIDTH = 120
_COUNTS_FROM = 1000.0
"""Figures from here on are counts, written in full."""
_MOST_RETURNED = 0.99


def anonymous_names(calibration: Calibration) -> tuple[str, ...]:
    """G01, G02 … in the order of the choice."""
    return tuple(f"G{place:02d}" for place in range(1, calibration.choice.sku.size + 1))


def render(calibration: Calibration) -> str:
    """The market file: same calibration, same bytes."""
    return "\n".join([_head(calibration), _fitted_sections(calibration), _assumed_sections(calibration)]) + _mechanics(calibration)


def render_daily(calibration: Calibration) -> str:
    """CSV of each chosen SKU's days with orders: orders, units, and mean price paid per unit in minor units."""
    daily, names = calibration.daily, anonymous_names(calibration)
    span = calibration.shape.last_day - calibration.shape.first_day + 1
    cell, inverse = np.unique(daily.sku * span + daily.day - calibration.shape.first_day, return_inverse=True)
    orders, units = np.bincount(inverse), np.bincount(inverse, weights=daily.units)
    price_cents = 100.0 * np.bincount(inverse, weights=daily.revenue) / units
    rows = [
        f"{names[key // span]},{date.fromordinal(calibration.shape.first_day + key % span)},{count},{int(unit)},{price:.1f}"
        for key, count, unit, price in zip(cell.tolist(), orders.tolist(), units.tolist(), price_cents.tolist(), strict=True)
    ]
    return "\n".join(["sku,day,orders,units,mean_price_cents", *rows, ""])


def _head(calibration: Calibration) -> str:
    first, last = date.fromordinal(calibration.shape.first_day), date.fromordinal(calibration.shape.last_day)
    dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(calibration.dropped.items())) or "none"
    figures = [
        f"#   {name}: {_figure(figure.value, figure.low, figure.high)} ({figure.unit})" for name, figure in calibration.fitted.items()
    ]
    # no line of the user's may end a comment early
    source, name = (" ".join(text.split()) for text in (calibration.options.source, calibration.options.name))
    lines = [
        f"# Market fitted to: {source}",
        f"# Orders of {first} to {last}; SKUs are anonymous; lines left out: {dropped}.",
        f"# Made by: autopilot calibrate --orders FILE --name {name} --source SOURCE -o MARKET.toml",
        "#",
        "# Measured, for the reader:",
        *figures,
        "#",
        "# Amounts are integers of the currency's minor unit.",
        "",
    ]
    return "\n".join(lines)


def _figure(value: float, low: float, high: float) -> str:
    interval = f", 95 % {low:.3g} … {high:.3g}" if np.isfinite(low) and np.isfinite(high) else ""
    text = f"{value:.0f}" if abs(value) >= _COUNTS_FROM else f"{value:.3g}"
    return f"{text}{interval}"


def _fitted_sections(calibration: Calibration) -> str:
    options, choice, shape, demand = calibration.options, calibration.choice, calibration.shape, calibration.demand
    spread, shared = calibration.spread, calibration.fitted["day_dispersion"]
    return f"""\
# ======== FITTED to order lines ========

[shop]
name = {_text(options.name)}
currency = {_text(options.currency)}
timezone = {_text(options.timezone)}
first_day = {calibration.first_day}

[assortment]
skus = {_array(map(_text, anonymous_names(calibration)))}
is_new = {_array("true" if new else "false" for new in choice.is_new)}
campaigns = {_array(map(_text, choice.campaigns))}
campaign_of = {_array(map(str, choice.campaign_of))}
price_cents = {_array(map(str, _price_cents(calibration).astype(np.int64)))}

[demand]
# half of a 95 % interval, as a share of the figure:{_widths(spread.orders_per_day_ratio, 2)}
orders_per_day = {_array(_rounded(_orders_per_day(calibration), 3))}
units_deciles = {_rows(demand.units_deciles.tolist())}
dispersion = {_array(_rounded(demand.dispersion, 2))}
# part of it that all products share from day to day: {_figure(shared.value, shared.low, shared.high)}{_calm(calibration)}
day_dispersion = {round(shared.value, 3) + 0.0:.3f}
elasticity = {_array(_rounded(calibration.elasticity, 2))}
elasticity_log_sd = {_array(_rounded(calibration.elasticity_log_sd, 2))}
# half of a 95 % interval:{_widths(spread.hour_shares, 4)}
hour_shares = {_array(_rounded(shape.hour_shares, 5))}
# half of a 95 % interval:{_widths(spread.weekday_index, 3)}
weekday_index = {_array(_rounded(shape.weekday_index, 3))}
# half of a 95 % interval:{_widths(spread.month_index, 3)}
month_index = {_array(_rounded(shape.month_index, 3))}
# the next two are assumed
order_level_log_sd = 0.2
price_effect_maximum = 8.0
"""


def _calm(calibration: Calibration) -> str:
    """Which part of the dispersions the market cannot keep."""
    calm = int((calibration.demand.dispersion < calibration.fitted["day_dispersion"].value).sum())
    return f"\n# {calm} products scatter less than that: the market gives them the days' dispersion" if calm else ""


def _assumed_sections(calibration: Calibration) -> str:
    price, units = _price_cents(calibration), calibration.demand.units_deciles.mean(axis=1)
    margin = gross_margin_ratios(price.size)
    old = ~calibration.choice.is_new
    revenue = _orders_per_day(calibration) * units * price
    told = calibration.ads
    assumed_bid = rival_median_bid_cents(price[old], units[old], margin[old])
    return ASSUMED_SECTIONS.format(
        **{name: f"{round(told.get(name, assumed), 5):g}" for name, assumed in AD_FIGURES.items()},
        auction_note=_ad_note(calibration, ("cpc", "median_bid_cents", "cpc_drift_ar1", "cpc_drift_cv")),
        conversion_note=_ad_note(calibration, ("ctr", "ctr_log_sd", "cvr", "cvr_log_sd", "day_noise_cv", "slow_share", "slow_mean_days")),
        gross_margin_ratio=_array(_rounded(margin, 3)),
        median_bid_cents=max(round(told.get("median_bid_cents", assumed_bid), 2), 0.01) if told else assumed_bid,
        initial_daily_budget_cents=_array(map(str, initial_daily_budgets_cents(revenue, calibration.choice.campaign_of))),
    )


def _mechanics(calibration: Calibration) -> str:
    """Optional sections of what was fitted of returns and launches, where they are asked for and there are some."""
    if not calibration.options.mechanics:
        return ""
    returned, launch = calibration.fitted["cancelled_value_share"], calibration.fitted["launch_week_ratio"]
    rates = np.full(calibration.choice.sku.size, min(returned.value, _MOST_RETURNED))
    text = RETURNS_SECTION.format(returns_note=_figure(returned.value, returned.low, returned.high), return_rate=_array(_rounded(rates, 4)))
    if not np.isfinite(launch.value):
        return text
    ratio = float(np.clip(launch.value, LAUNCH_RATIO_LOW, LAUNCH_RATIO_HIGH))
    note = _figure(launch.value, launch.low, launch.high)
    return text + LAUNCH_SECTION.format(launch_note=note, launch_week_ratio=f"{round(ratio, 3):g}")


def _ad_note(calibration: Calibration, names: tuple[str, ...]) -> str:
    """Comment lines on what ad reports told of a section; nothing where there were none."""
    if not calibration.ads:
        return ""
    lines = [
        f"#   {name}: {_figure(figure.value, figure.low, figure.high)} ({figure.unit})"
        for name, figure in calibration.fitted.items()
        if name in names
    ]
    return "\n".join(["# But fitted to ad reports, in place of the assumed figures:", *lines, ""])


def _price_cents(calibration: Calibration) -> Floats:
    return np.maximum(np.rint(calibration.demand.price * 100.0), 1.0)


def _orders_per_day(calibration: Calibration) -> Floats:
    # the file keeps three places: a SKU that sold at all keeps at least the last of them
    return np.maximum(calibration.demand.orders_per_day, 0.001)


def _text(value: str) -> str:
    # JSON strings are TOML basic strings
    return json.dumps(value, ensure_ascii=False)


def _rounded(values: Floats, places: int) -> Iterable[str]:
    # adding zero turns −0.0 into 0.0
    return (f"{round(float(value), places) + 0.0:.{places}f}" for value in values)


def _widths(values: Floats, places: int) -> str:
    """Numbers of a comment, in rows that begin with a #."""
    return "\n#  ".join(["", *textwrap.wrap(" ".join(_rounded(values, places)), _WIDTH)])


def _array(items: Iterable[str]) -> str:
    """A TOML array on one line, or on several of at most ``_WIDTH`` characters."""
    parts = list(items)
    line = "[" + ", ".join(parts) + "]"
    if len(line) <= _WIDTH:
        return line
    rows, row = [], "   "
    for part in parts:
        if len(row) + len(part) + 2 > _WIDTH:
            rows.append(row)
            row = "   "
        row += f" {part},"
    return "\n".join(["[", *rows, row, "]"])


def _rows(table: Sequence[Sequence[int]]) -> str:
    return "\n".join(["[", *(f"    [{', '.join(map(str, row))}]," for row in table), "]"])
