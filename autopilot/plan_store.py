"""A plan for a store, made now and carried out by nobody: from its daemon's journal, or from a first look at its platform."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autopilot import codec, wiring
from autopilot.errors import ConfigError
from autopilot.journal import Topic
from autopilot.plan_request import first_look, plan_request
from autopilot.platforms.effects import MemoryEffects
from autopilot.recovery import folded_journal
from autopilot.settings_sources import Loaded
from autopilot.store_journal import journal_path, open_existing
from perception.catalogue import Catalogue
from perception.observation import Observation
from planning.budget import GuardVerdict, verify
from planning.evidence import guard_facts
from planning.ground import Ground
from planning.milp_planner import MilpPlanner, Solved
from planning.plan import Plan
from planning.ports import PlanRequest
from planning.profile import MerchantProfile, profile_of, store_figures
from planning.why_not import Answer, NotUnderstood, answered, asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with all that is to be shown of it.

    Attributes:
        plan: As it would be journaled.
        request: That it rests on.
        verdict: Of the budget guard.
        profile: Of the merchant.
        answer: To the question that was asked; None where none was.
    """

    plan: Plan
    request: PlanRequest
    verdict: GuardVerdict
    profile: MerchantProfile
    answer: Answer | None


def planned(loaded: Loaded, *, planner: str, why_not: str | None, now: datetime) -> Planned:
    """Make the plan.

    Args:
        loaded: The store.
        planner: "rules" or "milp"; a question is always answered by the optimiser.
        why_not: A question; None for none.
        now: Of a store on a real platform that no daemon drives yet.

    Raises:
        ConfigError: The platform or the question cannot be used.
        JournalUnavailable, PlatformError: The store's history cannot be read.
    """
    request = request_of(loaded, now=now)
    solved = MilpPlanner().solve(request) if planner == "milp" or why_not is not None else None
    plan = solved.plan if solved is not None and planner == "milp" else wiring.PLANNERS[planner]().draft(request)
    return Planned(
        plan=plan,
        request=request,
        verdict=verify(plan, guard_facts(request)),
        profile=profile_of(store_figures(Ground(request=request))),
        answer=None if why_not is None else _answer(why_not, request, solved),
    )


def _answer(text: str, request: PlanRequest, solved: Solved | None) -> Answer:
    try:
        return answered(asked(text, request), request, planner=MilpPlanner(), plan=solved)
    except NotUnderstood as error:
        raise ConfigError(str(error)) from None


def request_of(loaded: Loaded, *, now: datetime) -> PlanRequest:
    """What is believed of the store: as its daemon left it in its last tick, or everything the platform shows at a first look."""
    path = journal_path(loaded)
    if path.is_file() and (found := _from_journal(loaded, path)) is not None:
        return found
    with TemporaryDirectory() as folder:
        live = wiring.live(loaded, folder=Path(folder), effects=MemoryEffects())
        config = wiring.loop_config(loaded.settings, live.platform.catalogue())
        terms = wiring.merchant_terms(loaded.settings)
        return first_look(config, terms, sources=live.sources, setpoints=live.platform, now=live.opens or now)


def _from_journal(loaded: Loaded, path: Path) -> PlanRequest | None:
    """As the last tick left it; None where there was none."""
    journal = open_existing(path)
    try:
        catalogue, last = journal.last(Topic.CATALOGUE), journal.last(Topic.DECISION)
        if catalogue is None or last is None:
            return None
        config = wiring.loop_config(loaded.settings, codec.from_jsonable(catalogue.val, Catalogue))
        at = datetime.fromisoformat(last.val["at"])
        state = folded_journal(journal, config, now=at).state
    finally:
        journal.close()
    nothing_new = Observation(tick=state.tick, at=at, rows=(), readback=None, failures=())
    return plan_request(state.estimator, nothing_new, config, wiring.merchant_terms(loaded.settings))


def payload(found: Planned) -> dict[str, Any]:
    """The contract's JSON: the plan as written to the journal, with its cost; and what led to it."""
    plan: dict[str, Any] = codec.to_jsonable(found.plan)
    cost = {
        "expected_cents": found.plan.expected_cents,
        "worst_case_cents": found.plan.worst_case_cents,
        "granted_cents": found.plan.granted_cents,
    }
    guard = {
        "accepted": found.verdict.accepted,
        "reasons": list(found.verdict.reasons),
        "lines": [asdict(one) for one in found.verdict.lines],
    }
    profile = {"code": found.profile.code, "conclusions": [asdict(one) for one in found.profile.conclusions]}
    told = {} if found.answer is None else {"why_not": codec.to_jsonable(found.answer)}
    return plan | {"cost": cost, "guard": guard, "profile": profile} | told
