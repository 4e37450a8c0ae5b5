"""Keeps a plan in force: drafts a new one when the old has ended, and lets none count that the budget guard refuses."""

from __future__ import annotations

from dataclasses import dataclass

from autopilot.fold import Folded
from autopilot.loop import PlanRefused
from autopilot.plan_request import plan_request
from control.decision import LoopConfig
from perception.observation import Observation
from planning import budget
from planning.evidence import guard_facts
from planning.plan import Plan
from planning.ports import MerchantTerms, Planner


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedPlanner:
    """A planner behind the guard.

    Attributes:
        planner: Writes the drafts.
        terms: What the merchant wants and grants.
    """

    planner: Planner
    terms: MerchantTerms

    def renew(self, folded: Folded, seen: Observation, config: LoopConfig) -> Plan | PlanRefused | None:
        """A plan from ``seen`` on where none is in force; None while one is, or while the set-points cannot be read."""
        if seen.readback is None or (folded.plan is not None and seen.at < folded.plan.ends_at):
            return None
        request = plan_request(folded.state.estimator, seen, config, self.terms)
        draft = self.planner.draft(request)
        verdict = budget.verify(draft, guard_facts(request))
        return draft if verdict.accepted else PlanRefused(plan=draft, reasons=verdict.reasons)
