"""Starting is recovering: fold the journal, read the platform back, settle what is unresolved, and only then act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from autopilot import codec, fold
from autopilot.fold import Folded, Started
from autopilot.journal import Entry, Journal, Topic
from autopilot.loop import Loop
from control import ledger
from control.actuate import send
from control.command import Command
from control.decide import start
from control.decision import Decision, LoopConfig
from control.mode import AUTHORITY, Authority
from control.ports import Acknowledgement, Effect
from perception.observation import Readback
from perception.ports import PlatformError


def recovered(journal: Journal, config: LoopConfig, *, now: datetime, about: dict[str, object]) -> Folded:
    """The state that the journal amounts to, with this start journaled as a new epoch.

    Args:
        journal: May be empty.
        config: In force from now on.
        now: When this start happens.
        about: Versions and hashes, for the start record.

    Raises:
        JournalUnavailable: The journal cannot be read or written.
    """
    folded = folded_journal(journal, config, now=now)
    begun = Started(epoch=folded.state.epoch + 1, at=now)
    journal.append([Entry(topic=Topic.START, key=str(begun.epoch), val=about | {"started": begun})])
    state = fold.started(folded.state, begun, config)
    journal.append([fold.snapshot(state)])
    return replace(folded, state=state, seen=None)


def folded_journal(journal: Journal, config: LoopConfig, *, now: datetime) -> Folded:
    """Fold from the last snapshot; the plan in force is the last one journaled, wherever that was."""
    folded = Folded(state=start(config, now_s=now.timestamp()))
    planned = journal.last(Topic.PLAN)
    if planned is not None:
        folded, _ = fold.step(folded, planned, config)
    kept = journal.last(Topic.SNAPSHOT)
    for record in journal.records(after=0 if kept is None else kept.seq - 1):
        folded, decided = fold.step(folded, record, config)
        if decided is not None:
            recorded = codec.from_jsonable(record.val, Decision)
            folded = replace(folded, state=fold.adopted(folded.state, decided, recorded))
    return folded


def reconcile(loop: Loop) -> tuple[Acknowledgement, ...]:
    """Settle every intent that has no answer, so that each has exactly one effect.

    What stands on the platform as sent was applied. What was committed no longer than a tick ago and does not stand there is sent, under
    its own id: it was judged against the very value that still stands. Anything older, or edited since, is given up.
    """
    unresolved = loop.folded.state.ledger.unresolved
    if not unresolved:
        return ()
    now = loop.ports.clock.now()
    try:
        readback = loop.ports.setpoints.readback(now=now)
    except PlatformError:
        # still unresolved: the first tick with a read-back will settle them
        return ()
    answers = _settled(unresolved, readback, loop, now)
    loop.note_answers(answers, at=now)
    return answers


def _settled(unresolved: Iterable[Command], readback: Readback, loop: Loop, now: datetime) -> tuple[Acknowledgement, ...]:
    found = {answer.intent_id: answer for answer in ledger.reconcile(loop.folded.state.ledger, readback.values)}
    unsent = tuple(
        command
        for command in unresolved
        if command.intent_id in found
        and found[command.intent_id].effect is Effect.REJECTED
        and int(readback.values[command.field][command.index]) == command.previous
    )
    if not unsent or not _still_meant(loop, now):
        return tuple(found.values())
    sent = {answer.intent_id: answer for answer in send(unsent, actuator=loop.ports.actuator, now=now)}
    return tuple(sent.get(intent_id, answer) for intent_id, answer in found.items())


def _still_meant(loop: Loop, now: datetime) -> bool:
    """Whether commands of the last tick may still be sent: it was just now, and nobody has taken the loop's authority since."""
    state = loop.folded.state
    decided_s = max((at for at, _ in state.ledger.writes), default=float("-inf"))
    recent = timedelta(seconds=now.timestamp() - decided_s) <= timedelta(seconds=loop.config.tick_s)
    return recent and AUTHORITY[state.engagement.mode] is not Authority.NONE
