"""``autopilot bench forecast``: forecasts from rolling origins over a real shop's days, beside the same weekday of the week before.

The gift shop's daily units (``configs/markets/gift_shop_daily.csv``): the constants of the forecast were chosen on the first half of the
year, the second half is reported.
"""

from __future__ import annotations

import csv
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from autopilot.benchmarks.timing import median_s
from autopilot.pool import Progress
from perception.units import Floats
from planning import daily_forecast
from planning.backtest import backtest
from planning.daily_forecast import DailyForecast
from sim.config_lookup import NoSuchConfigError, shipped

DAYS_FILE = "markets/gift_shop_daily.csv"
MEMORY_DAYS, HORIZON, STEP = 27, 14, 7


def bench_forecast(progress: Progress) -> dict[str, Any]:
    """The contract's JSON."""
    path = shipped(DAYS_FILE)
    if path is None:
        raise NoSuchConfigError(f"{DAYS_FILE}: expected the shop's days in a configs folder; there is no such file")
    units, first_day = daily_units(path)
    half = units.shape[0] // 2

    def judged(part: Floats, first: int) -> dict[str, Any]:
        return asdict(backtest(part, first_day=first, memory_days=MEMORY_DAYS, horizon=HORIZON, step=STEP, forecaster=ours))

    chosen_on = judged(units[:half], first_day)
    progress(0.4)
    reported = judged(units[half:], first_day + half)
    progress(0.8)
    past = units[half - MEMORY_DAYS : half]
    wide = np.tile(past, 334)[:, :10_000]
    figures = {"memory_days": MEMORY_DAYS, "horizon_days": HORIZON, "skus": units.shape[1]}
    figures |= {"forecast_10000_skus_s": median_s(lambda: ours(wide, first_day + half, HORIZON).upper, repeats=3)}
    figures |= {name: value for name, value in reported.items() if not name.endswith("_ratio")}
    figures |= {f"first_half_{name}": value for name, value in chosen_on.items() if name.startswith("coverage")}
    progress(1.0)
    return {
        "name": "forecast",
        "figures": figures,
        "ratios": {
            f"{name.removesuffix('_ratio')}_over_seasonal_naive": reported[name] for name in ("mae_ratio", "rmse_ratio", "pinball_ratio")
        },
    }


def ours(record: Floats, last_day: int, days: int) -> DailyForecast:
    """The forecast that planning uses, told nothing of the shop's week in advance."""
    return daily_forecast.forecast(record, last_day=last_day, days=days, assumed_weekdays=np.ones(7))


def daily_units(path: Path) -> tuple[Floats, int]:
    """(D, M) units on each day from the first to the last of a file with the columns sku, day and units; and the first day's ordinal."""
    with path.open(newline="") as file:
        rows = [(row["sku"], date.fromisoformat(row["day"]).toordinal(), float(row["units"])) for row in csv.DictReader(file)]
    skus = sorted({sku for sku, _, _ in rows})
    first, last = min(day for _, day, _ in rows), max(day for _, day, _ in rows)
    units = np.zeros((last - first + 1, len(skus)))
    for sku, day, sold in rows:
        units[day - first, skus.index(sku)] += sold
    return units, first
