"""Stores whose kind is known because they were made so: true rates, margins and habits are drawn, labelled by rule, and seen through luck.

The truth is drawn on both sides of every threshold and close to it too; what is seen of it are four weeks of counts and beliefs with errors
as large as perception's usually are. So no judgement can be right about all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from perception.catalogue import Catalogue
from perception.economics import Economics, unit_margin_cents
from perception.fields import Field
from perception.observation import Signal
from perception.shape import ActivityShape
from perception.state import Estimate, StoreState
from perception.units import Bools, Floats, day_of
from planning.plan import Goal, Stage
from planning.ports import MerchantTerms, PlanRequest
from planning.profile import (
    BRAND_ELASTICITY,
    BRAND_ORGANIC_SHARE,
    FAIR_RETURN,
    FAIR_SUPPLY,
    GROWTH_RATIO,
    LEAD_TIME_DAYS,
    OPERATION_SHARE,
    STRONG_RETURN,
    STRONG_SUPPLY,
    SUPPLY_MARGIN,
    MerchantStage,
)
from planning.selection import CORE_SHARE, LAUNCH_UNITS

NOW = datetime(2024, 5, 1, 0, 0, tzinfo=UTC)
DAYS = 27
"""Whole days that the daemon remembers."""

FATES = (0.15, 0.12, 0.10, 0.63)
"""Shares of products launched lately, taking off, to be cleared, and none of these."""

SCATTER = 2.0
"""Variance over mean of a day's units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledStore:
    """One store and what is true of it.

    Attributes:
        request: As a planner sees it.
        stages: Of the products.
        merchant: Stage of the store.
        drivers: (supply, operation, brand).
        operation, production: weak, fair or strong.
    """

    request: PlanRequest
    stages: tuple[Stage, ...]
    merchant: MerchantStage
    drivers: tuple[bool, bool, bool]
    operation: str
    production: str


def labelled_store(draw: np.random.Generator, *, skus: int = 24) -> LabelledStore:
    """One store of 24 products."""
    economics = Economics(fee_ratio=0.15, return_rate=0.05, return_rate_upper=0.10, return_cost_cents=200)
    merchant = list(MerchantStage)[int(draw.integers(3))]
    scale = {MerchantStage.NEW: 0.5, MerchantStage.ADVANCING: 40.0, MerchantStage.MATURE: 40.0}[merchant]
    growth = float(draw.uniform(1.2, 2.2)) if merchant is MerchantStage.ADVANCING else float(draw.uniform(0.8, 1.1))
    weight = np.sort(draw.lognormal(0.0, 1.2, skus))[::-1]
    rate = scale * weight / weight.sum()
    path = growth ** (np.arange(DAYS) / 14.0 - 1.0)
    level = path[:, None] * rate
    is_new, rising, cleared = _fates(draw, skus, busy=merchant is not MerchantStage.NEW)
    launched = np.where(is_new, draw.integers(3, 20, skus), DAYS)
    level *= np.arange(DAYS)[:, None] >= DAYS - launched
    level[-7:, rising] *= draw.uniform(1.6, 3.0, int(rising.sum()))
    mean = np.maximum(level, 1e-9)
    units = draw.negative_binomial(mean / (SCATTER - 1.0), 1.0 / SCATTER).astype(np.float64)
    price = np.round(draw.lognormal(7.5, 0.5, skus))
    margin = float(draw.uniform(0.15, 0.65))
    cost = np.round(price * np.clip(0.85 - (margin + draw.normal(0.0, 0.04, skus)), 0.02, 0.84))
    margins = unit_margin_cents(price, cost, economics)
    margin = float(np.average(margins / price, weights=rate))
    ad_share, ad_return = float(draw.uniform(0.0, 0.5)), float(draw.uniform(0.5, 2.0))
    elasticity, known = np.clip(draw.normal(draw.uniform(0.9, 2.5), 0.15, skus), 0.3, 5.0), 0.25
    supplied = float(draw.uniform(0.2, 1.0))
    covers = np.where(draw.random(skus) < supplied, draw.uniform(28.0, 90.0, skus), draw.uniform(3.0, 18.0, skus))
    covers[cleared] = draw.uniform(140.0, 400.0, int(cleared.sum()))
    end_rate = np.maximum(level.mean(axis=0), 0.02)
    state = _state(
        draw, units=units, price=price, margins=margins, ad_units=end_rate * ad_share, ad_return=ad_return,
        elasticity=Estimate(mean=np.maximum(elasticity + draw.normal(0.0, known, skus), 0.2), sd=np.full(skus, known)),
        on_hand=np.round(covers * end_rate), organic=end_rate * (1.0 - ad_share),
    )  # fmt: skip
    revenue = level.mean(axis=0) * price
    true_supplied = float(np.average(np.round(covers * end_rate) / end_rate >= LEAD_TIME_DAYS, weights=revenue))
    return LabelledStore(
        request=_request(state, economics, price=price, cost=cost, is_new=is_new),
        stages=_stages(level, units, is_new=is_new, rising=rising, cleared=cleared),
        merchant=MerchantStage.ADVANCING if merchant is not MerchantStage.NEW and growth >= GROWTH_RATIO else merchant,
        drivers=(
            margin >= SUPPLY_MARGIN,
            ad_share >= OPERATION_SHARE and ad_return >= 1.0,
            1.0 - ad_share >= BRAND_ORGANIC_SHARE and float(np.average(elasticity, weights=revenue)) <= BRAND_ELASTICITY,
        ),
        operation=_graded(ad_return, FAIR_RETURN, STRONG_RETURN),
        production=_graded(true_supplied, FAIR_SUPPLY, STRONG_SUPPLY),
    )


