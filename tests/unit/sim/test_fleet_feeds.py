"""Outages of tracking as a fleet finds them: in the family that has them, and hardly ever where there are none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from perception.units import Bools
from sim.fleet.fleet import FleetState, fleet_terms, open_fleet, play
from sim.market import Setpoints
from sim.scenarios import load_scenario

STORES, DAYS = 60, 14


@cache
def watched(name: str) -> tuple[Bools, FleetState]:
    """(h, n) which stores are believed to be out, hour by hour, with bids that bring many conversions; and the last state."""
    terms = fleet_terms(replace(load_scenario(name), days=DAYS))
    state = open_fleet(terms, seeds=np.arange(100_000, 100_000 + STORES))
    bids = Setpoints(
        bid_cents=np.full_like(state.setpoints.bid_cents, 90),
        price_cents=state.setpoints.price_cents,
        daily_budget_cents=np.full_like(state.setpoints.daily_budget_cents, 10_000_000),
    )
    out = []
    for _ in range(DAYS * 24):
        state, _ = play(terms, state, bids)
        out.append(state.feeds.conversions.out)
    return np.array(out), state


@pytest.mark.parametrize("name", ["steady", "stock_limited", "lagged_reporting"])
def test_where_tracking_works_hardly_a_store_is_called_out(name: str) -> None:
    out, _ = watched(name)

    begun = np.count_nonzero(np.diff(out.astype(np.int8), axis=0, prepend=0) > 0)

    # at most one in ten store-weeks
    assert begun <= 0.1 * STORES * DAYS / 7


def test_an_outage_of_tracking_is_found_in_most_stores_and_ends_when_conversions_come_back() -> None:
    out, _ = watched("tracking_outage")
    quiet, _ = watched("steady")

    assert out.mean() > 10.0 * quiet.mean()
    # found outages last for a while, and none for ever
    stretches = np.diff(out.astype(np.int8), axis=0, prepend=0)
    assert np.count_nonzero(stretches > 0) > 0.3 * STORES
    assert out[-1].mean() < 0.3
