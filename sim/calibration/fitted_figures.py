"""The figures of a calibration with 95 % intervals: what the user reads, and what stands in the comments of a market file.

Intervals come from drawing the weeks of the history again (``sim.calibration.week_bootstrap``), but for: elasticity, from its own posterior
(``sim.calibration.elasticity_fit``); shares of customers and products, from the binomial (Wilson, Journal of the American Statistical
Association 1927); the launch ratio, from the scatter between launches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Floats, Ints
from sim.calibration.day_luck_fit import shared_luck
from sim.calibration.demand_fit import LARGEST_DISPERSION, Shape, SkuDemand, SkuOrders
from sim.calibration.elasticity_fit import ElasticityFit
from sim.calibration.orders import OrderLines
from sim.calibration.week_bootstrap import WEEK_DAYS, interval, months_of, months_of_weeks, week_weights, weeks_of

LAUNCH_WEEKS = 16
HEAD_SHARE = 0.1
MANY_ORDERS = 100
"""Of a SKU, from which on its dispersion can be told from Poisson noise."""
_FEWEST_LAUNCH_ORDERS = 16
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A fitted figure with a 95 % interval; low and high are NaN for a mere count."""

    value: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """95 % half-widths of the fitted profiles: (24,) hours, (7,) weekdays, (12,) months; (S,) orders a day, as a share of them."""

    hour_shares: Floats
    weekday_index: Floats
    month_index: Floats
    orders_per_day_ratio: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weeks:
    """The history by week: (D,) week of each day, (W,) which are counted in part at least, and (R, W) weights of the resamples."""

    of_day: Ints
    weights: Floats

    def summed(self, daily: Floats) -> Floats:
        """(…, D) figures of days → (…, W) of weeks."""
        starts = np.flatnonzero(np.diff(self.of_day, prepend=-1))
        sums: Floats = np.add.reduceat(daily, starts, axis=-1)
        return sums


def figures(
    lines: OrderLines, orders: SkuOrders, shape: Shape, demand: SkuDemand, elasticity: ElasticityFit
) -> tuple[dict[str, Figure], Spread]:
    """Everything that is said of a history, by name, and the uncertainty of its profiles."""
    weeks = _weeks(shape)
    spread = _spread(orders, shape, weeks)
    active = demand.orders > 0
    busiest, quietest = int(shape.hour_shares.argmax()), int(shape.weekday_index.argmin())
    months = (int(shape.month_index.argmin()), int(shape.month_index.argmax()))
    order_value = np.bincount(lines.order, weights=lines.units * lines.price).astype(np.float64)
    found = {
        "orders": plain(np.unique(lines.order).size, "orders"),
        "days": plain(shape.counted.sum(), "days"),
        "closed_days": plain((shape.counted & ~shape.open_days).sum(), "days"),
        "skus": plain(active.sum(), "SKUs"),
        **_basket(lines, order_value, weeks),
        "busiest_hour_share": _around(shape.hour_shares[busiest], spread.hour_shares[busiest], "share of a day's orders"),
        "quietest_weekday_index": _around(shape.weekday_index[quietest], spread.weekday_index[quietest], "1 = mean weekday"),
        "month_index_low": _around(shape.month_index[months[0]], spread.month_index[months[0]], "1 = mean month"),
        "month_index_high": _around(shape.month_index[months[1]], spread.month_index[months[1]], "1 = mean month"),
        "revenue_share_of_top_tenth": _tail(orders, shape, weeks),
        "zero_sku_weeks": _zero_weeks(orders, shape, weeks),
        "dispersion_median": _dispersion(orders, shape, demand, weeks),
        "day_dispersion": _day_dispersion(orders, shape, demand, weeks),
        **_elasticity(elasticity),
        "cancelled_value_share": _cancelled(lines, weeks),
        "repeat_customer_share": _binomial(lines.repeat_customer_share, lines.customers, "share of known customers"),
        "launch_week_ratio": _launch_ratio(orders, shape, demand),
    }
    return found, spread


