"""Price effects: the same whether they were carried over from the last hour or worked out anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.units import Floats, Ints
from sim.mechanics.feedback import start
from sim.mechanics.feedback_state import FeedbackState, PriceEffect
from sim.mechanics.price_effect import Prices, price_effect
from sim.parameters.market import MarketParameters, load_market
from sim.world import World, truth

STORES = 8


class Morning:
    """Stores at midnight whose prices can be changed."""

    def __init__(self, parameters: MarketParameters) -> None:
        self.parameters = parameters
        self.world: World = truth(parameters, seeds=np.arange(STORES))
        day = parameters.shop.first_day.toordinal()
        self.state: FeedbackState = start(parameters, self.world, seeds=np.arange(STORES), first_day=day)
        self.cents: Ints = self.world.reference_price_cents.astype(np.int64)
        self.answer: Floats = np.zeros(self.cents.shape)

    def effect(self, cents: Ints, answer: Floats, known: PriceEffect | None = None) -> PriceEffect:
        prices = Prices(ours_cents=cents, rival_log_price=answer)
        return price_effect(self.parameters, self.state.mechanics, self.state.today, self.world, prices, known)


@pytest.fixture(scope="module", params=[True, False], ids=["with rivals' prices", "without"])
def morning(request: pytest.FixtureRequest) -> Morning:
    parameters = load_market(Path(__file__).parent / "all_mechanics.toml")
    return Morning(parameters if request.param else replace(parameters, cross_price=None))


def _assert_same(one: PriceEffect, other: PriceEffect) -> None:
    for name in ("price_cents", "rival_log_price", "log_price", "organic", "order_per_click"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@given(
    ours=st.lists(st.tuples(st.integers(0, STORES - 1), st.integers(0, 4), st.integers(1, 5000)), max_size=12),
    theirs=st.lists(st.tuples(st.integers(0, STORES - 1), st.integers(0, 4), st.floats(-0.3, 0.0)), max_size=12),
)
def test_what_moved_prices_do_is_the_same_to_the_last_bit_as_worked_out_anew(
    morning: Morning, ours: list[tuple[int, int, int]], theirs: list[tuple[int, int, float]]
) -> None:
    cents, answer = morning.cents.copy(), morning.answer.copy()
    for store, sku, price in ours:
        cents[store, sku] = price
    for store, sku, log_price in theirs:
        answer[store, sku] = log_price
    known = morning.effect(morning.cents, morning.answer)

    _assert_same(morning.effect(cents, answer, known), morning.effect(cents, answer))


def test_prices_that_stand_have_the_effect_they_had(morning: Morning) -> None:
    known = morning.effect(morning.cents, morning.answer)

    assert morning.effect(morning.cents.copy(), morning.answer.copy(), known) is known


def test_an_answer_of_rivals_leaves_our_own_prices_as_they_were(morning: Morning) -> None:
    known = morning.effect(morning.cents, morning.answer)
    answer = morning.answer.copy()
    answer[2, 1] = -0.1

    assert morning.effect(morning.cents, answer, known).log_price is known.log_price
