"""A window week by week: nothing counted twice, nothing lost, and a click's revenue in the week of the click."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.ad_orders import AdOrders
from sim.fleet.fleet import fleet_terms, open_fleet
from sim.judging.contenders import contender
from sim.judging.evaluation import Trial, trial
from sim.judging.weeks import WEEK_H, revenue_by_week_cents, weeks_of
from sim.scenarios import load_scenario

SKUS = 3


def orders(*rows: tuple[int, int, int, int]) -> AdOrders:
    """Orders of (store, click hour, price, units) of the first SKU, which arrive a year later."""
    table = [[store * SKUS, click, click + 9000, price, units, 0] for store, click, price, units in rows]
    return AdOrders(table=np.array(table, dtype=np.int64).reshape(-1, 6).T, skus=SKUS)


@pytest.mark.parametrize(("hours", "weeks"), [(24, 1), (WEEK_H, 1), (WEEK_H + 1, 2), (14 * 24, 2), (28 * 24, 4)])
def test_a_rest_of_a_window_is_a_week_of_its_own(hours: int, weeks: int) -> None:
    assert weeks_of(hours) == weeks


def test_revenue_counts_in_the_week_of_its_click_whenever_the_order_arrives() -> None:
    first = orders((0, 100, 250, 2), (1, 100 + WEEK_H - 1, 300, 1))
    second = orders((1, 100 + WEEK_H, 400, 3), (0, 99, 9999, 1))

    found = revenue_by_week_cents([first, second], shape=(2, SKUS, 2), opened_hour=100)

    assert found.tolist() == [[500, 0], [300, 1200]]


def test_no_orders_are_no_revenue() -> None:
    assert revenue_by_week_cents([], shape=(2, SKUS, 1), opened_hour=0).tolist() == [[0], [0]]


@pytest.fixture(scope="module")
def driven() -> Trial:
    """Two stores of a window of eight days with a fixed bid."""
    terms = fleet_terms(replace(load_scenario("steady"), days=8, history_days=2))
    return trial(terms, open_fleet(terms, seeds=np.arange(100_000, 100_002)), contender("fixed_bid", terms), progress=lambda _: None)


def test_the_weeks_of_a_trial_add_up_to_its_window(driven: Trial) -> None:
    assert driven.week_spend_cents.shape == (2, 2)
    assert (driven.week_spend_cents > 0).all()
    assert driven.week_spend_cents.sum(axis=1).tolist() == driven.spend_cents.tolist()
    assert driven.week_revenue_cents.sum(axis=1).tolist() == driven.ad_revenue_cents.tolist()
