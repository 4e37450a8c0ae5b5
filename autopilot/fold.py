"""How records become state: the one fold that recovery, replay and explain share.

The running loop goes through the same steps in the same order, so folding its journal gives the very state it had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from autopilot import codec
from autopilot.journal import Entry, Record, Topic
from control import engagement, ledger
from control.batches import Commands
from control.decide import decide
from control.decision import Decision, LoopConfig, LoopState
from control.engagement import Event
from control.ports import Acknowledgement
from perception.observation import Observation
from perception.units import day_of
from planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementOrder:
    """A step of the mode machine that came from outside a tick.

    Attributes:
        event: What is asked for.
        at: When it took effect.
        by, reason: Who, and why.
    """

    event: Event
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A start of the daemon: its epoch, rising from 1, and when."""

    epoch: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Answers to the commands of one tick, or of a recovery, and when they came."""

    at: datetime
    answers: tuple[Acknowledgement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Where a fold stands.

    Attributes:
        state: The loop's state.
        plan: The plan in force.
        seen: The observation that waits for its decision.
        read_until: Sources have been read without failure up to here.
    """

    state: LoopState
    plan: Plan | None = None
    seen: Observation | None = None
    read_until: datetime | None = None


def started(state: LoopState, start: Started, config: LoopConfig) -> LoopState:
    """A new epoch; authority falls as the table says."""
    after = engagement.advance(
        state.engagement,
        Event.STARTED,
        now_s=start.at.timestamp(),
        by="autopilot",
        reason="restarted: reconciling with the platform",
        tuning=config.engagement,
    )
    return replace(state, epoch=start.epoch, engagement=after)


def engaged(state: LoopState, order: EngagementOrder, config: LoopConfig) -> LoopState:
    """A person's order; arming asks for new canaries."""
    now_s = order.at.timestamp()
    after = engagement.advance(state.engagement, order.event, now_s=now_s, by=order.by, reason=order.reason, tuning=config.engagement)
    armed = order.event is Event.ARM and after is not state.engagement
    book = ledger.asked_for_canaries(state.ledger, now_s=now_s) if armed else state.ledger
    return replace(state, engagement=after, ledger=book)


def answered(state: LoopState, answers: Answers, config: LoopConfig) -> LoopState:
    """Answers of the platform."""
    day = day_of(answers.at, config.timezone)
    return replace(state, ledger=ledger.settle(state.ledger, answers.answers, now_s=answers.at.timestamp(), day=day))


def adopted(state: LoopState, decided: Decision, recorded: Decision) -> LoopState:
    """The state with what was really commanded, and the authority that was really held, where deciding anew came out differently.

    Configuration or code may have changed between a crash and the start that folds its journal; what was sent has not.
    """
    if decided.commands == recorded.commands and decided.mode_after is recorded.mode_after:
        return state
    ours = {command.intent_id for command in decided.commands}
    others = Commands(tuple(command for command in state.ledger.unresolved if command.intent_id not in ours))
    writes = state.ledger.writes[:-1] if decided.commands else state.ledger.writes
    book = replace(state.ledger, unresolved=others, writes=writes)
    held = replace(state.engagement, mode=recorded.mode_after, reason=recorded.mode_reason, by=recorded.mode_by)
    return replace(state, engagement=held, ledger=ledger.intend(book, recorded.commands, now_s=recorded.at.timestamp()))


def step(folded: Folded, record: Record, config: LoopConfig) -> tuple[Folded, Decision | None]:
    """One record further; the decision where the record is one, made anew and not read from it."""
    if record.topic is Topic.DECISION and folded.seen is not None:
        decision, state = decide(folded.state, folded.seen, folded.plan, config)
        return replace(folded, state=state, seen=None), decision
    take = _TAKE.get(record.topic)
    return (folded if take is None else take(folded, record.val, config)), None


def _take_start(folded: Folded, val: Any, config: LoopConfig) -> Folded:
    return replace(folded, state=started(folded.state, codec.from_jsonable(val["started"], Started), config))


def _take_snapshot(folded: Folded, val: Any, _config: LoopConfig) -> Folded:
    return replace(folded, state=codec.from_jsonable(val, LoopState))


def _take_engagement(folded: Folded, val: Any, config: LoopConfig) -> Folded:
    return replace(folded, state=engaged(folded.state, codec.from_jsonable(val, EngagementOrder), config))


def _take_plan(folded: Folded, val: Any, _config: LoopConfig) -> Folded:
    return replace(folded, plan=codec.from_jsonable(val, Plan))


def _take_observation(folded: Folded, val: Any, _config: LoopConfig) -> Folded:
    seen = codec.from_jsonable(val, Observation)
    return replace(folded, seen=seen, read_until=folded.read_until if seen.failures else seen.at)


def _take_answers(folded: Folded, val: Any, config: LoopConfig) -> Folded:
    return replace(folded, state=answered(folded.state, codec.from_jsonable(val, Answers), config))


_TAKE: dict[Topic, Callable[[Folded, Any, LoopConfig], Folded]] = {
    Topic.START: _take_start,
    Topic.SNAPSHOT: _take_snapshot,
    Topic.ENGAGEMENT: _take_engagement,
    Topic.PLAN: _take_plan,
    Topic.OBSERVATION: _take_observation,
    Topic.ACK: _take_answers,
}
"""What each topic does to the fold; other topics do nothing to it."""


def snapshot(state: LoopState) -> Entry:
    """The entry that lets a later fold begin here."""
    return Entry(topic=Topic.SNAPSHOT, key=str(state.tick), val=state)
