"""What sales were worth: as expected where a market has no returns, and with the real ones where it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from perception.economics import Economics, contribution_cents
from sim.contribution import came_back, contribution_between

if TYPE_CHECKING:
    from tests.unit.sim.conftest import Bench

TERMS = Economics(fee_ratio=0.1, return_rate=0.05, return_rate_upper=0.1, return_cost_cents=150)


def test_without_returns_those_of_the_terms_are_expected(bench: Bench) -> None:
    before, _ = bench.run(bench.opened(range(2)), bench.setpoints(2), 24)
    after, _ = bench.run(before, bench.setpoints(2), 30)

    units = (after.totals.units - before.totals.units).astype(np.float64)
    revenue = (after.totals.revenue_cents - before.totals.revenue_cents).astype(np.float64)
    expected = contribution_cents(revenue, units, after.world.cost_cents, TERMS)
    np.testing.assert_array_equal(contribution_between(before, after, TERMS), expected)


def test_returns_count_with_their_sale_and_not_with_the_day_they_come(all_mechanics: Bench) -> None:
    ample = all_mechanics.changed(stock={"initial_low_days": 500.0, "initial_high_days": 500.0})
    opened = ample.opened(range(4))
    sold, _ = ample.run(opened, ample.setpoints(4), 3 * 24)
    settled, _ = ample.run(sold, ample.setpoints(4), 22 * 24)

    known, later = came_back(sold), came_back(settled)
    at_once = contribution_between(opened, sold, TERMS)
    day_by_day = contribution_between(opened, sold, TERMS) + contribution_between(sold, settled, TERMS)

    # most of what is known to come back is still under way
    assert known.returned_units.sum() > sold.totals.returned_units.sum()
    assert (later.returned_units >= known.returned_units).all()
    # with no fee and no handling, what everything brought is money kept less goods gone
    np.testing.assert_allclose(day_by_day, contribution_between(opened, settled, TERMS))
    assert np.isfinite(at_once).all()


def test_real_returns_cost_refunds_handling_and_what_cannot_be_sold_again(all_mechanics: Bench) -> None:
    ample = all_mechanics.changed(
        stock={"initial_low_days": 500.0, "initial_high_days": 500.0}, returns={"cancel_rate": 0.2, "return_rate": (0.5,) * 10}
    )
    opened = ample.opened(range(4))
    after, _ = ample.run(opened, ample.setpoints(4), 24 * 24)

    back, totals = came_back(after), after.totals
    free = Economics(fee_ratio=0.0, return_rate=0.0, return_rate_upper=0.0, return_cost_cents=0)
    expected = totals.revenue_cents - back.refunded_cents - back.kept_out_units * after.world.cost_cents
    np.testing.assert_allclose(contribution_between(opened, after, free), expected)
    gone = back.kept_out_units.sum() / totals.units.sum()
    # of the units, 80 % are not cancelled, half of those come back, and a fifth of these is spoilt
    assert gone == pytest.approx(0.8 * (0.5 + 0.5 * 0.2), rel=0.05)
    assert back.refunded_cents.sum() / totals.revenue_cents.sum() == pytest.approx(0.6, rel=0.05)
