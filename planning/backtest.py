"""How good forecasts were: rolling origins over a recorded stretch, beside the seasonal naive forecast (the same weekday a week before)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from perception.units import Floats
from planning.daily_forecast import LOWER, UPPER, DailyForecast, quantile, shape_of

WEEK = 7

INTERMITTENT_BELOW = 0.5
"""Share of days with a sale below which a product sells only now and then."""

_TINY = 1e-12

Forecaster = Callable[[Floats, int, int], DailyForecast]
"""(record, last_day, days) to forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Over all origins, days and SKUs.

    Attributes:
        days: SKU-days forecast.
        intermittent_share: Part of them of SKUs that sold on fewer than half of the days on record.
        mae_ratio, rmse_ratio: Error over that of seasonal naive, < 1 is better. rmse judges the mean, which planning uses.
        pinball_ratio: Mean quantile loss at 10, 50 and 90 % over that of seasonal naive with the quantiles of its own past errors.
        coverage: Share of outcomes inside the 80 % interval; one on its edge counts by the share of its probability that lies inside, so
            that a forecast which is right covers 80 % of counts as well.
        coverage_intermittent: The same over intermittent SKUs alone.
        coverage_windows: The same over the total units of each SKU and window.
    """

    days: int
    intermittent_share: float
    mae_ratio: float
    rmse_ratio: float
    pinball_ratio: float
    coverage: float
    coverage_intermittent: float
    coverage_windows: float


def backtest(units: Floats, *, first_day: int, memory_days: int, horizon: int, step: int, forecaster: Forecaster) -> Backtest:
    """Forecast from every ``step``-th day on with the ``memory_days`` before it.

    Args:
        units: (D, M) sold on each day.
        first_day: Ordinal of the first.
        memory_days: At least two weeks.
        horizon: Days to forecast.
        step: Days between origins.
        forecaster: What to judge.

    Raises:
        ValueError: The stretch is too short for a single origin.
    """
    origins = range(memory_days, units.shape[0] - horizon + 1, step)
    if len(origins) == 0:
        raise ValueError(f"units: expected at least {memory_days + horizon} days, was {units.shape[0]}")
    parts: list[dict[str, Floats]] = []
    for origin in origins:
        past, truth = units[origin - memory_days : origin], units[origin : origin + horizon]
        parts.append(_judged(past, truth, forecaster(past, first_day + origin - 1, horizon)))
    joined = {name: np.concatenate([part[name].ravel() for part in parts]) for name in parts[0]}
    rare = joined["intermittent"] > 0.0
    return Backtest(
        days=joined["error"].size,
        intermittent_share=float(rare.mean()),
        mae_ratio=float(joined["median_error"].sum() / joined["naive_error"].sum()),
        rmse_ratio=float(np.sqrt((joined["error"] ** 2).sum() / (joined["naive_error"] ** 2).sum())),
        pinball_ratio=float(joined["pinball"].sum() / joined["naive_pinball"].sum()),
        coverage=float(joined["inside"].mean()),
        coverage_intermittent=float(joined["inside"][rare].mean()) if rare.any() else float("nan"),
        coverage_windows=float(joined["window_inside"].mean()),
    )


def _judged(past: Floats, truth: Floats, found: DailyForecast) -> dict[str, Floats]:
    naive = np.tile(past[-WEEK:], (-(-truth.shape[0] // WEEK), 1))[: truth.shape[0]]
    spread = past[WEEK:] - past[:-WEEK]
    levels = (LOWER, 0.5, UPPER)
    ours = [quantile(found.mean, found.variance, level) for level in levels]
    theirs = [np.maximum(naive + np.quantile(spread, level, axis=0), 0.0) for level in levels]
    total, variance = found.total()
    return {
        "error": np.abs(truth - found.mean),
        "median_error": np.abs(truth - ours[1]),
        "naive_error": np.abs(truth - naive),
        "pinball": np.sum([_pinball(truth, q, level) for q, level in zip(ours, levels, strict=True)], axis=0),
        "naive_pinball": np.sum([_pinball(truth, q, level) for q, level in zip(theirs, levels, strict=True)], axis=0),
        "inside": covered(truth, found.mean, found.variance),
        "intermittent": np.tile(((past > 0.0).mean(axis=0) < INTERMITTENT_BELOW).astype(np.float64), (truth.shape[0], 1)),
        "window_inside": covered(truth.sum(axis=0), total, variance),
    }


def _pinball(truth: Floats, forecast: Floats, level: float) -> Floats:
    short = truth - forecast
    return np.maximum(level * short, (level - 1.0) * short)


def covered(truth: Floats, mean: Floats, variance: Floats) -> Floats:
    """Share of each outcome's probability step that lies between 10 and 90 % (the randomised probability integral transform, averaged).

    Czado, Gneiting, Held: Predictive Model Assessment for Count Data, Biometrics 2009.
    """
    shape, success = shape_of(np.maximum(mean, 1e-9), variance)
    # the distribution function of the negative binomial, for shapes that are not whole as well
    upper = betainc(shape, truth + 1.0, success)
    lower = np.where(truth > 0.0, betainc(shape, np.maximum(truth, 1e-9), success), 0.0)
    within: Floats = np.minimum(upper, UPPER) - np.maximum(lower, LOWER)
    step = upper - lower
    at_once = ((upper >= LOWER) & (upper <= UPPER)).astype(np.float64)
    return np.where(step > _TINY, np.clip(within, 0.0, None) / np.maximum(step, _TINY), at_once)
