"""A store without luck for the laws to steer: expected values only, so that a response shows the law and nothing else.

Clicks on product i in one hour at bid b, with x = b ÷ (going price · rivals' level):

    clicks = traffic · share of the hour · x² ÷ (1 + x²),   price of a click = min(b, 0.6 · going price · level · √x)

so that spend answers bids with an elasticity of 2.5 where little is won, and 0.5 where nearly everything is. What is believed is true.
Hours are reported evenly between ``LAG_LOW_H`` and ``LAG_HIGH_H`` after they end, orders as ``perception.maturity`` expects them. What the
laws propose is set: there is no gate, and rates of change are the laws' own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from control.controller import Controller, ControllerMemory
from control.limits import Limits
from control.sight import Beliefs, Course, Goods, Reach, Reported, Sight
from perception.economics import Economics, unit_margin_cents
from perception.fields import Field
from perception.maturity import STEP_S, MaturityCurve, reported_by_age
from perception.shape import ActivityShape
from perception.state import Estimate
from perception.units import SECONDS_PER_HOUR, Floats, Ints

HOURS_PER_DAY = 24
LAG_LOW_H, LAG_HIGH_H = 1, 12
ECONOMICS = Economics(fee_ratio=0.0, return_rate=0.0, return_rate_upper=0.0, return_cost_cents=0)
LIMITS = Limits(
    currency="EUR",
    max_bid_cents=10_000,
    first_bid_cents=40,
    max_daily_budget_cents=1_000_000,
    max_store_daily_cents=1_000_000,
    max_store_month_cents=10_000_000,
    min_margin_ratio=0.05,
    max_loss_24h_cents=1_000_000,
    max_loss_7d_cents=1_000_000,
    max_signal_age_s=90_000.0,
    max_readback_age_s=90_000.0,
    max_writes_per_hour=10_000,
    overdelivery_day_ratio=1.25,
)
_WEEK_H = 7 * HOURS_PER_DAY
_SETTLED_BY_H = LAG_HIGH_H + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds in one hour; (m,) per product, all of them what a step may move.

    Attributes:
        traffic: Clicks a day that there are to be won.
        rival_level: Factor on the going price of a click.
        order_rate: Orders per click at the merchant's price.
        organic_units: A day, without ads.
        unit_cost_cents: Of the goods.
        on_hand: Units; infinite for stock that does not end.
        ad_budget_cents: Grant for the window.
        target_roas: 0 for none.
    """

    traffic: Floats
    rival_level: float
    order_rate: Floats
    organic_units: Floats
    unit_cost_cents: Floats
    on_hand: Floats
    ad_budget_cents: float
    target_roas: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothStore:
    """What never moves.

    Attributes:
        days: Length of the window.
        price_cents: (m,) the merchant's own.
        going_price_cents: (m,) of a click at which half of the clicks are won.
        campaign_of: (m,).
        elasticity: (m,) of orders towards price, and its standard deviation as a share.
        elasticity_spread: See there.
        daily_budget_cents: (c,) in force when the window begins.
        price_band: Lowest and highest price as shares of the merchant's own.
    """

    days: int
    price_cents: Floats
    going_price_cents: Floats
    campaign_of: Ints
    elasticity: Floats
    elasticity_spread: float
    daily_budget_cents: Floats
    price_band: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What happened hour by hour, (h, …).

    Attributes:
        spend_cents: (h, c).
        budget_cents: (h, c) daily budgets in force.
        bid_cents, price_cents, worth_cents: (h, m); the last is what a click is worth.
        planned_cents: (h,) spend of a day as the plan has it: the grant in force ÷ days.
        roas: (h,) as reports show it, corrected for lag; NaN while there is none.
        terms, sku_terms: (h,) and (h, m) of the controller, by name.
    """

    spend_cents: Floats
    budget_cents: Floats
    bid_cents: Floats
    price_cents: Floats
    worth_cents: Floats
    planned_cents: Floats
    roas: Floats
    terms: dict[str, Floats]
    sku_terms: dict[str, Floats]


@dataclass(slots=True, kw_only=True)
class _Past:
    """Everything so far, a row an hour or a day; rows to come are 0."""

    clicks: Floats
    cost: Floats
    revenue: Floats
    budgets: Floats
    prices: Floats
    day_cost: Floats
    day_peak: Floats
    price_changed_h: Floats


def _no_past(store: SmoothStore) -> _Past:
    products, campaigns, hours = store.price_cents.size, store.daily_budget_cents.size, store.days * HOURS_PER_DAY
    return _Past(
        clicks=np.zeros((hours, products)),
        cost=np.zeros((hours, products)),
        revenue=np.zeros((hours, products)),
        budgets=np.zeros((hours, campaigns)),
        prices=np.zeros((hours, products)),
        day_cost=np.zeros((store.days, campaigns)),
        day_peak=np.zeros((store.days, campaigns)),
        price_changed_h=np.full(products, -np.inf),
    )


def steered(store: SmoothStore, controller: Controller, conditions: Callable[[int], Conditions]) -> Trace:
    """Let ``controller`` steer the store through its window; ``conditions`` gives those of each hour."""
    shares, table = ActivityShape().hour_shares(), reported_by_age(MaturityCurve())
    setpoints = {
        Field.PRICE: store.price_cents.copy(),
        Field.BID: np.zeros_like(store.price_cents),
        Field.DAILY_BUDGET: store.daily_budget_cents.copy(),
    }
    past = _no_past(store)
    memory, sights, proposals, worths = ControllerMemory(), [], [], []
    for hour in range(store.days * HOURS_PER_DAY):
        now, day = conditions(hour), hour // HOURS_PER_DAY
        worth = _worth_cents(store, now, setpoints[Field.PRICE])
        seen = _sight(store, now, setpoints, worth, past, hour=hour, shares=shares, table=table)
        proposal, memory = controller.propose(memory, seen)
        moved = {field: np.where(np.isnan(wish[0]), setpoints[field], wish[0]) for field, wish in proposal.setpoints.items()}
        past.budgets[hour], past.prices[hour] = setpoints[Field.DAILY_BUDGET], setpoints[Field.PRICE]
        if Field.PRICE in moved:
            past.price_changed_h = np.where(moved[Field.PRICE] != setpoints[Field.PRICE], float(hour), past.price_changed_h)
        setpoints |= moved
        past.day_peak[day] = np.maximum(past.day_peak[day], setpoints[Field.DAILY_BUDGET])
        clicks, cost = _won(store, now, setpoints, past.day_cost[day], share=shares[hour % HOURS_PER_DAY])
        past.clicks[hour], past.cost[hour] = clicks, cost
        past.day_cost[day] += _by_campaign(store, cost)
        past.revenue[hour] = clicks * _order_rate(store, now, setpoints[Field.PRICE]) * setpoints[Field.PRICE]
        sights.append(seen)
        proposals.append((proposal, dict(setpoints), now))
        worths.append(worth)
    return Trace(
        spend_cents=np.array([_by_campaign(store, cost) for cost in past.cost]),
        budget_cents=np.array([standing[Field.DAILY_BUDGET] for _, standing, _ in proposals]),
        bid_cents=np.array([standing[Field.BID] for _, standing, _ in proposals]),
        price_cents=np.array([standing[Field.PRICE] for _, standing, _ in proposals]),
        worth_cents=np.array(worths),
        planned_cents=np.array([now.ad_budget_cents / store.days for _, _, now in proposals]),
        roas=np.array([seen.reported.roas[0] for seen in sights]),
        terms={name: np.array([proposal.terms[name][0] for proposal, _, _ in proposals]) for name in proposals[0][0].terms},
        sku_terms={name: np.array([proposal.sku_terms[name][0] for proposal, _, _ in proposals]) for name in proposals[0][0].sku_terms},
    )


def _order_rate(store: SmoothStore, now: Conditions, price: Floats) -> Floats:
    rate: Floats = now.order_rate * (price / store.price_cents) ** -store.elasticity
    return rate


def _worth_cents(store: SmoothStore, now: Conditions, price: Floats) -> Floats:
    margin = unit_margin_cents(price, now.unit_cost_cents, ECONOMICS)
    worth: Floats = _order_rate(store, now, price) * np.maximum(margin, 0.0) * (now.on_hand > 0.0)
    return worth


def _won(
    store: SmoothStore, now: Conditions, setpoints: dict[Field, Floats], spent_today: Floats, *, share: float
) -> tuple[Floats, Floats]:
    """(m,) clicks and cost of the hour, as far as the campaigns' money goes."""
    going = store.going_price_cents * now.rival_level
    x = setpoints[Field.BID] / going
    clicks = now.traffic * share * x**2 / (1.0 + x**2)
    cost = clicks * np.minimum(setpoints[Field.BID], 0.6 * going * np.sqrt(x))
    left = np.maximum(setpoints[Field.DAILY_BUDGET] - spent_today, 0.0)
    asked = _by_campaign(store, cost)
    paid = np.where(asked > left, left / np.maximum(asked, 1e-9), 1.0)[store.campaign_of]
    return clicks * paid, cost * paid


