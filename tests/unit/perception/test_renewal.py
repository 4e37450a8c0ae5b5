"""Elasticities are renewed once a day: of few products at once, of many part by part, with the same evidence."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from perception import elasticity, history, renewal, tally
from perception.elasticity import ElasticityTuning
from perception.history import Cells, Day, Exposure, History
from perception.observation import Signal
from perception.renewal import Renewed, renewed
from perception.state import Estimate
from perception.units import SECONDS_PER_DAY, Floats

TUNING = ElasticityTuning(dispersion=1.0)
TODAY = 740_000
DAYS = 12
HOUR_S = 3600.0


def past_of(count: int, *, moving: bool = True) -> History:
    """Whole watched days of products that sell now and then, of true elasticity 2.5, at prices of their own."""
    draw = np.random.default_rng(3)
    days = {}
    for age in range(DAYS, 0, -1):
        log_price = np.log(1_000.0) + (draw.uniform(-0.1, 0.1, count) if moving else np.zeros(count))
        orders = draw.poisson(2.0 * np.exp(-2.5 * (log_price - np.log(1_000.0)))) * (np.arange(count) % 3 > 0)
        days[TODAY - age] = Day(cells={Signal.SHOP: sold(orders)}, exposure=watched(log_price))
    days[TODAY] = Day(cells={Signal.SHOP: sold(np.zeros(count))}, exposure=None)
    return replace(history.empty(count, window_days=28, today=TODAY), days=days)


def sold(orders: Floats) -> Cells:
    figures = orders.astype(np.float64)
    return Cells(
        values=np.stack([figures, figures, 1000.0 * figures]), version=np.zeros(orders.size, dtype=np.int64), observed_at_s=figures
    )


def watched(log_price: Floats) -> Exposure:
    return Exposure(watched_s=SECONDS_PER_DAY, log_price_s=log_price * SECONDS_PER_DAY, stocked_s=np.full(log_price.size, SECONDS_PER_DAY))


def step(before: Renewed, past: History, *, is_new_day: bool = False, tick_s: float = HOUR_S) -> Renewed:
    return renewed(before, past, is_new_day=is_new_day, maturity={}, tuning=TUNING, tick_s=tick_s)


def nothing_yet(count: int) -> Renewed:
    return Renewed(belief=elasticity.prior(count, TUNING), round=None)


def test_few_products_are_renewed_at_once_when_the_day_begins() -> None:
    past, before = past_of(40), nothing_yet(40)

    after = step(before, past, is_new_day=True)

    assert after.round is None
    assert not np.array_equal(after.belief.mean, before.belief.mean)
    assert step(after, past) is after


def test_many_products_are_renewed_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "AT_ONCE", 20)
    past, ticks = past_of(50), [nothing_yet(50)]

    ticks.append(step(ticks[-1], past, is_new_day=True))
    for _ in range(4):
        ticks.append(step(ticks[-1], past))

    changed = [np.flatnonzero(one.belief.mean != other.belief.mean).tolist() for one, other in pairwise(ticks)]
    # every third product never sold: what is not known of it is the same as before, until a round has told of the others
    assert [set(part) <= set(span) for part, span in zip(changed, (range(20), range(20, 40), range(40, 50)), strict=False)] == [True] * 3
    assert [len(part) > 5 for part in changed] == [True, True, True, False, False]
    assert ticks[-1] is ticks[-2]


def test_the_second_round_believes_what_all_at_once_would(monkeypatch: pytest.MonkeyPatch) -> None:
    past = past_of(50)
    at_once = step(nothing_yet(50), past, is_new_day=True).belief
    monkeypatch.setattr(renewal, "AT_ONCE", 20)
    state = nothing_yet(50)

    for _ in range(2):
        state = step(state, past, is_new_day=True)
        for _ in range(3):
            state = step(state, past)

    assert state.belief.mean == pytest.approx(at_once.mean, rel=1e-9)
    assert state.belief.sd == pytest.approx(at_once.sd, rel=1e-9)


def test_nothing_is_renewed_while_no_price_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "AT_ONCE", 20)
    past, before = past_of(50, moving=False), nothing_yet(50)

    after = step(before, past, is_new_day=True)

    assert after.belief is before.belief
    assert after.round is not None
    assert after.round.done == 50
    assert step(nothing_yet(10), past_of(10, moving=False), is_new_day=True).belief.mean.tolist() == before.belief.mean[:10].tolist()


def test_a_round_is_through_within_half_a_day_however_long_a_tick_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "AT_ONCE", 2)
    past, state = past_of(50), nothing_yet(50)

    state = step(state, past, is_new_day=True, tick_s=6 * HOUR_S)
    state = step(state, past, tick_s=6 * HOUR_S)

    assert state.round is not None
    assert state.round.done == 50


def test_the_record_of_some_products_is_theirs_in_the_record_of_all() -> None:
    past, part = past_of(50), np.array([3, 4, 17, 49])
    whole, theirs = tally.price_record(past, maturity={}), tally.price_record_of(part, past, maturity={})

    assert whole is not None
    assert theirs is not None
    for name in ("orders", "log_price", "opportunity"):
        assert getattr(theirs, name) == pytest.approx(getattr(whole, name)[:, part], rel=1e-9, abs=1e-12)
    assert theirs.moved.tolist() == whole.moved[part].tolist()
    assert tally.price_record_of(part, replace(past, days={TODAY: past.days[TODAY]}), maturity={}) is None


def test_what_a_round_gathers_is_what_pooling_all_at_once_finds() -> None:
    draw = np.random.default_rng(9)
    found = elasticity.Evidence(peak=draw.normal(2.0, 2.0, 30), information=draw.exponential(0.3, 30) * (np.arange(30) % 4 > 0))
    parts = [elasticity.Evidence(peak=found.peak[at], information=found.information[at]) for at in np.split(np.arange(30), [7, 19])]

    log_store = elasticity.before_data(TUNING)
    for part in parts:
        log_store = elasticity.gathered(log_store, part, TUNING)
    together, under = elasticity.pool(found, TUNING), elasticity.pool_under(log_store, found, TUNING)

    for one, other in ((together.own, under.own), (together.other, under.other)):
        assert_same(one, other)


def assert_same(one: Estimate, other: Estimate) -> None:
    assert other.mean == pytest.approx(one.mean, rel=1e-12)
    assert other.sd == pytest.approx(one.sd, rel=1e-9)
