"""The modes of engagement and what each may do (safety.md, Modes). The machine that moves between them is ``control.engagement``."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How much authority the loop has over the store."""

    OFF = "off"
    OBSERVE = "observe"
    SHADOW = "shadow"
    ADVISE = "advise"
    TRANSITION = "transition"
    AUTO = "auto"
    HOLD = "hold"
    SAFE = "safe"
    STOPPED = "stopped"


class Authority(StrEnum):
    """What a mode lets the gate pass."""

    NONE = "none"
    REDUCE = "reduce"
    QUARTER = "quarter"
    FULL = "full"


AUTHORITY: dict[Mode, Authority] = {
    Mode.OFF: Authority.NONE,
    Mode.OBSERVE: Authority.NONE,
    Mode.SHADOW: Authority.NONE,
    Mode.ADVISE: Authority.NONE,
    Mode.TRANSITION: Authority.QUARTER,
    Mode.AUTO: Authority.FULL,
    Mode.HOLD: Authority.REDUCE,
    Mode.SAFE: Authority.REDUCE,
    Mode.STOPPED: Authority.NONE,
}

LEVEL: dict[Authority, int] = {Authority.NONE: 0, Authority.REDUCE: 1, Authority.QUARTER: 2, Authority.FULL: 3}
"""How much each authority allows, to compare by."""
