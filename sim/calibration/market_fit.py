"""Fit a simulated market to a store's order lines: pure over arrays, and honest about what order lines cannot tell.

What cannot be seen in orders (costs, ads, delays, lead times) is assumed in ``sim.calibration.assumptions``, and every assumption is named
in ``could_not_fit``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from perception.units import Floats, Ints
from sim.calibration.ad_fit import fit_ads
from sim.calibration.ad_reports import AdReports
from sim.calibration.assortment_choice import Choice, choose
from sim.calibration.assumptions import COULD_NOT_FIT
from sim.calibration.demand_fit import Shape, SkuDemand, SkuOrders, fit_shape, fit_skus, sku_orders
from sim.calibration.elasticity_fit import fit_elasticity
from sim.calibration.fitted_figures import Figure, Spread, figures
from sim.calibration.orders import OrderLines


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationOptions:
    """What the user says about the file.

    Attributes:
        name: Id of the market.
        currency: ISO 4217 code; amounts in the file are major units of 100 minor ones.
        timezone: IANA name of the zone in which the file's times are.
        source: Where the data come from and under which licence; goes into the head of the market file.
        established, launches: How many SKUs to choose.
        mechanics: Whether fitted returns and launches are written as mechanics of the market, too; else they stay comments.
        first_day: Local date on which drives start; None takes the first Monday of the most ordinary month.
    """

    name: str = "my_shop"
    currency: str = "GBP"
    timezone: str = "Europe/London"
    source: str = "order lines of the user"
    established: int = 24
    launches: int = 6
    mechanics: bool = False
    first_day: date | None = None


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
        ads: What ad reports told, in place of assumed figures, by key of the market file; empty without reports.
        spread: How certain the profiles are; orders a day of the chosen SKUs.
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
    ads: dict[str, float]
    spread: Spread
    could_not_fit: dict[str, str]
    dropped: dict[str, int]
    daily: SkuOrders


class TooFewOrdersError(ValueError):
    """No SKU has enough history to stand for the store. The reaction: bring more orders."""


def fit(lines: OrderLines, options: CalibrationOptions, *, reports: AdReports | None = None) -> Calibration:
    """Fit everything that order lines can tell, and ad reports where there are some.

    Raises:
        TooFewClicksError: The ad reports hold fewer than 30 clicks.
        TooFewOrdersError: No SKU has 30 orders over half of the history.
    """
    orders = sku_orders(lines)
    shape = fit_shape(lines, orders)
    demand = fit_skus(lines, orders, shape)
    choice = choose(demand, shape, established=options.established, launches=options.launches)
    if choice.is_new.all():
        message = "expected at least one product with 30 orders over half of the history, was none"
        raise TooFewOrdersError(message)
    elasticity = fit_elasticity(lines)
    fitted, spread = figures(lines, orders, shape, demand, elasticity)
    could_not_fit = dict(COULD_NOT_FIT)
    calm = int((demand.dispersion[choice.sku] < fitted["day_dispersion"].value).sum())
    if calm:
        could_not_fit["own_luck"] = (
            f"{calm} of {choice.sku.size} products scatter less than the days they share; the market gives them the days'"
        )
    ads = None if reports is None else fit_ads(reports, hour_shares=shape.hour_shares)
    if ads is not None:
        fitted |= ads.fitted
        could_not_fit = {name: reason for name, reason in could_not_fit.items() if name not in ads.told}
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
        fitted=fitted,
        ads={} if ads is None else ads.sections,
        spread=replace(spread, orders_per_day_ratio=spread.orders_per_day_ratio[choice.sku]),
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
    return SkuOrders(
        sku=place[orders.sku[kept]],
        day=orders.day[kept],
        hour=orders.hour[kept],
        units=orders.units[kept],
        revenue=orders.revenue[kept],
    )


def _ordinary_monday(shape: Shape) -> date:
    """The first Monday of the month whose index is nearest to 1, in its latest occurrence within the history."""
    last = date.fromordinal(shape.last_day)
    month = int(np.abs(shape.month_index - 1.0).argmin()) + 1 if shape.has_months else last.month
    first = date(last.year if month <= last.month else last.year - 1, month, 1)
    return first + timedelta(days=-first.weekday() % 7)
