"""What was sold comes back at the stated rates and delays, at the price paid, and never more than was sold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.units import Ints
from sim.mechanics.returns import Comebacks, next_day, no_returns
from sim.parameters.mechanics import Returns

FIGURES = Returns(
    cancel_rate=0.05,
    cancel_delay_days=1,
    return_rate=(0.30, 0.0),
    return_delay_low_days=7,
    return_delay_high_days=21,
    resalable_share=0.8,
)
SEEDS = np.arange(500)


def _midnights(sold: list[Ints], revenue: list[Ints], figures: Returns = FIGURES, seeds: Ints = SEEDS) -> list[Comebacks]:
    """What comes back at each midnight after each of these days, and after the quiet ones until all is back."""
    pending, backs = no_returns(figures), []
    nothing = np.zeros_like(sold[0])
    for index in range(1, len(sold) + len(pending) + 1):
        units, cents = (sold[index - 1], revenue[index - 1]) if index <= len(sold) else (nothing, nothing)
        pending, back = next_day(pending, figures, units=units, revenue_cents=cents, day_index=index, seeds=seeds)
        backs.append(back)
    assert not any(parcels.row.size for waiting in pending for parcels in waiting)
    return backs


def _one_day(units: int, price_cents: int) -> list[Comebacks]:
    sold = np.full((SEEDS.size, 2), units)
    return _midnights([sold], [sold * price_cents])


def test_rates_are_those_of_the_market() -> None:
    backs = _one_day(40, 1000)
    cancelled = np.sum([back.cancelled_units for back in backs], axis=0)
    returned = np.sum([back.returned_units for back in backs], axis=0)

    assert cancelled.mean() == pytest.approx(40 * 0.05, rel=0.05)
    assert returned[:, 0].mean() == pytest.approx(40 * 0.95 * 0.30, rel=0.02)
    assert returned[:, 0].var() == pytest.approx(40 * 0.285 * 0.715, rel=0.2)
    assert not returned[:, 1].any()


def test_cancelled_units_are_back_at_once_and_returned_ones_evenly_within_their_window() -> None:
    backs = _one_day(40, 1000)
    cancelled = [int(back.cancelled_units.sum()) for back in backs]
    returned = np.array([int(back.returned_units.sum()) for back in backs])

    assert not any(cancelled[1:])
    assert not returned[:6].any()
    np.testing.assert_allclose(returned[6:21] / returned.sum(), 1 / 15, rtol=0.15)


def test_refunds_are_at_the_price_paid() -> None:
    for back in _one_day(7, 1999):
        assert np.array_equal(back.returned_cents, back.returned_units * 1999)
        assert np.array_equal(back.cancelled_cents, back.cancelled_units * 1999)


def test_returned_units_are_resalable_at_their_share_and_cancelled_ones_always() -> None:
    backs = _one_day(40, 1000)
    returned = sum(int(back.returned_units.sum()) for back in backs)
    restocked = sum(int((back.restocked_units - back.cancelled_units).sum()) for back in backs)

    assert restocked / returned == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_or_nothing_may_be_resalable(share: float) -> None:
    sold = np.full((SEEDS.size, 2), 9)

    for back in _midnights([sold], [sold * 5], replace(FIGURES, resalable_share=share)):
        assert np.array_equal(back.restocked_units, back.cancelled_units + (back.returned_units if share else 0))


@settings(max_examples=40)
@given(
    units=st.lists(st.lists(st.integers(0, 3000), min_size=2, max_size=2), min_size=1, max_size=4),
    cents=st.integers(0, 10**9),
    rates=st.tuples(st.sampled_from([0.0, 0.5, 0.999]), st.sampled_from([0.0, 0.5, 0.999])),
)
def test_no_more_units_and_no_more_money_come_back_than_were_sold(units: list[list[int]], cents: int, rates: tuple[float, float]) -> None:
    sold = [np.array([day]) for day in units]
    # a day's revenue need not be a multiple of its units: prices change within it
    revenue = [np.where(day > 0, cents + day, 0) for day in sold]
    figures = replace(FIGURES, cancel_rate=rates[0], return_rate=(rates[1], rates[1]))

    backs = _midnights(sold, revenue, figures, seeds=np.array([5]))

    back_units = np.sum([back.cancelled_units + back.returned_units for back in backs], axis=0)
    back_cents = np.sum([back.cancelled_cents + back.returned_cents for back in backs], axis=0)
    assert (back_units <= np.sum(sold, axis=0)).all()
    assert (back_cents <= np.sum(revenue, axis=0)).all()
    assert all((back.restocked_units <= back.cancelled_units + back.returned_units).all() for back in backs)
    for back in backs:
        assert min(array.min() for array in (back.cancelled_cents, back.returned_cents, back.restocked_units)) >= 0


def test_a_store_gets_the_same_returns_in_any_batch() -> None:
    sold = np.full((7, 2), 25)
    whole = _midnights([sold], [sold * 10], seeds=np.arange(7))
    alone = _midnights([sold[:1]], [sold[:1] * 10], seeds=np.array([4]))

    for together, single in zip(whole, alone, strict=True):
        assert np.array_equal(together.returned_units[4], single.returned_units[0])
        assert np.array_equal(together.restocked_units[4], single.restocked_units[0])