def head_share(revenue: Floats) -> Floats:
    """Share of revenue made by the best tenth of the SKUs on the last axis."""
    ranked = np.sort(revenue, axis=-1)[..., ::-1]
    head = max(round(HEAD_SHARE * ranked.shape[-1]), 1)
    share: Floats = ranked[..., :head].sum(axis=-1) / ranked.sum(axis=-1)
    return share


def plain(value: float, unit: str) -> Figure:
    """A figure without an interval."""
    return Figure(value=float(value), low=float("nan"), high=float("nan"), unit=unit)


def _weeks(shape: Shape) -> _Weeks:
    of_day = weeks_of(shape.counted.size)
    months = months_of_weeks(shape.first_day, int(of_day.max()) + 1)
    counted = np.bincount(of_day, weights=shape.counted) > 0
    weights = np.zeros((week_weights(months[counted]).shape[0], months.size))
    weights[:, counted] = week_weights(months[counted])
    return _Weeks(of_day=of_day, weights=weights)


def _around(value: float, half_width: float, unit: str) -> Figure:
    return Figure(value=float(value), low=max(float(value - half_width), 0.0), high=float(value + half_width), unit=unit)


def _resampled(value: float, resampled: Floats, unit: str) -> Figure:
    low, high = interval(resampled)
    # a resample may be rounded; no interval excludes its own figure for that
    return Figure(value=float(value), low=float(np.fmin(low, value)), high=float(np.fmax(high, value)), unit=unit)


def _half_width(resampled: Floats) -> Floats:
    """(R, k) → (k,) 95 % half-widths by the standard deviation of the resamples."""
    widths: Floats = _NORMAL_95 * resampled.std(axis=0)
    return widths


def _spread(orders: SkuOrders, shape: Shape, weeks: _Weeks) -> Spread:
    days, skus = shape.counted.size, int(orders.sku.max()) + 1
    offset = orders.day - shape.first_day
    hours = np.bincount(offset * 24 + orders.hour, minlength=days * 24).reshape(days, 24).T.astype(np.float64)
    by_hour = weeks.weights @ weeks.summed(hours).T
    daily = np.bincount(offset, minlength=days).astype(np.float64)
    weekday = (shape.first_day + np.arange(days) - 1) % WEEK_DAYS
    of_weekday = (weekday == np.arange(WEEK_DAYS)[:, None]) & shape.open_days
    by_weekday = _ratios(weeks, of_weekday * daily, of_weekday.astype(np.float64))
    of_month = months_of(shape.first_day + np.arange(days)) == np.arange(12)[:, None]
    usual = shape.weekday_index[weekday] * shape.open_days
    by_month = _ratios(weeks, of_month * daily * shape.open_days, of_month * usual)
    known = of_month.any(axis=1) & shape.has_months
    per_sku = np.bincount(orders.sku * days + offset, minlength=skus * days).reshape(skus, days)
    exposure = (np.cumsum(per_sku, axis=1) > 0) * shape.day_index
    rate = _ratios(weeks, per_sku.astype(np.float64), exposure)
    return Spread(
        hour_shares=_half_width(by_hour / by_hour.sum(axis=1, keepdims=True)),
        weekday_index=_half_width(by_weekday / by_weekday.mean(axis=1, keepdims=True)),
        month_index=np.where(known, _half_width(by_month / by_month[:, known].mean(axis=1, keepdims=True)), 0.0)
        if known.any()
        else np.zeros(12),
        orders_per_day_ratio=_half_width(rate) / np.maximum(rate.mean(axis=0), 1e-12),
    )


def _ratios(weeks: _Weeks, above: Floats, below: Floats) -> Floats:
    """(k, D) figures of days → (R, k) resampled ratios of their sums; 0 where a resample has nothing below."""
    top, bottom = weeks.weights @ weeks.summed(above).T, weeks.weights @ weeks.summed(below).T
    return np.where(bottom > 0.0, top / np.where(bottom > 0.0, bottom, 1.0), 0.0)


