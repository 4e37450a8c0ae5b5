"""Reports: late and restated for ads, exact for the shop, and in the end the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sim.ad_orders import AdOrders, joined
from sim.market import HourOutcome, MarketState, start, step
from sim.news import due_at, news_of
from sim.reporting import Reports, ad_figures, advance, hour_lag_h, on_hand, open_reports, shop_figures

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

AMPLE = 10_000_000
ADVERTISED_DAYS = 4
STORES, SKUS = 3, 30


@dataclass(frozen=True)
class Story:
    """A market from its first hour, and what was shown after each."""

    state: MarketState
    outcomes: list[HourOutcome]
    shown: list[Reports]

    @property
    def last(self) -> Reports:
        return self.shown[-1]


def _told(bench: Bench, plan: list[tuple[int, int]], *, seeds: range = range(STORES)) -> Story:
    """Play (hours, bid_cents) one after the other."""
    state = bench.opened(seeds)
    outcomes, shown = [], [open_reports(state)]
    for hours, bid_cents in plan:
        setpoints = bench.setpoints(len(seeds), bid_cents=bid_cents, budget_cents=AMPLE)
        for _ in range(hours):
            state, outcome = step(bench.parameters, state, setpoints)
            outcomes.append(outcome)
            shown.append(advance(bench.parameters, shown[-1], outcome))
    return Story(state=state, outcomes=outcomes, shown=shown)


@pytest.fixture(scope="module")
def settled(bench: Bench) -> Story:
    """Four days of ads, then silence until nothing is restated any more."""
    return _told(bench, [(ADVERTISED_DAYS * 24, 80), ((7 + 3 + 1) * 24, 0)])


@pytest.fixture(scope="module")
def days(bench: Bench) -> list[int]:
    return [bench.first_day + offset for offset in range(ADVERTISED_DAYS)]


def _daily(story: Story, name: str) -> np.ndarray:
    """(N, days, M) truth by day."""
    hourly = np.stack([getattr(outcome, name) for outcome in story.outcomes], axis=1)
    daily: np.ndarray = hourly.reshape(hourly.shape[0], -1, 24, hourly.shape[2]).sum(axis=2)
    return daily


def _true_conversions(story: Story, days: list[int]) -> tuple[np.ndarray, np.ndarray]:
    orders, value = np.zeros((2, STORES, len(days), SKUS))
    arrived = joined(story.state.arrived, skus=SKUS)
    at = (arrived.store, arrived.click_hour // 24, arrived.sku)
    np.add.at(orders, at, 1)
    np.add.at(value, at, arrived.units * arrived.price_cents)
    return orders, value


def test_restated_totals_end_at_the_truth(settled: Story, days: list[int]) -> None:
    shown = ad_figures(settled.last, days)

    orders, value = _true_conversions(settled, days)
    for column, name in enumerate(("impressions", "clicks", "cost_cents")):
        np.testing.assert_array_equal(shown[..., column], _daily(settled, name)[:, :ADVERTISED_DAYS])
    np.testing.assert_array_equal(shown[..., 3], orders)
    np.testing.assert_array_equal(shown[..., 4], value)
    assert shown[..., 3].sum() > 100


def test_clicks_and_cost_only_ever_rise_and_conversions_also_fall(settled: Story, days: list[int]) -> None:
    shown = np.stack([ad_figures(reports, days) for reports in settled.shown[1:]])

    change = np.diff(shown, axis=0)
    assert (change[..., :3] >= 0).all()
    assert (change[..., 3] < 0).any()
    # clicks and cost are complete half a day after their day; the first hour is over at 1 and shown from 2 at the earliest
    np.testing.assert_array_equal(shown[24 + 12 - 1, :, 0, :, :3], shown[-1, :, 0, :, :3])
    assert not shown[0].any()


def test_an_hour_is_shown_when_its_lag_is_over(bench: Bench, settled: Story, days: list[int]) -> None:
    lag = hour_lag_h(bench.parameters.reporting, keys=settled.last.lag_keys, hours=np.arange(48))
    seen = np.arange(48) + 1 + lag <= 30

    clicks = np.stack([outcome.clicks for outcome in settled.outcomes[:48]], axis=1)
    expected = (clicks * seen[:, :, None]).reshape(STORES, 2, 24, SKUS).sum(axis=2)
    np.testing.assert_array_equal(ad_figures(settled.shown[30], days[:2])[..., 1], expected)


def test_conversions_never_precede_their_clicks(settled: Story, days: list[int]) -> None:
    for reports in settled.shown[1::3]:
        shown = ad_figures(reports, days)
        assert not shown[..., 3][shown[..., 1] == 0].any()


def test_each_cell_knows_when_it_last_changed(settled: Story, days: list[int]) -> None:
    for before, after in zip(settled.shown[1:200], settled.shown[2:201], strict=True):
        for place, day in enumerate(days[: len(before.pages)]):
            page = after.pages[place]
            ads = (ad_figures(before, [day]) != ad_figures(after, [day])).any(axis=(1, 3))
            shop = (shop_figures(before, [day]) != shop_figures(after, [day])).any(axis=(1, 3))
            np.testing.assert_array_equal(page.shop_changed == after.hour, shop)
            # a cell may change and change back within an hour: touched, and yet the same
            assert (page.ads_changed[ads] == after.hour).all()
            assert (page.ads_changed <= after.hour).all()


def test_reports_are_never_changed_in_place(bench: Bench) -> None:
    story = _told(bench, [(40, 80)])
    day = [bench.first_day, bench.first_day + 1]
    kept = ad_figures(story.shown[30], day), shop_figures(story.shown[30], day)

    again = advance(bench.parameters, story.shown[30], story.outcomes[30])

    np.testing.assert_array_equal(ad_figures(again, day), ad_figures(story.shown[31], day))
    np.testing.assert_array_equal(ad_figures(story.shown[30], day), kept[0])
    np.testing.assert_array_equal(shop_figures(story.shown[30], day), kept[1])


def test_a_store_is_shown_the_same_in_any_batch(bench: Bench) -> None:
    many = _told(bench, [(60, 80)], seeds=range(5)).last
    alone = _told(bench, [(60, 80)], seeds=range(3, 4)).last

    np.testing.assert_array_equal(ad_figures(many, many.days)[3], ad_figures(alone, alone.days)[0])
    np.testing.assert_array_equal(shop_figures(many, many.days)[3], shop_figures(alone, alone.days)[0])


def test_lags_lie_between_their_bounds(bench: Bench) -> None:
    reports = open_reports(bench.opened(range(20)))
    lag = hour_lag_h(bench.parameters.reporting, keys=reports.lag_keys, hours=np.arange(200))

    assert set(np.unique(lag)) == set(range(1, 13))


@pytest.mark.parametrize(
    ("surplus", "settled_at", "counts"),
    [(-1, 40, [0, 0, 0, 1]), (1, 40, [0, 2, 2, 1]), (0, 40, [0, 1, 1, 1]), (-1, 5, [0, 1, 1, 1]), (1, 20, [0, 1, 1, 1])],
)
def test_an_order_settles_at_one_count(surplus: int, settled_at: int, counts: list[int]) -> None:
    order = AdOrders(table=np.array([[4], [3], [10], [250], [3], [surplus * 7]]), skus=SKUS)
    news = news_of(order, shown_at=np.array([20]), settled_at=np.array([settled_at]))

    count, value, seen = 0, 0, {}
    for hour in range(60):
        due, news = due_at(news, hour)
        count, value = count + int(due.count.sum()), value + int(due.value_cents.sum())
        seen[hour] = count
        assert value == count * 750

    assert [seen[hour] for hour in (19, 20, 39, 40)] == counts


def test_restatement_is_as_large_as_said(bench: Bench, settled: Story) -> None:
    reporting, arrived = bench.parameters.reporting, joined(settled.state.arrived, skus=SKUS)

    assert (arrived.surplus == -1).mean() == pytest.approx(reporting.withheld_share, abs=0.06)
    assert (arrived.surplus == 1).mean() == pytest.approx(reporting.doubled_share, abs=0.04)
    assert arrived.settles_h.max() <= reporting.restated_for_h
    assert (arrived.settles_h[arrived.surplus != 0] >= 1).all()


def test_the_shop_knows_its_own_orders_at_once(settled: Story, days: list[int]) -> None:
    whole = shop_figures(settled.last, list(range(days[0], days[0] + 15)))
    noon = shop_figures(settled.shown[36], days)

    np.testing.assert_array_equal(whole[..., 0].sum(axis=1), settled.state.totals.orders)
    np.testing.assert_array_equal(whole[..., 1].sum(axis=1), settled.state.totals.units)
    np.testing.assert_array_equal(whole[..., 2].sum(axis=1), settled.state.totals.revenue_cents)
    np.testing.assert_array_equal(noon[:, 1, :, 1], np.sum([outcome.units for outcome in settled.outcomes[24:36]], axis=0))
    assert not noon[:, 2:].any()


def test_stock_is_shown_as_it_is(settled: Story) -> None:
    np.testing.assert_array_equal(on_hand(settled.state), settled.state.inventory.on_hand)


def test_days_outside_the_market_are_empty(bench: Bench, settled: Story) -> None:
    outside = [bench.first_day - 1, bench.first_day + 500]

    assert not ad_figures(settled.last, outside).any()
    assert not shop_figures(settled.last, outside).any()
    assert not ad_figures(settled.shown[0], [bench.first_day]).any()
    assert ad_figures(settled.shown[0], [bench.first_day]).shape == (STORES, 1, SKUS, 5)


def test_days_that_are_no_longer_kept_are_refused(bench: Bench) -> None:
    short = bench.changed(reporting={"kept_days": 2})
    reports = _told(short, [(5 * 24, 0)]).last

    assert list(reports.days) == [bench.first_day + 3, bench.first_day + 4]
    with pytest.raises(ValueError, match=r"older figures are not kept"):
        shop_figures(reports, [bench.first_day])


def test_conversions_of_days_that_are_no_longer_kept_are_dropped(bench: Bench) -> None:
    """Orders may arrive up to a week after their click, when its page is gone."""
    short = bench.changed(reporting={"kept_days": 1})

    reports = _told(short, [(5 * 24, 80)]).last

    assert len(reports.pages) == 1
    assert (reports.pages[0].conversions >= 0).all()


def test_a_market_under_way_has_no_new_reports(bench: Bench) -> None:
    state, _ = step(bench.parameters, bench.opened(range(1)), bench.setpoints(1))

    with pytest.raises(ValueError, match=r"state.hour: expected 0, was 1"):
        open_reports(state)


@pytest.mark.parametrize(("recovered_share", "low", "high"), [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.4, 0.6)])
def test_what_tracking_missed_is_lost_or_shown_once_it_is_up(all_mechanics: Bench, recovered_share: float, low: float, high: float) -> None:
    shocks = {
        "tracking_recovered_share": recovered_share,
        "tracking_outages_per_year": 365.0,
        "tracking_outage_low_h": 20,
        "tracking_outage_high_h": 24,
        "platform_outages_per_year": 0.0,
    }
    bench = all_mechanics.changed(shocks=shocks, reporting={"withheld_share": 0.0, "doubled_share": 0.0})
    state = start(bench.parameters, seeds=np.arange(40), first_day=bench.first_day)
    reports, setpoints, silent = open_reports(state), bench.setpoints(40, bid_cents=80, budget_cents=AMPLE), bench.setpoints(40)
    missed = recorded = 0
    for hour in range(13 * 24):
        # ads for the first two days, outages in all of them
        state, outcome = step(bench.parameters, state, setpoints if hour < 48 else silent)
        reports = advance(bench.parameters, reports, outcome)
        down = outcome.tracked_from[outcome.delivered.store, 0] > hour
        missed, recorded = missed + int(down.sum()), recorded + int((~down).sum())

    shown = ad_figures(reports, reports.days)[..., 3].sum()
    assert missed > 500
    assert low <= (shown - recorded) / missed <= high
