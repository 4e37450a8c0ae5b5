"""``autopilot eval plans``: planners and negative controls marked on test stores, each plan driven beside doing nothing on the same luck.

Effectiveness, 50: what driving with the plans won over doing nothing, as a share of what a clairvoyant could have won; first sales of new
products against doing nothing; and whether 80 % forecast intervals cover 80 %. The market has no audiences: what a plan wins is credited
for the products whose audience fits their stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from autopilot import wiring
from autopilot.drive import drive_one, with_seed
from autopilot.plan_request import first_look
from autopilot.plan_score import Marks, expired, marks, swapped, wrong_audience
from autopilot.platforms.effects import MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.pool import Progress
from autopilot.score import Score
from autopilot.settings_sources import Loaded, load_store
from perception.observation import COLUMNS, Signal
from perception.units import Floats
from planning.backtest import covered
from planning.ground import Ground
from planning.milp_planner import MilpPlanner
from planning.plan import Plan
from planning.planner import RulePlanner
from planning.ports import Planner, PlanRequest
from sim.fleet.terms import fleet_terms
from sim.judging.oracle import oracle
from sim.parameters.market import MarketParameters
from sim.scenarios import load_scenario

EFFECTIVENESS = 50.0
WON, FIRST_SALES, COVERAGE = 0.6, 0.2, 0.2
"""Shares of effectiveness; without new products in the store the other two share what first sales would have had."""

FIRST_SALES_RATIO = 1.3
"""First sales over those of doing nothing that are worth full marks."""

COVERED, SLACK, NONE_AT = 0.80, 0.05, 0.20
"""Coverage of the intervals: what it should be, how far off is as good, and how far off is worth nothing."""

PLANNERS: dict[str, Callable[[], Planner]] = {"milp": MilpPlanner, "rules": RulePlanner}
CONTROLS: dict[str, Callable[[Plan], Plan]] = {"swapped_skus": swapped, "expired_window": expired, "wrong_audience": wrong_audience}
"""Plans of the optimiser spoilt in one way each: what scores them as high is no score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Store:
    """One test store: what planners see, and what came of driving it.

    Attributes:
        request: For a plan.
        idle: Left alone.
        driven: By planner.
        bound_cents: The clairvoyant's profit.
        coverage: Of the forecast's intervals on the days that followed, left alone.
    """

    request: PlanRequest
    idle: Score
    driven: dict[str, Score]
    bound_cents: float
    coverage: float


def evaluate_plans(families: Sequence[str], *, stores: int, progress: Progress) -> dict[str, Any]:
    """The contract's JSON.

    Args:
        families: Of scenarios.
        stores: First test seeds of each, >= 1.
        progress: Told the share of the work that is done.
    """
    points: dict[str, list[dict[str, Any]]] = {}
    total = len(families) * stores
    seeds = [(family, seed) for family in families for seed in load_scenario(family).test_seeds.seeds[:stores]]
    for done, (family, seed) in enumerate(seeds):
        for name, row in _store_rows(_store(family, seed)).items():
            points.setdefault(name, []).append(row)
        progress((done + 1) / total)
    return {"stores": total, "families": list(families), "rows": [_row(name, rows) for name, rows in points.items()]}


def _store(family: str, seed: int) -> _Store:
    scenario = load_scenario(family)
    loaded = with_seed(load_store(family), seed)
    request, coverage = _looked(loaded, scenario.market, seed)
    drives = {name: _driven(loaded, {"planner": name}) for name in PLANNERS}
    (bound,) = oracle(fleet_terms(scenario), seeds=np.array([seed], dtype=np.int64))
    return _Store(request=request, idle=_driven(loaded, {}, idle=True), driven=drives, bound_cents=bound.profit_cents, coverage=coverage)


def _driven(loaded: Loaded, planning: dict[str, str], *, idle: bool = False) -> Score:
    settings = loaded.settings
    settings = settings.model_copy(update={"planning": settings.planning.model_copy(update=planning)})
    if idle:
        settings = settings.model_copy(update={"control": settings.control.model_copy(update={"controller": "do_nothing"})})
    days = settings.budget.window_days
    return drive_one(replace(loaded, settings=settings), days=days, journal=None, progress=lambda _done: None).score


