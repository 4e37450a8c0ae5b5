"""Named points at which a process can be made to die, so that recovery is tested where it matters and not where a random kill lands.

The daemon calls ``reached(name)`` at each of them; unless the environment arms one, that is a look into an empty dictionary.
``AUTOPILOT_FAILPOINT=intent_committed@3`` kills the process with SIGKILL the third time the point is reached.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping

BEFORE_TRANSACTION = "before_transaction"
WITHIN_TRANSACTION = "within_transaction"
INTENT_COMMITTED = "intent_committed"
SENT_UNACKNOWLEDGED = "sent_unacknowledged"
ACKNOWLEDGED = "acknowledged"

NAMES = (BEFORE_TRANSACTION, WITHIN_TRANSACTION, INTENT_COMMITTED, SENT_UNACKNOWLEDGED, ACKNOWLEDGED)
"""The five crash points around a write, in the order a tick that writes something passes them."""

VARIABLE = "AUTOPILOT_FAILPOINT"

Reached = Callable[[str], None]


def ignore(name: str) -> None:
    """The failpoints of a process in which none is armed."""
    del name


def armed(environ: Mapping[str, str]) -> Reached:
    """What to call at each point, as the environment says. Raises: ValueError for a point that does not exist."""
    wanted = environ.get(VARIABLE)
    if not wanted:
        return ignore
    name, _, count = wanted.partition("@")
    times = int(count or "1") if (count or "1").isdecimal() else 0
    if name not in NAMES or times < 1:
        raise ValueError(f"{VARIABLE}: expected one of {', '.join(NAMES)} with an optional @count from 1, was {wanted!r}")
    seen: Counter[str] = Counter()

    def reached(point: str) -> None:
        seen[point] += 1
        if point == name and seen[point] == times:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
