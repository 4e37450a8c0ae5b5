"""What persons ask of a running daemon: orders through the journal, and the stop file, which works even when the journal does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from autopilot import codec
from autopilot.fold import EngagementOrder
from autopilot.journal import Entry, Journal, Record, Topic
from autopilot.state_folder import made
from control.engagement import Event

STOP_FILE = "STOP"


def place(journal: Journal, order: EngagementOrder) -> int:
    """Leave an order for the daemon; it counts when the daemon takes it. Returns its ``seq``. Raises: JournalUnavailable."""
    (seq,) = journal.append([Entry(topic=Topic.ORDER, key=order.event, val=order)])
    return seq


def waiting(journal: Journal) -> Iterator[tuple[Record, EngagementOrder]]:
    """Orders that no engagement answers yet, oldest first. Raises: JournalUnavailable."""
    taken = max((record.cause or 0 for record in journal.records(topics=[Topic.ENGAGEMENT])), default=0)
    for record in journal.records(after=taken, topics=[Topic.ORDER]):
        yield record, codec.from_jsonable(record.val, EngagementOrder)


def ask_to_stop(state_dir: Path, *, by: str, reason: str, at: datetime) -> Path:
    """Write the stop file: no write happens while it is there, whatever else works or does not. Raises: ConfigError when it cannot be."""
    with made(state_dir):
        path = state_dir / STOP_FILE
        path.write_text(json.dumps({"by": by, "reason": reason, "at": at.isoformat()}) + "\n", encoding="utf-8")
    return path


def withdraw_stop(state_dir: Path) -> None:
    """Remove the stop file, if there is one."""
    (state_dir / STOP_FILE).unlink(missing_ok=True)


def stop_asked(state_dir: Path, *, now: datetime) -> EngagementOrder | None:
    """The order that the stop file stands for. A file that cannot be read stops all the same."""
    path = state_dir / STOP_FILE
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        by, reason = str(said["by"]), str(said["reason"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        by, reason = "stop file", "a stop file is there"
    return EngagementOrder(event=Event.STOP, at=now, by=by, reason=reason)
