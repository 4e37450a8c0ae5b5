"""The market as a whole: pure, the same in any batch, conserving, and obeying the direction of every lever."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.units import Ints
from sim.ad_orders import joined
from sim.market import HourOutcome, catalogue, initial_setpoints, start, step
from sim.world import truth

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

AMPLE = 10_000_000
FIGURES = [item.name for item in fields(HourOutcome) if item.name != "delivered"]


def _total(outcomes: list[HourOutcome], name: str) -> Ints:
    total: Ints = np.sum([getattr(outcome, name) for outcome in outcomes], axis=0)
    return total


def _well_stocked(bench: Bench) -> Bench:
    return bench.changed(stock={"initial_low_days": 9_000.0, "initial_high_days": 9_000.0})


def test_a_store_lives_the_same_life_in_any_batch(bench: Bench) -> None:
    _, seven = bench.run(bench.opened(range(7)), bench.setpoints(7, bid_cents=45), 60)

    for seed in (0, 6):
        _, alone = bench.run(bench.opened(range(seed, seed + 1)), bench.setpoints(1, bid_cents=45), 60)
        for name in FIGURES:
            np.testing.assert_array_equal(
                [getattr(outcome, name)[seed] for outcome in seven], [getattr(outcome, name)[0] for outcome in alone]
            )


def test_a_step_leaves_the_state_it_started_from_alone(bench: Bench) -> None:
    state, _ = bench.run(bench.opened(range(2)), bench.setpoints(2, bid_cents=45), 35)
    setpoints = bench.setpoints(2, bid_cents=45)

    first, outcome = step(bench.parameters, state, setpoints)
    again, same = step(bench.parameters, state, setpoints)

    np.testing.assert_array_equal(outcome.cost_cents, same.cost_cents)
    np.testing.assert_array_equal(outcome.units, same.units)
    np.testing.assert_array_equal(first.totals.revenue_cents, again.totals.revenue_cents)
    np.testing.assert_array_equal(first.pending.table, again.pending.table)
    assert state.hour == 35
    assert len(state.arrived) == 35


def test_different_seeds_live_different_lives(bench: Bench) -> None:
    state, _ = bench.run(bench.opened(range(2)), bench.setpoints(2, bid_cents=45), 24)

    assert (state.world.elasticity[0] != state.world.elasticity[1]).all()
    assert (state.totals.units[0] != state.totals.units[1]).any()


def test_organic_orders_have_the_expected_mean(bench: Bench) -> None:
    ample = _well_stocked(bench)
    opened = ample.opened(range(300))

    _, outcomes = ample.run(opened, ample.setpoints(300), 24)
    orders = _total(outcomes, "organic_orders")

    demand = bench.parameters.demand
    expected = opened.world.orders_per_day * demand.weekday_index[0] * demand.month_index[8]
    spread = np.sqrt(expected + opened.world.dispersion * expected**2)
    score = (orders - expected).sum(axis=0) / np.sqrt((spread**2).sum(axis=0))
    assert np.abs(score).max() < 4.0
    assert np.abs(score.mean()) < 0.75
    # sd of one SKU's orders around expectation is that of a negative binomial
    best = (expected.mean(axis=0) > 2.0) & (opened.world.dispersion < 1.0)
    ratio = ((orders - expected) ** 2).mean(axis=0)[best] / (spread**2).mean(axis=0)[best]
    np.testing.assert_allclose(ratio, 1.0, atol=0.45)


def test_clicks_become_orders_at_the_true_rate(bench: Bench) -> None:
    ample = _well_stocked(bench).changed(conversion={"slow_mean_days": 0.01, "fast_share": 0.85})
    state = ample.opened(range(60))
    state, _ = ample.run(state, ample.setpoints(60, bid_cents=60, budget_cents=AMPLE), 48)
    totals = state.totals.clicks.sum(axis=0)

    state, _ = ample.run(state, ample.setpoints(60), 30)

    expected = (state.world.cvr * state.totals.clicks).sum()
    orders = sum(hour.count for hour in state.arrived)
    assert totals.sum() > 20_000
    assert abs(orders - expected) < 5.0 * np.sqrt(expected) + 0.02 * expected


def test_clicks_follow_views_at_the_true_rate(bench: Bench) -> None:
    state, _ = bench.run(bench.opened(range(60)), bench.setpoints(60, bid_cents=60, budget_cents=AMPLE), 48)

    expected = (state.world.ctr * state.totals.impressions).sum()
    assert state.totals.clicks.sum() == pytest.approx(expected, rel=0.05)


def test_a_higher_bid_is_seen_no_less_and_clicked_no_less(bench: Bench) -> None:
    runs = [
        bench.run(bench.opened(range(3)), bench.setpoints(3, bid_cents=bid, budget_cents=AMPLE), 36)[0].totals for bid in (0, 20, 45, 90)
    ]

    for low, high in pairwise(runs):
        assert (high.impressions >= low.impressions).all()
        assert (high.clicks >= low.clicks).all()
        assert high.impressions.sum() > low.impressions.sum()
        assert high.cost_cents.sum() > low.cost_cents.sum()


def test_a_higher_price_never_brings_more_orders(bench: Bench) -> None:
    ample = _well_stocked(bench)
    runs = [
        ample.run(ample.opened(range(3)), ample.setpoints(3, bid_cents=45, price_ratio=ratio, budget_cents=AMPLE), 60)[0].totals
        for ratio in (0.8, 1.0, 1.3)
    ]

    for cheap, dear in pairwise(runs):
        assert (dear.orders <= cheap.orders).all()
        assert dear.orders.sum() < cheap.orders.sum()


def test_what_others_do_is_no_business_of_ours(bench: Bench) -> None:
    """Common random numbers: bids change neither organic demand nor the rivals' day."""
    ample = _well_stocked(bench)
    quiet, without = ample.run(ample.opened(range(2)), ample.setpoints(2), 30)
    loud, with_ads = ample.run(ample.opened(range(2)), ample.setpoints(2, bid_cents=80, budget_cents=AMPLE), 30)

    np.testing.assert_array_equal(_total(without, "organic_orders"), _total(with_ads, "organic_orders"))
    np.testing.assert_array_equal(quiet.rivals.spent_share, loud.rivals.spent_share)


