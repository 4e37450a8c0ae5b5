"""What stands on the platform and how it came there: read-back, acknowledgements, overrides, unresolved writes and rolling windows.

The gate judges each wish against this ledger, so every limit holds per real-time window whatever the ticks did. All functions are pure:
they take a ledger and give the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from control.batches import Commands
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.memo import by_identity
from perception.units import SECONDS_PER_HOUR, Bools, Floats, Ints

WINDOW_HOURS = 25
"""Hour buckets kept per entity: 24 full hours and the one that is running, so a window is never shorter than 24 h."""

DAYS_KEPT = 40
"""Days of highest daily budgets kept: a month for the monthly cap, and slack for late reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One field over its n entities (SKUs or campaigns); minor units, NaN for not known.

    Attributes:
        in_force: Last value read back or acknowledged.
        acknowledged: Last value of ours that the platform acknowledged; NaN when we never wrote, or a person wrote since.
        changed_at_s: UTC epoch seconds of the last change seen, -inf when none.
        overridden_until_s: A person's edit is respected until then; -inf when there is none.
        hours: (WINDOW_HOURS,) epoch hour of each bucket, rising; 0 for not used yet.
        lows, firsts: (WINDOW_HOURS, n) lowest and first value in force within each bucket.
    """

    in_force: Floats
    acknowledged: Floats
    changed_at_s: Floats
    overridden_until_s: Floats
    hours: Ints
    lows: Floats
    firsts: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All tracks, and what concerns the store as a whole.

    Attributes:
        tracks: Per field.
        unresolved: Commands sent (or about to be) whose outcome is not known.
        budget_peaks_cents: {store-local day: (c,) highest daily budget in force on that day}.
        writes: (epoch second, count) of each batch within the last hour.
        canary_passed: Fields of which one write since arming was acknowledged and read back equal.
        canary_since_s: When arming asked for new canaries.
    """

    tracks: dict[Field, Track]
    unresolved: Commands
    budget_peaks_cents: dict[int, Floats]
    writes: tuple[tuple[float, int], ...]
    canary_passed: tuple[Field, ...]
    canary_since_s: float


def start(catalogue: Catalogue) -> Ledger:
    """A ledger that knows nothing yet."""

    def blank(n: int) -> Track:
        return Track(
            in_force=np.full(n, np.nan),
            acknowledged=np.full(n, np.nan),
            changed_at_s=np.full(n, -np.inf),
            overridden_until_s=np.full(n, -np.inf),
            hours=np.zeros(WINDOW_HOURS, dtype=np.int64),
            lows=np.full((WINDOW_HOURS, n), np.nan),
            firsts=np.full((WINDOW_HOURS, n), np.nan),
        )

    return Ledger(
        tracks={field: blank(len(catalogue.entities(field))) for field in Field},
        unresolved=Commands(),
        budget_peaks_cents={},
        writes=(),
        canary_passed=(),
        canary_since_s=-np.inf,
    )


@by_identity
def entity_index(catalogue: Catalogue) -> dict[tuple[Field, str], int]:
    """Position of every (field, entity) in its track."""
    return {(field, entity): i for field in Field for i, entity in enumerate(catalogue.entities(field))}


def lowest_in_window(track: Track) -> Floats:
    """(n,) lowest value in force over at least the last 24 hours; NaN where nothing is known."""
    used = np.flatnonzero(track.hours > 0)
    return np.fmin.reduce(track.lows[used], axis=0) if used.size else track.in_force


def first_in_window(track: Track) -> Floats:
    """(n,) value in force at least 24 hours ago, or the first that is known since; NaN where nothing is."""
    used = np.flatnonzero(track.hours > 0)
    if used.size == 0:
        return track.in_force
    # bucket by bucket from the oldest
    firsts: Floats = track.firsts[used[0]]
    for row in used[1:]:
        unknown = np.isnan(firsts)
        if not unknown.any():
            break
        firsts = np.where(unknown, track.firsts[row], firsts)
    return firsts


