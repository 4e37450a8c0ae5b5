"""What a fleet believes is what the daemon's estimator would believe of the same reports: one truth, two layouts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from autopilot.changes_told import WHOLE_STORE
from control.exposure import exposure_of
from perception import estimator
from perception.catalogue import Catalogue
from perception.change import NEVER, Rate
from perception.fields import Field
from perception.observation import MetricRows, Observation, Readback, Signal
from perception.quality import QualityLimits
from perception.state import StoreState
from perception.units import Floats, day_start
from sim import reporting
from sim.fleet.fleet import FleetState, FleetTerms, fleet_terms, open_fleet, play, sight
from sim.market import Setpoints, catalogue
from sim.scenarios import load_scenario

SEED = 100_003
STORE = 1
"""The store that is compared, in a batch of three."""


@pytest.mark.parametrize(("scenario", "days"), [("steady", 6), ("lagged_reporting", 3), ("new_products", 2)])
def test_a_fleet_believes_what_the_daemon_s_estimator_believes(scenario: str, days: int) -> None:
    terms = fleet_terms(replace(load_scenario(scenario), history_days=3))
    state = open_fleet(terms, seeds=np.array([SEED + 1, SEED, SEED + 2]))
    daemon = _Daemon(terms, state)

    for hour in range(days * 24 + 1):
        store = daemon.look(state)
        if hour % 17 == 0 or hour % 24 == 0:
            _assert_same_beliefs(terms, state, store)
        state, _ = play(terms, state, _wandering(state, hour))

    assert state.market.totals.clicks[STORE].sum() > 0


def test_a_fleet_finds_the_changes_that_the_daemon_s_estimator_finds() -> None:
    terms = fleet_terms(replace(load_scenario("steady"), history_days=8))
    state = _busier(open_fleet(terms, seeds=np.array([SEED + 1, SEED, SEED + 2])), orders=8.0)
    daemon, changed = _Daemon(terms, state), 0

    for hour in range(17 * 24 + 1):
        store = daemon.look(state)
        if hour == 9 * 24:
            state = _busier(state, orders=0.25)
        if hour % 24 in (0, 5) and hour > 10 * 24:
            _assert_same_beliefs(terms, state, store)
            shift = state.watch.shifts[Rate.ORGANIC]
            known = [change for change in store.changes if change.rate == Rate.ORGANIC and change.sku == WHOLE_STORE]
            assert [change.since_day for change in known] == [day for day in shift.store.since[STORE].tolist() if day != NEVER]
            changed += len(known)
        state, _ = play(terms, state, state.setpoints)

    assert changed > 0


def _busier(state: FleetState, *, orders: float) -> FleetState:
    """The same stores in a world with so many times the orders without ads."""
    world = replace(state.market.world, orders_per_day=state.market.world.orders_per_day * orders)
    return replace(state, market=replace(state.market, world=world))


def test_a_fleet_finds_the_same_outage_of_tracking_as_the_daemon_and_believes_the_same_of_it() -> None:
    terms = fleet_terms(replace(load_scenario("tracking_outage"), history_days=3))
    # so eager that a store of a few conversions a day is enough
    terms = replace(terms, tuning=replace(terms.tuning, outage=replace(terms.tuning.outage, missed_events=1.0, witness_events=1.0)))
    state = open_fleet(terms, seeds=np.array([SEED + 1, SEED, SEED + 2]))
    daemon = _Daemon(terms, state)
    out = []

    for hour in range(12 * 24 + 1):
        store = daemon.look(state)
        out.append(store.uncounted == ("conversions",))
        assert out[-1] == bool(state.feeds.conversions.out[STORE])
        # what settled at midnight is renewed at midnight only
        if hour % 24 == 0:
            _assert_same_beliefs(terms, state, store)
        state, _ = play(terms, state, _wandering(state, hour))

    assert 0 < sum(out) < len(out) // 2


def test_prices_that_moved_tell_of_elasticity_from_the_fourth_day_on() -> None:
    terms = fleet_terms(replace(load_scenario("steady"), history_days=1))
    state = open_fleet(terms, seeds=np.array([SEED]))
    believed = []

    for hour in range(6 * 24):
        believed.append(sight(terms, state).beliefs.elasticity.mean[0])
        state, _ = play(terms, state, _wandering(state, hour))

    assert all(np.array_equal(believed[0], later) for later in believed[: 4 * 24])
    assert not np.array_equal(believed[0], believed[4 * 24])


def _wandering(state: FleetState, hour: int) -> Setpoints:
    """Bids that come and go, prices that move once a day, budgets that change at noon."""
    standing = state.setpoints
    anchor = state.goods.anchor_price_cents
    skus = np.arange(anchor.shape[1])
    price = np.rint(anchor * (1.0 + 0.06 * np.sin(hour // 24 + skus))).astype(np.int64) if hour >= 30 else standing.price_cents
    return Setpoints(
        bid_cents=np.full_like(standing.bid_cents, 60 + 20 * (hour // 12 % 3)),
        price_cents=price,
        daily_budget_cents=standing.daily_budget_cents + (100 if hour % 24 == 12 else 0),
    )


class _Daemon:
    """The daemon's estimator, fed with the reports of one store of a fleet."""

    def __init__(self, terms: FleetTerms, state: FleetState) -> None:
        parameters = terms.market
        self._catalogue: Catalogue = replace(catalogue(parameters, seed=SEED), cost_cents=state.goods.cost_cents[STORE])
        # a fleet believes its platform: rejecting odd figures is the daemon's alone
        self._tuning = replace(terms.tuning, quality=QualityLimits(jump_ratio=1e9))
        self._terms = terms
        self._memory = estimator.start(self._catalogue, self._tuning)

    def look(self, state: FleetState) -> StoreState:
        at = datetime.fromordinal(state.market.first_day).replace(tzinfo=UTC) + timedelta(hours=state.market.hour)
        seen = Observation(tick=state.market.hour, at=at, rows=self._rows(state, at), readback=_readback(state, at), failures=())
        store, self._memory = estimator.estimate(
            self._memory,
            seen,
            catalogue=self._catalogue,
            economics=self._terms.scenario.terms.economics,
            tuning=self._tuning,
            timezone=_UTC,
        )
        assert not store.rejected
        return store

    def _rows(self, state: FleetState, at: datetime) -> tuple[MetricRows, ...]:
        today = state.market.first_day + state.market.hour // 24
        first = max(today - self._tuning.window_days + 1, state.market.first_day)
        days = range(first, today + 1)
        ads, shop = reporting.ad_figures(state.reports, days)[STORE], reporting.shop_figures(state.reports, days)[STORE]
        stock = reporting.on_hand(state.market)[STORE].astype(np.float64)[None, :, None]
        return (
            _metric_rows(Signal.ADS, days, ads, at, state.market.hour),
            _metric_rows(Signal.SHOP, days, shop, at, state.market.hour),
            _metric_rows(Signal.STOCK, range(today, today + 1), stock, at, state.market.hour),
        )