def test_rivals_who_ran_out_leave_cheaper_clicks_in_the_evening(bench: Bench) -> None:
    _, outcomes = bench.run(bench.opened(range(40)), bench.setpoints(40, bid_cents=60, budget_cents=AMPLE), 24)
    clicks, cost = ([getattr(outcome, name).sum() for outcome in outcomes] for name in ("clicks", "cost_cents"))

    morning, evening = sum(cost[8:12]) / sum(clicks[8:12]), sum(cost[18:22]) / sum(clicks[18:22])

    assert evening < 0.5 * morning


def test_a_day_costs_at_most_the_budget_times_overdelivery(bench: Bench) -> None:
    state = bench.opened(range(5))
    setpoints = bench.setpoints(5, bid_cents=200, budget_cents=3_000)
    limits, days = [], []
    for _ in range(3):
        limits.append(np.floor(3_000 * state.today.overdelivery))
        state, outcomes = bench.run(state, setpoints, 24)
        days.append(_total(outcomes, "cost_cents") @ state.world.campaign_members.T)

    spend = np.stack(days)
    assert (spend <= np.stack(limits)).all()
    assert (spend > 2_700).any()


def test_a_budget_lowered_at_noon_stops_the_spend_of_the_day(bench: Bench) -> None:
    morning, _ = bench.run(bench.opened(range(5)), bench.setpoints(5, bid_cents=200, budget_cents=AMPLE), 12)
    cap = np.floor(1_500 * morning.today.overdelivery)

    evening, _ = bench.run(morning, bench.setpoints(5, bid_cents=200, budget_cents=1_500), 11)

    spent = evening.campaign_spent_cents
    assert (spent <= np.maximum(morning.campaign_spent_cents, cap)).all()
    assert (spent[morning.campaign_spent_cents >= cap] == morning.campaign_spent_cents[morning.campaign_spent_cents >= cap]).all()


def test_units_sold_never_exceed_units_there_were(bench: Bench) -> None:
    scarce = bench.changed(stock={"initial_low_days": 1.0, "initial_high_days": 3.0})
    opened = scarce.opened(range(4))

    state, outcomes = scarce.run(opened, scarce.setpoints(4, bid_cents=60), 8 * 24)

    np.testing.assert_array_equal(opened.inventory.on_hand - _total(outcomes, "units"), state.inventory.on_hand)
    assert (state.inventory.on_hand >= 0).all()
    assert _total(outcomes, "lost_units").sum() > 0
    assert (state.inventory.on_order > 0).any()


