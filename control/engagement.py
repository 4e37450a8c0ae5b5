"""The mode machine: who may raise or lower the loop's authority, as one table. Machines may only lower it; raising it takes a person.

The two exceptions are earned, not taken: TRANSITION becomes AUTO after clean ticks, and HOLD gives back a TRANSITION once its cause is gone
for long enough (hysteresis). A hold that comes back too often latches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from control.mode import AUTHORITY, Authority, Mode
from perception.units import AS_SETTINGS


class Event(StrEnum):
    """What can happen to the engagement."""

    STARTED = "started"
    """The daemon came up: authority is not carried over a restart."""
    OBSERVE = "observe"
    SHADOW = "shadow"
    ADVISE = "advise"
    ARM = "arm"
    """A named person hands over the wheel."""
    OFF = "off"
    STOP = "stop"
    FAULT = "fault"
    """Stale or frozen signals, platform errors, unreadable set-points, several overrides at once, loss limit × 1."""
    LOSS = "loss"
    """Loss limit × 2."""
    HOLD_EXPIRED = "hold_expired"
    CLEAN_ENOUGH = "clean_enough"
    """As many clean ticks in a row as the mode asks for."""


_ENGAGED = (Mode.TRANSITION, Mode.AUTO, Mode.HOLD)
_PASSIVE = (Mode.OFF, Mode.OBSERVE, Mode.SHADOW, Mode.ADVISE)

TABLE: dict[tuple[Mode, Event], Mode] = {
    **{(mode, Event.STOP): Mode.STOPPED for mode in Mode},
    **{(mode, Event.OFF): Mode.OFF for mode in Mode if mode is not Mode.STOPPED},
    **{
        (mode, event): Mode(event.value)
        for mode in Mode
        if mode is not Mode.STOPPED
        for event in (Event.OBSERVE, Event.SHADOW, Event.ADVISE)
    },
    **{(mode, Event.ARM): Mode.TRANSITION for mode in (*_PASSIVE, Mode.HOLD, Mode.SAFE, Mode.STOPPED)},
    **{(mode, Event.STARTED): Mode.HOLD for mode in _ENGAGED},
    (Mode.OFF, Event.STARTED): Mode.OBSERVE,
    **{(mode, Event.FAULT): Mode.HOLD for mode in (Mode.TRANSITION, Mode.AUTO)},
    **{(mode, Event.LOSS): Mode.SAFE for mode in _ENGAGED},
    (Mode.HOLD, Event.HOLD_EXPIRED): Mode.SAFE,
    (Mode.TRANSITION, Event.CLEAN_ENOUGH): Mode.AUTO,
    (Mode.HOLD, Event.CLEAN_ENOUGH): Mode.TRANSITION,
}
"""(mode, event) → next mode; a pair that is absent changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementTuning:
    """Counts and times of the machine.

    Attributes:
        transition_ticks: Clean ticks that TRANSITION needs before AUTO.
        recovery_ticks: Clean ticks that HOLD needs before TRANSITION.
        hold_timeout_s: HOLD longer than this becomes SAFE.
        flaps_to_latch: Holds within ``flap_window_s`` after which HOLD stays until a person arms again.
        flap_window_s: See above.
    """

    __pydantic_config__: ClassVar = AS_SETTINGS
    transition_ticks: int = 4
    recovery_ticks: int = 3
    hold_timeout_s: float = 86_400.0
    flaps_to_latch: int = 6
    flap_window_s: float = 86_400.0

    def __post_init__(self) -> None:
        """Refuse counts below one and times that are not positive. Raises: ValueError."""
        for name in ("transition_ticks", "recovery_ticks", "flaps_to_latch"):
            if getattr(self, name) < 1:
                message = f"{name}: expected an integer >= 1, was {getattr(self, name)}"
                raise ValueError(message)
        for name in ("hold_timeout_s", "flap_window_s"):
            if not getattr(self, name) > 0.0:
                message = f"{name}: expected > 0, was {getattr(self, name)}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """Where the machine stands.

    Attributes:
        mode: In force now.
        since_s: UTC epoch seconds since when.
        reason: Why, in words a person understands.
        by: Who: a person's name, or "autopilot".
        clean_ticks: Clean ticks in a row in this mode.
        holds_s: When HOLD was entered recently.
        latched: HOLD no longer leaves by itself.
    """

    mode: Mode
    since_s: float
    reason: str
    by: str
    clean_ticks: int
    holds_s: tuple[float, ...]
    latched: bool


def start(*, now_s: float) -> Engagement:
    """A loop that only watches."""
    return Engagement(mode=Mode.OBSERVE, since_s=now_s, reason="first start", by="autopilot", clean_ticks=0, holds_s=(), latched=False)


def advance(engagement: Engagement, event: Event, *, now_s: float, by: str, reason: str, tuning: EngagementTuning) -> Engagement:
    """The engagement after ``event``; unchanged where the table has no entry. Entering HOLD too often latches it; arming unlatches."""
    to = TABLE.get((engagement.mode, event))
    if to is None or to is engagement.mode:
        return engagement
    holds = tuple(at for at in engagement.holds_s if at > now_s - tuning.flap_window_s)
    if event is Event.FAULT:
        holds = (*holds, now_s)
    latched = to is Mode.HOLD and len(holds) >= tuning.flaps_to_latch
    return Engagement(
        mode=to,
        since_s=now_s,
        reason=f"{reason}; held {len(holds)} times within a day: latched" if latched else reason,
        by=by,
        clean_ticks=0,
        holds_s=() if event is Event.ARM else holds,
        latched=latched,
    )


def after_tick(engagement: Engagement, *, faults: tuple[str, ...], severe: str, now_s: float, tuning: EngagementTuning) -> Engagement:
    """The machine's own step at the end of every tick.

    Args:
        engagement: Before.
        faults: What is wrong now, in words; empty for a clean tick.
        severe: Why authority must fall to SAFE, or "".
        now_s: UTC epoch seconds.
        tuning: Counts and times.
    """
    if AUTHORITY[engagement.mode] is Authority.NONE or engagement.mode is Mode.SAFE:
        return engagement
    if severe:
        return advance(engagement, Event.LOSS, now_s=now_s, by="autopilot", reason=severe, tuning=tuning)
    if engagement.mode is Mode.HOLD and now_s - engagement.since_s > tuning.hold_timeout_s:
        return advance(engagement, Event.HOLD_EXPIRED, now_s=now_s, by="autopilot", reason="hold timed out", tuning=tuning)
    if faults:
        held = advance(engagement, Event.FAULT, now_s=now_s, by="autopilot", reason="; ".join(faults), tuning=tuning)
        return replace(held, clean_ticks=0)
    clean = replace(engagement, clean_ticks=engagement.clean_ticks + 1)
    needed = tuning.transition_ticks if clean.mode is Mode.TRANSITION else tuning.recovery_ticks
    if clean.mode is Mode.AUTO or clean.latched or clean.clean_ticks < needed:
        return clean
    return advance(clean, Event.CLEAN_ENOUGH, now_s=now_s, by="autopilot", reason=f"{needed} clean ticks", tuning=tuning)
