"""From a proposal to the gate: which wishes are presented at all, and in which order."""

from __future__ import annotations

import numpy as np

from control import judging, ledger
from control.batches import Judged, JudgedColumns, Judgements
from control.controller import Proposal
from control.judging import MANY, Wishes, judged_singly, passed
from control.mode import AUTHORITY, Authority, Mode
from control.situation import Situation
from perception.fields import Field
from perception.units import Bools, Floats, Ints

_ORDER = (Field.DAILY_BUDGET, Field.BID, Field.PRICE)
"""Fields in the order they are judged and written: the fence before what it fences."""


def present(proposal: Proposal, *, situation: Situation, book: ledger.Ledger, mode: Mode) -> Judgements:
    """Judge every wish of the one store of ``proposal`` that differs from what stands.

    Entities that are held (overridden, unresolved, suspect) and raises in a mode that may only reduce are not presented: the loop knows
    that the gate would refuse, and its interventions should count faults of the laws only. While a field's canary is pending only one
    entity of it is presented. SHADOW and ADVISE are judged as AUTO would be; nothing of it is written.

    Many bids or prices are judged as columns, with a sample of them judged by the scalar gate too; should the two ever differ, the scalar
    gate judges all of the field's.
    """
    judged_mode = Mode.AUTO if AUTHORITY[mode] is Authority.NONE else mode
    parts: list[tuple[Judged, ...] | JudgedColumns] = []
    writes = sum(count for _, count in book.writes)
    for field in _ORDER:
        if field not in proposal.setpoints:
            continue
        presented = _presented(proposal.setpoints[field][0], field, situation, book, AUTHORITY[judged_mode])
        chosen = np.flatnonzero(presented)
        if field not in book.canary_passed:
            chosen = _canary(chosen, situation.state.tick)
        wishes = Wishes(field=field, chosen=chosen, proposal=proposal, situation=situation, book=book, mode=judged_mode)
        columns = judging.judged_columns(wishes, writes) if chosen.size >= MANY and field is not Field.DAILY_BUDGET else None
        part = judged_singly(wishes, writes) if columns is None else columns
        writes += passed(part)
        parts.append(part)
    return Judgements(*parts)


def _canary(candidates: Ints, tick: int) -> Ints:
    """The one entity that goes first. Each tick asks another one, so that no single entity that the platform refuses can block a field."""
    return candidates[tick % candidates.size :][:1] if candidates.size else candidates


def _presented(wishes: Floats, field: Field, s: Situation, book: ledger.Ledger, authority: Authority) -> Bools:
    """(n,) wishes worth showing to the gate."""
    track = book.tracks[field]
    now_s = s.state.at.timestamp()
    shown: Bools = ~np.isnan(wishes) & (wishes != track.in_force) & (track.overridden_until_s <= now_s) & ~ledger.pending(book, field)
    if field is not Field.DAILY_BUDGET:
        shown &= ~s.state.suspect | ((field is Field.BID) & (wishes < track.in_force))
    if authority is Authority.REDUCE:
        shown &= (wishes < track.in_force) & (field is not Field.PRICE)
    return shown
