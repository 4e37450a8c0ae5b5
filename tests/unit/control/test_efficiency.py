"""Efficiency: ROAS corrected for lag, a cap from belief and evidence, on the safe side in doubt, and no death spiral."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from control.efficiency import Clicks, EfficiencyTuning, began, by_revenue, corrected_roas, log_cap, paid_at
from perception.units import Floats

TUNING = EfficiencyTuning(alpha_low=0.05, alpha_high=1.0)


def test_fresh_days_count_by_what_can_be_known_of_them() -> None:
    revenue, cost = np.array([[400.0, 40.0], [400.0, 0.0]]), np.array([[100.0, 100.0], [200.0, 0.0]])

    roas = corrected_roas(revenue, np.array([1.0, 0.1]), cost)

    assert roas == pytest.approx([4.0, 2.0])


def test_nothing_spent_has_no_roas() -> None:
    assert np.isnan(corrected_roas(np.array([[0.0]]), np.array([1.0]), np.array([[0.0]])))


def clicks(count: float = 0.0, cost_cents: float = 0.0, *, stores: int = 1) -> Clicks:
    """Two products: a click brings 400 and is worth 100, or brings 800 and is worth 100."""

    def everywhere(*figures: float) -> Floats:
        return np.tile(np.array(figures), (stores, 1))

    return Clicks(
        count=everywhere(count, count),
        cost_cents=everywhere(cost_cents, cost_cents),
        revenue_cents=everywhere(400.0, 800.0),
        value_cents=everywhere(100.0, 100.0),
    )


def cap_of(
    roas: float,
    *,
    sales: float,
    target: float = 4.0,
    alpha: float = 0.5,
    bought: Clicks | None = None,
    tuning: EfficiencyTuning = TUNING,
) -> float:
    """The cap of a store that has paid at one alpha."""
    kept = began(np.zeros(1))
    if sales > 0.0:
        kept = paid_at(kept, cost_held_cents=np.array([1000.0]), log_alpha=np.log([alpha]), dt_days=0.04, tuning=tuning)
    cap = log_cap(
        kept,
        bought or clicks(),
        roas=np.array([roas]),
        target_roas=np.array([target]),
        expected_sales=np.array([sales]),
        tuning=tuning,
    )
    return float(np.exp(cap[0]))


def test_without_a_target_there_is_no_cap() -> None:
    assert math.isnan(cap_of(1.0, sales=50.0, target=0.0))


def test_before_any_click_the_cap_is_what_beliefs_give_less_all_of_the_doubt() -> None:
    # 1200 of revenue on 200 of worth, at a click's price of 0.7 of the bid
    believed = 6.0 / 0.7 / 6.0

    assert cap_of(math.nan, sales=0.0, target=6.0, tuning=replace(TUNING, caution=0.0, alpha_high=5.0)) == pytest.approx(believed)
    assert cap_of(math.nan, sales=0.0, target=8.0) == pytest.approx(
        6.0 / 0.7 / 8.0 * math.exp(-TUNING.caution / math.sqrt(TUNING.prior_sales))
    )


def test_plenty_of_evidence_puts_the_cap_where_the_target_is_met() -> None:
    plenty, figures = replace(TUNING, caution=0.0), clicks(count=1e6, cost_cents=0.5e8)

    # a ROAS of 6 at alpha 0.4 is one of 4 at 0.6
    assert cap_of(6.0, sales=1e9, alpha=0.4, tuning=plenty, bought=figures) == pytest.approx(0.6, rel=1e-3)
    assert cap_of(3.0, sales=1e9, alpha=0.4, tuning=plenty, bought=figures) == pytest.approx(0.3, rel=1e-3)


def test_cap_does_not_move_because_it_has_moved() -> None:
    """The same market seen from two alphas: a click at half the bid costs half, so that ROAS is twice as high."""
    high = cap_of(5.0, sales=200.0, alpha=0.6, bought=clicks(count=100.0, cost_cents=6000.0))
    low = cap_of(10.0, sales=200.0, alpha=0.3, bought=clicks(count=100.0, cost_cents=3000.0))

    assert low == pytest.approx(high)


def test_more_evidence_of_the_same_roas_leaves_less_doubt() -> None:
    caps = [cap_of(6.0, sales=sales, alpha=0.4, bought=clicks(count=1e6, cost_cents=1e8)) for sales in (1.0, 30.0, 300.0, 3000.0)]

    assert caps == sorted(caps)


def test_clicks_that_bring_no_sale_lower_the_cap_and_never_to_nothing() -> None:
    caps = [cap_of(0.0, sales=sales, alpha=0.4, bought=clicks(count=100.0, cost_cents=4000.0)) for sales in (5.0, 50.0, 1e6)]

    assert caps == sorted(caps, reverse=True)
    assert caps[-1] >= TUNING.alpha_low * (1.0 - 1e-9)


def test_figures_that_are_not_numbers_count_as_no_evidence() -> None:
    nothing = cap_of(math.nan, sales=0.0)

    assert cap_of(math.inf, sales=math.nan) == pytest.approx(nothing)
    assert cap_of(math.nan, sales=50.0, bought=replace(clicks(), value_cents=np.array([[math.nan, 100.0]]))) > 0.0


def test_stores_of_a_batch_are_held_each_by_its_own_evidence() -> None:
    kept = paid_at(
        began(np.zeros(3)), cost_held_cents=np.array([100.0, 0.0, 100.0]), log_alpha=np.log([0.5] * 3), dt_days=0.04, tuning=TUNING
    )
    figures = {"roas": [8.0, math.nan, 2.0], "target_roas": [4.0, 4.0, 0.0], "expected_sales": [50.0, 0.0, 50.0]}

    caps = log_cap(kept, clicks(stores=3), **{name: np.array(values) for name, values in figures.items()}, tuning=TUNING)

    assert np.exp(caps[0]) == pytest.approx(cap_of(8.0, sales=50.0))
    assert np.exp(caps[1]) == pytest.approx(cap_of(math.nan, sales=0.0))
    assert math.isnan(caps[2])


def test_days_that_leave_the_record_change_no_mean_alpha() -> None:
    first = paid_at(began(np.zeros(1)), cost_held_cents=np.array([100.0]), log_alpha=np.log([0.5]), dt_days=0.04, tuning=TUNING)
    later = paid_at(first, cost_held_cents=np.array([20.0]), log_alpha=np.log([0.1]), dt_days=0.04, tuning=TUNING)

    def capped(kept: dict[str, Floats]) -> Floats:
        figures = {"roas": np.array([6.0]), "target_roas": np.array([4.0]), "expected_sales": np.array([50.0])}
        return log_cap(kept, clicks(), **figures, tuning=TUNING)

    assert capped(later) == pytest.approx(capped(first))


def test_revenue_on_the_scale_of_worth_is_as_much_in_sum_and_favours_what_brings_more() -> None:
    worth = np.array([[100.0, 100.0], [0.0, 100.0]])

    scaled = by_revenue(clicks(count=10.0, stores=2), worth)

    assert scaled[0] == pytest.approx([200.0 / 3.0, 400.0 / 3.0])
    assert scaled[1] == pytest.approx([0.0, 100.0])
