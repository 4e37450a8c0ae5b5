"""What the platforms show of the truth, and when: ads late and restated, the shop's own orders and stock exact and at once.

Ads: the figures of an hour become visible some hours after its end (a lag that belongs to the hour, not to any action), so a day's row is
incomplete for half a day and its parts may appear out of order. Conversions belong to the day of the click, appear after their order
arrived, and are restated for up to ``restated_for_h`` hours: some are withheld, some are counted twice, and in the end each is counted
once. Clicks and cost are late but never restated.

Every function answers for any ``hour`` up to now and any day that is still kept, so a caller can compare with what was shown before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perception.units import Floats, Ints
from sim.ad_orders import AdOrders
from sim.market import MarketState
from sim.moment import HOURS_PER_DAY
from sim.parameters import MarketParameters, Reporting
from sim.randomness import Draw, at_index, store_keys, uniforms

_ADS, _SHOP = slice(0, 3), slice(3, 6)


def hour_lag_h(reporting: Reporting, *, seeds: Ints, hours: Ints) -> Ints:
    """Hours after its end at which each hour's ad figures become visible, (N, len(hours)), in lag_low_h … lag_high_h."""
    choices = reporting.lag_high_h - reporting.lag_low_h + 1
    uniform = uniforms(at_index(store_keys(seeds, Draw.REPORTING_LAG, 0)[:, None], hours[None, :]))
    return reporting.lag_low_h + (uniform * choices).astype(np.int64)


def ad_figures(parameters: MarketParameters, state: MarketState, *, hour: int, days: Sequence[int]) -> Floats:
    """Cumulative ad figures of local days as the platform shows them when ``hour`` hours have passed.

    Args:
        parameters: Of the market.
        state: Now or later than ``hour``.
        hour: Hours since the first local midnight, 0 … ``state.hour``.
        days: Date ordinals.

    Returns:
        (N, len(days), M, 5): impressions, clicks, cost_cents, conversions, conversion_value_cents; zero for days before the first and
        after the last. ad orders count in conversions on the day of their click.

    Raises:
        ValueError: ``hour`` is in the future, or a day is no longer kept.
    """
    _check(state, hour, days)
    stores, skus = state.world.orders_per_day.shape
    figures = np.zeros((stores, len(days), skus, 5))
    hours = (np.array(days, dtype=np.int64)[:, None] - state.first_day) * HOURS_PER_DAY + np.arange(HOURS_PER_DAY)
    lag = hour_lag_h(parameters.reporting, seeds=state.seeds, hours=np.maximum(hours, 0).ravel()).reshape(stores, *hours.shape)
    seen = (hours + 1 + lag <= hour).astype(np.int64)
    for place, day in enumerate(days):
        page = _page(state, day)
        if page is not None:
            figures[:, place, :, :3] = np.einsum("nh,nhmc->nmc", seen[:, place], page[..., _ADS])
    _count_conversions(figures, parameters.reporting, state, hour=hour, days=days)
    return figures


def shop_figures(state: MarketState, *, hour: int, days: Sequence[int]) -> Floats:
    """Orders, units and revenue_cents of local days when ``hour`` hours have passed, (N, len(days), M, 3): exact, both kinds of order.

    Args and errors as in ``ad_figures``; the day is that of the order.
    """
    _check(state, hour, days)
    stores, skus = state.world.orders_per_day.shape
    figures = np.zeros((stores, len(days), skus, 3))
    for place, day in enumerate(days):
        page = _page(state, day)
        if page is not None:
            passed = max(hour - (day - state.first_day) * HOURS_PER_DAY, 0)
            figures[:, place] = page[:, :passed, :, _SHOP].sum(axis=1)
    return figures


def on_hand(state: MarketState) -> Ints:
    """Units in stock now, (N, M)."""
    return state.inventory.on_hand


def shown_times(orders: AdOrders, reporting: Reporting, *, seeds: Ints, hour: int) -> Ints:
    """How often each arrived order is counted in the reports when ``hour`` hours have passed, (E,): 0, 1 or 2; finally 1."""
    seen_from = np.maximum(
        orders.click_hour + _lag_of(orders.store, orders.click_hour, reporting, seeds),
        orders.arrival_hour + _lag_of(orders.store, orders.arrival_hour, reporting, seeds),
    )
    unsettled = hour < orders.arrival_hour + 1 + orders.settles_h
    shown: Ints = np.where(hour > seen_from, 1 + orders.surplus * unsettled, 0)
    return shown


def _lag_of(store: Ints, hours: Ints, reporting: Reporting, seeds: Ints) -> Ints:
    choices = reporting.lag_high_h - reporting.lag_low_h + 1
    uniform = uniforms(at_index(store_keys(seeds, Draw.REPORTING_LAG, 0)[store], hours))
    return reporting.lag_low_h + (uniform * choices).astype(np.int64)


def _count_conversions(figures: Floats, reporting: Reporting, state: MarketState, *, hour: int, days: Sequence[int]) -> None:
    """Add the conversions that are shown into columns 3 and 4 of ``figures``."""
    arrived = state.arrived
    day = state.first_day + arrived.click_hour // HOURS_PER_DAY
    place = np.full(day.shape, -1, dtype=np.int64)
    for position, wanted in enumerate(days):
        place[day == wanted] = position
    shown = shown_times(arrived, reporting, seeds=state.seeds, hour=hour)
    at = (arrived.store, np.maximum(place, 0), arrived.sku)
    counted = np.where(place >= 0, shown, 0)
    np.add.at(figures[..., 3], at, counted)
    np.add.at(figures[..., 4], at, counted * arrived.units * arrived.price_cents)


def _page(state: MarketState, day: int) -> Ints | None:
    """The log of one local day; None before the first and after the last."""
    index = day - state.first_day - state.log_first_day
    return state.log[index] if 0 <= index < len(state.log) else None


def _check(state: MarketState, hour: int, days: Sequence[int]) -> None:
    if not 0 <= hour <= state.hour:
        message = f"hour: expected 0 … {state.hour}, was {hour}"
        raise ValueError(message)
    oldest = state.first_day + state.log_first_day
    forgotten = [day for day in days if state.first_day <= day < oldest]
    if forgotten:
        message = f"days: expected {oldest} or later (older figures are not kept), was {min(forgotten)}"
        raise ValueError(message)
