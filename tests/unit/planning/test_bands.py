"""Price bands: what the merchant, the stage and the elasticity allow, whichever is narrowest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from perception.economics import Economics
from perception.fields import Field
from perception.state import Estimate
from planning.bands import Bands, bands, best_price_cents, break_even_cents
from planning.evidence import sales_record
from planning.selection import select

TERMS = Economics(fee_ratio=0.05, return_rate=0.02, return_rate_upper=0.04, return_cost_cents=100)


def banded(request: Any, *, may_move: bool = True) -> Bands:
    selection = select(request.state, request.catalogue, sales_record(request))
    return bands(request, selection, may_move=np.full(4, may_move))


def known_elasticity(magnitude: float, sd: float = 0.0) -> dict[str, Estimate]:
    return {"elasticity": Estimate(mean=np.full(4, magnitude), sd=np.full(4, sd))}


def test_break_even_leaves_nothing_at_upper_returns() -> None:
    price = break_even_cents(np.array([500.0]), TERMS)

    assert 0.96 * (price * 0.95 - 500.0) - 0.04 * 100.0 == pytest.approx(0.0)


def test_best_price_maximises_profit_at_constant_elasticity() -> None:
    grid = np.linspace(600.0, 3000.0, 4801)
    margin = 0.98 * (grid * 0.95 - 500.0) - 0.02 * 100.0

    assert best_price_cents(np.array([500.0]), np.array([2.5]), TERMS)[0] == pytest.approx(grid[np.argmax(margin * grid**-2.5)], abs=1.0)


def test_inelastic_demand_has_no_best_price() -> None:
    assert np.isinf(best_price_cents(np.array([500.0]), np.array([1.0]), TERMS))[0]


def test_price_may_rise_where_elasticity_is_surely_low(make: Any) -> None:
    mature = banded(make(state=known_elasticity(1.3)))

    assert (mature.low[0], mature.high[0]) == (1000.0, 1200.0)


def test_price_may_fall_where_elasticity_is_surely_high(make: Any) -> None:
    mature = banded(make(state=known_elasticity(4.0)))

    assert (mature.low[0], mature.high[0]) == (900.0, 1000.0)


def test_doubt_leaves_both_ways_open(make: Any) -> None:
    mature = banded(make(state=known_elasticity(2.1, sd=0.8)))

    assert mature.low[0] < 1000.0 < mature.high[0]


def test_band_goes_no_further_than_elasticity_would(make: Any) -> None:
    mature = banded(make(state=known_elasticity(2.0)))

    assert mature.high[0] == np.ceil(best_price_cents(np.array([500.0]), np.array([2.0]), TERMS)[0])
    assert mature.target[0] == pytest.approx(mature.high[0], abs=1.0)


def test_clearance_goes_down_whatever_elasticity_says(make: Any) -> None:
    heavy = banded(make(state=known_elasticity(1.1) | {"on_hand": np.full(4, 1e5)}))

    assert (heavy.low[0], heavy.high[0], heavy.target[0]) == (900.0, 1000.0, 900.0)


def test_launch_may_not_grow_dearer(make: Any) -> None:
    new = banded(make(state=known_elasticity(1.1), catalogue={"is_new": np.full(4, True)}))

    assert new.high[3] == 1000.0


def test_no_band_below_break_even(make: Any) -> None:
    dear = banded(make(state=known_elasticity(8.0), catalogue={"cost_cents": np.full(4, 880.0)}))

    assert dear.low[0] >= break_even_cents(np.array([880.0]), TERMS)[0]


def test_own_price_below_the_floor_may_stay(make: Any) -> None:
    cheap = banded(
        make(state=known_elasticity(4.0) | {"setpoints": {Field.PRICE: np.full(4, 600.0)}}, catalogue={"cost_cents": np.full(4, 580.0)})
    )

    assert cheap.low[0] == 600.0


def test_price_that_must_not_move_has_no_band(make: Any) -> None:
    still = banded(make(state=known_elasticity(2.1, sd=0.8)), may_move=False)

    assert still.low.tolist() == still.high.tolist() == still.price.tolist()


@pytest.mark.parametrize(
    ("depth", "low", "high"), [(1.0, 900.0, 1200.0), (0.5, 950.0, 1100.0), (0.001, 1000.0, 1000.0), (0.0, 1000.0, 1000.0)]
)
def test_shrinking_scales_the_distance_from_the_price_in_force(depth: float, low: float, high: float) -> None:
    whole = Bands(price=np.array([1000.0]), low=np.array([900.0]), high=np.array([1200.0]), target=np.array([900.0]))

    shrunk = whole.shrunk(depth)

    assert (shrunk.low[0], shrunk.high[0], shrunk.target[0]) == (low, high, low)


def test_unread_price_is_taken_as_the_anchor(make: Any) -> None:
    request = make()
    request = replace(request, state=replace(request.state, setpoints={Field.PRICE: np.full(4, np.nan)}))

    assert banded(request).price.tolist() == [1000.0] * 4