_UTC = ZoneInfo("UTC")


def _metric_rows(signal: Signal, days: range, figures: Floats, at: datetime, version: int) -> MetricRows:
    day, sku = np.meshgrid(np.array(days), np.arange(figures.shape[1]), indexing="ij")
    return MetricRows(
        signal=signal,
        sku=sku.ravel(),
        day=day.ravel(),
        observed_at_s=np.full(day.size, at.timestamp()),
        version=np.full(day.size, version),
        values=figures.reshape(day.size, -1),
    )


def _readback(state: FleetState, at: datetime) -> Readback:
    standing = state.setpoints
    return Readback(
        at=at,
        values={
            Field.PRICE: standing.price_cents[STORE].astype(np.float64),
            Field.BID: standing.bid_cents[STORE].astype(np.float64),
            Field.DAILY_BUDGET: standing.daily_budget_cents[STORE].astype(np.float64),
        },
    )


def _assert_same_beliefs(terms: FleetTerms, state: FleetState, store: StoreState) -> None:
    seen = sight(terms, state)
    for name in ("cvr", "units_per_order", "organic_units_per_day", "elasticity", "value_per_click_cents"):
        for moment in ("mean", "sd"):
            batch, daemon = getattr(getattr(seen.beliefs, name), moment)[STORE], getattr(getattr(store, name), moment)
            assert batch == pytest.approx(daemon, rel=1e-9), (name, moment, state.hours_done)
    assert np.array_equal(seen.beliefs.on_hand[STORE], store.on_hand)
    assert np.array_equal(seen.reported.clicks_7d[STORE], store.ad_clicks_7d)
    assert np.array_equal(seen.reported.cost_7d_cents[STORE], store.ad_cost_7d_cents)
    assert np.array_equal(seen.reported.revenue_7d_cents[STORE], store.ad_revenue_7d_cents)
    assert np.array_equal(seen.reported.cost_held_cents[STORE], store.ad_cost_held_cents)
    opened = state.market.first_day + state.opened_hour // 24
    spent = sum(float(cents.sum()) for day, cents in store.spend_by_day_cents.items() if day >= opened)
    assert seen.reported.spent_cents[STORE] == spent
    peaks = {state.market.first_day + day: peak[STORE].astype(np.float64) for day, peak in state.book.peaks.items()}
    ratio = terms.scenario.terms.limits.overdelivery_day_ratio
    exposure = exposure_of(store, first_day=opened, peaks_cents=peaks, overdelivery_ratio=ratio)
    assert np.array_equal(seen.reach.worst_today_cents[STORE], exposure.today)
    assert np.array_equal(seen.reach.worst_window_cents[STORE], exposure.window)
    assert np.array_equal(seen.reach.worst_month_cents[STORE], exposure.month)
    assert day_start(opened, _UTC).timestamp() + 3600.0 * state.hours_done == store.at.timestamp()
