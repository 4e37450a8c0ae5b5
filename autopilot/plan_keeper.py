"""Keeps a plan in force: drafts a new one when the old has ended, and lets none count that the budget guard refuses.

A plan that breaks a stop rule it carries is ended early. Every step in a plan's life is told, so that it can be journaled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from autopilot.fold import Folded
from autopilot.loop import PlanRefused, PlanStep
from autopilot.plan_request import plan_request
from control.decision import LoopConfig
from control.exposure import exposure_of
from perception.observation import Observation
from perception.units import day_of
from planning import budget, life
from planning.evidence import guard_facts
from planning.plan import Plan
from planning.ports import MerchantTerms, Planner, PlanRequest

STOP_CHECK_S = 6 * 3600
"""Seconds between two looks at the stop rules: losses of seven days and ROAS move slowly, and the envelope watches every tick."""

DUE = "no plan was in force"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedPlanner:
    """A planner behind the guard.

    Attributes:
        planner: Writes the drafts.
        terms: What the merchant wants and grants.
        live: Whether a plan is also renewed within its window: every day, when the store's level changes, and when the goal does.
    """

    planner: Planner
    terms: MerchantTerms
    live: bool = False

    def renew(self, folded: Folded, seen: Observation, config: LoopConfig) -> PlanStep | None:
        """What becomes of the plan in force at ``seen``; None where it holds, or while the set-points cannot be read."""
        plan = folded.plan
        if seen.readback is None:
            return None
        if plan is None or seen.at >= plan.ends_at:
            return self._next(folded, seen, config)
        before = folded.state.estimator.at
        if before is None or (_slot(before) == _slot(seen.at) and not (self.live and _new_day(before, seen.at, config))):
            return None
        request = plan_request(folded.state.estimator, seen, config, self.terms)
        broken = life.broken_rule(plan, request.state, first_day=day_of(plan.starts_at, config.timezone))
        if broken is not None:
            return _stopped(plan, broken, request)
        reason = self._reason(plan, request, before=before) if self.live else ""
        return self._renewed(plan, request, folded, config, reason=reason) if reason else None

    def _next(self, folded: Folded, seen: Observation, config: LoopConfig) -> PlanStep:
        """A plan for a new window."""
        request = plan_request(folded.state.estimator, seen, config, self.terms)
        ended = () if folded.plan is None else (life.over(folded.plan, at=seen.at, last_tick=folded.state.estimator.at),)
        return self._drafted(request, ended=ended, reason=DUE)

    def _drafted(self, request: PlanRequest, *, ended: tuple[life.PlanEvent, ...], reason: str) -> PlanStep:
        draft = self.planner.draft(request)
        verdict = budget.verify(draft, guard_facts(request))
        if verdict.accepted:
            return PlanStep(plan=draft, events=(*ended, *life.begun(draft, at=request.now, reason=reason)))
        refused = life.PlanEvent(
            plan_id=draft.id, phase=life.Phase.REFUSED, at=request.now, by="budget guard", reason="; ".join(verdict.reasons)
        )
        return PlanStep(refused=PlanRefused(plan=draft, reasons=verdict.reasons), events=(refused,))

    def _reason(self, plan: Plan, request: PlanRequest, *, before: datetime) -> str:
        """Why the plan in force is to be made again now; "" where it is not. What was stopped stays stopped."""
        if plan.planner == life.RETREAT:
            return ""
        if plan.goal is not request.terms.goal or plan.target_roas != request.terms.target_roas:
            return f"the goal changed from {plan.goal} to {request.terms.goal}"
        started = day_of(plan.starts_at, request.timezone)
        if day_of(before, request.timezone) < request.state.day:
            return "a new day"
        drifted = next((one for one in request.state.changes if one.sku < 0 and one.since_day > started), None)
        return "" if drifted is None else f"{drifted.rate} of the store changed to {drifted.ratio:.2f} times what it was"

    def _renewed(self, plan: Plan, request: PlanRequest, folded: Folded, config: LoopConfig, *, reason: str) -> PlanStep | None:
        """A plan for the rest of the window with what is left of the grant; None where nothing is left, or the plan would be the same."""
        own = life.against_own_prices(request)
        spent = exposure_of(
            request.state,
            first_day=day_of(plan.starts_at, config.timezone),
            peaks_cents={request.state.day: np.zeros(len(config.catalogue.campaigns)), **folded.state.ledger.budget_peaks_cents},
            overdelivery_ratio=config.limits.overdelivery_day_ratio,
        )
        terms = life.remaining_terms(plan, own, ads_spent_cents=int(np.ceil(spent.window.sum() + spent.today.sum())))
        if terms is None:
            return None
        step = self._drafted(replace(own, terms=terms), ended=(life.withdrawn(plan, at=request.now, reason=reason),), reason=reason)
        return None if step.plan is None else step


def _new_day(before: datetime, now: datetime, config: LoopConfig) -> bool:
    return day_of(before, config.timezone) < day_of(now, config.timezone)


def _slot(at: datetime) -> int:
    return int(at.timestamp() // STOP_CHECK_S)


def _stopped(plan: Plan, broken: life.Broken, request: PlanRequest) -> PlanStep:
    """The way back, which needs nobody's approval but must pass the guard like any other plan."""
    reason = f"stop rule: {broken.rule.metric} is {broken.value:.4g}, limit {broken.rule.threshold:.4g}"
    back = life.retreat(plan, broken, request)
    facts = guard_facts(life.against_own_prices(request) if broken.rule.action != "pause_ads" else request)
    verdict = budget.verify(back, facts)
    if not verdict.accepted:
        return PlanStep(refused=PlanRefused(plan=back, reasons=verdict.reasons))
    stopped = life.withdrawn(plan, at=request.now, reason=reason)
    return PlanStep(plan=back, events=(stopped, *life.begun(back, at=request.now, reason=reason)))