def _basket(lines: OrderLines, order_value: Floats, weeks: _Weeks) -> dict[str, Figure]:
    number, first, count = np.unique(lines.order, return_index=True, return_counts=True)
    value, week = order_value[number], weeks.of_day[lines.day[first] - lines.first_day]
    # two orders of nearly the same value count as one value: resamples need no more, and large files stay small
    place_of, rounded = _distinct(np.array([float(f"{each:.3g}") for each in value.tolist()]))
    by_week = np.zeros((rounded.size, weeks.weights.shape[1]))
    np.add.at(by_week, (place_of, week), 1.0)
    cumulative = np.cumsum(by_week @ weeks.weights.T, axis=0)
    found = {}
    for name, level in (("low", 0.1), ("median", 0.5), ("high", 0.9)):
        place = (cumulative < level * cumulative[-1]).sum(axis=0)
        drawn = rounded[np.minimum(place, rounded.size - 1)]
        unit = "major units" if name == "median" else f"major units, {level:.0%} of orders are smaller"
        found[f"order_value_{name}"] = _resampled(float(np.quantile(value, level)), drawn, unit)
    of_week = np.bincount(week, minlength=by_week.shape[1]), np.bincount(week, weights=count, minlength=by_week.shape[1])
    lines_per_order = (weeks.weights @ of_week[1]) / (weeks.weights @ of_week[0])
    found["lines_per_order"] = _resampled(float(count.mean()), lines_per_order, "lines of a SKU and price, mean")
    return found


def _distinct(values: Floats) -> tuple[Ints, Floats]:
    """Where each value stands among the distinct ones, and these."""
    distinct, place = np.unique(values, return_inverse=True)
    return place.astype(np.int64), distinct


def _tail(orders: SkuOrders, shape: Shape, weeks: _Weeks) -> Figure:
    revenue = _sku_weeks(orders, shape, weeks, orders.revenue)
    sold = revenue.sum(axis=1) > 0
    resampled = head_share((revenue[sold] @ weeks.weights.T).T)
    return _resampled(float(head_share(revenue[sold].sum(axis=1))), resampled, "share of revenue")


def _sku_weeks(orders: SkuOrders, shape: Shape, weeks: _Weeks, values: Floats | None) -> Floats:
    count, skus = int(weeks.of_day.max()) + 1, int(orders.sku.max()) + 1
    cell = orders.sku * count + weeks.of_day[orders.day - shape.first_day]
    return np.bincount(cell, weights=values, minlength=skus * count).reshape(skus, count).astype(np.float64)


def _zero_weeks(orders: SkuOrders, shape: Shape, weeks: _Weeks) -> Figure:
    """SKU-weeks without an order, between each SKU's first and last one."""
    sold = _sku_weeks(orders, shape, weeks, None) > 0
    counted = weeks.weights.sum(axis=0) > 0
    alive = np.maximum.accumulate(sold, axis=1) & np.maximum.accumulate(sold[:, ::-1], axis=1)[:, ::-1] & counted
    zero, all_weeks = (alive & ~sold).sum(axis=0), alive.sum(axis=0)
    resampled = (weeks.weights @ zero) / (weeks.weights @ all_weeks)
    return _resampled(zero.sum() / all_weeks.sum(), resampled, "share of SKU-weeks from first to last order")


def _dispersion(orders: SkuOrders, shape: Shape, demand: SkuDemand, weeks: _Weeks) -> Figure:
    """Median over SKUs with enough orders; the levels are held fixed while weeks are drawn again."""
    unit = f"1/r of daily orders, SKUs with {MANY_ORDERS} orders"
    many = np.flatnonzero(demand.orders >= MANY_ORDERS)
    if not many.size:
        return plain(float("nan"), unit)
    days = shape.counted.size
    daily = np.bincount(orders.sku * days + orders.day - shape.first_day, minlength=demand.orders.size * days)
    daily = daily.reshape(-1, days)[many]
    expected = demand.orders_per_day[many, None] * (np.cumsum(daily, axis=1) > 0) * shape.day_index
    # as in ``level_and_dispersion``
    free = np.maximum(1.0 - expected / expected.sum(axis=1, keepdims=True), 0.5)
    excess = weeks.summed(np.where(expected > 0, (daily - expected) ** 2 / free - expected, 0.0)) @ weeks.weights.T
    squares = weeks.summed(expected**2) @ weeks.weights.T
    resampled = np.median(np.clip(excess / np.maximum(squares, 1e-12), 0.0, LARGEST_DISPERSION), axis=0)
    return _resampled(float(np.median(demand.dispersion[many])), resampled, unit)


