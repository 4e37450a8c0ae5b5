"""What the platforms show of the truth, and when: ads late and restated, the shop's own orders and stock exact and at once.

Ads: the figures of an hour become visible some hours after its end (a lag that belongs to the hour, not to any action), so a day's row is
incomplete for half a day and its parts may appear out of order. Conversions belong to the day of the click, appear after their order
arrived, and are restated for up to ``restated_for_h`` hours: some are withheld, some are counted twice, and in the end each is counted
once. Clicks and cost are late but never restated. Conversions that arrive while tracking is down are never seen, or once it is up again.

``Reports`` is what is shown now; ``advance`` brings it one hour further, at a cost that does not grow with the days it keeps. It is never
changed in place: earlier reports can be kept, and share all pages that did not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perception.units import Bools, Floats, Ints
from sim.ad_orders import AdOrders
from sim.market import HourOutcome, MarketState
from sim.moment import HOURS_PER_DAY
from sim.news import News, due_at, later, news_of, no_news
from sim.parameters.market import MarketParameters, Reporting
from sim.parameters.mechanics import Shocks
from sim.randomness import Draw, Keys, at_index, store_keys, uniforms
from sim.samplers import whole_numbers

AD_COLUMNS = ("impressions", "clicks", "cost_cents", "conversions", "conversion_value_cents")
SHOP_COLUMNS = ("orders", "units", "revenue_cents")
_TRAFFIC = 3
"""Ad columns that are late but never restated; the others come from orders."""


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Page:
    """What is shown of one local day.

    Attributes:
        traffic: (N, M, 3) impressions, clicks, cost_cents.
        conversions: (N, M, 2) conversions of that day's clicks and their value in minor units.
        shop: (N, M, 3) orders, units, revenue_cents of both kinds of order, by the day of the order.
        ads_changed, shop_changed: (N, M) hours that had passed when these figures last changed; 0 for never.
    """

    traffic: Ints
    conversions: Ints
    shop: Ints
    ads_changed: Ints
    shop_changed: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenHour:
    """The ad traffic of one hour, sorted by when it will be shown.

    Attributes:
        hour: Which.
        stores: (N,) rows of the market, those with the shortest lag first.
        traffic: (N, 3, M) impressions, clicks, cost_cents of these.
        starts: Where each lag begins in them, from the lowest lag on; one more for the end.
    """

    hour: int
    stores: Ints
    traffic: Ints
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """What N stores are shown when ``hour`` hours have passed.

    Attributes:
        first_day: Ordinal of the local date of hour 0.
        hour: Hours passed.
        skus: M.
        lag_keys: (N,) behind the lags.
        recovery_keys: (N,) behind the conversions that tracking missed and recovers.
        oldest_day: Day index of ``pages[0]``.
        pages: One per kept day, the last is that of the hour before ``hour``.
        hidden: The last hours, of which not everything is shown.
        news: Conversions, and corrections of conversions, that will be shown.
    """

    first_day: int
    hour: int
    skus: int
    lag_keys: Keys
    recovery_keys: Keys
    oldest_day: int
    pages: tuple[Page, ...]
    hidden: tuple[HiddenHour, ...]
    news: News

    @property
    def days(self) -> range:
        """Date ordinals of the kept days, oldest first."""
        oldest = self.first_day + self.oldest_day
        return range(oldest, oldest + len(self.pages))


def open_reports(state: MarketState) -> Reports:
    """Nothing shown yet, of a market that was just started.

    Raises:
        ValueError: Hours have passed already.
    """
    if state.hour:
        message = f"state.hour: expected 0, was {state.hour}"
        raise ValueError(message)
    return Reports(
        first_day=state.first_day,
        hour=0,
        skus=state.world.orders_per_day.shape[1],
        lag_keys=store_keys(state.seeds, Draw.REPORTING_LAG, 0),
        recovery_keys=store_keys(state.seeds, Draw.TRACKING_RECOVERY, 0),
        oldest_day=0,
        pages=(),
        hidden=(),
        news=no_news(),
    )


def advance(parameters: MarketParameters, reports: Reports, outcome: HourOutcome) -> Reports:
    """Show what becomes visible at the end of the hour that ``outcome`` tells of, the one after those that the reports know."""
    reporting, hour, now = parameters.reporting, reports.hour, reports.hour + 1
    lag = hour_lag_h(reporting, keys=reports.lag_keys, hours=np.array([hour]))[:, 0]
    pages = list(reports.pages)
    if hour % HOURS_PER_DAY == 0:
        pages = [*pages, _blank(outcome.units.shape)][-reporting.kept_days :]
    oldest = hour // HOURS_PER_DAY + 1 - len(pages)
    pages[-1] = _sold(pages[-1], outcome, now=now)
    hidden = (*reports.hidden, _hidden(reporting, outcome, lag, hour=hour))
    for at, figures in _traffic_seen(reporting, pages, hidden, oldest_day=oldest, now=now).items():
        pages[at] = figures
    news = later(reports.news, _conversions(parameters, reports, outcome, lag)) if outcome.delivered.count else reports.news
    due, waiting = due_at(news, now)
    place = due.click_hour // HOURS_PER_DAY - oldest
    for at in set(place[place >= 0].tolist()):
        pages[at] = _conversions_seen(pages[at], due.where(place == at), now=now)
    return Reports(
        first_day=reports.first_day,
        hour=now,
        skus=reports.skus,
        lag_keys=reports.lag_keys,
        recovery_keys=reports.recovery_keys,
        oldest_day=oldest,
        pages=tuple(pages),
        hidden=hidden[-reporting.lag_high_h :],
        news=waiting,
    )


def ad_figures(reports: Reports, days: Sequence[int]) -> Floats:
    """Cumulative ad figures of local days as shown now, (N, len(days), M, 5), see ``AD_COLUMNS``.

    ``days`` are date ordinals; figures are zero for days before the first and after the last.

    Raises:
        ValueError: A day is no longer kept.
    """
    return _stacked(reports, days, len(AD_COLUMNS))


def shop_figures(reports: Reports, days: Sequence[int]) -> Floats:
    """Orders, units and revenue_cents of local days, (N, len(days), M, 3): exact, of both kinds. Days and errors as in ``ad_figures``."""
    return _stacked(reports, days, len(SHOP_COLUMNS))


def on_hand(state: MarketState) -> Ints:
    """Units in stock now, (N, M)."""
    return state.inventory.on_hand


def hour_lag_h(reporting: Reporting, *, keys: Keys, hours: Ints) -> Ints:
    """Hours after its end at which each hour's ad figures become visible, (N, len(hours)), in lag_low_h … lag_high_h.

    ``keys`` are the stores', (N,), as in ``Reports``.
    """
    return _lags(reporting, at_index(keys[:, None], hours[None, :]))


def _lags(reporting: Reporting, keys: Keys) -> Ints:
    return whole_numbers(reporting.lag_low_h, reporting.lag_high_h, uniforms(keys))


def _blank(shape: tuple[int, int]) -> Page:
    (stores, skus), columns = shape, (_TRAFFIC, 2, len(SHOP_COLUMNS))
    traffic, conversions, shop = (
        np.zeros(size, dtype=np.int64) for size in ((stores, columns[0], skus), (columns[1], *shape), (columns[2], *shape))
    )
    never = np.zeros(shape, dtype=np.int64)
    return Page(
        traffic=_by_store(traffic), conversions=_by_column(conversions), shop=_by_column(shop), ads_changed=never, shop_changed=never
    )


def _by_store(figures: Ints) -> Ints:
    """(N, M, columns) of (N, columns, M), and back: stores that lie together are read and written in one go."""
    return figures.transpose(0, 2, 1)


def _by_column(figures: Ints) -> Ints:
    """(N, M, columns) whose columns, (columns, N, M), each lie together: whoever reads or sums one of them does so in one go."""
    return figures.transpose(1, 2, 0)


def _sold(page: Page, outcome: HourOutcome, *, now: int) -> Page:
    """The page with the hour's sales."""
    shop = np.empty((len(SHOP_COLUMNS), *outcome.orders.shape), dtype=np.int64)
    for column, sold in enumerate((outcome.orders, outcome.units, outcome.revenue_cents)):
        np.add(page.shop[..., column], sold, out=shop[column])
    return Page(
        traffic=page.traffic,
        conversions=page.conversions,
        shop=_by_column(shop),
        ads_changed=page.ads_changed,
        shop_changed=_changed(outcome.orders > 0, page.shop_changed, now=now),
    )


