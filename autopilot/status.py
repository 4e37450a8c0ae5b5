"""What a store's daemon is doing, read from its journal and its lock."""

from __future__ import annotations

import fcntl
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from autopilot.changes_told import skus_of, told
from autopilot.decided import counts, with_intents
from autopilot.journal import Journal, Record, Topic
from autopilot.lease import LOCK_FILE
from autopilot.orders import STOP_FILE, waiting
from control.policy import MEANINGS, PolicyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One look at a store.

    Attributes:
        running: Whether a daemon holds the lock.
        mode, reason, by: As the last tick, or a start or an order since, left it.
        tick, at: The last tick; None before the first.
        plan: Id of the plan in force, "" for none.
        policy: How the learned policy stood in the last tick, in words; "" where none is at the wheel.
        faults: What kept the last tick from being clean.
        failures: What could not be read in the last tick, and why, as "source: reason".
        changes: Levels that have changed within the remembered days, in words.
        uncounted: What a platform did not count in the last tick although the store went on: its silence is not believed.
        rejected: Figures not believed in the 24 hours up to the last tick, as {"signal reason": rows}.
        commands, interventions: Of the last tick.
        unresolved: Writes whose outcome is not known.
        orders_waiting: Orders of persons that the daemon has not taken yet.
        stop_file: Whether the stop file is there.
    """

    running: bool
    mode: str
    reason: str
    by: str
    tick: int | None
    at: str | None
    plan: str
    policy: str
    faults: list[str]
    failures: list[str]
    changes: list[str]
    uncounted: list[str]
    rejected: dict[str, int]
    commands: int
    interventions: int
    unresolved: int
    orders_waiting: int
    stop_file: bool


def status_of(journal: Journal, state_dir: Path) -> Status:
    """Look. Raises: JournalUnavailable."""
    decided = journal.last(Topic.DECISION)
    val = None if decided is None else decided.val
    mode, reason, by = _engagement(journal)
    commands, interventions = (0, 0) if val is None else counts(val)
    return Status(
        running=_held(state_dir / LOCK_FILE),
        mode=mode,
        reason=reason,
        by=by,
        tick=None if val is None else val["tick"],
        at=None if val is None else val["at"],
        plan="" if val is None else val["plan_id"],
        policy="" if val is None else _policy(val["terms"], journal.last(Topic.CONFIG)),
        faults=[] if val is None else val["faults"],
        failures=_failures(journal.last(Topic.OBSERVATION)),
        changes=[] if val is None else told(val, skus_of(journal)),
        uncounted=[] if val is None else val.get("uncounted", []),
        rejected={} if decided is None else _rejected(journal, decided),
        commands=commands,
        interventions=interventions,
        unresolved=_unresolved(journal),
        orders_waiting=sum(1 for _ in waiting(journal)),
        stop_file=(state_dir / STOP_FILE).exists(),
    )


def _engagement(journal: Journal) -> tuple[str, str, str]:
    """(mode, reason, by) as the newest record that tells them has it; a start leaves a snapshot."""
    told = [record for topic in (Topic.DECISION, Topic.SNAPSHOT, Topic.ENGAGEMENT) if (record := journal.last(topic)) is not None]
    newest = max(told, key=lambda record: record.seq, default=None)
    if newest is None:
        return "observe", "not driven yet", "autopilot"
    val = newest.val
    if newest.topic is Topic.ENGAGEMENT:
        return f"{val['event']} (from the next tick)", val["reason"], val["by"]
    if newest.topic is Topic.SNAPSHOT:
        val = val["engagement"]
        return val["mode"], val["reason"], val["by"]
    return val["mode_after"], val["mode_reason"], val["mode_by"]


def _failures(seen: Record | None) -> list[str]:
    return [] if seen is None else [f"{failure['source']}: {failure['reason']}" for failure in seen.val["failures"]]


def _policy(terms: dict[str, float], configured: Record | None) -> str:
    """How the policy stands, and the problem with its weights if there is one."""
    if "policy_state" not in terms:
        return ""
    state = PolicyState(int(terms["policy_state"]))
    problem = "" if configured is None else configured.val.get("policy_problem", "")
    return f"{MEANINGS[state]} ({problem})" if problem and state is PolicyState.NO_NETWORK else MEANINGS[state]


def _rejected(journal: Journal, last: Record) -> dict[str, int]:
    """Rows that were not believed in the last 24 hours, by signal and reason, most first."""
    since = datetime.fromisoformat(last.val["at"]) - timedelta(days=1)
    counted: Counter[str] = Counter()
    for record in journal.records(topics=[Topic.DECISION]):
        if datetime.fromisoformat(record.val["at"]) > since:
            for rejection in record.val["rejected"]:
                counted[f"{rejection['signal']} {rejection['reason']}"] += rejection.get("count", 1)
    return dict(counted.most_common())


def _held(lock: Path) -> bool:
    if not lock.exists():
        return False
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _unresolved(journal: Journal) -> int:
    """Intents without an answer that settles them."""
    open_ids: set[str] = set()
    for record in with_intents(journal.records(topics=[Topic.INTENT, Topic.ACK, Topic.DECISION])):
        if record.topic is Topic.INTENT:
            open_ids.add(record.key)
            continue
        answers = record.val["answers"] if record.topic is Topic.ACK else record.val["settled"]
        open_ids -= {answer["intent_id"] for answer in answers if answer["effect"] != "unknown"}
    return len(open_ids)
