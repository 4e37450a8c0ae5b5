"""The course of a drive, tick by tick, as arrays: what tables, pictures and tests look at afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from autopilot.loop import Ticked
from autopilot.reasons import why
from autopilot.report.figures import Change
from autopilot.score import Score
from control import pacing
from control.command import Outcome
from control.decision import LoopConfig
from control.mode import Mode
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.units import SECONDS_PER_DAY, Floats, Ints, day_of, day_start
from planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """n ticks; amounts are cumulative minor units at the *end* of each.

    Attributes:
        at: (n,) ends of the ticks.
        spend_cents, planned_cents, profit_cents: (n,).
        price_index: (n, m) price ÷ the merchant's own price.
        alpha: (n,) share of a click's value that was bid; NaN for controllers without one.
        commands, interventions: (n,) wishes judged, and those limited or denied.
        modes: (n,) mode in force.
        changes: Every command, in a merchant's words.
    """

    at: tuple[datetime, ...]
    spend_cents: Ints
    planned_cents: Floats
    profit_cents: Ints
    price_index: Floats
    alpha: Floats
    commands: Ints
    interventions: Ints
    modes: tuple[Mode, ...]
    changes: tuple[Change, ...]


_NAMES = {Field.PRICE: "price", Field.BID: "bid", Field.DAILY_BUDGET: "daily budget"}


class Tracer:
    """Takes ticks as they come."""

    def __init__(self, *, catalogue: Catalogue) -> None:
        """Nothing taken yet."""
        self._catalogue = catalogue
        self._price = catalogue.anchor_price_cents.copy()
        self._at: list[datetime] = []
        self._figures: list[tuple[float, float, float, float, float, float]] = []
        self._prices: list[Floats] = []
        self._modes: list[Mode] = []
        self._changes: list[Change] = []
        self._planned_before, self._plan_id, self._plan_budget = 0.0, "", 0.0

    def take(self, ticked: Ticked, *, at: datetime, score: Score, plan: Plan | None, config: LoopConfig) -> None:
        """Add one tick, ended at ``at`` with ``score`` so far."""
        decision = ticked.decision
        passed = {(j.wish.entity, j.wish.field): j for j in decision.judged if j.verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED)}
        for command in decision.commands:
            if command.field is Field.PRICE:
                self._price[command.index] = command.value
            reason = why(passed[command.entity, command.field], decision)
            what = f"{_NAMES[command.field]} of {command.entity}"
            self._changes.append(Change(at=decision.at, what=what, before=command.previous, after=command.value, why=reason))
        self._at.append(at)
        self._prices.append(self._price / self._catalogue.anchor_price_cents)
        self._modes.append(decision.mode)
        self._figures.append(
            (
                score.spend_cents,
                self._planned(plan, at, config),
                score.profit_cents,
                decision.terms.get("alpha", math.nan),
                len(decision.judged),
                decision.interventions,
            )
        )

    def trace(self) -> Trace:
        """Everything taken so far."""
        spend, planned, profit, alpha, commands, interventions = np.array(self._figures).T
        return Trace(
            at=tuple(self._at),
            spend_cents=spend.astype(np.int64),
            planned_cents=planned,
            profit_cents=profit.astype(np.int64),
            price_index=np.array(self._prices),
            alpha=alpha,
            commands=commands.astype(np.int64),
            interventions=interventions.astype(np.int64),
            modes=tuple(self._modes),
            changes=tuple(self._changes),
        )

    def _planned(self, plan: Plan | None, at: datetime, config: LoopConfig) -> float:
        """Planned cumulative spend at ``at``, over all plans so far."""
        if plan is None:
            return self._planned_before
        if plan.id != self._plan_id:
            self._planned_before, self._plan_id, self._plan_budget = (
                self._planned_before + self._plan_budget,
                plan.id,
                float(plan.ad_budget_cents),
            )
        midnight = day_start(day_of(plan.starts_at, config.timezone), config.timezone)
        days = [(instant - midnight).total_seconds() / SECONDS_PER_DAY for instant in (at, plan.starts_at, plan.ends_at)]
        shares = {"daily_shares": np.array([plan.daily_shares]), "hour_shares": np.array([plan.hour_shares])}
        share = float(pacing.planned_share(days[0], starts=days[1], ends=days[2], **shares)[0])
        return self._planned_before + share * plan.ad_budget_cents
