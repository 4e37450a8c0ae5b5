"""Fit what the days have in common: how much luck all SKUs of a store share from day to day.

For two SKUs whose rates share a factor of variance phi, and whose own luck is independent, the product of their distances from the
expected orders has the mean phi · mu_i · mu_j. Summed over all pairs and days,

    phi = Σ [(Y − m)² − Σ_i (y_i − mu_i)²] / Σ [m² − Σ_i mu_i²],

with Y the orders of all SKUs on a day, m those expected, and the same in small letters for each SKU: the scatter of the SKUs themselves,
Poisson or more, drops out. Orders that name many SKUs are part of what days have in common, as one such order sells them all at once; so
is a rise or fall over the history where it is too short for a month index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Floats, Ints
from sim.calibration.demand_fit import LARGEST_DISPERSION, LEAST_FREE, Shape, SkuDemand, SkuOrders
from sim.calibration.week_bootstrap import WEEK_DAYS, months_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLuck:
    """Both sums of the module's formula by day, (D,) each; 0 on days that say nothing."""

    excess: Floats
    squares: Floats

    def dispersion(self, excess: Floats, squares: Floats) -> Floats:
        """Sums of any days → variance of the shared factor, within [0, 3]; 0 where there are no two SKUs to compare."""
        known = squares > 0.0
        return np.clip(np.where(known, excess / np.where(known, squares, 1.0), 0.0), 0.0, LARGEST_DISPERSION)


def shared_luck(orders: SkuOrders, shape: Shape, demand: SkuDemand) -> SharedLuck:
    """How far the orders of each day lie together from what level, weekday and month expect.

    Level and season were fitted to the same days: a squared distance is divided by the part of it that this leaves, as in
    ``demand_fit.level_and_dispersion``.
    """
    skus, days = demand.orders.size, shape.day_index.size
    daily = np.bincount(orders.sku * days + orders.day - shape.first_day, minlength=skus * days).reshape(skus, days)
    exposure = (np.cumsum(daily, axis=1) > 0) * shape.day_index
    daily = np.where(exposure > 0, daily, 0)
    expected = demand.orders_per_day[:, None] * exposure
    whole = exposure.sum(axis=1, keepdims=True)
    own = (daily - expected) ** 2 / _free(exposure / np.where(whole > 0, whole, 1.0))
    together = daily.sum(axis=0)
    expected_together = together.sum() / max(shape.day_index.sum(), 1e-12) * shape.day_index
    return SharedLuck(
        excess=(together - expected_together) ** 2 / _free(_season_leverage(shape)) - own.sum(axis=0),
        squares=expected_together**2 - (expected**2).sum(axis=0),
    )


def _season_leverage(shape: Shape) -> Floats:
    """(D,) by how much level, weekday and month bring the expected orders nearer to each day: of two sets of groups that cross."""
    days = np.arange(shape.day_index.size) + shape.first_day
    leverage = _share_of_group(shape.day_index, (days - 1) % WEEK_DAYS)
    if shape.has_months:
        leverage += _share_of_group(shape.day_index, months_of(days)) - shape.day_index / max(shape.day_index.sum(), 1e-12)
    return leverage


def _share_of_group(index: Floats, group: Ints) -> Floats:
    share: Floats = index / np.maximum(np.bincount(group, weights=index), 1e-12)[group]
    return share


def _free(leverage: Floats) -> Floats:
    return np.maximum(1.0 - leverage, LEAST_FREE)
