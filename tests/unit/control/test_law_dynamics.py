"""The laws where it gets odd: saturation and release, taking over, rates of change, nothing to win or to know, one product, thousands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from autopilot.report.laws_steps import a_store, usual_conditions
from autopilot.report.smooth_store import HOURS_PER_DAY, LIMITS, Conditions, Trace, steered
from control import pacing
from control.controller import ControllerMemory, Proposal
from control.laws import Laws, LawsTuning
from control.pacing import PacingTuning
from control.sight import Sight
from perception.fields import Field
from perception.state import Estimate
from perception.units import Floats
from tests.unit.control.sights import later, sight_of_seed

TUNING = LawsTuning()
TICK_DAYS = 1.0 / 24.0
DAYS, STEP_H, OUTAGE_H = 11, 5 * HOURS_PER_DAY, 36


@cache
def driven(name: str) -> Trace:
    """The laws on the store without luck, once for all tests: an outage, a doubled grant, dearer goods."""
    usual = usual_conditions()
    after: dict[str, Conditions] = {
        "outage": replace(usual, traffic=np.zeros(2)),
        "doubled": replace(usual, ad_budget_cents=2.0 * usual.ad_budget_cents),
        "dear": replace(usual, unit_cost_cents=1.2 * usual.unit_cost_cents),
    }
    until = STEP_H + OUTAGE_H if name == "outage" else DAYS * HOURS_PER_DAY
    store = replace(a_store(), days=DAYS)
    usual, changed = (replace(each, ad_budget_cents=each.ad_budget_cents * DAYS / a_store().days) for each in (usual, after[name]))
    return steered(store, Laws(), lambda hour: changed if STEP_H <= hour < until else usual)


def short_drive(conditions: Callable[[Conditions], Conditions], *, days: int = 5) -> Trace:
    """A short window from its start, under conditions that hold throughout; the grant is that of a longer one."""
    usual = conditions(usual_conditions())
    return steered(replace(a_store(), days=days), Laws(), lambda _: usual)


def proposed(sight: Sight, memory: ControllerMemory | None = None) -> tuple[Proposal, ControllerMemory]:
    return Laws().propose(memory or ControllerMemory(), sight)


def alpha_after(ticks: int, then: float) -> float:
    """Alpha in the tick after so many in which far too little was spent, when the error becomes ``then`` days of spend."""
    tuning, memory, log_alpha = PacingTuning(kp=0.4, ki_per_day=0.25), None, np.log([0.3])
    for spent in [0.0] * ticks + [5_000.0 - 1_000.0 * then]:
        log_alpha, _, memory = pacing.pace(
            memory,
            forecast=np.log([0.3]),
            planned_cents=np.array([5_000.0]),
            spent_cents=np.array([spent]),
            day_cents=np.array([1_000.0]),
            dt_days=TICK_DAYS,
            tuning=tuning,
        )
    return float(np.exp(log_alpha[0]))


def test_alpha_leaves_its_bound_in_the_tick_in_which_the_backlog_is_gone_however_long_it_stood_there() -> None:
    stood_at = alpha_after(30 * 24, 5.0)
    short, long = alpha_after(3 * 24, 0.0), alpha_after(30 * 24, 0.0)

    assert stood_at == pytest.approx(TUNING.pacing.alpha_high)
    assert short < 0.5 * stood_at
    assert long == pytest.approx(short)


def test_outage_lifts_alpha_by_half_at_most_and_is_forgotten_within_five_days_and_spend_never_passes_the_budgets() -> None:
    trace = driven("outage")
    alpha, release = trace.terms["alpha"], STEP_H + OUTAGE_H
    days = trace.spend_cents.reshape(DAYS, HOURS_PER_DAY, -1).sum(axis=1)
    before = alpha[STEP_H - HOURS_PER_DAY : STEP_H].mean()

    assert 1.2 * before < alpha[release] < 1.7 * before
    assert alpha[release : release + 5 * HOURS_PER_DAY].min() < 1.1 * before
    assert (days <= trace.budget_cents.reshape(DAYS, HOURS_PER_DAY, -1).max(axis=1) + 1e-6).all()


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.3, 0.55, 0.7])
def test_first_proposal_leaves_bids_at_any_alpha_where_they_stand(alpha: float) -> None:
    sight = aimless(sight_of_seed(7, n=2, m=6, c=2))
    value = np.array([[40.0, 60.0, 80.0, 100.0, 150.0, 200.0]] * 2)
    standing = replace(
        sight,
        setpoints=sight.setpoints | {Field.BID: alpha * value, Field.DAILY_BUDGET: np.full((2, 2), 500.0)},
        beliefs=replace(sight.beliefs, value_per_click_cents=Estimate(mean=value, sd=0.1 * value)),
        course=replace(sight.course, max_bid_cents=value, covered=np.ones((2, 6), dtype=np.bool_)),
        goods=replace(sight.goods, suspect=np.zeros((2, 6), dtype=np.bool_)),
    )

    proposal, memory = proposed(replace(standing, engaged=False))
    hourly = 0.52 * standing.course.ad_budget_cents / 3.5 * TICK_DAYS
    reported = replace(standing.reported, spent_cents=standing.reported.spent_cents + hourly)
    again, _ = proposed(replace(standing, now_days=standing.now_days + TICK_DAYS, reported=reported), memory)

    assert proposal.terms["alpha"] == pytest.approx([alpha, alpha], rel=1e-3)
    for each in (proposal, again):
        moved = np.nan_to_num(each.setpoints[Field.BID] - alpha * value)
        assert (np.abs(moved) <= np.maximum(TUNING.bid_deadband_ratio * alpha * value, 1.0)).all()


def aimless(sight: Sight) -> Sight:
    """Without a ROAS target, with money left, in the middle of a window of a week, on course."""
    n = len(sight.course.target_roas)
    budget = np.full(n, 700_000.0)
    campaigns = sight.setpoints[Field.DAILY_BUDGET].shape
    return replace(
        sight,
        now_days=3.5,
        dt_days=TICK_DAYS,
        course=replace(
            sight.course,
            ad_budget_cents=budget,
            target_roas=np.zeros(n),
            starts_days=0.0,
            ends_days=7.0,
            daily_shares=np.full((n, 7), 1.0 / 7.0),
            hour_shares=np.full((n, 24), 1.0 / 24.0),
            learning_cents=np.zeros_like(sight.course.learning_cents),
        ),
        reported=replace(sight.reported, spent_cents=0.48 * budget, cost_held_cents=np.zeros_like(sight.reported.cost_held_cents)),
        reach=replace(
            sight.reach,
            worst_window_cents=np.zeros(campaigns),
            worst_month_cents=np.zeros(campaigns),
            worst_today_cents=np.zeros(campaigns),
            step_share=1.0,
        ),
    )


def test_budgets_bids_and_prices_never_move_faster_than_their_limits() -> None:
    for name in ("doubled", "dear"):
        trace = driven(name)
        budget, bid, price = trace.budget_cents, trace.bid_cents, trace.price_cents
        moved = np.diff(price, axis=0) != 0.0
        hours = [np.diff(np.flatnonzero(column)) for column in moved.T]

        assert (budget[1:] <= np.ceil(budget[:-1] * (1.0 + LIMITS.budget_up_per_change_ratio))).all()
        assert (budget[24:] <= np.ceil(budget[:-24] * (1.0 + LIMITS.budget_up_per_day_ratio))).all()
        assert (bid[1:] <= np.maximum(bid[:-1] * (1.0 + LIMITS.bid_up_per_change_ratio), LIMITS.first_bid_cents)).all()
        assert (np.abs(np.diff(price, axis=0)) <= TUNING.pricing.step_ratio * price[:-1] + 1e-9).all()
        assert all((gap * 3600.0 >= TUNING.pricing.interval_s).all() for gap in hours)
    assert np.diff(driven("dear").price_cents, axis=0).any()


def test_store_without_traffic_spends_nothing_and_stays_finite_within_its_bounds() -> None:
    trace = short_drive(lambda usual: replace(usual, traffic=np.zeros(2), organic_units=np.zeros(2)))

    assert trace.spend_cents.sum() == 0.0
    assert np.isfinite(trace.bid_cents).all()
    assert np.isfinite(trace.terms["alpha"]).all()
    assert trace.terms["alpha"].max() <= TUNING.pacing.alpha_high * (1.0 + 1e-9)
    assert (trace.bid_cents <= trace.worth_cents).all()


def test_store_whose_clicks_never_order_stops_bidding_for_them() -> None:
    trace = short_drive(lambda usual: replace(usual, order_rate=np.zeros(2)), days=2)

    assert trace.spend_cents.sum() == 0.0
    assert np.isfinite(trace.terms["alpha"]).all()


def test_clicks_believed_in_that_bring_no_sale_lower_the_cap_and_never_to_nothing() -> None:
    sight = aimless(sight_of_seed(11, n=1, m=4, c=1))
    sight = replace(sight, course=replace(sight.course, target_roas=np.array([4.0])))
    caps, memory = [], ControllerMemory()
    for sales in (0.0, 10.0, 100.0):
        spent = replace(
            sight.reported,
            roas=np.array([0.0]),
            expected_sales=np.array([sales]),
            cost_held_cents=np.full((1, 4), 10.0 * sales),
        )
        proposal, memory = proposed(replace(sight, reported=spent), memory)
        caps.append(float(proposal.terms["alpha_roas"][0]))

    assert caps == sorted(caps, reverse=True)
    assert caps[-1] >= TUNING.efficiency.alpha_low * (1.0 - 1e-9)


def test_target_that_only_the_cheapest_clicks_keep_leaves_every_day_some_spend() -> None:
    trace = short_drive(lambda usual: replace(usual, target_roas=15.0), days=8)
    days = trace.spend_cents.reshape(8, HOURS_PER_DAY, -1).sum(axis=(1, 2))

    assert trace.roas[-1] >= 15.0 * 0.9
    assert (days[1:] > 0.3 * days[1:].mean()).all()
    assert days.min() > 0.0


@pytest.mark.parametrize("grant_cents", [0.0, 1.0])
def test_grant_of_next_to_nothing_pauses_the_ads_and_breaks_nothing(grant_cents: float) -> None:
    trace = short_drive(lambda usual: replace(usual, ad_budget_cents=grant_cents), days=2)

    assert trace.spend_cents.sum() == 0.0
    assert np.isfinite(trace.terms["alpha"]).all()
    assert np.isfinite(trace.budget_cents).all()
    assert (trace.budget_cents[-1] <= trace.budget_cents[0]).all()


def test_beliefs_that_are_not_numbers_leave_their_product_alone_and_harm_no_other() -> None:
    sound = aimless(sight_of_seed(3, n=1, m=6, c=2))
    sound = replace(sound, goods=replace(sound.goods, suspect=np.zeros((1, 6), dtype=np.bool_)))
    seen = sound.beliefs
    cvr, units, organic, elasticity, value = (
        Estimate(mean=spoilt(each.mean), sd=spoilt(each.sd))
        for each in (seen.cvr, seen.units_per_order, seen.organic_units_per_day, seen.elasticity, seen.value_per_click_cents)
    )
    beliefs = replace(
        seen, cvr=cvr, units_per_order=units, organic_units_per_day=organic, elasticity=elasticity, value_per_click_cents=value
    )
    broken = replace(sound, beliefs=beliefs)

    proposal, memory = proposed(broken)
    again, _ = proposed(later(broken, seed=2), memory)

    for each in (proposal, again):
        assert np.isfinite(each.terms["alpha"]).all()
        assert np.isnan(each.setpoints[Field.BID][0, 0])
        assert np.isnan(each.setpoints[Field.PRICE][0, 0])
        assert np.isfinite(each.setpoints[Field.DAILY_BUDGET]).all()
    assert not np.isnan(proposal.setpoints[Field.BID][0, 1:]).all()


def spoilt(values: Floats) -> Floats:
    return np.concatenate([[[np.nan]], values[:, 1:]], axis=1)


def test_one_product_is_steered_like_any_other() -> None:
    store = replace(
        a_store(),
        days=4,
        price_cents=np.full(1, 4_000.0),
        going_price_cents=np.full(1, 60.0),
        campaign_of=np.zeros(1, dtype=np.int64),
        elasticity=np.full(1, 1.8),
        daily_budget_cents=np.full(1, 7_800.0),
    )
    usual = usual_conditions()
    alone = replace(
        usual,
        **{name: getattr(usual, name)[:1] for name in ("traffic", "order_rate", "organic_units", "unit_cost_cents", "on_hand")},
    )
    trace = steered(store, Laws(), lambda _: replace(alone, traffic=2.0 * alone.traffic))
    pair = steered(replace(a_store(), days=4), Laws(), lambda _: usual)

    assert trace.spend_cents.sum() == pytest.approx(pair.spend_cents.sum(), rel=0.02)
    assert trace.terms["alpha"] == pytest.approx(pair.terms["alpha"], rel=0.05)


def test_ten_thousand_products_get_what_each_would_get_in_a_small_store_of_the_same_pace() -> None:
    skus, copies = 20, 500
    small = aimless(sight_of_seed(5, n=1, m=skus, c=2))
    big = widened(small, copies)

    few, kept = proposed(replace(small, engaged=False))
    many, _ = proposed(replace(big, engaged=False))

    assert many.terms["alpha"] == pytest.approx(few.terms["alpha"])
    for field in (Field.BID, Field.PRICE):
        wide = many.setpoints[field].reshape(copies, skus)
        assert np.array_equal(wide, np.broadcast_to(few.setpoints[field], wide.shape), equal_nan=True)
    assert kept.arrays


def widened(sight: Sight, copies: int) -> Sight:
    """The same store with every product so many times over."""

    def wide(message: object) -> object:
        if isinstance(message, Estimate):
            return Estimate(mean=np.tile(message.mean, copies), sd=np.tile(message.sd, copies))
        if isinstance(message, np.ndarray) and message.ndim == 2 and message.shape[1] == skus:
            return np.tile(message, copies)
        return message

    skus = sight.setpoints[Field.BID].shape[1]
    parts = {}
    for name in ("course", "goods", "beliefs", "reported", "reach"):
        part = getattr(sight, name)
        parts[name] = replace(part, **{one: wide(getattr(part, one)) for one in part.__dataclass_fields__})
    parts["goods"] = replace(parts["goods"], campaign_of=np.tile(sight.goods.campaign_of, copies))
    setpoints = {field: np.tile(values, copies) if field is not Field.DAILY_BUDGET else values for field, values in sight.setpoints.items()}
    return replace(sight, setpoints=setpoints, **parts)


def test_pacing_bounds_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha_low"):
        PacingTuning(alpha_low=0.9).loop()
