"""The pricing law in batch: the search for the best price skips only what cannot be best, and what it found is kept while it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control import price_law, pricing
from control.pricing import PricingTuning, best_price_cents
from control.sight import Sight
from perception.economics import Economics, unit_margin_cents
from perception.fields import Field
from perception.state import Estimate
from perception.units import Floats
from tests.unit.control.sights import assert_same_bits, sight_of_seed, sights

TUNING = PricingTuning()


def searched_everywhere(low: Floats, high: Floats, *, reference: Floats, cost: Floats, elasticity: Estimate, terms: Economics) -> Floats:
    """The same search, at every point of the grid: what the quick one must come to."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    found = []
    for bottom, top, doubt in ((low, reference, -TUNING.doubt), (reference, high, TUNING.doubt)):
        epsilon = np.maximum(elasticity.mean[:, None] + elasticity.sd[:, None] * (nodes + doubt), TUNING.elasticity_floor)
        price = bottom[:, None] + (top - bottom)[:, None] * np.linspace(0.0, 1.0, 21)
        demand = ((price / reference[:, None])[:, :, None] ** -epsilon[:, None, :] * (weights / weights.sum())).sum(axis=2)
        profit = unit_margin_cents(price, cost[:, None], terms) * demand
        best = np.argmax(profit, axis=1)[:, None]
        found.append((np.take_along_axis(price, best, axis=1)[:, 0], np.take_along_axis(profit, best, axis=1)[:, 0]))
    (below, lowered), (above, raised) = found
    return np.where(raised > lowered, above, below)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.floats(0.01, 3.0),
    dear=st.floats(0.1, 3.0),
    fee=st.floats(0.0, 0.6),
    returned=st.floats(0.0, 0.5),
    handling=st.integers(0, 2000),
)
def test_quick_search_finds_the_best_point_of_the_whole_grid(
    seed: int, spread: float, dear: float, fee: float, returned: float, handling: int
) -> None:
    rng = np.random.default_rng(seed)
    reference = np.exp(rng.normal(7.0, 1.5, 50))
    low = reference / (1.0 + spread * rng.random(50))
    high = reference * (1.0 + 1e-3 + spread * rng.random(50))
    cost = reference * rng.uniform(0.0, dear, 50)
    elasticity = Estimate(mean=np.exp(rng.normal(0.6, 0.8, 50)), sd=rng.exponential(0.7, 50))
    terms = Economics(fee_ratio=fee, return_rate=returned, return_rate_upper=returned, return_cost_cents=handling)

    quick = best_price_cents(low, high, reference=reference, cost=cost, elasticity=elasticity, terms=terms, tuning=TUNING)

    full = searched_everywhere(low, high, reference=reference, cost=cost, elasticity=elasticity, terms=terms)
    assert quick == pytest.approx(full, rel=1e-12)


def settled(*, seed: int = 11, n: int = 3, m: int = 6) -> Sight:
    """A sight in which every price may move."""
    sight = sight_of_seed(seed, n=n, m=m)
    anchor = sight.goods.anchor_price_cents
    everywhere = np.ones((n, m), dtype=np.bool_)
    return replace(
        sight,
        setpoints=sight.setpoints | {Field.PRICE: np.round(anchor)},
        course=replace(sight.course, covered=everywhere, price_low_cents=0.7 * anchor, price_high_cents=1.4 * anchor),
        goods=replace(sight.goods, cost_cents=0.5 * anchor, suspect=~everywhere),
        reach=replace(sight.reach, price_age_s=np.full((n, m), np.inf), price_anchor_24h_cents=np.round(anchor), step_share=1.0),
    )


@settings(max_examples=60, deadline=None)
@given(sight=sights())
def test_prices_take_one_step_within_reach_and_only_where_they_may(sight: Sight) -> None:
    prices, terms, _ = price_law.proposed({}, sight, TUNING)

    current, course = sight.setpoints[Field.PRICE], sight.course
    moved = ~np.isnan(prices)
    rested = sight.reach.price_age_s >= TUNING.interval_s
    assert not (moved & ~(course.covered & rested & ~sight.goods.suspect)).any()
    assert not np.isnan(sight.goods.cost_cents[moved]).any()
    assert (np.abs(prices - current)[moved] <= TUNING.step_ratio * current[moved]).all()
    towards = np.sign(terms["target_price_cents"] - current)[moved]
    assert (np.sign(prices - current)[moved] * towards >= 0.0).all()
    targets = terms["target_price_cents"]
    assert not (targets < course.price_low_cents).any()
    assert not (targets > course.price_high_cents).any()


