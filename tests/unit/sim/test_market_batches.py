"""With every mechanic on, a store lives the same life in any batch, in any order and in any process."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.units import Ints
from sim.market import HourOutcome, MarketState, Setpoints, initial_setpoints, start, step
from sim.parameters.market import MarketParameters
from sim.parameters.store_spread import StoreSpread
from sim.randomness import cells, uniforms
from sim.reporting import Reports, ad_figures, advance, open_reports, shop_figures

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

ROOT = Path(__file__).parents[3]
FIGURES = [item.name for item in fields(HourOutcome) if item.name != "delivered"]


@cache
def _standing(parameters: MarketParameters, seeds: tuple[int, ...]) -> Setpoints:
    return initial_setpoints(parameters, seeds=np.array(seeds))


def _setpoints(parameters: MarketParameters, seeds: Ints, hour: int) -> Setpoints:
    """Set-points that differ from store to store, from SKU to SKU and from hour to hour, and depend on nothing but those."""
    standing = _standing(parameters, tuple(seeds.tolist()))
    luck = uniforms(cells(seeds + 1_000 * (hour // 5), standing.bid_cents.shape[1]))
    return Setpoints(
        bid_cents=(luck * 150).astype(np.int64),
        price_cents=np.maximum((standing.price_cents * (0.7 + 0.6 * luck)).astype(np.int64), 1),
        daily_budget_cents=standing.daily_budget_cents // (1 + hour % 3),
    )


def _lived(parameters: MarketParameters, seeds: Ints, hours: int) -> tuple[MarketState, list[HourOutcome], Reports]:
    state = start(parameters, seeds=seeds, first_day=parameters.shop.first_day.toordinal())
    reports, outcomes = open_reports(state), []
    for hour in range(hours):
        state, outcome = step(parameters, state, _setpoints(parameters, seeds, hour))
        reports = advance(parameters, reports, outcome)
        outcomes.append(outcome)
    return state, outcomes, reports


def digests(parameters: MarketParameters, seeds: Ints, hours: int) -> list[str]:
    """What each store lived through, as a hash of all its integer counts."""
    state, outcomes, reports = _lived(parameters, seeds, hours)
    figures = [getattr(outcome, name) for outcome in outcomes for name in FIGURES]
    figures += [getattr(state.totals, item.name) for item in fields(state.totals)] + [state.inventory.on_hand]
    figures += [ad_figures(reports, reports.days), shop_figures(reports, reports.days)]
    return [
        hashlib.sha256(b"".join(np.ascontiguousarray(each[store]).tobytes() for each in figures)).hexdigest() for store in range(seeds.size)
    ]


@pytest.fixture(scope="module")
def dire(all_mechanics: Bench) -> Bench:
    """So little stock, so many shocks and such different stores that every branch is taken within days."""
    harsh = all_mechanics.changed(
        stock={"initial_low_days": 1.0, "initial_high_days": 6.0, "lead_time_low_days": 1, "lead_time_high_days": 3},
        shocks={
            "surprise_events_per_year": 60.0,
            "viral_per_sku_year": 20.0,
            "platform_outages_per_year": 90.0,
            "tracking_outages_per_year": 90.0,
        },
        returns={"return_delay_low_days": 1, "return_delay_high_days": 3},
    )
    different = StoreSpread(price_log_sd=0.4, margin_logit_sd=0.4, order_log_sd=0.6, elasticity_log_sd=0.3)
    return type(harsh)(replace(harsh.parameters, stores=different))


def test_a_store_is_bit_identical_alone_and_among_seven(dire: Bench) -> None:
    seeds = np.array([5, 900, -3, 41, 2**40, 7, 0])

    together = digests(dire.parameters, seeds, 4 * 24 + 1)

    assert [digests(dire.parameters, seeds[i : i + 1], 4 * 24 + 1)[0] for i in range(7)] == together
    assert len(set(together)) == 7


def test_a_store_is_bit_identical_among_a_thousand(dire: Bench) -> None:
    seeds = np.arange(1024)

    together = digests(dire.parameters, seeds, 50)

    few = np.array([0, 1, 500, 777, 1021, 1022, 1023])
    assert digests(dire.parameters, few, 50) == [together[seed] for seed in few]
    assert digests(dire.parameters, few[4:5], 50) == [together[1021]]


def test_the_order_of_the_batch_does_not_matter(dire: Bench) -> None:
    seeds = np.arange(40)
    shuffled = np.random.default_rng(1).permutation(seeds)

    straight = digests(dire.parameters, seeds, 30)

    assert digests(dire.parameters, shuffled, 30) == [straight[seed] for seed in shuffled]


def test_another_process_sees_the_same(dire: Bench) -> None:
    script = (
        "import numpy as np, pickle, sys; from tests.unit.sim.test_market_batches import digests;"
        "print(digests(pickle.loads(sys.stdin.buffer.read()), np.arange(3), 24))"
    )
    answer = subprocess.run([sys.executable, "-c", script], input=pickle.dumps(dire.parameters), capture_output=True, check=True, cwd=ROOT)

    assert answer.stdout.decode().strip() == str(digests(dire.parameters, np.arange(3), 24))


def test_common_luck_survives_any_action(dire: Bench) -> None:
    """Exogenous draws do not depend on what is set: shocks, luck and the lead times are the same under two policies."""
    seeds = np.arange(5)
    one, other = (start(dire.parameters, seeds=seeds, first_day=dire.first_day) for _ in range(2))
    for hour in range(3 * 24):
        one, _ = step(dire.parameters, one, _setpoints(dire.parameters, seeds, hour))
        other, _ = step(dire.parameters, other, initial_setpoints(dire.parameters, seeds=seeds))

    for name in ("orders_per_day", "click_rate", "order_rate", "bid_level", "overdelivery"):
        np.testing.assert_array_equal(getattr(one.today, name), getattr(other.today, name))
    assert one.feedback.mechanics.shocks is not None
    assert other.feedback.mechanics.shocks is not None
    np.testing.assert_array_equal(one.feedback.mechanics.shocks.viral_excess, other.feedback.mechanics.shocks.viral_excess)
    np.testing.assert_array_equal(one.feedback.mechanics.shocks.platform.begins, other.feedback.mechanics.shocks.platform.begins)


def test_nothing_is_shown_or_sold_while_the_platform_is_down(dire: Bench) -> None:
    down = dire.changed(shocks={"platform_outages_per_year": 365.0, "platform_outage_low_h": 30, "platform_outage_high_h": 30})
    state = down.opened(range(6))
    silent = 0
    for _ in range(48):
        shocks = state.feedback.mechanics.shocks
        assert shocks is not None
        dark = ~shocks.platform.is_over(state.hour)[:, 0]
        state, outcome = step(down.parameters, state, down.setpoints(6, bid_cents=100))
        silent += int(dark.sum())
        for name in ("impressions", "clicks", "cost_cents", "ad_orders", "organic_orders", "units"):
            assert not getattr(outcome, name)[dark].any()
    assert silent > 6 * 24
