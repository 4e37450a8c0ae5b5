"""Scores: what a broken limit costs, and what the table adds up."""

from __future__ import annotations

import numpy as np
import pytest

from perception.units import Floats
from sim.judging.evaluation import REFERENCE, FamilyTrials, Trial, all_of, charge, rows, shares


def a_trial(profit: Floats, *, spend: float = 0.0, revenue: float = 0.0, broken: bool = False) -> Trial:
    like = np.ones(profit.size)
    return Trial(
        profit_cents=profit,
        spend_cents=spend * like,
        ad_revenue_cents=revenue * like,
        week_spend_cents=np.tile(np.array([spend, 0.0], dtype=np.int64), (profit.size, 1)),
        week_revenue_cents=np.tile(np.array([revenue, 0.0], dtype=np.int64), (profit.size, 1)),
        broken=np.full(profit.size, broken),
        wishes=np.full(profit.size, 500),
        interventions=np.full(profit.size, 2),
        writes=np.arange(profit.size),
    )


def test_reaching_half_the_target_leaves_a_quarter() -> None:
    one = a_trial(np.array([1000.0]), spend=100.0, revenue=200.0)

    assert charge(one, target_roas=4.0) == pytest.approx([0.25])
    assert charge(one, target_roas=2.0) == pytest.approx([1.0])
    assert charge(one, target_roas=0.0) == pytest.approx([1.0])


def test_who_spends_nothing_misses_no_target() -> None:
    assert charge(a_trial(np.array([1000.0])), target_roas=4.0) == pytest.approx([1.0])


def test_a_hard_limit_broken_leaves_nothing() -> None:
    assert shares(a_trial(np.array([1000.0]), broken=True), np.array([1000.0]), target_roas=0.0) == pytest.approx([0.0])


def test_a_charge_does_not_make_a_loss_smaller() -> None:
    one = a_trial(np.array([-500.0]), spend=100.0, revenue=10.0)

    assert shares(one, np.array([1000.0]), target_roas=4.0) == pytest.approx([-0.5])


def test_table_has_every_controller_per_family_and_over_all() -> None:
    stores = np.full(4, 1000.0)
    families = [
        FamilyTrials(
            family=name,
            target_roas=target,
            oracle_cents=np.full(4, 2000.0),
            trials={REFERENCE: a_trial(stores), "laws": a_trial(stores * 1.5, spend=100.0, revenue=100.0)},
        )
        for name, target in (("steady", 0.0), ("thin_data", 2.0))
    ]

    table = {(row.family, row.controller): row for row in rows(families, np.random.Generator(np.random.PCG64(1)))}

    assert set(table) == {(family, name) for family in ("steady", "thin_data", None) for name in (REFERENCE, "laws")}
    assert table["steady", "laws"].share.value == pytest.approx(0.75)
    assert table["steady", "laws"].lift.value == pytest.approx(0.5)
    assert table["thin_data", "laws"].share.value == pytest.approx(0.75 / 4)
    assert table["thin_data", "laws"].roas_missed == 4
    assert table["thin_data", "laws"].roas_missed_weeks_share == pytest.approx(0.5)
    assert table["thin_data", REFERENCE].roas_missed_weeks_share == 0.0
    assert table["steady", "laws"].roas_missed_weeks_share is None
    assert table[None, "laws"].roas_missed_weeks_share == pytest.approx(0.5)
    assert table["steady", REFERENCE].lift.value == pytest.approx(0.0)
    assert table[None, "laws"].stores == 8
    assert table[None, "laws"].interventions_per_1000 == pytest.approx(4.0)
    assert table[None, "laws"].writes == pytest.approx(1.5)


def test_stores_of_several_trials_stand_one_after_the_other() -> None:
    first, second = a_trial(np.array([1.0, 2.0]), spend=3.0), a_trial(np.array([4.0]), spend=5.0, broken=True)

    both = all_of([first, second])

    assert both.profit_cents.tolist() == [1.0, 2.0, 4.0]
    assert both.broken.tolist() == [False, False, True]
    assert both.week_spend_cents.tolist() == [[3, 0], [3, 0], [5, 0]]