def test_an_order_is_paid_at_the_price_of_its_click(bench: Bench) -> None:
    ample = _well_stocked(bench)
    standing = ample.setpoints(3, bid_cents=60, budget_cents=AMPLE)
    clicked, _ = ample.run(ample.opened(range(3)), standing, 24)
    doubled = replace(standing, bid_cents=np.zeros_like(standing.bid_cents), price_cents=standing.price_cents * 2)

    later, _ = ample.run(clicked, doubled, 48)

    prices = np.array(bench.parameters.assortment.price_cents)
    arrived = joined(later.arrived, skus=prices.size)
    assert arrived.count > joined(clicked.arrived, skus=prices.size).count
    np.testing.assert_array_equal(arrived.price_cents, prices[arrived.sku])


def test_totals_are_the_sum_of_the_hours(bench: Bench) -> None:
    state, outcomes = bench.run(bench.opened(range(2)), bench.setpoints(2, bid_cents=45), 50)

    for name in ("impressions", "clicks", "cost_cents", "units", "revenue_cents", "lost_units"):
        np.testing.assert_array_equal(getattr(state.totals, name), _total(outcomes, name))
    orders = np.stack([outcome.ad_orders + outcome.organic_orders for outcome in outcomes])
    np.testing.assert_array_equal(state.totals.first_order_hour, np.where(orders.max(axis=0) > 0, (orders > 0).argmax(axis=0), -1))


def test_launches_are_not_sold_before_the_shop_opens(bench: Bench) -> None:
    new = np.array(bench.parameters.assortment.is_new)
    state = start(bench.parameters, seeds=np.arange(20), first_day=bench.first_day - 2)
    early, _ = bench.run(state, bench.setpoints(20, bid_cents=60), 48)

    late, _ = bench.run(early, bench.setpoints(20, bid_cents=60), 48)

    assert not early.totals.orders[:, new].any()
    assert not early.totals.impressions[:, new].any()
    assert late.totals.orders[:, new].any()
    assert late.totals.impressions[:, new].any()


def test_orders_are_forgotten_after_the_kept_days(bench: Bench) -> None:
    short = bench.changed(reporting={"kept_days": 3})

    state, _ = short.run(short.opened(range(1)), short.setpoints(1, bid_cents=60), 6 * 24)

    assert len(state.arrived) == 3 * 24


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("bid_cents", -1, r"bid_cents: expected >= 0, was -1"),
        ("price_cents", 0, r"price_cents: expected >= 1, was 0"),
        ("daily_budget_cents", -7, r"daily_budget_cents: expected >= 0, was -7"),
    ],
)
def test_impossible_setpoints_are_refused(bench: Bench, field: str, value: int, message: str) -> None:
    standing = bench.setpoints(1)
    broken = replace(standing, **{field: np.full_like(getattr(standing, field), value)})

    with pytest.raises(ValueError, match=message):
        step(bench.parameters, bench.opened(range(1)), broken)


def test_setpoints_of_another_shape_are_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match=r"bid_cents: expected int64 of shape \(1, 30\), was int64 of shape \(2, 30\)"):
        step(bench.parameters, bench.opened(range(1)), bench.setpoints(2))


def test_catalogue_and_standing_setpoints_tell_of_the_same_products(bench: Bench) -> None:
    shown, standing = catalogue(bench.parameters, seed=5), initial_setpoints(bench.parameters, seeds=np.array([4, 5]))

    world = truth(bench.parameters, seeds=np.array([5]))
    np.testing.assert_array_equal(shown.anchor_price_cents, standing.price_cents[1])
    np.testing.assert_array_equal(shown.cost_cents, world.cost_cents[0])
    assert (shown.cost_cents < shown.anchor_price_cents).all()
    assert not standing.bid_cents.any()
    assert standing.daily_budget_cents.shape == (2, len(shown.campaigns))


def test_a_campaign_without_money_is_not_shown(bench: Bench) -> None:
    noon, _ = bench.run(bench.opened(range(5)), bench.setpoints(5, bid_cents=200, budget_cents=AMPLE), 12)

    _, outcomes = bench.run(noon, bench.setpoints(5, bid_cents=200, budget_cents=0), 3)

    assert not _total(outcomes, "impressions").any()