def _day_dispersion(orders: SkuOrders, shape: Shape, demand: SkuDemand, weeks: _Weeks) -> Figure:
    """Of all SKUs together; level and season are held fixed while weeks are drawn again."""
    luck = shared_luck(orders, shape, demand)
    resampled = luck.dispersion(*(weeks.weights @ weeks.summed(daily) for daily in (luck.excess, luck.squares)))
    value = float(luck.dispersion(luck.excess.sum(), luck.squares.sum()))
    return _resampled(value, resampled, "variance of a day's luck that all SKUs share, part of their dispersion")


def _elasticity(elasticity: ElasticityFit) -> dict[str, Figure]:
    error = _NORMAL_95 * elasticity.pooled_standard_error
    market, spread = float(elasticity.market.log_mean[0]), _NORMAL_95 * float(elasticity.market.log_sd[0])
    return {
        "list_price_log_sd": plain(elasticity.price_log_sd, "within SKUs"),
        "elasticity_pooled": Figure(
            value=-elasticity.pooled_slope,
            low=-elasticity.pooled_slope - error,
            high=-elasticity.pooled_slope + error,
            unit=f"magnitude, random effects over {elasticity.informative_skus} SKUs whose list price moved",
        ),
        "elasticity_wrong_sign_share": _binomial(elasticity.wrong_sign_share, elasticity.informative_skus, "share of those SKUs"),
        "elasticity_market": Figure(
            value=float(np.exp(market)),
            low=float(np.exp(market - spread)),
            high=float(np.exp(market + spread)),
            unit="magnitude, pooled with published fits",
        ),
    }


def _cancelled(lines: OrderLines, weeks: _Weeks) -> Figure:
    sold = np.bincount(lines.day - lines.first_day, weights=lines.units * lines.price, minlength=lines.counted.size)
    ratio = _ratios(weeks, (lines.cancelled_value * lines.counted)[None, :], sold[None, :].astype(np.float64))
    return _resampled(lines.cancelled_value_share, ratio[:, 0], "cancelled and returned value over sold value")


def _binomial(share: float, trials: int, unit: str) -> Figure:
    """A share of so many with Wilson's interval."""
    if not trials or not np.isfinite(share):
        return plain(share, unit)
    squared = _NORMAL_95**2
    middle = (share + squared / (2 * trials)) / (1 + squared / trials)
    half = _NORMAL_95 * np.sqrt(share * (1 - share) / trials + squared / (4 * trials**2)) / (1 + squared / trials)
    return Figure(value=share, low=float(middle - half), high=float(middle + half), unit=unit)


def _launch_ratio(orders: SkuOrders, shape: Shape, demand: SkuDemand) -> Figure:
    """Orders of a launch's first week over its mean week of the first sixteen."""
    window = WEEK_DAYS * LAUNCH_WEEKS
    launched = (demand.first_day > shape.first_day + 28) & (demand.first_day + window <= shape.last_day + 1)
    age = orders.day - demand.first_day[orders.sku]
    within = np.bincount(orders.sku[age < window], minlength=launched.size)
    first = np.bincount(orders.sku[age < WEEK_DAYS], minlength=launched.size)
    used = launched & (within >= _FEWEST_LAUNCH_ORDERS)
    if not used.any():
        return plain(float("nan"), "no launches with enough history")
    ratio = first[used] / (within[used] / LAUNCH_WEEKS)
    error = _NORMAL_95 * float(ratio.std(ddof=1) / np.sqrt(ratio.size)) if ratio.size > 1 else float("nan")
    mean = float(ratio.mean())
    return Figure(value=mean, low=mean - error, high=mean + error, unit=f"first week over mean of {LAUNCH_WEEKS}, {ratio.size} launches")
