"""How old each signal is, and whether it only looks alive: figures that stand still while the store must be moving."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from perception.history import History, cells_of, column_totals
from perception.observation import COLUMNS, Signal
from perception.shape import ActivityShape, elapsed_share
from perception.units import SECONDS_PER_DAY

ACTIVITY: dict[Signal, str] = {Signal.ADS: "impressions", Signal.SHOP: "orders", Signal.STOCK: "on_hand"}
"""What counts as one event of each signal: things that come independently of each other, as units of one order do not."""


SAME_EFFORT = 0.8
"""Below this share of the effort at the last movement, silence is no evidence of a dead feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stillness:
    """How long a signal has been standing still.

    Attributes:
        changed_at_s: Refresh that last changed a figure, UTC epoch seconds; of the first look where there was none.
        effort: What was done for activity at that refresh (sum of bids, for ads): less effort now explains less activity.
        expected_events: Events that should have shown since then.
    """

    changed_at_s: float
    effort: float
    expected_events: float


def ages_s(history: History, now_s: float) -> dict[Signal, float]:
    """Seconds since each signal was last refreshed with a believed figure, >= 0; infinity when never."""
    return {signal: max(now_s - history.last_seen_s[signal], 0.0) if signal in history.last_seen_s else np.inf for signal in Signal}


def wait(before: Stillness | None, *, changed_at_s: float | None, now_s: float, effort: float, events: float) -> Stillness:
    """Count what should have happened since the signal last moved.

    Args:
        before: As of the last tick, None at the first.
        changed_at_s: Newest refresh that changed a figure, None when never.
        now_s: UTC epoch seconds of the tick.
        effort: What is done for activity now, any scale.
        events: Events to be expected within this tick.
    """
    if before is None or (changed_at_s is not None and changed_at_s > before.changed_at_s):
        return Stillness(changed_at_s=now_s if changed_at_s is None else changed_at_s, effort=effort, expected_events=0.0)
    as_before = effort >= SAME_EFFORT * before.effort
    return replace(before, expected_events=before.expected_events + (events if as_before else 0.0))


def is_frozen(still: Stillness, *, last_seen_s: float | None, now_s: float, after_s: float, events: float) -> bool:
    """True where the feed goes on refreshing, or pretending to, and yet nothing moved although enough should have.

    Args:
        still: How long the figures have stood still.
        last_seen_s: Newest refresh, None when never: a signal that never came is old, not frozen.
        now_s: UTC epoch seconds of the tick.
        after_s: Figures that stand still for less than this are never frozen.
        events: Expected events that would have to have been missed.
    """
    return last_seen_s is not None and now_s - still.changed_at_s > after_s and still.expected_events > events


def expected_events(history: History, signal: Signal, *, shape: ActivityShape, from_fraction: float, to_fraction: float) -> float:
    """Events of the whole store to be expected between two fractions of today, on the cautious side.

    The lower of two forecasts: the mean of earlier days at the weekday's normal share, and the least of the same weekday in the window;
    so a shop that sleeps on Saturdays is not called frozen. 0 without earlier days.
    """
    signal = Signal.SHOP if signal is Signal.STOCK else signal
    column = COLUMNS[signal].index(ACTIVITY[signal])
    past = {d: cells_of(history, signal, d) for d in history.days if d < history.today}
    totals = {d: column_totals(cells)[column] for d, cells in past.items() if cells is not None}
    if not totals:
        return 0.0
    usual = sum(totals.values()) / len(totals) * shape.weekday_factor(history.today)
    same_weekday = [total for d, total in totals.items() if (history.today - d) % 7 == 0]
    share = elapsed_share(shape.hour_shares(), np.array([from_fraction, to_fraction]) * SECONDS_PER_DAY)
    return min([usual, *same_weekday]) * float(max(share[1] - share[0], 0.0))
