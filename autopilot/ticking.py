"""Which tick is due: ticks are numbered slots of time, so a wake-up that comes twice, late, or after a long sleep never doubles one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The tick to run now, and how many before it were missed: they are counted, never made up for."""

    tick: int
    missed: int


def slot_of(at: datetime, tick_s: float) -> int:
    """Number of the slot of ``tick_s`` seconds that an instant lies in, counted from the epoch."""
    return int(at.timestamp() // tick_s)


def due(now: datetime, *, last: int, tick_s: float) -> Due | None:
    """The tick that is due at ``now``; None when its slot was driven already.

    A backlog, whether from a stall, a suspended machine or a stopped daemon, collapses into the newest slot.

    Args:
        now: Aware UTC.
        last: Slot of the last tick driven, -1 before the first.
        tick_s: Length of a slot.
    """
    slot = slot_of(now, tick_s)
    if slot <= last:
        return None
    return Due(tick=slot, missed=0 if last < 0 else slot - last - 1)