def _conversions(parameters: MarketParameters, reports: Reports, outcome: HourOutcome, lag: Ints) -> News:
    """When and how the hour's ad orders will be shown; ``lag`` is that of the hour, (N,)."""
    orders, tracked_from = outcome.delivered, outcome.tracked_from[:, 0]
    missed = (tracked_from > reports.hour)[orders.store]
    if parameters.shocks is not None and missed.any():
        orders = orders.where(~missed | _recovered(parameters.shocks, reports, orders))
    store, clicked = orders.store, orders.click_hour
    click_seen = clicked + _lags(parameters.reporting, at_index(reports.lag_keys[store], clicked))
    recorded = np.maximum(reports.hour, tracked_from)[store]
    shown_at = np.maximum(click_seen, recorded + lag[store]) + 1
    return news_of(orders, shown_at=shown_at, settled_at=reports.hour + 1 + orders.settles_h)


def _recovered(shocks: Shocks, reports: Reports, orders: AdOrders) -> Bools:
    """Which orders are recorded later if they come while tracking is down, (E,): all of a SKU and hour of click, or none."""
    keys = at_index(at_index(reports.recovery_keys[orders.store], orders.click_hour), orders.sku)
    return uniforms(keys) < shocks.tracking_recovered_share


def _hidden(reporting: Reporting, outcome: HourOutcome, lag: Ints, *, hour: int) -> HiddenHour:
    # sorted while it is at hand: when it is shown, each part is read in one go; numpy sorts 16 bits three times as fast as 64
    order = lag.astype(np.uint16).argsort(kind="stable")
    traffic = np.empty((order.size, _TRAFFIC, outcome.clicks.shape[1]), dtype=np.int64)
    for column, figures in enumerate((outcome.impressions, outcome.clicks, outcome.cost_cents)):
        traffic[:, column] = figures.take(order, axis=0)
    ends = np.bincount(lag - reporting.lag_low_h, minlength=reporting.lag_high_h - reporting.lag_low_h + 1).cumsum()
    return HiddenHour(hour=hour, stores=order, traffic=traffic, starts=(0, *ends.tolist()))


