"""What ``mode``, ``arm`` and ``stop`` share: who asks, and leaving the order where the daemon finds it."""

from __future__ import annotations

import getpass

from autopilot.cli.output import Output


def me() -> str:
    """Login name of whoever runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def leave_order(out: Output, store: str, event: str, *, by: str, reason: str, lift_stop: bool = False) -> None:
    """Journal an order for the daemon of a store; it takes effect at its next wake-up, or at its next start."""
    from autopilot.clock import SystemClock
    from autopilot.fold import EngagementOrder
    from autopilot.journal import SqlJournal, sqlite_url
    from autopilot.orders import place, withdraw_stop
    from autopilot.settings_sources import load_store
    from autopilot.state_folder import made
    from autopilot.store_journal import journal_path
    from control.engagement import Event

    loaded = load_store(store)
    path = journal_path(loaded)
    clock = SystemClock()
    with made(path.parent):
        journal = SqlJournal(sqlite_url(path), clock=clock)
    if lift_stop:
        withdraw_stop(loaded.settings.store.state_dir)
    seq = place(journal, EngagementOrder(event=Event(event), at=clock.now(), by=by, reason=reason))
    payload = {"store": loaded.settings.store.name, "order": event, "by": by, "reason": reason, "seq": seq}
    out.result(payload, human=lambda console: console.print(f"{store}: {event} ordered by {by}; the daemon takes it at its next wake-up"))
