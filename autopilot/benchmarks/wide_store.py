"""A store of many products to measure the daemon with: the generic marketplace with its ten products replaced by thousands."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from autopilot import wiring
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform
from autopilot.settings_sources import Loaded, load_store
from sim.config_lookup import find
from sim.parameters.market import MarketParameters, market_from

SKUS_PER_CAMPAIGN = 100
ORDERS_PER_SKU_DAY = 0.31
"""525,461 order lines of 4,632 products within a year: Online Retail II (UCI)."""

TOP_TENTH_SHARE = 0.6
"""Of a store's orders with the best tenth of its products (fit, Online Retail II)."""

CAMPAIGN_BUDGET_CENTS = 3_000
WINDOW_DAYS = 14
_UNUSED = ("promotion", "organic_rank", "cross_price", "carry_over", "cold_start", "returns", "baskets", "shocks")
"""Mechanics of the market that reports do not show: the market is not what is measured."""


def wide_market(skus: int) -> MarketParameters:
    """The marketplace with so many products: prices of 10 to 160, top-heavy sales, a hundred products in a campaign."""
    raw: dict[str, Any] = tomllib.loads(Path(find("markets", "marketplace", called="market")).read_text(encoding="utf-8"))
    campaigns = math.ceil(skus / SKUS_PER_CAMPAIGN)
    price = np.geomspace(1_000, 16_000, skus).astype(np.int64)
    # neither the dearest nor the cheapest are the best sellers
    price = price[np.argsort(np.sin(np.arange(skus) * math.sqrt(2.0)), kind="stable")]
    raw["assortment"] = {
        "skus": [f"W{index:05d}" for index in range(skus)],
        "is_new": [False] * skus,
        "campaigns": [f"campaign-{index:03d}" for index in range(campaigns)],
        "campaign_of": [index % campaigns for index in range(skus)],
        "price_cents": price.tolist(),
    }
    demand = {name: table for name, table in raw["demand"].items() if name not in ("orders_per_day", "elasticity", "elasticity_log_sd")}
    raw["demand"] = demand | {"units_deciles": [[1] * 9 + [2]] * skus, "dispersion": [0.03] * skus}
    raw["presets"] = {"range": {"orders_per_day": ORDERS_PER_SKU_DAY * skus, "top_tenth_share": TOP_TENTH_SHARE}}
    raw["costs"] = {"gross_margin_ratio": [0.65] * skus}
    raw["budget"]["initial_daily_budget_cents"] = [CAMPAIGN_BUDGET_CENTS] * campaigns
    return market_from({name: table for name, table in raw.items() if name not in _UNUSED}, origin="wide store")


def wide_settings(market: MarketParameters, *, history_days: int) -> Loaded:
    """The settings of the scenario ``steady``, with amounts as many times as large as the store, and a write an hour for every product."""
    day_cents = sum(market.budget.initial_daily_budget_cents)
    return load_store(
        "steady",
        overrides={
            "platform.history_days": history_days,
            "budget.window_days": WINDOW_DAYS,
            "budget.ad_spend_cents": day_cents * WINDOW_DAYS,
            "budget.max_loss_cents": day_cents * WINDOW_DAYS * 20,
            "envelope.max_store_daily_cents": day_cents * 5,
            "envelope.max_store_month_cents": day_cents * 5 * 31,
            "envelope.max_loss_24h_cents": day_cents * 50,
            "envelope.max_loss_7d_cents": day_cents * 350,
            "envelope.max_writes_per_hour": len(market.assortment.skus),
        },
        environ={},
    )


def wide_platform(loaded: Loaded, market: MarketParameters) -> SimulatedPlatform:
    """The store on the simulated platform, its history still to be played."""
    return wiring.simulated_platform(loaded.settings, market, effects=MemoryEffects())
