"""The daemon's store as controllers see it: one estimated store, its plan and its ledger as a sight of n = 1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from control import efficiency, ledger
from control.decision import LoopConfig
from control.exposure import Exposure, exposure_of
from control.ledger import Ledger
from control.mode import AUTHORITY, Authority, Mode
from control.sight import Beliefs, Course, Goods, Reach, Reported, Sight
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.memo import by_identity
from perception.state import Estimate, StoreState
from perception.units import SECONDS_PER_DAY, Floats, day_of, day_start
from planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One tick of one store: what its controller looks at, and what else must be known to present the proposal to the gate.

    Attributes:
        sight: What the controller sees, n = 1.
        state: The store as estimated, with the set-points that are in force.
        plan: The plan in force.
        catalogue: What is sold.
        changed_age_s: {field: seconds since each set-point last changed, inf when never}, (m,) or (c,) as all that follows.
        budget_low_24h_cents, price_anchor_24h_cents: Lowest daily budgets in force within the last 24 hours; prices in force before them.
        exposure: Worst-case ad spend of the window, the month and today.
    """

    sight: Sight
    state: StoreState
    plan: Plan
    catalogue: Catalogue
    changed_age_s: dict[Field, Floats]
    budget_low_24h_cents: Floats
    price_anchor_24h_cents: Floats
    exposure: Exposure


def situation_of(store: StoreState, plan: Plan, book: Ledger, mode: Mode, config: LoopConfig) -> Situation:
    """What the controller may look at, with the worst case of the days before already taken off the grant.

    Args:
        store: The store as estimated in this tick.
        plan: In force now.
        book: What stands, with this tick's read-back taken in.
        mode: That the tick is judged by.
        config: Everything else.
    """
    now_s = store.at.timestamp()
    first_day = day_of(plan.starts_at, config.timezone)
    budget_low_cents = ledger.lowest_in_window(book.tracks[Field.DAILY_BUDGET])
    price_anchor_cents = ledger.first_in_window(book.tracks[Field.PRICE])
    exposure = exposure_of(
        store,
        first_day=first_day,
        peaks_cents=book.budget_peaks_cents,
        overdelivery_ratio=config.limits.overdelivery_day_ratio,
    )
    setpoints = {field: track.in_force for field, track in book.tracks.items()}
    ages_s = {field: now_s - track.changed_at_s for field, track in book.tracks.items()}
    now_days = (store.at - day_start(first_day, config.timezone)).total_seconds() / SECONDS_PER_DAY
    authority = AUTHORITY[mode]
    sight = Sight(
        now_days=now_days,
        dt_days=store.dt_s / SECONDS_PER_DAY,
        engaged=authority in (Authority.QUARTER, Authority.FULL),
        economics=config.economics,
        setpoints={field: values[None] for field, values in setpoints.items()},
        course=course_of(plan, config.catalogue, now_days=now_days, since_start_s=(store.at - plan.starts_at).total_seconds()),
        goods=_goods(store, config.catalogue),
        beliefs=_beliefs(store),
        reported=_reported(store, first_day=first_day),
        reach=Reach(
            price_age_s=ages_s[Field.PRICE][None],
            budget_low_24h_cents=budget_low_cents[None],
            price_anchor_24h_cents=price_anchor_cents[None],
            worst_window_cents=exposure.window[None],
            worst_month_cents=exposure.month[None],
            worst_today_cents=exposure.today[None],
            step_share=config.limits.transition_share if authority is Authority.QUARTER else 1.0,
            limits=config.limits,
        ),
    )
    return Situation(
        sight=sight,
        state=replace(store, setpoints=setpoints),
        plan=plan,
        catalogue=config.catalogue,
        changed_age_s=ages_s,
        budget_low_24h_cents=budget_low_cents,
        price_anchor_24h_cents=price_anchor_cents,
        exposure=exposure,
    )


def course_of(plan: Plan, catalogue: Catalogue, *, now_days: float, since_start_s: float) -> Course:
    """Unroll ``plan`` to the catalogue's order, n = 1; products that the catalogue no longer has are left out, zero is what is not planned.

    Args:
        plan: In force now.
        catalogue: What is sold.
        now_days: Now, in days since the first local midnight of the window.
        since_start_s: Seconds since the plan's start.
    """
    starts_days = now_days - since_start_s / SECONDS_PER_DAY
    return replace(
        _unrolled(plan, catalogue),
        starts_days=starts_days,
        ends_days=starts_days + (plan.ends_at - plan.starts_at).total_seconds() / SECONDS_PER_DAY,
    )


@by_identity
def _unrolled(plan: Plan, catalogue: Catalogue) -> Course:
    """The course of the plan without the time, which is all that changes of it from tick to tick."""
    by_sku = {product.sku: product for product in plan.products}
    rows = [by_sku.get(sku) for sku in catalogue.skus]

    def column(name: str) -> Floats:
        return np.array([[0.0 if row is None else float(getattr(row, name)) for row in rows]])

    return Course(
        ad_budget_cents=np.array([float(plan.ad_budget_cents)]),
        target_roas=np.array([plan.target_roas]),
        starts_days=np.nan,
        ends_days=np.nan,
        daily_shares=np.array([plan.daily_shares]),
        hour_shares=np.array([plan.hour_shares]),
        covered=np.array([[row is not None for row in rows]], dtype=np.bool_),
        price_low_cents=column("price_low_cents"),
        price_high_cents=column("price_high_cents"),
        max_bid_cents=column("max_bid_cents"),
        learning_cents=column("learning_budget_cents"),
    )


def _goods(store: StoreState, catalogue: Catalogue) -> Goods:
    return Goods(
        campaign_of=catalogue.campaign_of,
        cost_cents=catalogue.cost_cents[None],
        anchor_price_cents=catalogue.anchor_price_cents[None],
        is_new=catalogue.is_new[None],
        suspect=store.suspect[None],
    )


def _beliefs(store: StoreState) -> Beliefs:
    def batched(belief: Estimate) -> Estimate:
        return Estimate(mean=belief.mean[None], sd=belief.sd[None])

    return Beliefs(
        cvr=batched(store.cvr),
        units_per_order=batched(store.units_per_order),
        organic_units_per_day=batched(store.organic_units_per_day),
        elasticity=batched(store.elasticity),
        value_per_click_cents=batched(store.value_per_click_cents),
        on_hand=store.on_hand[None],
    )


def _reported(store: StoreState, *, first_day: int) -> Reported:
    """What was reported, over all remembered days for ROAS and since ``first_day`` for the window's spend."""
    days = list(store.spend_by_day_cents)
    campaigns = store.setpoints[Field.DAILY_BUDGET].size
    costs = np.array(list(store.spend_by_day_cents.values()), dtype=np.float64).reshape(len(days), campaigns).sum(axis=1)
    roas = efficiency.corrected_roas(
        np.array([[store.revenue_by_day_cents.get(day, 0.0) for day in days]]),
        np.array([store.expected_maturity.get(day, 1.0) for day in days]),
        costs[None],
    )
    return Reported(
        clicks_7d=store.ad_clicks_7d[None],
        cost_7d_cents=store.ad_cost_7d_cents[None],
        revenue_7d_cents=store.ad_revenue_7d_cents[None],
        cost_held_cents=store.ad_cost_held_cents[None],
        spent_cents=costs[np.array(days, dtype=np.int64) >= first_day].sum(keepdims=True),
        roas=roas,
        expected_sales=np.nansum(store.ad_clicks_7d * store.cvr.mean, keepdims=True),
    )
