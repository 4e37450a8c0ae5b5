"""When conversions or orders stop being counted while the store goes on, beliefs stay as they were: stale, not zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.estimator import EstimatorTuning, estimate, start
from perception.fields import Field
from perception.maturity import expected_maturity
from perception.observation import COLUMNS, MetricRows, Observation, Readback, Signal
from perception.outage import OutageTuning
from perception.shape import elapsed_share
from perception.state import StoreState
from perception.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, Floats

ZONE, FIRST = ZoneInfo("UTC"), datetime(2024, 5, 1, tzinfo=UTC)
TUNING = EstimatorTuning(tick_s=SECONDS_PER_HOUR, outage=OutageTuning(recovered_share=0.0))
HOURS = TUNING.shape.hour_shares()
TERMS = Economics(fee_ratio=0.1, return_rate=0.05, return_rate_upper=0.1, return_cost_cents=200)
CLICKS, CVR, ORGANIC = 400.0, 0.1, 30.0
"""Of each of two products and day."""


def shop() -> Catalogue:
    return Catalogue(
        currency="EUR",
        skus=("A", "B"),
        campaigns=("C",),
        campaign_of=np.zeros(2, dtype=np.int64),
        cost_cents=np.full(2, 500.0),
        map_cents=np.zeros(2),
        anchor_price_cents=np.full(2, 1000.0),
        is_new=np.zeros(2, dtype=np.bool_),
    )


@dataclass(slots=True)
class Told:
    """Reports of a store that goes on and on; what is counted of its conversions and orders may stop and start.

    Figures are expectations, rounded where they are counts: the laws of chance are tested elsewhere.
    """

    conversions: Callable[[float], float]
    orders: Callable[[float], float]
    _lost_conversions: Floats
    _lost_orders: Floats

    def rows(self, hour: int) -> tuple[MetricRows, ...]:
        clicks, due, sold = _expected(hour)
        _, due_before, sold_before = _expected(hour - 1, days=due.size)
        self._lost_conversions = _lost(self._lost_conversions, due - due_before, counted=self.conversions(hour))
        self._lost_orders = _lost(self._lost_orders, sold - sold_before, counted=self.orders(hour))
        counted, told = due - self._lost_conversions, np.floor(sold - self._lost_orders)
        at_s = FIRST.timestamp() + hour * SECONDS_PER_HOUR
        return (
            _rows(Signal.ADS, hour, at_s, [clicks * 200, clicks, clicks * 50, counted, counted * 1000]),
            _rows(Signal.SHOP, hour, at_s, [told, told, told * 1000]),
            _rows(Signal.STOCK, hour, at_s, [1000.0 - told]),
        )


def _expected(hour: int, *, days: int = 0) -> tuple[Floats, Floats, Floats]:
    """Clicks and conversions of each day that should have been reported, and orders that should have come, when so many hours are over."""
    elapsed_s = hour * SECONDS_PER_HOUR - np.arange(float(days or hour // 24 + 1)) * SECONDS_PER_DAY
    clicks = np.floor(CLICKS * elapsed_share(HOURS, elapsed_s - 6.5 * SECONDS_PER_HOUR))
    conversions = clicks * CVR * expected_maturity(TUNING.maturity, elapsed_s=elapsed_s, hour_shares=HOURS)
    return clicks, conversions, (ORGANIC + CLICKS * CVR) * elapsed_share(HOURS, elapsed_s)


def _lost(before: Floats, added: Floats, *, counted: float) -> Floats:
    """What was never counted of each day, with the share of this hour's that was not."""
    return np.pad(before, (0, added.size - before.size)) + (1.0 - counted) * np.maximum(added, 0.0)


def _rows(signal: Signal, hour: int, at_s: float, columns: list[Floats]) -> MetricRows:
    """The same figures for both products."""
    day = np.repeat(np.arange(columns[0].size), 2)
    return MetricRows(
        signal=signal,
        sku=np.tile(np.arange(2), columns[0].size),
        day=FIRST.date().toordinal() + day,
        observed_at_s=np.full(day.size, at_s),
        version=np.full(day.size, hour),
        values=np.repeat(np.array(columns).T, 2, axis=0).reshape(day.size, len(COLUMNS[signal])),
    )


def always(hour: float) -> float:
    del hour
    return 1.0


def between(begins: float, ends: float, left: float = 0.0) -> Callable[[float], float]:
    return lambda hour: left if begins <= hour < ends else 1.0


def seen(*, conversions: Callable[[float], float] = always, orders: Callable[[float], float] = always, days: int = 14) -> list[StoreState]:
    """What the estimator believes from hour to hour."""
    told = Told(conversions, orders, np.zeros(0), np.zeros(0))
    memory, states = start(shop(), TUNING), []
    setpoints = {Field.PRICE: np.full(2, 1000.0), Field.BID: np.full(2, 50.0), Field.DAILY_BUDGET: np.array([1e6])}
    for hour in range(1, 24 * days):
        at = FIRST + timedelta(hours=hour)
        observation = Observation(tick=hour, at=at, rows=told.rows(hour), readback=Readback(at=at, values=setpoints), failures=())
        state, memory = estimate(memory, observation, catalogue=shop(), economics=TERMS, tuning=TUNING, timezone=ZONE)
        states.append(state)
    return states


DOWN, UP = 10 * 24, 12 * 24 + 12


def test_a_store_whose_feeds_work_is_believed() -> None:
    assert {state.uncounted for state in seen()} == {()}


def test_conversions_that_vanish_while_orders_go_on_are_stale_and_not_zero() -> None:
    states = seen(conversions=between(DOWN, UP))
    flagged = [hour for hour, state in enumerate(states, start=1) if state.uncounted == ("conversions",)]

    assert DOWN < flagged[0] <= DOWN + 24
    assert UP - 1 <= flagged[-1] <= UP + 6
    assert flagged == list(range(flagged[0], flagged[-1] + 1))
    before, after = states[DOWN - 2].cvr.mean[0], states[-1].cvr.mean[0]
    assert before == pytest.approx(CVR, rel=0.05)
    assert states[UP - 2].cvr.mean[0] == pytest.approx(before, rel=0.06)
    assert after == pytest.approx(before, rel=0.05)


def test_orders_that_vanish_while_conversions_go_on_are_stale_and_not_zero() -> None:
    states = seen(orders=between(DOWN, UP))
    flagged = [hour for hour, state in enumerate(states, start=1) if "orders" in state.uncounted]

    assert DOWN < flagged[0] <= DOWN + 36
    assert UP - 1 <= flagged[-1] <= UP + 6
    before = states[DOWN - 2].organic_units_per_day.mean[0]
    assert before == pytest.approx(ORGANIC, rel=0.15)
    assert states[UP - 2].organic_units_per_day.mean[0] == pytest.approx(before, rel=0.1)
    assert states[-1].organic_units_per_day.mean[0] == pytest.approx(before, rel=0.1)


def test_a_store_in_which_nothing_happens_any_more_has_no_outage() -> None:
    states = seen(conversions=between(DOWN, UP), orders=between(DOWN, UP, left=0.2))

    assert {state.uncounted for state in states} == {()}
    assert states[UP - 2].cvr.mean[0] < 0.9 * states[DOWN - 2].cvr.mean[0]
