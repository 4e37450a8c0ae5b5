"""What a plan stands on: figures of one request, each worked out once, when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perception.units import Bools, Floats
from planning import daily_forecast
from planning.daily_forecast import DailyForecast
from planning.evidence import price_in_force_cents, sales_record
from planning.plan import Stage
from planning.ports import PlanRequest
from planning.selection import Selection, select

WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One request and what follows from it. m SKUs, d whole days on record."""

    request: PlanRequest

    @cached_property
    def record(self) -> Floats:
        """(d, m) units sold on each whole day on record, oldest first."""
        return sales_record(self.request)

    @cached_property
    def price_cents(self) -> Floats:
        """(m,) whole prices in force, 0 where unknown."""
        return price_in_force_cents(self.request)

    @cached_property
    def selection(self) -> Selection:
        """Stages of the products."""
        return select(self.request.state, self.request.catalogue, self.record)

    @cached_property
    def forecast(self) -> DailyForecast:
        """Units per day of the window and SKU with nothing changed."""
        return daily_forecast.forecast(
            self.record,
            last_day=self.request.state.day - 1,
            days=self.request.terms.window_days,
            assumed_weekdays=np.array([self.request.shape.weekday_factor(day) for day in range(1, 8)]),
        )

    @cached_property
    def window_units(self) -> tuple[Floats, Floats]:
        """(m,) mean and (m,) variance of the units of the whole window."""
        return self.forecast.total()

    @cached_property
    def clearing(self) -> Bools:
        """(m,) products whose stock is to be cleared."""
        return np.array([stage is Stage.CLEARANCE for stage in self.selection.stages], dtype=np.bool_)

    @cached_property
    def covered(self) -> Bools:
        """(m,) SKUs a plan may touch: cost and price are known, and nobody said to leave them alone."""
        left_alone = self.request.terms.left_alone
        allowed = np.array([sku not in left_alone for sku in self.request.catalogue.skus], dtype=np.bool_)
        return np.isfinite(self.request.catalogue.cost_cents) & (self.price_cents > 0.0) & allowed

    @cached_property
    def units_per_day(self) -> Floats:
        """(m,) over the whole days on record."""
        rate: Floats = self.record.sum(axis=0) / max(self.record.shape[0], 1)
        return rate

    @cached_property
    def revenue_per_day_cents(self) -> Floats:
        """(m,) units a day at the price in force."""
        return self.units_per_day * self.price_cents

    @cached_property
    def ad_units_per_day(self) -> Floats:
        """(m,) units a day that ads brought in the last week, conversions still to come included: clicks · cvr · units per order / 7."""
        state = self.request.state
        units: Floats = state.ad_clicks_7d * state.cvr.mean * state.units_per_order.mean / WEEK
        return units

    @cached_property
    def cpc_cents(self) -> Floats:
        """(m,) paid per click in the last week; the store's mean where a SKU had none, NaN where the store had none."""
        state = self.request.state
        clicks = state.ad_clicks_7d.sum()
        mean = state.ad_cost_7d_cents.sum() / clicks if clicks > 0.0 else np.nan
        cpc: Floats = np.where(state.ad_clicks_7d > 0.0, state.ad_cost_7d_cents / np.maximum(state.ad_clicks_7d, 1.0), mean)
        return cpc