def _by_campaign(store: SmoothStore, values: Floats) -> Floats:
    return np.bincount(store.campaign_of, weights=values, minlength=store.daily_budget_cents.size).astype(np.float64)


def _sight(
    store: SmoothStore,
    now: Conditions,
    setpoints: dict[Field, Floats],
    worth: Floats,
    past: _Past,
    *,
    hour: int,
    shares: Floats,
    table: Floats,
) -> Sight:
    margin_floor = now.unit_cost_cents / (1.0 - LIMITS.min_margin_ratio)
    low = np.ceil(np.maximum(store.price_cents * store.price_band[0], margin_floor))
    one = np.ones(store.price_cents.shape)
    return Sight(
        now_days=hour / HOURS_PER_DAY,
        dt_days=1.0 / HOURS_PER_DAY,
        engaged=True,
        economics=ECONOMICS,
        setpoints={field: values[None] for field, values in setpoints.items()},
        course=Course(
            ad_budget_cents=np.array([now.ad_budget_cents]),
            target_roas=np.array([now.target_roas]),
            starts_days=0.0,
            ends_days=float(store.days),
            daily_shares=np.full((1, store.days), 1.0 / store.days),
            hour_shares=shares[None],
            covered=np.ones((1, one.size), dtype=np.bool_),
            price_low_cents=np.minimum(low, store.price_cents)[None],
            price_high_cents=np.floor(store.price_cents * store.price_band[1])[None],
            max_bid_cents=np.floor(worth)[None],
            learning_cents=np.zeros((1, one.size)),
        ),
        goods=Goods(
            campaign_of=store.campaign_of,
            cost_cents=now.unit_cost_cents[None],
            anchor_price_cents=store.price_cents[None],
            is_new=np.zeros((1, one.size), dtype=np.bool_),
            suspect=np.zeros((1, one.size), dtype=np.bool_),
        ),
        beliefs=Beliefs(
            cvr=_known(_order_rate(store, now, setpoints[Field.PRICE])),
            units_per_order=_known(one),
            organic_units_per_day=_known(now.organic_units),
            elasticity=Estimate(mean=store.elasticity[None], sd=store.elasticity_spread * store.elasticity[None]),
            value_per_click_cents=_known(worth),
            on_hand=np.where(np.isfinite(now.on_hand), now.on_hand, np.nan)[None],
        ),
        reported=_reported(past, hour=hour, order_rate=_order_rate(store, now, setpoints[Field.PRICE]), table=table),
        reach=_reach(setpoints, past, hour=hour),
    )