def _traffic_seen(reporting: Reporting, pages: list[Page], hidden: tuple[HiddenHour, ...], *, oldest_day: int, now: int) -> dict[int, Page]:
    """Those of the pages that show more traffic when ``now`` hours have passed, by their place."""
    updated = dict[int, Ints]()
    for each in hidden:
        page, lag = each.hour // HOURS_PER_DAY - oldest_day, now - 1 - each.hour - reporting.lag_low_h
        if page < 0 or lag < 0 or each.starts[lag] == each.starts[lag + 1]:
            continue
        if page not in updated:
            updated[page] = _by_store(pages[page].traffic).copy()
        shown = slice(each.starts[lag], each.starts[lag + 1])
        stores = each.stores[shown]
        # no store twice in an hour
        rows = updated[page].take(stores, axis=0)
        rows += each.traffic[shown]
        updated[page][stores] = rows
    return {place: _with_traffic(pages[place], _by_store(traffic), now=now) for place, traffic in updated.items()}


def _with_traffic(page: Page, traffic: Ints, *, now: int) -> Page:
    # whatever is clicked was seen: impressions tell of any change
    changed = _changed(traffic[..., 0] != page.traffic[..., 0], page.ads_changed, now=now)
    return Page(traffic=traffic, conversions=page.conversions, shop=page.shop, ads_changed=changed, shop_changed=page.shop_changed)


def _changed(where: Bools, before: Ints, *, now: int) -> Ints:
    """(N, M) hours of the last change, ``now`` being later than any before: a choice between arrays takes three times as long."""
    at = where.astype(np.int64)
    at *= now
    return np.maximum(at, before, out=at)


def _conversions_seen(page: Page, news: News, *, now: int) -> Page:
    conversions, changed, cell = page.conversions.copy(order="K"), page.ads_changed.copy(), news.cell
    count, value_cents = conversions.transpose(2, 0, 1)
    np.add.at(count.reshape(-1), cell, news.count)
    np.add.at(value_cents.reshape(-1), cell, news.value_cents)
    changed.reshape(-1)[cell] = now
    return Page(traffic=page.traffic, conversions=conversions, shop=page.shop, ads_changed=changed, shop_changed=page.shop_changed)


def _stacked(reports: Reports, days: Sequence[int], columns: int) -> Floats:
    oldest = reports.days.start
    forgotten = [day for day in days if reports.first_day <= day < oldest]
    if forgotten:
        message = f"days: expected {oldest} or later (older figures are not kept), was {min(forgotten)}"
        raise ValueError(message)
    figures = np.zeros((reports.lag_keys.size, len(days), reports.skus, columns))
    for place, day in enumerate(days):
        if day in reports.days:
            page = reports.pages[day - oldest]
            if columns == len(SHOP_COLUMNS):
                figures[:, place] = page.shop
            else:
                figures[:, place, :, :_TRAFFIC] = page.traffic
                figures[:, place, :, _TRAFFIC:] = page.conversions
    return figures