def _noted(track: Track, values: Floats, now_s: float) -> Track:
    """The track with ``values`` in force at ``now_s`` entered into its hour bucket; NaN leaves what was known."""
    hour = int(now_s // SECONDS_PER_HOUR)
    merged = np.where(np.isnan(values), track.in_force, values)
    if track.hours[-1] == hour:
        lows, firsts = track.lows.copy(), track.firsts.copy()
        lows[-1] = np.fmin(lows[-1], merged)
        firsts[-1] = np.where(np.isnan(firsts[-1]), merged, firsts[-1])
        return replace(track, in_force=merged, lows=lows, firsts=firsts)

    # what stood before this hour stood at its start too, unless it was never seen
    opened = np.where(np.isnan(track.in_force), merged, track.in_force)
    kept = 1 + np.flatnonzero(track.hours[1:] > hour - WINDOW_HOURS)
    hours = np.concatenate([np.zeros(WINDOW_HOURS - 1 - kept.size, dtype=np.int64), track.hours[kept], [hour]])
    lows = _moved_up(track.lows, kept, np.fmin(opened, merged))
    return replace(track, in_force=merged, hours=hours, lows=lows, firsts=_moved_up(track.firsts, kept, opened))


def _moved_up(buckets: Floats, kept: Ints, newest: Floats) -> Floats:
    """These rows of the buckets and ``newest`` behind them, NaN before: (WINDOW_HOURS, n) again."""
    after = np.empty_like(buckets)
    after[: -1 - kept.size] = np.nan
    buckets.take(kept, axis=0, out=after[-1 - kept.size : -1], mode="clip")
    after[-1] = newest
    return after


def see(ledger: Ledger, values: dict[Field, Floats], *, now_s: float, day: int, override_s: float, locked: Bools) -> tuple[Ledger, int]:
    """Take in a read-back: outside edits become overrides, proven writes pass the canary, windows move on. Also how many edits it showed.

    Call after unresolved commands were settled against the same read-back, so that a write of ours is not taken for a person's.

    Args:
        ledger: Before.
        values: Per field (n,) minor units, NaN where not read.
        now_s: UTC epoch seconds.
        day: Store-local day ordinal.
        override_s: How long a person's edit is respected.
        locked: (m,) SKUs a person has locked for good.
    """
    tracks: dict[Field, Track] = {}
    passed = set(ledger.canary_passed)
    edits = 0
    for field, track in ledger.tracks.items():
        now = values.get(field, np.full_like(track.in_force, np.nan))
        unsettled = pending(ledger, field)
        known = ~np.isnan(now) & ~unsettled
        edited = known & ~np.isnan(track.in_force) & (now != track.in_force)
        edits += int(edited.sum())
        proven = known & (now == track.acknowledged) & (track.changed_at_s >= ledger.canary_since_s)
        if bool(proven.any()):
            passed.add(field)
        until = np.where(edited, now_s + override_s, track.overridden_until_s)
        if field is not Field.DAILY_BUDGET:
            until = np.where(locked, np.inf, until)
        seen = replace(
            track,
            acknowledged=np.where(edited, np.nan, track.acknowledged),
            changed_at_s=np.where(edited, now_s, track.changed_at_s),
            overridden_until_s=until,
        )
        tracks[field] = _noted(seen, np.where(unsettled, np.nan, now), now_s)
    peaks = _peaked(ledger.budget_peaks_cents, day, tracks[Field.DAILY_BUDGET].in_force)
    recent = tuple((at, count) for at, count in ledger.writes if at > now_s - SECONDS_PER_HOUR)
    after = replace(ledger, tracks=tracks, budget_peaks_cents=peaks, writes=recent, canary_passed=tuple(sorted(passed)))
    return after, edits


def pending(ledger: Ledger, field: Field) -> Bools:
    """(n,) entities of a field with a write whose outcome is not known."""
    waiting = np.zeros(ledger.tracks[field].in_force.size, dtype=np.bool_)
    waiting[ledger.unresolved.places(field)] = True
    return waiting


def _peaked(peaks: dict[int, Floats], day: int, budgets: Floats) -> dict[int, Floats]:
    """Peaks with today's raised to ``budgets``; days out of reach are dropped."""
    today = np.fmax(peaks.get(day, np.zeros_like(budgets)), np.nan_to_num(budgets))
    return {d: peak for d, peak in peaks.items() if d > day - DAYS_KEPT} | {day: today}


def intend(ledger: Ledger, commands: Commands, *, now_s: float) -> Ledger:
    """Commands about to be sent: unresolved until an answer or a read-back settles them."""
    if not commands:
        return ledger
    return replace(ledger, unresolved=ledger.unresolved.followed_by(commands), writes=(*ledger.writes, (now_s, len(commands))))


def settle(ledger: Ledger, answers: tuple[Acknowledgement, ...], *, now_s: float, day: int) -> Ledger:
    """Take in answers: APPLIED becomes the value in force, REJECTED leaves it, UNKNOWN stays unresolved."""
    effects = {answer.intent_id: answer.effect for answer in answers if answer.effect is not Effect.UNKNOWN}
    tracks, peaks = dict(ledger.tracks), ledger.budget_peaks_cents
    for field in Field:
        applied = [c for c in ledger.unresolved if c.field is field and effects.get(c.intent_id) is Effect.APPLIED]
        if not applied:
            continue
        track = tracks[field]
        at, values = [c.index for c in applied], [float(c.value) for c in applied]
        in_force, acknowledged, changed = track.in_force.copy(), track.acknowledged.copy(), track.changed_at_s.copy()
        in_force[at], acknowledged[at], changed[at] = values, values, now_s
        tracks[field] = _noted(replace(track, acknowledged=acknowledged, changed_at_s=changed), in_force, now_s)
        if field is Field.DAILY_BUDGET:
            peaks = _peaked(peaks, day, in_force)
    return replace(
        ledger,
        tracks=tracks,
        budget_peaks_cents=peaks,
        unresolved=Commands(tuple(c for c in ledger.unresolved if c.intent_id not in effects)),
    )


def reconcile(ledger: Ledger, values: dict[Field, Floats]) -> tuple[Acknowledgement, ...]:
    """What a read-back says about unresolved commands: standing as sent, still as before, or changed by somebody else."""
    answers = []
    for command in ledger.unresolved:
        seen = values.get(command.field)
        if seen is None or np.isnan(seen[command.index]):
            continue
        found = int(seen[command.index])
        if found == command.value:
            answers.append(Acknowledgement(intent_id=command.intent_id, effect=Effect.APPLIED, detail="read back as sent"))
        elif found == command.previous:
            answers.append(Acknowledgement(intent_id=command.intent_id, effect=Effect.REJECTED, detail="read back unchanged"))
        else:
            answers.append(
                Acknowledgement(intent_id=command.intent_id, effect=Effect.REJECTED, detail=f"read back as {found}: edited outside")
            )
    return tuple(answers)


def asked_for_canaries(ledger: Ledger, *, now_s: float) -> Ledger:
    """Arming: the first write of every field must prove itself again."""
    return replace(ledger, canary_passed=(), canary_since_s=now_s)
