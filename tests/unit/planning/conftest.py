"""A small store to plan for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from perception.catalogue import Catalogue
from perception.economics import Economics
from perception.fields import Field
from perception.observation import Signal
from perception.state import Estimate, StoreState
from perception.units import day_of
from planning.plan import Goal
from planning.ports import MerchantTerms, PlanRequest

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2024, 5, 1, 23, 0, tzinfo=UTC)
"""Midnight in London: the window starts with a whole day."""

SKUS = 4
RequestMaker = Callable[..., PlanRequest]


def plain_request() -> PlanRequest:
    """Four SKUs at 1000 that cost 500 and sell 10, 5, 1 and 0 units a day."""
    today = day_of(NOW, ZONE)
    full, none = np.ones(SKUS), np.zeros(SKUS)
    state = StoreState(
        tick=0, at=NOW, dt_s=3600.0, day=today, day_fraction=0.0,
        age_s=dict.fromkeys(Signal, 0.0), frozen=(), readback_age_s=0.0,
        setpoints={Field.PRICE: 1000.0 * full, Field.BID: 20.0 * full, Field.DAILY_BUDGET: np.array([1000.0])},
        on_hand=100.0 * full,
        ctr=Estimate(mean=0.01 * full, sd=0.001 * full),
        cvr=Estimate(mean=0.1 * full, sd=0.02 * full),
        units_per_order=Estimate(mean=full, sd=0.1 * full),
        organic_units_per_day=Estimate(mean=np.array([10.0, 5.0, 1.0, 0.1]), sd=np.array([1.0, 0.5, 0.2, 0.1])),
        elasticity=Estimate(mean=1.8 * full, sd=0.3 * full),
        unit_margin_cents=400.0 * full,
        value_per_click_cents=Estimate(mean=40.0 * full, sd=8.0 * full),
        ad_clicks_7d=none, ad_cost_7d_cents=none, ad_revenue_7d_cents=none, ad_cost_held_cents=none,
        spend_by_day_cents={}, spend_settled_before_day=today, revenue_by_day_cents={}, expected_maturity={},
        units_by_day={today - back: np.array([10.0, 5.0, 1.0, 0.0]) for back in range(27, 0, -1)},
        baseline_loss_24h_cents=0.0, baseline_loss_7d_cents=0.0, rejected=(), suspect=np.zeros(SKUS, dtype=np.bool_),
    )  # fmt: skip
    return PlanRequest(
        store="shop",
        catalogue=Catalogue(
            currency="GBP",
            skus=("A", "B", "C", "D"),
            campaigns=("all",),
            campaign_of=np.zeros(SKUS, dtype=np.int64),
            cost_cents=500.0 * full,
            map_cents=none,
            anchor_price_cents=1000.0 * full,
            is_new=np.zeros(SKUS, dtype=np.bool_),
        ),
        economics=Economics(fee_ratio=0.05, return_rate=0.02, return_rate_upper=0.04, return_cost_cents=100),
        state=state,
        terms=MerchantTerms(
            goal=Goal.PROFIT,
            window_days=14,
            ad_budget_cents=50_000,
            granted_cents=500_000,
            target_roas=0.0,
            price_low_ratio=0.9,
            price_high_ratio=1.2,
            learning_budget_cents=6_000,
            overdelivery_ratio=1.25,
            min_margin_ratio=0.1,
        ),
        now=NOW,
        timezone=ZONE,
    )


@pytest.fixture
def make() -> RequestMaker:
    """Builds a request: ``make(state={...}, terms={...}, catalogue={...}, now=...)`` replaces fields of the plain one."""

    def build(**changes: Any) -> PlanRequest:
        request = plain_request()
        nested = {name: replace(getattr(request, name), **changes.pop(name)) for name in ("state", "terms", "catalogue") if name in changes}
        return replace(request, **nested, **changes)

    return build