def _looked(loaded: Loaded, market: MarketParameters, seed: int) -> tuple[PlanRequest, float]:
    """What a planner sees on the first day, and how well its forecast covers the days that follow."""
    settings, now = loaded.settings, opening_of(market)
    opens = now - timedelta(days=settings.platform.history_days)
    platform = SimulatedPlatform(market, seed=seed, opens=opens, effects=MemoryEffects())
    config = wiring.loop_config(settings, platform.catalogue())
    request = first_look(config, wiring.merchant_terms(settings), sources=(platform,), setpoints=platform, now=now)
    days = request.terms.window_days
    after = platform.read(since=None, now=now + timedelta(days=days + 4))
    sold = np.zeros((days, len(request.catalogue.skus)))
    column = COLUMNS[Signal.SHOP].index("units")
    for rows in after:
        if rows.signal is Signal.SHOP:
            within = (rows.day >= request.state.day) & (rows.day < request.state.day + days)
            sold[rows.day[within] - request.state.day, rows.sku[within]] = rows.values[within, column]
    found = Ground(request=request).forecast
    return request, float(covered(sold, found.mean, found.variance).mean())


def _store_rows(store: _Store) -> dict[str, dict[str, Any]]:
    found = {}
    for name, planner in PLANNERS.items():
        draft = planner().draft
        found[name] = _marked(marks(draft(store.request), store.request, draft, at=store.request.now), store, store.driven[name])
    plan = MilpPlanner().draft(store.request)
    for name, spoil in CONTROLS.items():
        found[name] = _marked(marks(spoil(plan), store.request, MilpPlanner().draft, at=store.request.now), store, store.driven["milp"])
    return found


def _marked(one: Marks, store: _Store, driven: Score) -> dict[str, Any]:
    parts = {
        "effectiveness": EFFECTIVENESS * one.audience_share * _effectiveness(store, driven),
        "professionalism": one.professionalism,
        "explainability": one.explainability,
    }
    lift = (driven.profit_cents - store.idle.profit_cents) / max(store.bound_cents - store.idle.profit_cents, 1.0)
    told = {
        "lift": lift,
        "changed": one.changed,
        "coverage": store.coverage,
        "first_sales": driven.first_sales,
        "idle_first_sales": store.idle.first_sales,
    }
    return {**parts, "score": 0.0 if one.gates else sum(parts.values()), "failed_gates": one.gates, **told}


def _effectiveness(store: _Store, driven: Score) -> float:
    """0…1."""
    won = np.clip((driven.profit_cents - store.idle.profit_cents) / max(store.bound_cents - store.idle.profit_cents, 1.0), 0.0, 1.0)
    off = max(abs(store.coverage - COVERED) - SLACK, 0.0)
    coverage = max(1.0 - off / (NONE_AT - SLACK), 0.0)
    new = int(store.request.catalogue.is_new.sum())
    if new == 0:
        return float((WON * won + COVERAGE * coverage) / (WON + COVERAGE))
    wanted = min(FIRST_SALES_RATIO * max(store.idle.first_sales, 1), new)
    return float(WON * won + COVERAGE * coverage + FIRST_SALES * min(driven.first_sales / wanted, 1.0))


def _row(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the stores; gates by how often each failed."""
    failed = [gate for row in rows for gate in row["failed_gates"]]
    means = {part: _mean([row[part] for row in rows]) for part in ("score", "effectiveness", "professionalism", "explainability")}
    told = {part: _mean([row[part] for row in rows]) for part in ("lift", "changed", "coverage", "first_sales", "idle_first_sales")}
    return {"planner": name, "gates": "passed" if not failed else ", ".join(sorted(set(failed))), **means, **told}


def _mean(figures: Sequence[float]) -> float:
    known: Floats = np.array(figures, dtype=np.float64)
    return float(np.nanmean(known)) if np.isfinite(known).any() else float("nan")
