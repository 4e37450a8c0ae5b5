"""How long orders take after a click, from ad reports that were looked at more than once.

A day's conversions as shown at age a, over those shown at its last look, follow the market's own curve: delay of the order, lag of the
report, restatement (``sim.conversion``, ``sim.reporting``). Two figures are fitted by weighted least squares on a grid: how much of the
orders belongs to the slow part of the delay, and its mean. The fast and the even part keep their proportion; the reports are taken to be as
late and as wrong as is assumed. The interval comes from drawing weeks of days again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from perception.units import Floats
from sim.calibration.ad_reports import SETTLED_DAYS, AdReports
from sim.calibration.fitted_figures import Figure
from sim.calibration.week_bootstrap import TAIL, interval, week_weights
from sim.conversion import delay_shares
from sim.moment import HOURS_PER_DAY
from sim.parameters.market import Conversion, Reporting

_SLOW_SHARES = np.linspace(0.05, 0.95, 19)
_SLOW_MEANS = np.geomspace(0.25, 8.0, 36)
_LEAST_VARIANCE = 0.02
"""Of a share shown: restatement makes even a complete day move."""
_FIRST_AGE_H = 24.0
"""Earlier looks say more of the reports' own lag, and of the hours of the clicks, than of the orders' delay."""
_FEWEST_ORDERS = 50
"""At last looks, below which no curve can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LagFit:
    """Share of the orders in the slow part of the delay, and its mean in days."""

    slow_share: Figure
    slow_mean_days: Figure


def fit_lag(reports: AdReports, conversion: Conversion, reporting: Reporting, *, click_hours: Floats) -> LagFit | None:
    """Fit the slow part of the conversion delay; None when no day was seen twice, or fewer than 50 orders were.

    Args:
        reports: With several looks at a day.
        conversion: Gives the proportion of the fast and the even part, and the window.
        reporting: How late and wrong reports are.
        click_hours: (24,) shares of a day's clicks by hour, as reports do not show them.
    """
    day, age_h, shown = _looks(reports)
    last = np.append(day[1:] != day[:-1], True)
    place = np.cumsum(last) - last
    final, final_age = shown[last][place], age_h[last][place]
    used = ~last & (final > 0) & (age_h >= _FIRST_AGE_H)
    if shown[last][np.bincount(place, weights=used) > 0].sum() < _FEWEST_ORDERS:
        return None
    week = ((day[used] - day.min()) // 7).astype(np.int64)
    weeks = int(week.max()) + 1
    losses = np.empty((_SLOW_SHARES.size, _SLOW_MEANS.size, weeks))
    hours = np.arange(HOURS_PER_DAY * (SETTLED_DAYS + conversion.window_days) + HOURS_PER_DAY)
    for row, share in enumerate(_SLOW_SHARES.tolist()):
        for column, mean in enumerate(_SLOW_MEANS.tolist()):
            curve = _shown_curve(_with_slow_part(conversion, share, mean), reporting, click_hours, hours.size)
            ratio = np.interp(age_h[used], hours, curve) / np.maximum(np.interp(final_age[used], hours, curve), 1e-9)
            variance = final[used] * np.maximum(ratio * (1.0 - ratio), _LEAST_VARIANCE)
            miss = (shown[used] - final[used] * ratio) ** 2 / variance
            losses[row, column] = np.bincount(week, weights=miss, minlength=weeks)
    best = _best(losses.sum(axis=2)[None])
    drawn = _best(np.moveaxis(losses @ week_weights(np.zeros(weeks, dtype=np.int64)).T, 2, 0))
    return LagFit(
        slow_share=_figure(_SLOW_SHARES, best[0], drawn[0], weeks, f"share of orders, {weeks} weeks seen more than once"),
        slow_mean_days=_figure(_SLOW_MEANS, best[1], drawn[1], weeks, "days, mean of that part"),
    )


def _with_slow_part(conversion: Conversion, slow_share: float, slow_mean_days: float) -> Conversion:
    of_rest = conversion.fast_share / (conversion.fast_share + conversion.day_share)
    rest = 1.0 - slow_share
    return replace(conversion, fast_share=of_rest * rest, day_share=(1.0 - of_rest) * rest, slow_mean_days=slow_mean_days)


def shares_of_lag(conversion: Conversion, slow_share: float) -> tuple[float, float]:
    """``fast_share`` and ``day_share`` that go with a share of the slow part."""
    rest = _with_slow_part(conversion, slow_share, conversion.slow_mean_days)
    return rest.fast_share, rest.day_share


def _looks(reports: AdReports) -> tuple[Floats, Floats, Floats]:
    """(n,) day, age and conversions of all entities together, by day and age."""
    pairs, of_row = np.unique(np.stack([reports.day.astype(np.float64), reports.age_h]), axis=1, return_inverse=True)
    return pairs[0], pairs[1], np.bincount(of_row.ravel(), weights=reports.conversions).astype(np.float64)


def _shown_curve(conversion: Conversion, reporting: Reporting, click_hours: Floats, hours: int) -> Floats:
    """Expected count shown per order, (hours,), by age of the day of the click in hours after its end."""
    age = np.arange(hours + HOURS_PER_DAY)
    lags = np.arange(reporting.lag_low_h, reporting.lag_high_h + 1)
    visible = (age[:, None] > lags).mean(axis=1)
    unsettled = np.clip(1.0 - (age - 1) / reporting.restated_for_h, 0.0, 1.0)
    after_arrival = visible * (1.0 + (reporting.doubled_share - reporting.withheld_share) * unsettled)
    after_click = np.convolve(delay_shares(conversion), after_arrival)[: age.size]
    # a click of hour h is 24 − h hours old when its day ends
    curve: Floats = np.convolve(after_click, click_hours, mode="valid")[1:]
    return curve


def _best(losses: Floats) -> tuple[Floats, Floats]:
    """(R, shares, means) losses → the shares and means, (R,), at which each is least."""
    flat = losses.reshape(losses.shape[0], -1).argmin(axis=1)
    return _SLOW_SHARES[flat // _SLOW_MEANS.size], _SLOW_MEANS[flat % _SLOW_MEANS.size]


def _figure(grid: Floats, best: Floats, drawn: Floats, weeks: int, unit: str) -> Figure:
    # so few weeks know their own scatter badly: as wide as Student's distribution asks
    widening = float(stdtrit(weeks - 1, 1.0 - TAIL) / ndtri(1.0 - TAIL)) if weeks > 1 else 1.0
    low, high = (float(best[0] + widening * (end - best[0])) for end in interval(drawn))
    # the grid is no finer than this
    step = float(np.diff(grid)[min(int(np.searchsorted(grid, best[0])), grid.size - 2)]) / 2.0
    return Figure(value=float(best[0]), low=max(low - step, 0.0), high=high + step, unit=unit)