def _fates(draw: np.random.Generator, skus: int, *, busy: bool) -> tuple[Bools, Bools, Bools]:
    """(m,) launched lately, taking off, to be cleared; nobody is two of them, and in a tiny store nothing takes off."""
    fate = draw.choice(["new", "rising", "cleared", "usual"], size=skus, p=FATES)
    return fate == "new", (fate == "rising") & busy, fate == "cleared"


def _stages(level: Floats, units: Floats, *, is_new: Bools, rising: Bools, cleared: Bools) -> tuple[Stage, ...]:
    """The truth about each product; whether a launch is over is a matter of what was sold, not of rates."""
    rate = level.mean(axis=0)
    order = np.argsort(-rate, kind="stable")
    core = np.zeros(rate.size, dtype=np.bool_)
    core[order] = np.cumsum(rate[order]) - rate[order] < CORE_SHARE * rate.sum()
    conditions = [is_new & (units.sum(axis=0) < LAUNCH_UNITS), cleared, rising | is_new, core]
    names = (Stage.NEW, Stage.CLEARANCE, Stage.TAKING_OFF, Stage.MATURE, Stage.LONG_TAIL)
    return tuple(names[choice] for choice in np.select(conditions, [0, 1, 2, 3], default=4).tolist())


def _graded(figure: float, fair: float, strong: float) -> str:
    return "strong" if figure >= strong else "fair" if figure >= fair else "weak"


def _state(  # noqa: PLR0913 - a state is many figures
    draw: np.random.Generator, *, units: Floats, price: Floats, margins: Floats, ad_units: Floats, ad_return: float,
    elasticity: Estimate, on_hand: Floats, organic: Floats,
) -> StoreState:  # fmt: skip
    """What perception would believe."""
    skus, today = price.size, day_of(NOW, ZoneInfo("UTC"))
    cvr = np.full(skus, 0.08)
    clicks = draw.poisson(7.0 * ad_units / cvr).astype(np.float64)
    worth = cvr * np.maximum(margins, 0.0)
    cost = clicks * worth / ad_return * draw.lognormal(0.0, 0.1)
    full, none = np.ones(skus), np.zeros(skus)
    return StoreState(
        tick=0, at=NOW, dt_s=3600.0, day=today, day_fraction=0.0,
        age_s=dict.fromkeys(Signal, 0.0), frozen=(), readback_age_s=0.0,
        setpoints={Field.PRICE: price, Field.BID: 20.0 * full, Field.DAILY_BUDGET: np.array([5000.0])},
        on_hand=on_hand,
        ctr=Estimate(mean=0.01 * full, sd=0.001 * full),
        cvr=Estimate(mean=np.maximum(cvr * draw.lognormal(0.0, 0.15, skus), 1e-3), sd=0.15 * cvr),
        units_per_order=Estimate(mean=full, sd=0.05 * full),
        organic_units_per_day=Estimate(mean=organic * draw.lognormal(0.0, 0.15, skus), sd=0.15 * organic),
        elasticity=elasticity,
        unit_margin_cents=margins,
        value_per_click_cents=Estimate(mean=worth, sd=0.2 * worth),
        ad_clicks_7d=clicks, ad_cost_7d_cents=cost, ad_revenue_7d_cents=clicks * cvr * price, ad_cost_held_cents=cost,
        spend_by_day_cents={}, spend_settled_before_day=today, revenue_by_day_cents={}, expected_maturity={},
        units_by_day={today - DAYS + i: units[i] for i in range(DAYS)},
        baseline_loss_24h_cents=0.0, baseline_loss_7d_cents=0.0, rejected=(), suspect=none > 0.0,
    )  # fmt: skip


def _request(state: StoreState, economics: Economics, *, price: Floats, cost: Floats, is_new: Bools) -> PlanRequest:
    skus = price.size
    return PlanRequest(
        store="labelled",
        catalogue=Catalogue(
            currency="EUR",
            skus=tuple(f"L{i:02}" for i in range(skus)),
            campaigns=("all",),
            campaign_of=np.zeros(skus, dtype=np.int64),
            cost_cents=cost,
            map_cents=np.zeros(skus),
            anchor_price_cents=price,
            is_new=is_new,
        ),
        economics=economics,
        state=state,
        terms=MerchantTerms(
            goal=Goal.PROFIT, window_days=14, ad_budget_cents=50_000, granted_cents=400_000, target_roas=0.0, price_low_ratio=0.85,
            price_high_ratio=1.2, learning_budget_cents=6_000, overdelivery_ratio=1.25, min_margin_ratio=0.05,
        ),
        now=NOW,
        timezone=ZoneInfo("UTC"),
        shape=ActivityShape(),
    )  # fmt: skip
