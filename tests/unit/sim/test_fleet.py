"""A fleet: every store lives as if it were alone, the gate holds, and what is counted is what happened."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from control.baselines import DoNothing
from control.controller import Controller, ControllerMemory, Proposal
from control.laws import Laws
from perception.economics import contribution_cents
from perception.fields import Field
from sim.fleet.fleet import FleetHour, FleetState, FleetTerms, advance, fleet_terms, open_fleet, play, sight
from sim.market import Setpoints
from sim.scenarios import load_scenario

SEED = 100_500


@pytest.fixture(scope="module")
def terms() -> FleetTerms:
    return fleet_terms(replace(load_scenario("steady"), history_days=2))


def test_a_store_s_course_does_not_depend_on_its_batch(terms: FleetTerms) -> None:
    crowd = [7, 8, SEED, 9, 10, 11, 12]
    alone, together = _drive(terms, [SEED], Laws(), hours=5 * 24), _drive(terms, crowd, Laws(), hours=5 * 24)

    for one, other in zip(alone, together, strict=True):
        _assert_same_row(one, 0, other, crowd.index(SEED))
    assert not np.array_equal(alone[-1][0].watch.elasticity.mean[0], alone[0][0].watch.elasticity.mean[0])


def test_a_store_s_course_is_the_same_among_a_thousand_others() -> None:
    young = fleet_terms(replace(load_scenario("steady"), history_days=1))
    many = [*range(300), SEED, *range(300, 1023)]
    alone, among_many = _drive(young, [SEED], Laws(), hours=10), _drive(young, many, Laws(), hours=10)

    for one, other in zip(alone, among_many, strict=True):
        _assert_same_row(one, 0, other, many.index(SEED))


def test_a_state_can_be_kept_and_advanced_again(terms: FleetTerms) -> None:
    state = open_fleet(terms, seeds=np.array([SEED, SEED + 1]))
    for _ in range(30):
        state, _ = play(terms, state, _bidding(state, 50))

    twice = [_played(terms, state, 80, hours=30) for _ in range(2)]
    idle = _played(terms, state, 0, hours=30)

    assert np.array_equal(twice[0].window.profit_cents, twice[1].window.profit_cents)
    assert np.array_equal(sight(terms, twice[0]).beliefs.cvr.mean, sight(terms, twice[1]).beliefs.cvr.mean)
    assert not np.array_equal(idle.window.spend_cents, twice[0].window.spend_cents)


def test_the_window_begins_after_its_history_and_ends_on_time(terms: FleetTerms) -> None:
    state = open_fleet(terms, seeds=np.array([SEED]))

    assert state.market.hour == 2 * 24
    assert state.market.day == terms.market.shop.first_day.toordinal()
    assert state.hours_left(terms) == terms.scenario.days * 24
    assert state.market.totals.orders.sum() > 0
    assert state.market.totals.clicks.sum() == 0


def test_window_sums_are_the_market_s_own(terms: FleetTerms) -> None:
    state = open_fleet(terms, seeds=np.array([SEED, SEED + 1, SEED + 2]))
    before = state.market.totals
    profit = np.zeros(3)
    for _ in range(40):
        state, hour = play(terms, state, _bidding(state, 120))
        profit += hour.profit_cents

    after = state.market.totals
    spend = (after.cost_cents - before.cost_cents).sum(axis=1)
    sales = contribution_cents(
        (after.revenue_cents - before.revenue_cents).astype(np.float64),
        (after.units - before.units).astype(np.float64),
        state.goods.cost_cents,
        terms.scenario.terms.economics,
    )
    assert np.array_equal(state.window.spend_cents, spend)
    assert state.window.profit_cents == pytest.approx(sales.sum(axis=1) - spend)
    assert state.window.profit_cents == pytest.approx(profit)
    assert (state.window.ad_revenue_cents >= state.window.arrived_cents).all()
    assert state.window.ad_revenue_cents.sum() > 0


def test_the_gate_limits_what_a_wild_controller_wishes(terms: FleetTerms) -> None:
    state = open_fleet(terms, seeds=np.array([SEED, SEED + 1]))
    wild = Proposal(
        setpoints={
            Field.BID: np.full(state.setpoints.bid_cents.shape, 1e9),
            Field.PRICE: np.full(state.setpoints.price_cents.shape, -5.0),
            Field.DAILY_BUDGET: np.full(state.setpoints.daily_budget_cents.shape, np.inf),
        },
        terms={},
        sku_terms={},
    )
    limits = terms.scenario.terms.limits

    after, hour = advance(terms, state, sight(terms, state), wild)

    assert (after.setpoints.bid_cents <= limits.first_bid_cents).all()
    assert np.array_equal(after.setpoints.price_cents, state.setpoints.price_cents)
    assert np.array_equal(after.setpoints.daily_budget_cents, state.setpoints.daily_budget_cents)
    assert np.array_equal(hour.interventions, hour.wishes)
    assert (hour.wishes == 10 + 10 + state.setpoints.daily_budget_cents.shape[1]).all()


def test_the_laws_are_never_limited_by_the_gate(terms: FleetTerms) -> None:
    hours = _drive(terms, [SEED, SEED + 1, SEED + 2, SEED + 3], Laws(), hours=50)

    assert sum(int(hour.interventions.sum()) for _, hour in hours) == 0
    assert sum(int(hour.writes.sum()) for _, hour in hours) > 0
    assert sum(float(hour.violations.overspent_cents.sum()) for _, hour in hours) == 0.0


def test_leaving_it_alone_writes_nothing(terms: FleetTerms) -> None:
    hours = _drive(terms, [SEED], DoNothing(), hours=26)

    assert sum(int(hour.wishes.sum()) + int(hour.spend_cents.sum()) for _, hour in hours) == 0
    assert np.array_equal(hours[-1][0].setpoints.price_cents, hours[0][0].setpoints.price_cents)


def test_violations_count_overspending_and_prices_under_the_floor(terms: FleetTerms) -> None:
    poor = replace(terms, scenario=replace(terms.scenario, terms=replace(terms.scenario.terms, ad_spend_cents=100, target_roas=50.0)))
    state = open_fleet(poor, seeds=np.array([SEED]))
    setpoints = replace(
        _bidding(state, 300),
        price_cents=np.maximum(state.goods.cost_cents * 0.9, 1.0).astype(np.int64),
        daily_budget_cents=np.full_like(state.setpoints.daily_budget_cents, 50_000),
    )
    state, hour = play(poor, state, setpoints)
    overspent = float(hour.violations.overspent_cents[0])
    for _ in range(23):
        state, hour = play(poor, state, setpoints)
        overspent += float(hour.violations.overspent_cents[0])

    assert overspent == state.window.spend_cents[0] - 100.0 > 0.0
    assert hour.violations.below_floor[0] == state.setpoints.price_cents.shape[1]
    assert hour.violations.roas_shortfall_cents[0] == pytest.approx(
        max(state.window.spend_cents[0] - state.window.ad_revenue_cents[0] / 50.0, 0.0)
    )


def test_reach_remembers_the_last_day(terms: FleetTerms) -> None:
    state = open_fleet(terms, seeds=np.array([SEED]))
    first = state.setpoints
    lower = replace(first, daily_budget_cents=first.daily_budget_cents - 100, price_cents=first.price_cents + 3)
    state, _ = play(terms, state, lower)
    state, _ = play(terms, state, replace(lower, daily_budget_cents=first.daily_budget_cents))

    soon = sight(terms, state).reach
    for _ in range(22):
        state, _ = play(terms, state, state.setpoints)
    edge = sight(terms, state).reach
    state, _ = play(terms, state, state.setpoints)
    later = sight(terms, state).reach
    state, _ = play(terms, state, state.setpoints)
    last = sight(terms, state).reach

    assert (soon.price_age_s == 2 * 3600.0).all()
    assert np.array_equal(soon.budget_low_24h_cents, lower.daily_budget_cents)
    # 24 hours after it was set the old price still counts as the one in force a day ago
    assert np.array_equal(edge.price_anchor_24h_cents, first.price_cents)
    assert np.array_equal(later.price_anchor_24h_cents, lower.price_cents)
    assert np.array_equal(later.budget_low_24h_cents, lower.daily_budget_cents)
    assert np.array_equal(last.budget_low_24h_cents, first.daily_budget_cents)


def _bidding(state: FleetState, bid_cents: int) -> Setpoints:
    return replace(state.setpoints, bid_cents=np.full_like(state.setpoints.bid_cents, bid_cents))


def _played(terms: FleetTerms, state: FleetState, bid_cents: int, *, hours: int) -> FleetState:
    for _ in range(hours):
        state, _ = play(terms, state, _bidding(state, bid_cents))
    return state


def _drive(terms: FleetTerms, seeds: list[int], controller: Controller, *, hours: int) -> list[tuple[FleetState, FleetHour]]:
    state, memory = open_fleet(terms, seeds=np.array(seeds)), ControllerMemory()
    lived = []
    for _ in range(hours):
        seen = sight(terms, state)
        proposal, memory = controller.propose(memory, seen)
        state, hour = advance(terms, state, seen, proposal)
        lived.append((state, hour))
    return lived


def _assert_same_row(one: tuple[FleetState, FleetHour], row: int, other: tuple[FleetState, FleetHour], at: int) -> None:
    for name in ("contribution_cents", "spend_cents", "profit_cents", "wishes", "interventions", "writes"):
        assert np.array_equal(getattr(one[1], name)[row], getattr(other[1], name)[at]), name
    for name in ("setpoints", "window", "course"):
        _assert_same_arrays(getattr(one[0], name), row, getattr(other[0], name), at)


def _assert_same_arrays(one: Any, row: int, other: Any, at: int) -> None:
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            assert np.array_equal(mine[row], theirs[at], equal_nan=True), field.name
        elif is_dataclass(mine):
            _assert_same_arrays(mine, row, theirs, at)
