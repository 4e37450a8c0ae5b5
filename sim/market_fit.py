"""Fit a simulated market to a store's order lines: pure over arrays, and honest about what order lines cannot tell.

What cannot be seen in orders (costs, ads, delays, lead times) is assumed in ``sim.assumptions``, and every assumption is named in
``could_not_fit``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from perception.units import Floats, Ints
from sim.assortment_choice import Choice, choose
from sim.assumptions import COULD_NOT_FIT
from sim.demand_fit import Shape, SkuDemand, SkuOrders, fit_shape, fit_skus, sku_orders
from sim.elasticity_fit import ElasticityFit, fit_elasticity
from sim.orders import OrderLines

_LAUNCH_WEEKS = 16
_FEWEST_LAUNCH_ORDERS = 16
_HEAD_SHARE = 0.1
_MANY_ORDERS = 100
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationOptions:
    """What the user says about the file.

    Attributes:
        name: Id of the market.
        currency: ISO 4217 code; amounts in the file are major units of 100 minor ones.
        timezone: IANA name of the zone in which the file's times are.
        source: Where the data come from and under which licence; goes into the head of the market file.
        established, launches: How many SKUs to choose.
        first_day: Local date on which drives start; None takes the first Monday of the most ordinary month.
    """

    name: str = "my_shop"
    currency: str = "GBP"
    timezone: str = "Europe/London"
    source: str = "order lines of the user"
    established: int = 24
    launches: int = 6
    first_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A fitted figure with a 95 % interval; low and high are NaN where none is cheap to have."""

    value: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A fitted market.

    Attributes:
        options: As given.
        sku_names: Original codes of the chosen SKUs; never written to the market file.
        first_day: Local date on which drives start.
        choice: Which SKUs.
        shape: When orders come.
        demand: Of the chosen SKUs.
        elasticity, elasticity_log_sd: (K,) median magnitude and log standard deviation.
        fitted: Figures by name.
        could_not_fit: What the orders do not tell, and what is assumed instead, by name.
        dropped: Lines left out, by reason.
        daily: Orders of the chosen SKUs, one row per order.
    """

    options: CalibrationOptions
    sku_names: tuple[str, ...]
    first_day: date
    choice: Choice
    shape: Shape
    demand: SkuDemand
    elasticity: Floats
    elasticity_log_sd: Floats
    fitted: dict[str, Figure]
    could_not_fit: dict[str, str]
    dropped: dict[str, int]
    daily: SkuOrders


class TooFewOrdersError(ValueError):
    """No SKU has enough history to stand for the store. The reaction: bring more orders."""


def fit(lines: OrderLines, options: CalibrationOptions) -> Calibration:
    """Fit everything that order lines can tell.

    Raises:
        TooFewOrdersError: No SKU has 30 orders over half of the history.
    """
    shape, orders = fit_shape(lines), sku_orders(lines)
    demand = fit_skus(lines, orders, shape)
    choice = choose(demand, shape, established=options.established, launches=options.launches)
    if choice.is_new.all():
        message = "expected at least one product with 30 orders over half of the history, was none"
        raise TooFewOrdersError(message)
    elasticity = fit_elasticity(lines)
    could_not_fit = dict(COULD_NOT_FIT)
    if not shape.has_months:
        could_not_fit["month_index"] = "the history covers fewer than 11 months; every month is taken as average"
    return Calibration(
        options=options,
        sku_names=tuple(lines.sku_names[index] for index in choice.sku),
        first_day=options.first_day or _ordinary_monday(shape),
        choice=choice,
        shape=shape,
        demand=_of(demand, choice.sku),
        elasticity=np.exp(elasticity.posterior.log_mean[choice.sku]),
        elasticity_log_sd=elasticity.posterior.log_sd[choice.sku],
        fitted=_figures(lines, orders, shape, demand, elasticity),
        could_not_fit=could_not_fit,
        dropped=lines.dropped,
        daily=_chosen_orders(orders, choice),
    )


def _of(demand: SkuDemand, sku: Ints) -> SkuDemand:
    names = ("orders", "revenue", "first_day", "last_day", "orders_per_day", "dispersion", "price", "units_deciles")
    return replace(demand, **{name: getattr(demand, name)[sku] for name in names})


def _chosen_orders(orders: SkuOrders, choice: Choice) -> SkuOrders:
    place = np.full(int(max(orders.sku.max(), choice.sku.max())) + 1, -1)
    place[choice.sku] = np.arange(choice.sku.size)
    kept = place[orders.sku] >= 0
    return SkuOrders(sku=place[orders.sku[kept]], day=orders.day[kept], units=orders.units[kept], revenue=orders.revenue[kept])


def _ordinary_monday(shape: Shape) -> date:
    """The first Monday of the month whose index is nearest to 1, in its latest occurrence within the history."""
    last = date.fromordinal(shape.last_day)
    month = int(np.abs(shape.month_index - 1.0).argmin()) + 1 if shape.has_months else last.month
    first = date(last.year if month <= last.month else last.year - 1, month, 1)
    return first + timedelta(days=-first.weekday() % 7)


def _figures(lines: OrderLines, orders: SkuOrders, shape: Shape, demand: SkuDemand, elasticity: ElasticityFit) -> dict[str, Figure]:
    days = shape.last_day - shape.first_day + 1
    active = demand.orders > 0
    error = 1.96 * elasticity.pooled_standard_error
    market, spread = float(elasticity.market.log_mean[0]), 1.96 * float(elasticity.market.log_sd[0])
    order_value = np.bincount(lines.order, weights=lines.units * lines.price)
    return {
        "orders": _plain(order_value.size, "orders"),
        "days": _plain(days, "days"),
        "closed_days": _plain((~shape.open_days).sum(), "days"),
        "skus": _plain(active.sum(), "SKUs"),
        "order_value_median": _plain(float(np.median(order_value)), "major units"),
        "busiest_hour_share": _plain(shape.hour_shares.max(), "share of a day's orders"),
        "quietest_weekday_index": _plain(shape.weekday_index.min(), "1 = mean weekday"),
        "month_index_low": _plain(shape.month_index.min(), "1 = mean month"),
        "month_index_high": _plain(shape.month_index.max(), "1 = mean month"),
        "revenue_share_of_top_tenth": _plain(_head_share(demand.revenue[active]), "share of revenue"),
        "zero_sku_weeks": _plain(_zero_weeks(orders, shape), "share of SKU-weeks from first to last order"),
        "dispersion_median": _plain(_median_dispersion(demand), f"1/r of daily orders, SKUs with {_MANY_ORDERS} orders"),
        "list_price_log_sd": _plain(elasticity.price_log_sd, "within SKUs"),
        "elasticity_pooled": Figure(
            value=-elasticity.pooled_slope,
            low=-elasticity.pooled_slope - error,
            high=-elasticity.pooled_slope + error,
            unit=f"magnitude, random effects over {elasticity.informative_skus} SKUs whose list price moved",
        ),
        "elasticity_wrong_sign_share": _plain(elasticity.wrong_sign_share, "share of those SKUs"),
        "elasticity_market": Figure(
            value=float(np.exp(market)),
            low=float(np.exp(market - spread)),
            high=float(np.exp(market + spread)),
            unit="magnitude, pooled with published fits",
        ),
        "cancelled_value_share": _plain(lines.cancelled_value_share, "cancelled and returned value over sold value"),
        "repeat_customer_share": _plain(lines.repeat_customer_share, "share of known customers"),
        "launch_week_ratio": _launch_ratio(orders, shape, demand),
    }


def _plain(value: float, unit: str) -> Figure:
    return Figure(value=float(value), low=float("nan"), high=float("nan"), unit=unit)


def _median_dispersion(demand: SkuDemand) -> float:
    """Of SKUs with enough orders to tell it from Poisson noise; NaN when there are none."""
    many = demand.orders >= _MANY_ORDERS
    return float(np.median(demand.dispersion[many])) if many.any() else float("nan")


def _head_share(revenue: Floats) -> float:
    """Share of revenue made by the best tenth of SKUs."""
    ranked = np.sort(revenue)[::-1]
    return float(ranked[: max(round(_HEAD_SHARE * ranked.size), 1)].sum() / ranked.sum())


def _zero_weeks(orders: SkuOrders, shape: Shape) -> float:
    """Share of SKU-weeks without an order, between each SKU's first and last one."""
    week = (orders.day - shape.first_day) // _WEEK
    skus, weeks = int(orders.sku.max()) + 1, int(week.max()) + 1
    sold = np.bincount(orders.sku * weeks + week, minlength=skus * weeks).reshape(skus, weeks) > 0
    alive = np.maximum.accumulate(sold, axis=1) & np.maximum.accumulate(sold[:, ::-1], axis=1)[:, ::-1]
    return float((alive & ~sold).sum() / alive.sum())


def _launch_ratio(orders: SkuOrders, shape: Shape, demand: SkuDemand) -> Figure:
    """Orders of a launch's first week over its mean week of the first sixteen."""
    window = _WEEK * _LAUNCH_WEEKS
    launched = (demand.first_day > shape.first_day + 28) & (demand.first_day + window <= shape.last_day + 1)
    age = orders.day - demand.first_day[orders.sku]
    within = np.bincount(orders.sku[age < window], minlength=launched.size)
    first = np.bincount(orders.sku[age < _WEEK], minlength=launched.size)
    used = launched & (within >= _FEWEST_LAUNCH_ORDERS)
    if not used.any():
        return _plain(float("nan"), "no launches with enough history")
    ratio = first[used] / (within[used] / _LAUNCH_WEEKS)
    error = 1.96 * float(ratio.std(ddof=1) / np.sqrt(ratio.size)) if ratio.size > 1 else float("nan")
    mean = float(ratio.mean())
    return Figure(value=mean, low=mean - error, high=mean + error, unit=f"first week over mean of 16, {ratio.size} launches")
