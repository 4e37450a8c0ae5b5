"""Does the fitted market sell as the store did, in weeks that the fit has not seen?

Every second week of the history is held out. A market is fitted to the other weeks, with all established products, and simulated on the
held-out calendar, without ads, at the list prices of those weeks. What it sells is measured as what the store sold.

**Distances.** A plain figure: simulated / observed − 1. A profile (weekdays, hours): Σ |simulated share − observed share|, which is the
mean relative error of the shares weighted by the observed ones, twice the total variation distance.

**Noise.** Beside each distance stands the middle 95 % of what it would be between two samples of the same store: weeks drawn again, twice
and independently (``sim.calibration.week_bootstrap``), once for the weeks of the fit and once for those held out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.calibration import check_measures as measures
from sim.calibration.check_measures import Frame, Measure
from sim.calibration.check_sales import Sales, observed_sales, simulated_sales
from sim.calibration.demand_fit import fit_shape, sku_orders
from sim.calibration.elasticity_fit import WeeklyPanel, pooled_response, weekly_panel
from sim.calibration.fitted_figures import MANY_ORDERS
from sim.calibration.market_file import render
from sim.calibration.market_fit import Calibration, CalibrationOptions, TooFewOrdersError, fit
from sim.calibration.orders import OrderLines
from sim.calibration.week_bootstrap import WEEK_DAYS, interval, months_of, months_of_weeks, week_weights
from sim.parameters.market import parse_market

TOLERANCE = 0.10
"""Largest relative distance of a required figure."""
STORES = 24
"""Copies share the luck of their own days: of eight, the mean of a dispersion still moves by 2 % from one set of seeds to another."""
FEWEST_WEEKS = 8
_EVERY_PRODUCT = 1_000_000
_RESAMPLES = 200
_HELD_OUT_OF = 2

MEASURES: dict[str, tuple[Measure, bool]] = {
    "weekday_shares": (measures.weekday_shares, True),
    "hour_shares": (measures.hour_shares, True),
    "revenue_share_of_top_tenth": (measures.tail_share, True),
    "dispersion_median": (measures.sku_dispersion, True),
    "orders_per_day": (measures.orders_per_day, False),
    "zero_sku_weeks": (measures.zero_share, False),
    "store_dispersion": (measures.store_dispersion, False),
    "units_mean": (measures.units_mean, False),
    "units_q10": (measures.units_quantile(0.1), False),
    "units_q50": (measures.units_quantile(0.5), False),
    "units_q90": (measures.units_quantile(0.9), False),
    "value_cents_q10": (measures.value_quantile(0.1), False),
    "value_cents_q50": (measures.value_quantile(0.5), False),
    "value_cents_q90": (measures.value_quantile(0.9), False),
}
"""What is compared, and whether it has to agree. Units and values are those of one SKU in one order."""
PRICE_RESPONSE = "price_response"
CURVES: dict[str, Measure] = {
    "revenue": measures.tail_curve,
    "dispersion": measures.dispersion_curve,
    "value_cents": measures.value_curve,
}
"""What is drawn beside the distances, at ``LEVELS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far one measure of the simulation is from the store's.

    Attributes:
        name: Of the measure.
        simulated, observed: (k,) the figure, or the shares of a profile; simulated is the mean over the simulated stores.
        simulated_low, simulated_high: (k,) the middle 95 % of the simulated stores.
        relative: The distance; NaN where the store's figure is none.
        low, high: The middle 95 % of the distance by sampling alone.
        required: Whether the check fails on it.
    """

    name: str
    simulated: Floats
    observed: Floats
    simulated_low: Floats
    simulated_high: Floats
    relative: float
    low: float
    high: float
    required: bool

    @property
    def within(self) -> bool:
        """Whether the distance is at most ``TOLERANCE``."""
        return abs(self.relative) <= TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A distribution at ``LEVELS``: (k,) of the store, (stores, k) of its simulations."""

    observed: Floats
    simulated: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A market beside the weeks it has not seen.

    Attributes:
        distances: By measure.
        curves: By the names of ``CURVES``.
        skus, weeks, stores: Products and weeks compared, and copies simulated.
        daily_observed: (D,) orders of each held-out day; NaN on days on which the store was closed.
        daily_simulated: (stores, D) likewise.
        days: (D,) date ordinals.
    """

    distances: tuple[Distance, ...]
    curves: dict[str, Curve]
    skus: int
    weeks: int
    stores: int
    daily_observed: Floats
    daily_simulated: Floats
    days: Ints

    @property
    def passed(self) -> bool:
        """Whether every required distance that can be told is within its tolerance."""
        return all(distance.within for distance in self.distances if distance.required and np.isfinite(distance.relative))


def check_calibration(
    lines: OrderLines, options: CalibrationOptions, *, stores: int | None = None, progress: Callable[[float], None] = lambda _done: None
) -> Check:
    """Fit to every other week, simulate the rest, and compare.

    Args:
        lines: The whole history.
        options: As for the fit; the choice of products is replaced by all established ones.
        stores: Copies to simulate; ``STORES`` when left out.
        progress: Told how much is done, 0 … 1.

    Raises:
        TooFewOrdersError: Fewer than eight whole weeks, or no product with enough orders in the weeks of the fit.
    """
    copies, weeks = stores or STORES, lines.counted.size // WEEK_DAYS
    if weeks < FEWEST_WEEKS:
        message = f"expected at least {FEWEST_WEEKS} whole weeks to hold every second one out, was {weeks}"
        raise TooFewOrdersError(message)
    held = held_out_days(lines.counted.size)
    training, rest = lines.within(lines.counted & ~held), lines.within(lines.counted & held)
    calibration = fit(training, replace(options, established=_EVERY_PRODUCT, launches=0, mechanics=False))
    parameters = parse_market(render(calibration), origin="market of the check")
    starts = lines.first_day + np.flatnonzero(held)[::WEEK_DAYS]
    panel = weekly_panel(lines)
    chosen, held_weeks = calibration.choice.sku, (starts - lines.first_day) // WEEK_DAYS
    prices = panel.price[chosen][:, held_weeks]
    known = np.where(np.isfinite(prices), prices, calibration.demand.price[:, None])
    price_cents = np.maximum(np.rint(100.0 * known), 1.0).astype(np.int64)
    observed = observed_sales(sku_orders(rest), chosen, starts)
    simulated = simulated_sales(
        parameters,
        week_starts=starts,
        price_cents=price_cents,
        sold_from=calibration.demand.first_day,
        stores=copies,
        progress=progress,
    )
    frame = _frame(lines, calibration, held)
    noise = _noise_weights(starts, lines.first_day)
    distances = [
        _distance(name, measure, required=required, observed=observed, simulated=simulated, frame=frame, noise=noise)
        for name, (measure, required) in MEASURES.items()
    ]
    closed = np.where(frame.open_days, 1.0, np.nan)
    return Check(
        distances=(*distances, _price_response(observed, simulated, price_cents)),
        curves={name: _curve(measure, observed, simulated, frame) for name, measure in CURVES.items()},
        skus=chosen.size,
        weeks=starts.size,
        stores=copies,
        daily_observed=observed.orders.sum(axis=0) * closed,
        daily_simulated=np.array([copy.orders.sum(axis=0) for copy in simulated]) * closed,
        days=np.flatnonzero(held) + lines.first_day,
    )


def held_out_days(days: int) -> Bools:
    """(days,) the days of every second whole week, beginning with the second one."""
    week = np.arange(days) // WEEK_DAYS
    held: Bools = (week % _HELD_OUT_OF == _HELD_OUT_OF - 1) & (week < days // WEEK_DAYS)
    return held


def _frame(lines: OrderLines, calibration: Calibration, held: Bools) -> Frame:
    whole = fit_shape(lines, sku_orders(lines))
    days = np.flatnonzero(held)
    ordinals = lines.first_day + days
    weekday = (ordinals - 1) % WEEK_DAYS
    index = calibration.shape.weekday_index[weekday] * calibration.shape.month_index[months_of(ordinals)]
    open_days = whole.open_days[days]
    sold = ordinals >= calibration.demand.first_day[:, None]
    return Frame(
        weekday=weekday,
        open_days=open_days,
        exposure=sold * index * open_days,
        many=calibration.demand.orders >= MANY_ORDERS / _HELD_OUT_OF,
    )


def _noise_weights(starts: Ints, first_day: int) -> tuple[Floats, Floats]:
    strata = months_of_weeks(first_day, int((starts[-1] - first_day) // WEEK_DAYS) + 1)[(starts - first_day) // WEEK_DAYS]
    return week_weights(strata, resamples=_RESAMPLES, stream=1), week_weights(strata, resamples=_RESAMPLES, stream=2)


def _distance(
    name: str, measure: Measure, *, required: bool, observed: Sales, simulated: list[Sales], frame: Frame, noise: tuple[Floats, Floats]
) -> Distance:
    evenly = np.ones((1, noise[0].shape[1]))
    seen = measure(observed, frame, evenly)[0]
    copies = np.array([measure(copy, frame, evenly)[0] for copy in simulated])
    pairs = zip(*(measure(observed, frame, weights) for weights in noise), strict=True)
    by_chance = np.array([_relative(one, other) for one, other in pairs])
    low, high = interval(by_chance)
    return _compared(name, copies, seen, low=low, high=high, required=required)


def _curve(measure: Measure, observed: Sales, simulated: list[Sales], frame: Frame) -> Curve:
    evenly = np.ones((1, observed.revenue.shape[1]))
    return Curve(observed=measure(observed, frame, evenly)[0], simulated=np.array([measure(copy, frame, evenly)[0] for copy in simulated]))


def _compared(name: str, copies: Floats, seen: Floats, *, low: float, high: float, required: bool) -> Distance:
    ends = np.quantile(copies, [0.025, 0.975], axis=0)
    mean = copies.mean(axis=0)
    return Distance(
        name=name,
        simulated=mean,
        observed=seen,
        simulated_low=ends[0],
        simulated_high=ends[1],
        relative=_relative(mean, seen),
        low=low,
        high=high,
        required=required,
    )


def _relative(simulated: Floats, observed: Floats) -> float:
    """The distance of two profiles, >= 0, or of two figures, with its sign; NaN where there is nothing to compare with."""
    if observed.size > 1:
        return float(np.abs(simulated - observed).sum() / observed.sum())
    return float(simulated[0] / observed[0] - 1.0) if observed[0] > 0.0 else float("nan")


def _price_response(observed: Sales, simulated: list[Sales], price_cents: Ints) -> Distance:
    """Elasticity by the rules of the fit (``sim.calibration.elasticity_fit``), on both sides; noise from its standard error."""

    def response(sales: Sales) -> tuple[float, float]:
        skus, weeks = price_cents.shape
        orders = sales.orders.reshape(skus, weeks, WEEK_DAYS).sum(axis=2)
        pooled = pooled_response(WeeklyPanel(orders=orders, price=price_cents / 100.0, counted=np.ones(weeks, dtype=np.bool_)))
        return -pooled.slope, pooled.standard_error

    seen, error = response(observed)
    copies = np.array([[response(copy)[0]] for copy in simulated])
    # two samples of the store differ by both their errors
    half = 1.96 * np.sqrt(2.0) * error / seen if seen > 0.0 else float("nan")
    return _compared(PRICE_RESPONSE, copies, np.array([seen]), low=-half, high=half, required=False)
