"""One tick of the store, in the order of its lines: see, plan, decide, commit, act, note the answers.

Between reading the platform and writing to it stands one pure function, ``control.decide.decide``. What it decided is in the journal
before anything is sent, and the state is only ever what folding the journal gives (``autopilot.fold``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from autopilot import fold
from autopilot.clock import Clock
from autopilot.failpoints import ACKNOWLEDGED, INTENT_COMMITTED, SENT_UNACKNOWLEDGED, Reached
from autopilot.fold import Answers, EngagementOrder, Folded
from autopilot.journal import Entry, Journal, Topic
from autopilot.undisturbed import undisturbed
from control.actuate import send
from control.decide import decide
from control.decision import Decision, LoopConfig
from control.ports import Acknowledgement, Actuator
from perception.ingest import observe
from perception.observation import Observation, SourceFailure
from perception.ports import MetricsSource, SetpointSource
from planning.life import PlanEvent
from planning.plan import Plan

SNAPSHOT_EVERY_TICKS = 24
"""Ticks between two snapshots: about what a restart has to fold at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything outside the process that a tick touches."""

    sources: Sequence[MetricsSource]
    setpoints: SetpointSource
    actuator: Actuator
    journal: Journal
    clock: Clock
    reached: Reached


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRefused:
    """A draft that the budget guard refused, and why."""

    plan: Plan
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """What became of plans in one tick.

    Attributes:
        plan: To follow from now on; None where the plan in force stays.
        refused: A draft that was refused; None where none was.
        events: Steps in the lives of the plans concerned, in order.
    """

    plan: Plan | None = None
    refused: PlanRefused | None = None
    events: tuple[PlanEvent, ...] = ()


class PlanKeeper(Protocol):
    """Says which plan to follow from now on."""

    def renew(self, folded: Folded, seen: Observation, config: LoopConfig) -> PlanStep | None:
        """What becomes of plans, or None while the plan in force holds. Pure but for the planner's own work."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What one tick did."""

    decision: Decision
    answers: tuple[Acknowledgement, ...]
    refused: PlanRefused | None
    failures: tuple[SourceFailure, ...]


class Loop:
    """The loop of one store: the ports, the configuration in force, and where the fold of the journal stands."""

    def __init__(self, *, ports: Ports, keeper: PlanKeeper, config: LoopConfig, folded: Folded) -> None:
        """Ready for the next tick; ``folded`` comes from ``autopilot.recovery``."""
        self.ports, self.keeper, self.config, self.folded = ports, keeper, config, folded
        self._unkept_ticks = 0

    @undisturbed()
    def tick(self, number: int) -> Ticked:
        """Drive one tick.

        Raises:
            JournalUnavailable: Either nothing was sent and the state is as it was, or answers could not be noted and their writes stay
                unresolved until the next read-back settles them.
        """
        now = self.ports.clock.now()
        seen = self._observe(number, now)
        folded, planned, refused = self._plan(seen)
        decision, state = decide(folded.state, seen, folded.plan, self.config)
        after = replace(folded, state=state, read_until=folded.read_until if seen.failures else seen.at)
        self._commit(seen, planned, decision, after)
        answers = self._act(decision, now)
        return Ticked(decision=decision, answers=answers, refused=refused, failures=seen.failures)

    def engage(self, order: EngagementOrder, *, cause: int | None = None) -> None:
        """Take a person's order, journaled before it counts. Raises: JournalUnavailable."""
        self.ports.journal.append([Entry(topic=Topic.ENGAGEMENT, key=order.event, val=order, cause=cause)])
        self.folded = replace(self.folded, state=fold.engaged(self.folded.state, order, self.config))

    def note_answers(self, answers: tuple[Acknowledgement, ...], *, at: datetime, cause: int | None = None) -> None:
        """Journal answers of the platform and take them in. Raises: JournalUnavailable."""
        noted = Answers(at=at, answers=answers)
        self.ports.journal.append([Entry(topic=Topic.ACK, key=str(self.folded.state.tick), val=noted, cause=cause)])
        self.folded = replace(self.folded, state=fold.answered(self.folded.state, noted, self.config))

    def snapshot(self) -> None:
        """Journal the whole state. Raises: JournalUnavailable."""
        self.ports.journal.append([fold.snapshot(self.folded.state)])
        self._unkept_ticks = 0

    def keep(self) -> None:
        """What no write should have to wait for, once a tick is over: a snapshot when one is due, and the journal's own housekeeping.

        Raises:
            JournalUnavailable: Nothing is lost by it but time at the next start.
        """
        if self._unkept_ticks >= SNAPSHOT_EVERY_TICKS:
            self.snapshot()
        self.ports.journal.tidy()

    def _observe(self, number: int, now: datetime) -> Observation:
        return observe(tick=number, now=now, since=self.folded.read_until, sources=self.ports.sources, setpoints=self.ports.setpoints)

    def _plan(self, seen: Observation) -> tuple[Folded, list[Entry], PlanRefused | None]:
        """The fold with the plan that counts for this tick, and what to journal about it."""
        step = self.keeper.renew(self.folded, seen, self.config)
        if step is None:
            return self.folded, [], None
        entries = [Entry(topic=Topic.PLAN_LIFE, key=event.plan_id, val=event) for event in step.events]
        if step.refused is not None:
            entries.append(Entry(topic=Topic.REFUSED_PLAN, key=step.refused.plan.id, val=step.refused))
        if step.plan is None:
            return self.folded, entries, step.refused
        entries.append(Entry(topic=Topic.PLAN, key=step.plan.id, val=step.plan))
        return replace(self.folded, plan=step.plan), entries, step.refused

    def _commit(self, seen: Observation, planned: list[Entry], decision: Decision, after: Folded) -> None:
        """Everything that was seen, planned, decided and is about to be sent, in one transaction; only then does it count."""
        key = str(decision.tick)
        entries = [
            Entry(topic=Topic.OBSERVATION, key=key, val=seen),
            *planned,
            Entry(topic=Topic.DECISION, key=key, val=decision),
            *(Entry(topic=Topic.INTENT, key=command.intent_id, val=command) for command in decision.commands.listed),
        ]
        self.ports.journal.append(entries)
        self.folded = after
        self._unkept_ticks += 1

    def _act(self, decision: Decision, now: datetime) -> tuple[Acknowledgement, ...]:
        """Send what is committed and note the answers."""
        if not decision.commands:
            return ()
        self.ports.reached(INTENT_COMMITTED)
        answers = send(decision.commands.items(), actuator=self.ports.actuator, now=now)
        self.ports.reached(SENT_UNACKNOWLEDGED)
        self.note_answers(answers, at=now)
        self.ports.reached(ACKNOWLEDGED)
        return answers
