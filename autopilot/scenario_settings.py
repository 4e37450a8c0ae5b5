"""A scenario as the settings of a store, so that it can be driven, checked and explained like one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from autopilot.errors import ConfigError
from sim.config_lookup import NoSuchConfigError
from sim.fleet.terms import tuning_for
from sim.parameters.market import MarketFileError
from sim.scenarios import Scenario, ScenarioFileError, load_scenario


def settings_tables(path: Path, *, market: str) -> dict[str, Any]:
    """The tables of a store's file that mean the same as a scenario's file.

    Args:
        path: The scenario's file.
        market: What ``platform.market`` calls the scenario: its name, or its path.

    Raises:
        ConfigError: The scenario cannot be used; one problem per wrong field.
    """
    try:
        return _tables(load_scenario(path), market)
    except (ScenarioFileError, MarketFileError, NoSuchConfigError) as error:
        raise ConfigError(*str(error).splitlines()) from None


def _tables(scenario: Scenario, market: str) -> dict[str, Any]:
    shop, terms, tuning = scenario.market.shop, scenario.terms, tuning_for(scenario.market)
    limits = asdict(terms.limits)
    del limits["currency"]
    return {
        "store": {"name": scenario.name, "currency": shop.currency, "timezone": shop.timezone, "tick_s": int(tuning.tick_s)},
        "platform": {"market": market, "history_days": scenario.history_days},
        "budget": {
            "currency": shop.currency,
            "window_days": scenario.days,
            "ad_spend_cents": terms.ad_spend_cents,
            "max_loss_cents": terms.max_loss_cents,
            "target_roas": terms.target_roas,
        },
        "economics": asdict(terms.economics),
        "pricing": {"low_ratio": terms.price_low_ratio, "high_ratio": terms.price_high_ratio},
        "envelope": limits,
        "control": {"rule_bid_cents": terms.rule_bid_cents, "rule_target_acos": terms.rule_target_acos},
        "planning": {"learning_budget_cents": terms.learning_cents},
        "estimator": {
            "shape": {"hours": list(tuning.shape.hours), "weekdays": list(tuning.shape.weekdays)},
            "maturity": {"lag_low_s": tuning.maturity.lag_low_s, "lag_high_s": tuning.maturity.lag_high_s},
            "spend_settles_after_s": tuning.spend_settles_after_s,
        },
    }
