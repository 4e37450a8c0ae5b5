"""Events, viral products and outages come at their rates, last as long as they should, and depend on no action."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from perception.units import Bools
from sim.mechanics.shocks import ShockState, is_announced, next_day, opened
from sim.parameters.mechanics import Shocks

FIGURES = Shocks(
    event_days=(date(2025, 10, 7),),
    event_traffic_ratio=1.77,
    event_cpc_ratio=1.23,
    event_cvr_ratio=1.12,
    surprise_events_per_year=4.0,
    viral_per_sku_year=0.3,
    viral_ratio=5.0,
    viral_half_life_days=2.0,
    platform_outages_per_year=6.0,
    platform_outage_low_h=1,
    platform_outage_high_h=6,
    tracking_outages_per_year=4.0,
    tracking_outage_low_h=6,
    tracking_outage_high_h=48,
    tracking_recovered_share=0.5,
)
QUIET = replace(FIGURES, surprise_events_per_year=0.0, viral_per_sku_year=0.0, platform_outages_per_year=0.0, tracking_outages_per_year=0.0)
SEEDS = np.arange(400)
FIRST = date(2025, 10, 6).toordinal()


def _days(figures: Shocks, days: int) -> list[ShockState]:
    state = opened(figures, skus=3, day=FIRST, seeds=SEEDS)
    states = [state]
    for index in range(1, days):
        state = next_day(state, figures, day=FIRST + index, day_index=index, seeds=SEEDS)
        states.append(state)
    return states


def _hours(states: list[ShockState], figure: str) -> Bools:
    """(N, hours) whether each works."""
    return np.concatenate([getattr(states[hour // 24], figure).is_over(hour) for hour in range(24 * len(states))], axis=1)


def test_an_announced_event_has_the_published_orders_and_spend() -> None:
    state = _days(QUIET, 2)[1]
    orders = state.traffic(QUIET) * state.orders_per_visit(QUIET)
    spend = state.traffic(QUIET) * state.click_price(QUIET)

    assert is_announced(QUIET, FIRST + 1)
    assert orders[0, 0] == pytest.approx(1.98, abs=0.01)
    assert spend[0, 0] == pytest.approx(2.2, abs=0.03)
    assert state.usual_orders(QUIET)[0, 0] == pytest.approx(1.98, abs=0.01)


def test_a_day_without_shocks_is_neutral() -> None:
    state = opened(QUIET, skus=3, day=FIRST, seeds=SEEDS)

    assert not is_announced(QUIET, FIRST)
    for factor in (state.traffic(QUIET), state.orders_per_visit(QUIET), state.click_price(QUIET), state.usual_orders(QUIET)):
        assert (factor == 1.0).all()
    assert state.platform.is_over(0).all()
    assert state.tracking.is_over(0).all()


def test_surprise_events_and_viral_products_come_at_their_rates() -> None:
    states = _days(FIGURES, 300)[2:]
    events = np.mean([state.is_event for state in states])
    outbreaks = np.mean([(now.viral_excess > before.viral_excess).mean() for before, now in pairwise(states)])

    assert events * 365 == pytest.approx(4.0, rel=0.1)
    assert outbreaks * 365 == pytest.approx(0.3, rel=0.15)


def test_a_viral_product_starts_at_its_ratio_and_fades_by_half_lives() -> None:
    states = _days(replace(QUIET, viral_per_sku_year=3.0), 12)
    start = next(index for index in range(1, 8) if (states[index].viral_excess == 4.0).any())
    where = np.argwhere(states[start].viral_excess == 4.0)[0]

    later = states[start + 2].viral_excess[tuple(where)]
    assert later == pytest.approx(2.0) or later == 4.0


@pytest.mark.parametrize(("figure", "per_year", "low", "high"), [("platform", 6.0, 1, 6), ("tracking", 4.0, 6, 48)])
def test_outages_come_at_their_rate_and_last_within_their_bounds(figure: str, per_year: float, low: int, high: int) -> None:
    works = _hours(_days(FIGURES, 365), figure)
    edges = np.diff(works.astype(np.int8), axis=1)
    begins, ends = np.argwhere(edges == -1), np.argwhere(edges == 1)
    lengths = [
        int(ends[(ends[:, 0] == store) & (ends[:, 1] > hour)][0, 1] - hour)
        for store, hour in begins[:300].tolist()
        if ((ends[:, 0] == store) & (ends[:, 1] > hour)).any()
    ]

    assert begins.shape[0] / SEEDS.size == pytest.approx(per_year, rel=0.08)
    assert low <= min(lengths)
    # two may follow each other without a gap
    assert np.quantile(lengths, 0.98) <= high
    assert np.mean(lengths) == pytest.approx((low + high) / 2, rel=0.1)


def test_a_store_meets_the_same_shocks_in_any_batch() -> None:
    alone = opened(FIGURES, skus=3, day=FIRST, seeds=SEEDS[77:78])
    for index, together in enumerate(_days(FIGURES, 100)):
        if index:
            alone = next_day(alone, FIGURES, day=FIRST + index, day_index=index, seeds=SEEDS[77:78])
        assert np.array_equal(together.viral_excess[77], alone.viral_excess[0])
        assert np.array_equal(together.tracking.ends[77], alone.tracking.ends[0])
