"""What a policy's moves are worth in truth: the curves that it is taught by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from control.controller import ControllerMemory
from control.laws import Laws
from control.residual import Stride
from perception.fields import Field
from sim.fleet.fleet import FleetState, FleetTerms, fleet_terms, open_fleet, sight
from sim.judging.action_values import STRENGTHS, ActionValues, action_values
from sim.scenarios import load_scenario

STILL = STRENGTHS.size // 2


@pytest.fixture(scope="module")
def opened() -> tuple[FleetTerms, FleetState]:
    terms = fleet_terms(replace(load_scenario("steady"), history_days=7))
    return terms, open_fleet(terms, seeds=np.arange(100_000, 100_004))


def values_of(terms: FleetTerms, state: FleetState, stride: Stride | None = None) -> ActionValues:
    seen = sight(terms, state)
    return action_values(terms, state, seen, Laws().propose(ControllerMemory(), seen)[0], stride or Stride())


def test_doing_nothing_is_worth_nothing(opened: tuple[FleetTerms, FleetState]) -> None:
    values = values_of(*opened)

    assert not values.bid[..., STILL].any()
    assert not values.price[..., STILL].any()


def test_curves_have_a_figure_for_every_strength_and_some_of_them_differ(opened: tuple[FleetTerms, FleetState]) -> None:
    values = values_of(*opened)

    assert values.bid.shape == values.price.shape == (4, 10, STRENGTHS.size)
    assert np.isfinite(values.bid).all()
    assert np.isfinite(values.price).all()
    assert np.ptp(values.bid, axis=-1).max() > 0.0
    assert np.ptp(values.price, axis=-1).max() > 0.0


def test_without_stride_nothing_is_worth_anything(opened: tuple[FleetTerms, FleetState]) -> None:
    values = values_of(*opened, stride=Stride(log_bid=0.0, log_price=0.0))

    assert not values.price_moves.any()
    assert not values.price.any()


def test_lower_bids_are_worth_more_where_clicks_are_worth_nothing(opened: tuple[FleetTerms, FleetState]) -> None:
    terms, state = opened
    # a product that costs more than its price earns nothing by any click; bids stand high so that every strength changes something
    goods = replace(state.goods, cost_cents=state.goods.cost_cents * 10.0)
    setpoints = replace(state.setpoints, bid_cents=np.full_like(state.setpoints.bid_cents, 80))
    seen = sight(terms, replace(state, goods=goods, setpoints=setpoints))
    standing = replace(Laws().propose(ControllerMemory(), seen)[0], setpoints={Field.BID: np.full((4, 10), np.nan)})

    values = action_values(terms, replace(state, goods=goods, setpoints=setpoints), seen, standing, Stride())

    assert (np.diff(values.bid, axis=-1) <= 1e-12).all()
    assert (values.bid[..., 0] >= values.bid[..., -1]).all()


def test_a_store_is_valued_alike_alone_and_in_a_batch(opened: tuple[FleetTerms, FleetState]) -> None:
    terms, state = opened
    alone = open_fleet(terms, seeds=np.array([100_002]))

    batch, single = values_of(terms, state), values_of(terms, alone)

    np.testing.assert_allclose(single.bid[0], batch.bid[2], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(single.price[0], batch.price[2], rtol=1e-9, atol=1e-15)
