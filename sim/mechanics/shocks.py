"""Shocks: sales events, products that go viral, and outages of the platform and of its tracking. No action moves them.

On an event day everybody has more visitors, who buy more readily, and clicks are dearer: orders × traffic · cvr, spend × traffic · cpc
(Sellics, Prime Day 2019). Announced events are dates of the market file, known to everyone; surprise ones are drawn per store and day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.moment import HOURS_PER_DAY
from sim.parameters.mechanics import Shocks
from sim.randomness import Draw, sku_uniforms, split, store_keys, uniforms
from sim.samplers import whole_numbers

_DAYS_PER_YEAR = 365.0
_NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """The latest outage of each store, (N, 1) each: hours ``begins`` to ``ends`` − 1 of the market, the same when there was none."""

    begins: Ints
    ends: Ints

    def is_over(self, hour: int) -> Bools:
        """(N, 1) whether everything works in this hour."""
        over: Bools = (hour < self.begins) | (hour >= self.ends)
        return over


@dataclass(frozen=True, slots=True, kw_only=True)
class ShockState:
    """Today's shocks.

    Attributes:
        is_event: (N, 1) whether it is an event day.
        viral_excess: (N, M) visits on top of the usual ones, as a multiple of them, >= 0.
        platform, tracking: Outages.
    """

    is_event: Bools
    viral_excess: Floats
    platform: Outage
    tracking: Outage

    def traffic(self, shocks: Shocks) -> Floats:
        """(N, M) factor on visits and searches."""
        return np.where(self.is_event, shocks.event_traffic_ratio, 1.0) * (1.0 + self.viral_excess)

    def orders_per_visit(self, shocks: Shocks) -> Floats:
        """(N, 1) factor on the chance that a visit or click orders."""
        return np.where(self.is_event, shocks.event_cvr_ratio, 1.0)

    def click_price(self, shocks: Shocks) -> Floats:
        """(N, 1) factor on rivals' bids, and so on what a click costs."""
        return np.where(self.is_event, shocks.event_cpc_ratio, 1.0)

    def usual_orders(self, shocks: Shocks) -> Floats:
        """(N, 1) factor on orders that everyone in the market has today."""
        return np.where(self.is_event, shocks.event_traffic_ratio * shocks.event_cvr_ratio, 1.0)


def is_announced(shocks: Shocks, day: int) -> bool:
    """Whether a date ordinal is an event that everyone knows of in advance."""
    return any(event.toordinal() == day for event in shocks.event_days)


def opened(shocks: Shocks, *, skus: int, day: int, seeds: Ints) -> ShockState:
    """The first day, a date ordinal."""
    none = np.full((seeds.size, 1), _NEVER)
    quiet = ShockState(
        is_event=np.zeros((seeds.size, 1), dtype=np.bool_),
        viral_excess=np.zeros((seeds.size, skus)),
        platform=Outage(begins=none, ends=none),
        tracking=Outage(begins=none, ends=none),
    )
    return next_day(quiet, shocks, day=day, day_index=0, seeds=seeds)


def next_day(state: ShockState, shocks: Shocks, *, day: int, day_index: int, seeds: Ints) -> ShockState:
    """Draw the shocks of date ordinal ``day``, the ``day_index``-th of the market."""
    skus = state.viral_excess.shape[1]
    surprise = uniforms(store_keys(seeds, Draw.SURPRISE_EVENT, day_index))[:, None] < shocks.surprise_events_per_year / _DAYS_PER_YEAR
    viral = sku_uniforms(seeds, Draw.VIRAL, day_index, skus) < shocks.viral_per_sku_year / _DAYS_PER_YEAR
    fading = state.viral_excess * 2.0 ** (-1.0 / shocks.viral_half_life_days)
    platform = (shocks.platform_outages_per_year, shocks.platform_outage_low_h, shocks.platform_outage_high_h)
    tracking = (shocks.tracking_outages_per_year, shocks.tracking_outage_low_h, shocks.tracking_outage_high_h)
    return ShockState(
        is_event=surprise | is_announced(shocks, day),
        viral_excess=np.where(viral, np.maximum(shocks.viral_ratio - 1.0, fading), fading),
        platform=_next_outage(state.platform, *platform, draw=Draw.PLATFORM_OUTAGE, day_index=day_index, seeds=seeds),
        tracking=_next_outage(state.tracking, *tracking, draw=Draw.TRACKING_OUTAGE, day_index=day_index, seeds=seeds),
    )


def _next_outage(last: Outage, per_year: float, low_h: int, high_h: int, *, draw: Draw, day_index: int, seeds: Ints) -> Outage:
    """Perhaps an outage that begins today, at any hour and of any length within bounds; one that lasts over midnight goes on alone."""
    chance, hour, length = np.moveaxis(uniforms(split(store_keys(seeds, draw, day_index), 3)), -1, 0)[:, :, None]
    midnight = day_index * HOURS_PER_DAY
    strikes = (chance < per_year / _DAYS_PER_YEAR) & (last.ends <= midnight)
    begins = midnight + whole_numbers(0, HOURS_PER_DAY - 1, hour)
    ends = begins + whole_numbers(low_h, high_h, length)
    return Outage(begins=np.where(strikes, begins, last.begins), ends=np.where(strikes, ends, last.ends))
