"""Puts the house together: from validated settings to a loop with its ports. The only module that knows which platform is behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from autopilot.config_files import display
from autopilot.plan_keeper import GuardedPlanner
from autopilot.platforms.effects import EffectLog
from autopilot.platforms.faults import FaultRates, FaultyPlatform
from autopilot.platforms.kinds import Adapter, Closable
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.settings import StoreSettings
from autopilot.settings_platform import SIMULATED
from autopilot.settings_sources import Loaded, is_scenario, market_file, read_toml
from autopilot.steering import Steering, steering_of
from control.decision import LoopConfig
from perception.catalogue import Catalogue
from perception.ports import MetricsSource
from planning.milp_planner import MilpPlanner
from planning.planner import RulePlanner
from planning.ports import MerchantTerms, Planner, PriceBounds
from sim.parameters.market import MarketParameters, load_market
from sim.scenarios import load_scenario

PLANNERS: dict[str, Callable[[], Planner]] = {"rules": RulePlanner, "milp": MilpPlanner}
"""By the name in the settings."""


def loop_config(settings: StoreSettings, catalogue: Catalogue, *, steering: Steering | None = None) -> LoopConfig:
    """Everything that shapes a decision, from settings and what the platform says it sells.

    Args:
        settings: Of the store.
        catalogue: What it sells.
        steering: At the wheel; None for what the settings name.

    Raises:
        PolicyError: The settings name a policy that cannot be used.
    """
    return LoopConfig(
        store=settings.store.name,
        timezone=ZoneInfo(settings.store.timezone),
        tick_s=float(settings.store.tick_s),
        catalogue=_with_overrides(catalogue, settings),
        economics=settings.economics.terms(),
        estimator=replace(settings.estimator, tick_s=float(settings.store.tick_s)),
        engagement=settings.engagement,
        limits=settings.envelope.limits(settings.store.currency),
        controller=(steering or steering_of(settings)).controller,
        override_s=settings.control.override_hours * 3600.0,
        locked=np.array([sku in settings.products and settings.products[sku].locked for sku in catalogue.skus], dtype=np.bool_),
        overrides_to_hold=settings.control.overrides_to_hold,
    )


def merchant_terms(settings: StoreSettings) -> MerchantTerms:
    """What the merchant wants and grants."""
    bounds = {
        sku: PriceBounds(floor_cents=product.floor_cents, ceiling_cents=product.ceiling_cents)
        for sku, product in settings.products.items()
        if product.floor_cents is not None or product.ceiling_cents is not None
    }
    pricing, budget = settings.pricing, settings.budget
    return MerchantTerms(
        goal=settings.planning.goal,
        window_days=budget.window_days,
        ad_budget_cents=budget.ad_spend_cents,
        granted_cents=budget.max_loss_cents,
        target_roas=budget.target_roas,
        price_low_ratio=pricing.low_ratio if pricing.enabled else 1.0,
        price_high_ratio=pricing.high_ratio if pricing.enabled else 1.0,
        learning_budget_cents=settings.planning.learning_budget_cents,
        overdelivery_ratio=settings.envelope.overdelivery_day_ratio,
        min_margin_ratio=settings.envelope.min_margin_ratio,
        price_bounds=bounds,
        left_alone=frozenset(sku for sku, product in settings.products.items() if product.locked),
    )


def plan_keeper(settings: StoreSettings) -> GuardedPlanner:
    """The planner that the settings name, behind the budget guard."""
    planning = settings.planning
    return GuardedPlanner(planner=PLANNERS[planning.planner](), terms=merchant_terms(settings), live=planning.renewal == "live")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The platforms of a store as the daemon meets them.

    Attributes:
        platform: For the catalogue, what stands, and writing.
        sources: Of figures; each may fail by itself.
        where: Where they are, for people.
        opens: The first instant there is anything to see; None where time is real.
        timezone: Of their days; None where they have none of their own.
    """

    platform: Adapter
    sources: tuple[MetricsSource, ...]
    where: str
    opens: datetime | None
    timezone: str | None

    def close(self) -> None:
        """Let go of what adapters hold on to."""
        for source in self.sources:
            if isinstance(source, Closable):
                source.close()


def live(loaded: Loaded, *, folder: Path, effects: EffectLog) -> Live:
    """The platforms that the settings name.

    Args:
        loaded: The settings.
        folder: Where adapters of real platforms keep what they must remember.
        effects: What was ever set on a simulated one.

    Raises:
        ConfigError, MarketFileError, ScenarioFileError: The settings name what is not there, or does not fit.
        PlatformError: A platform does not answer.
    """
    settings = loaded.settings
    if settings.platform.kind != SIMULATED:
        # adapters and what they need are dear to import, and a simulated store needs none of it
        from autopilot.connection import connected

        combined = connected(loaded, folder=folder)
        return Live(platform=combined, sources=combined.sources, where=combined.name, opens=None, timezone=None)
    market = market_of(loaded)
    platform = with_faults(simulated_platform(settings, market, effects=effects), settings, market)
    where = display(market_file(loaded))
    return Live(platform=platform, sources=(platform,), where=where, opens=opening_of(market), timezone=market.shop.timezone)


def market_of(loaded: Loaded) -> MarketParameters:
    """The market that the settings name, or that of the scenario they name. Raises: ConfigError, MarketFileError, ScenarioFileError."""
    path = market_file(loaded)
    return load_scenario(path).market if is_scenario(read_toml(path)) else load_market(path)


def simulated_platform(settings: StoreSettings, market: MarketParameters, *, effects: EffectLog) -> SimulatedPlatform:
    """The simulated platform, open since ``platform.history_days`` before the market's first day."""
    history = timedelta(days=settings.platform.history_days)
    return SimulatedPlatform(market, seed=settings.platform.seed, opens=opening_of(market) - history, effects=effects)


def with_faults(platform: SimulatedPlatform, settings: StoreSettings, market: MarketParameters) -> Adapter:
    """The platform as the loop meets it: with the configured faults in front of it, if there are any."""
    rates = FaultRates(**settings.platform.faults.model_dump())
    if rates == FaultRates(from_hour=rates.from_hour, until_hour=rates.until_hour):
        return platform
    return FaultyPlatform(platform, rates=rates, seed=settings.platform.seed, opens=opening_of(market))


def _with_overrides(catalogue: Catalogue, settings: StoreSettings) -> Catalogue:
    """The catalogue with what the merchant knows better."""
    cost, least = catalogue.cost_cents.copy(), catalogue.map_cents.copy()
    for sku, product in settings.products.items():
        if sku not in catalogue.skus:
            continue
        index = catalogue.skus.index(sku)
        cost[index] = cost[index] if product.cost_cents is None else product.cost_cents
        least[index] = least[index] if product.map_cents is None else product.map_cents
    return replace(catalogue, cost_cents=cost, map_cents=least)