def searched_in_a_second_tick(monkeypatch: pytest.MonkeyPatch, first: Sight, second: Sight, tuning: PricingTuning = TUNING) -> int:
    """How many best prices are looked for when ``second`` follows ``first``; what comes out is as if nothing had been kept."""
    _, _, kept = price_law.proposed({}, first, TUNING)
    anew, _, _ = price_law.proposed({}, second, tuning)
    searched, search = [0], pricing.best_price_cents

    def counted(low: Floats, high: Floats, **figures: object) -> Floats:
        searched[0] += low.size
        return search(low, high, **figures)  # type: ignore[arg-type]

    monkeypatch.setattr(pricing, "best_price_cents", counted)
    prices, _, _ = price_law.proposed(kept, second, tuning)
    assert_same_bits(prices, anew)
    return searched[0]


def test_best_prices_are_kept_while_what_they_rest_on_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    sight = settled()

    assert searched_in_a_second_tick(monkeypatch, sight, replace(sight, now_days=sight.now_days + sight.dt_days)) == 0


@pytest.mark.parametrize("figure", ["low", "high", "reference", "cost", "elasticity", "elasticity_sd"])
def test_best_price_is_looked_for_again_when_one_figure_of_its_sku_changes(monkeypatch: pytest.MonkeyPatch, figure: str) -> None:
    sight = settled()
    raised = np.ones((3, 6))
    raised[1, 4] = 1.25
    course, goods, belief = sight.course, sight.goods, sight.beliefs.elasticity
    changed = {
        "low": lambda: replace(sight, course=replace(course, price_low_cents=course.price_low_cents * raised)),
        "high": lambda: replace(sight, course=replace(course, price_high_cents=course.price_high_cents * raised)),
        "reference": lambda: replace(sight, goods=replace(goods, anchor_price_cents=goods.anchor_price_cents * raised)),
        "cost": lambda: replace(sight, goods=replace(goods, cost_cents=goods.cost_cents * raised)),
        "elasticity": lambda: replace(sight, beliefs=replace(sight.beliefs, elasticity=Estimate(mean=belief.mean * raised, sd=belief.sd))),
        "elasticity_sd": lambda: replace(
            sight, beliefs=replace(sight.beliefs, elasticity=Estimate(mean=belief.mean, sd=belief.sd + (raised - 1.0)))
        ),
    }[figure]()

    # a markup is judged against those of the whole store
    known = int(np.isfinite(sight.goods.cost_cents[1]).sum())
    assert searched_in_a_second_tick(monkeypatch, sight, changed) == (known if figure in {"reference", "cost"} else 1)


def test_new_terms_of_trade_and_tunings_ask_for_every_best_price_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sight = settled()
    dearer = replace(sight, economics=replace(sight.economics, fee_ratio=0.3))

    assert searched_in_a_second_tick(monkeypatch, sight, dearer) == 18
    monkeypatch.undo()
    assert searched_in_a_second_tick(monkeypatch, sight, sight, replace(TUNING, elasticity_floor=0.9)) == 18
    monkeypatch.undo()
    assert searched_in_a_second_tick(monkeypatch, sight, sight, replace(TUNING, doubt=0.1)) == 18


def test_best_price_of_old_terms_is_not_taken_for_one_of_new_terms_by_a_price_that_rested_meanwhile() -> None:
    sight = settled()
    _, _, kept = price_law.proposed({}, sight, TUNING)
    dearer = replace(sight, economics=replace(sight.economics, fee_ratio=0.3))
    resting = replace(dearer, reach=replace(dearer.reach, price_age_s=np.zeros((3, 6))))
    _, _, kept = price_law.proposed(kept, resting, TUNING)

    prices, _, _ = price_law.proposed(kept, dearer, TUNING)

    assert_same_bits(prices, price_law.proposed({}, dearer, TUNING)[0])
