"""From what was driven to what people and programs read: the JSON of the contract, and the figures that table and pictures draw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autopilot.drive import Driven, SeedDriven
from autopilot.report.figures import DriveFigures, Total, Unit
from autopilot.settings import StoreSettings
from perception.catalogue import Catalogue

PRICES_DRAWN = 8
"""Products whose prices are drawn: those that moved most."""


def drive_json(settings: StoreSettings, seeds: Sequence[SeedDriven], *, days: int, report: Path | None, wall_s: float) -> dict[str, Any]:
    """The object that ``drive --json`` prints."""
    return {
        "store": settings.store.name,
        "controller": settings.control.controller,
        "days": days,
        "ticks": sum(seed.driven.ticks for seed in seeds),
        "seeds": [_seed_json(seed) for seed in seeds],
        "gate": {
            "commands": sum(seed.driven.commands for seed in seeds),
            "interventions": sum(seed.driven.interventions for seed in seeds),
        },
        "journal": str(seeds[0].journal),
        "report": None if report is None else str(report),
        "wall_s": round(wall_s, 3),
    }


def _seed_json(seed: SeedDriven) -> dict[str, Any]:
    score = seed.driven.score
    return {
        "seed": seed.seed,
        "profit_cents": score.profit_cents,
        "gmv_cents": score.gmv_cents,
        "orders": score.orders,
        "spend_cents": score.spend_cents,
        "budget_cents": seed.driven.budget_cents,
        "roas": round(score.roas, 4),
        "first_sales": score.first_sales,
        "min_margin_breaches": score.min_margin_breaches,
        "lost_units": score.lost_units,
        "writes": len(seed.driven.trace.changes),
        "decisions_sha256": seed.driven.decisions_sha256,
        "baselines": {
            name: {
                "profit_cents": baseline.score.profit_cents,
                "gmv_cents": baseline.score.gmv_cents,
                "spend_cents": baseline.score.spend_cents,
                "orders": baseline.score.orders,
            }
            for name, baseline in seed.baselines.items()
        },
    }


def figures(settings: StoreSettings, catalogue: Catalogue, seed: SeedDriven) -> DriveFigures:
    """What one seed's table, picture and page show."""
    driven = seed.driven
    everyone = [driven, *seed.baselines.values()]
    trace = driven.trace
    moved = np.argsort(-np.ptp(trace.price_index, axis=0), kind="stable")[:PRICES_DRAWN]
    return DriveFigures(
        store=settings.store.name,
        currency=settings.store.currency,
        timezone=settings.store.timezone,
        seed=seed.seed,
        at=trace.at,
        spend_cents=trace.spend_cents.astype(np.float64),
        planned_spend_cents=trace.planned_cents,
        budget_cents=driven.budget_cents,
        skus=tuple(catalogue.skus[index] for index in moved),
        price_index=trace.price_index[:, moved].T,
        band_low=settings.pricing.low_ratio,
        band_high=settings.pricing.high_ratio,
        profit_cents={one.controller: one.trace.profit_cents.astype(np.float64) for one in everyone},
        commands=trace.commands,
        interventions=trace.interventions,
        bid_level=trace.alpha,
        totals=_totals(everyone),
        changes=trace.changes,
    )


def _totals(everyone: Sequence[Driven]) -> tuple[Total, ...]:
    def row(label: str, unit: Unit, values: Sequence[float]) -> Total:
        return Total(label=label, unit=unit, values=tuple(float(value) for value in values))

    scores = [one.score for one in everyone]
    return (
        row("Profit after ads", Unit.MONEY, [s.profit_cents for s in scores]),
        row("Sales (GMV)", Unit.MONEY, [s.gmv_cents for s in scores]),
        row("Orders", Unit.COUNT, [s.orders for s in scores]),
        row("Ad spend", Unit.MONEY, [s.spend_cents for s in scores]),
        row("Ad budget", Unit.MONEY, [one.budget_cents for one in everyone]),
        row("Budget used", Unit.SHARE, [one.score.spend_cents / one.budget_cents if one.budget_cents else np.nan for one in everyone]),
        row("ROAS", Unit.RATIO, [s.roas if s.spend_cents else np.nan for s in scores]),
        row("First sales", Unit.COUNT, [s.first_sales for s in scores]),
        row("Units lost to empty stock", Unit.COUNT, [s.lost_units for s in scores]),
        row("Set-points changed", Unit.COUNT, [len(one.trace.changes) for one in everyone]),
        row("Gate interventions", Unit.COUNT, [one.interventions for one in everyone]),
    )
