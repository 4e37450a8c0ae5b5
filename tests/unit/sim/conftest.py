"""The committed market, and a way to change single figures of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.market import HourOutcome, MarketState, Setpoints, initial_setpoints, start, step
from sim.parameters.market import MarketParameters, load_market

MARKETS = Path(__file__).parents[3] / "configs" / "markets"


class Bench:
    """Runs markets for tests: changed parameters, constant set-points, every hour's outcome kept."""

    def __init__(self, parameters: MarketParameters) -> None:
        self.parameters = parameters

    def changed(self, **sections: dict[str, Any]) -> Bench:
        """The same market with some fields of some sections changed: ``changed(budget={"overdelivery_ratio": 1.0})``."""
        replaced = {name: replace(getattr(self.parameters, name), **fields) for name, fields in sections.items()}
        return Bench(replace(self.parameters, **replaced))

    @property
    def first_day(self) -> int:
        return self.parameters.shop.first_day.toordinal()

    def opened(self, seeds: range) -> MarketState:
        return start(self.parameters, seeds=np.array(seeds, dtype=np.int64), first_day=self.first_day)

    def setpoints(self, stores: int, *, bid_cents: int = 0, price_ratio: float = 1.0, budget_cents: int | None = None) -> Setpoints:
        standing = initial_setpoints(self.parameters, seeds=np.arange(stores))
        budgets = standing.daily_budget_cents if budget_cents is None else np.full_like(standing.daily_budget_cents, budget_cents)
        prices = np.maximum(np.rint(standing.price_cents * price_ratio), 1).astype(np.int64)
        return Setpoints(bid_cents=np.full_like(standing.bid_cents, bid_cents), price_cents=prices, daily_budget_cents=budgets)

    def run(self, state: MarketState, setpoints: Setpoints, hours: int) -> tuple[MarketState, list[HourOutcome]]:
        outcomes = []
        for _ in range(hours):
            state, outcome = step(self.parameters, state, setpoints)
            outcomes.append(outcome)
        return state, outcomes


@pytest.fixture(scope="session")
def markets() -> Path:
    return MARKETS


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench(load_market(MARKETS / "gift_shop.toml"))


@pytest.fixture(scope="session")
def all_mechanics() -> Bench:
    """A market with every mechanic on."""
    return Bench(load_market(Path(__file__).parent / "all_mechanics.toml"))