def _known(value: Floats) -> Estimate:
    return Estimate(mean=value[None], sd=np.zeros_like(value)[None])


def _reported(past: _Past, *, hour: int, order_rate: Floats, table: Floats) -> Reported:
    """What reports show now of every hour so far."""
    clicks, cost, revenue = past.clicks, past.cost, past.revenue
    age_h = hour - np.arange(len(clicks))
    shown = np.clip((age_h - LAG_LOW_H) / (LAG_HIGH_H + 1.0 - LAG_LOW_H), 0.0, 1.0)
    matured = np.interp((age_h - 0.5) * SECONDS_PER_HOUR, np.arange(table.size) * STEP_S, table)
    week = shown * (age_h <= _WEEK_H)
    exposure = float(matured @ cost.sum(axis=1))
    return Reported(
        clicks_7d=(week @ clicks)[None],
        cost_7d_cents=(week @ cost)[None],
        revenue_7d_cents=((matured * (age_h <= _WEEK_H)) @ revenue)[None],
        cost_held_cents=(shown @ cost)[None],
        spent_cents=(shown @ cost).sum(keepdims=True),
        roas=np.array([float(matured @ revenue.sum(axis=1)) / exposure if exposure > 0.0 else np.nan]),
        expected_sales=np.array([float((week @ clicks) @ order_rate)]),
    )


def _reach(setpoints: dict[Field, Floats], past: _Past, *, hour: int) -> Reach:
    """Worst cases as the daemon reckons them: a day that is still to be reported may have cost its whole budget and the over-delivery."""
    today = hour // HOURS_PER_DAY
    peak = past.day_peak[: today + 1].copy()
    peak[today] = np.maximum(peak[today], setpoints[Field.DAILY_BUDGET])
    cost = past.day_cost[: today + 1]
    settled = hour >= (np.arange(today + 1) + 1) * HOURS_PER_DAY + _SETTLED_BY_H
    worst = np.where(settled[:, None], cost, np.maximum(cost, LIMITS.overdelivery_day_ratio * peak))
    before, worst_today = worst[:today].sum(axis=0), worst[today]
    since = max(hour - HOURS_PER_DAY, 0)
    lowest = np.minimum(past.budgets[since:hour].min(axis=0, initial=np.inf), setpoints[Field.DAILY_BUDGET])
    anchor = past.prices[since] if hour else setpoints[Field.PRICE]
    return Reach(
        price_age_s=((hour - past.price_changed_h) * SECONDS_PER_HOUR)[None],
        budget_low_24h_cents=lowest[None],
        price_anchor_24h_cents=anchor[None],
        worst_window_cents=before[None],
        worst_month_cents=before[None],
        worst_today_cents=worst_today[None],
        step_share=1.0,
        limits=LIMITS,
    )
