"""Changes are looked for once a day in what is remembered: all products at once, or part by part, with the same findings."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from perception import change_round, history
from perception.change import NEVER, ChangeTuning, Rate
from perception.change_round import Changes, Ground, looked, nothing, told
from perception.history import Cells, Day, Exposure, History
from perception.observation import Signal
from perception.shape import ActivityShape
from perception.tally import Fading, tally_ads, tally_shop
from perception.units import SECONDS_PER_DAY, Floats, Ints

TUNING = ChangeTuning()
TODAY = 740_000
DAYS = 24
HOUR_S = 3600.0
SHAPE = ActivityShape(weekdays=(1.0,) * 7)


def past_of(count: int, *, cvr_ratio: float = 1.0, orders_ratio: float = 1.0, days_ago: int = 9, watched: bool = True) -> History:
    """Whole days of products with 200 clicks a day, of which a tenth order, and ten orders a day without ads; today is empty."""
    draw = np.random.default_rng(3)
    days = {}
    for age in range(DAYS, 0, -1):
        is_after = age <= days_ago
        conversions = draw.poisson(20.0 * (cvr_ratio if is_after else 1.0), count)
        organic = draw.poisson(10.0 * (orders_ratio if is_after else 1.0), count)
        days[TODAY - age] = day_of(conversions, organic + conversions, watched=watched)
    nobody = np.zeros(count, dtype=np.int64)
    days[TODAY] = replace(day_of(nobody, nobody), exposure=None)
    return replace(history.empty(count, window_days=28, today=TODAY), days=days)


def day_of(conversions: Ints, orders: Ints, *, watched: bool = True) -> Day:
    count = conversions.size
    ads = np.stack([np.full(count, 40_000.0), np.full(count, 200.0), np.full(count, 9_000.0), conversions, 1000.0 * conversions])
    shop = np.stack([orders, orders, 1000.0 * orders]).astype(np.float64)
    on_shelf = Exposure(
        watched_s=SECONDS_PER_DAY, log_price_s=np.log(np.full(count, 1000.0)) * SECONDS_PER_DAY, stocked_s=np.full(count, SECONDS_PER_DAY)
    )
    return Day(cells={Signal.ADS: cells(ads), Signal.SHOP: cells(shop)}, exposure=on_shelf if watched else None)


def cells(values: Floats) -> Cells:
    count = values.shape[1]
    return Cells(values=values.astype(np.float64), version=np.zeros(count, dtype=np.int64), observed_at_s=np.zeros(count))


def ground(count: int) -> Ground:
    return Ground(log_anchor=np.log(np.full(count, 1000.0)), elasticity=np.full(count, 1.8), maturity={}, orders_counted={}, shape=SHAPE)


def look(past: History, before: Changes | None = None, *, day: int = TODAY, tick_s: float = HOUR_S) -> Changes:
    count = past.sku_count
    return looked(before or nothing(count), past, ground(count), day=day, tuning=TUNING, tick_s=tick_s)


def test_nothing_is_said_of_a_store_in_which_nothing_changes() -> None:
    found = look(past_of(5))

    assert all(shift.is_quiet for shift in found.shifts.values())
    assert told(found) == ()


def test_conversions_that_halve_are_told_with_what_when_and_how_much() -> None:
    (change,) = told(look(past_of(5, cvr_ratio=0.5)))

    assert (change.rate, change.sku, change.until_day) == ("cvr", -1, None)
    assert change.since_day == pytest.approx(TODAY - 9, abs=1)
    assert change.ratio == pytest.approx(0.5, rel=0.15)
    assert change.evidence > np.log(TUNING.alarm_odds)


def test_orders_without_ads_that_double_are_no_change_of_conversion() -> None:
    (change,) = told(look(past_of(5, orders_ratio=2.0)))

    assert (change.rate, change.sku) == ("organic_orders", -1)


def test_days_that_nobody_watched_tell_nothing_of_orders_since_nobody_knows_what_was_in_stock() -> None:
    assert told(look(past_of(5, orders_ratio=2.0, watched=False))) == ()


def test_a_day_that_is_restated_leaves_no_trace_of_what_it_said_before() -> None:
    past = past_of(5, cvr_ratio=0.5)
    restated = past_of(5)

    assert told(look(past)) != ()
    assert told(look(restated, look(past), day=TODAY + 1)) == ()


def test_it_looks_once_a_day() -> None:
    past = past_of(5)
    found = look(past)

    assert look(past_of(5, cvr_ratio=0.5), found) is found


def test_the_products_of_a_wide_store_are_looked_at_part_by_part_with_the_same_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    past = past_of(40)
    days = {ordinal: with_one_that_fell(day) if ordinal >= TODAY - 9 else day for ordinal, day in past.days.items()}
    past = replace(past, days=days)
    at_once = look(past)
    monkeypatch.setattr(change_round, "AT_ONCE", 16)

    steps = [look(past)]
    while steps[-1].done < len(Rate) * past.sku_count:
        steps.append(look(past, steps[-1]))

    assert [later.done - earlier.done for earlier, later in pairwise(steps)] == [16, 8, 16, 16, 8, 16, 16, 8]
    assert told(steps[0]) == ()
    assert told(steps[-1]) == told(at_once)
    assert {(change.rate, change.sku) for change in told(at_once)} == {("cvr", 25)}
    assert steps[-1].usual is None
    assert look(past, steps[-1]) is steps[-1]


def with_one_that_fell(day: Day) -> Day:
    values = day.cells[Signal.ADS].values.copy()
    values[3, 25] = np.round(values[3, 25] * 0.3)
    shop = day.cells[Signal.SHOP].values.copy()
    shop[0, 25] -= day.cells[Signal.ADS].values[3, 25] - values[3, 25]
    return replace(day, cells={Signal.ADS: cells(values), Signal.SHOP: cells(shop)})


def test_beliefs_recover_faster_after_a_change_and_are_less_sure() -> None:
    past = past_of(5, cvr_ratio=0.5)
    shifts = look(past).shifts
    maturity = dict.fromkeys(range(TODAY - DAYS, TODAY), 1.0)

    def rates(fading: Fading) -> tuple[Floats, Floats]:
        added = tally_ads(past, fading, maturity=maturity)
        return added.conversions / added.trials, added.trials

    plain, many = rates(fading_of(5))
    aware, few = rates(replace(fading_of(5), shifts=shifts))

    since = np.mean([past.days[TODAY - age].cells[Signal.ADS].values[3] for age in range(1, 10)]) / 200.0
    assert plain.mean() > 1.4 * since
    assert aware.mean() == pytest.approx(since, rel=0.05)
    # the same rate from fewer conversions: a wider posterior
    assert (aware * few < plain * many).all()


def test_where_nothing_has_changed_sums_are_the_same_to_the_last_bit() -> None:
    past = past_of(5)
    shifts = look(past).shifts
    covered = dict.fromkeys(range(TODAY - DAYS, TODAY + 1), 0.9)

    for add, named in ((tally_ads, "maturity"), (tally_shop, "passed")):
        plain = add(past, fading_of(5), **{named: covered})
        aware = add(past, replace(fading_of(5), shifts=shifts), **{named: covered})
        assert all(np.array_equal(getattr(plain, name), getattr(aware, name)) for name in plain.__slots__)


def fading_of(count: int) -> Fading:
    return Fading(half_life_days=14.0, log_price=np.log(np.full(count, 1000.0)), elasticity=np.full(count, 1.8))


def test_rates_of_a_catalogue_of_one_product_are_looked_at_too() -> None:
    found = look(past_of(1, cvr_ratio=0.3))

    assert found.shifts[Rate.CVR].store.since[0] != NEVER
