"""From a proposal to the gate: which wishes are presented at all, what the gate must know of each, and the verdicts."""

from __future__ import annotations

import math

import numpy as np

from control import ledger
from control.command import Outcome, Wish
from control.controller import Proposal
from control.decision import Judged
from control.envelope import Standing, judge
from control.mode import AUTHORITY, Authority, Mode
from control.situation import Situation
from perception.fields import Field
from perception.observation import Signal
from perception.units import Bools, Floats, Ints

_RESTS_ON: dict[Field, tuple[Signal, ...]] = {
    Field.PRICE: (Signal.SHOP, Signal.STOCK),
    Field.BID: (Signal.ADS, Signal.SHOP),
    Field.DAILY_BUDGET: (Signal.ADS,),
}
"""Which signals a change of each field rests on; the oldest of them counts."""

_ORDER = (Field.DAILY_BUDGET, Field.BID, Field.PRICE)
"""Fields in the order they are judged and written: the fence before what it fences."""


def present(proposal: Proposal, *, situation: Situation, book: ledger.Ledger, mode: Mode) -> tuple[Judged, ...]:
    """Judge every wish of the one store of ``proposal`` that differs from what stands.

    Entities that are held (overridden, unresolved, suspect) and raises in a mode that may only reduce are not presented: the loop knows
    that the gate would refuse, and its interventions should count faults of the laws only. While a field's canary is pending only one
    entity of it is presented. SHADOW and ADVISE are judged as AUTO would be; nothing of it is written.
    """
    judged_mode = Mode.AUTO if AUTHORITY[mode] is Authority.NONE else mode
    judged: list[Judged] = []
    writes = sum(count for _, count in book.writes)
    for field in _ORDER:
        if field not in proposal.setpoints:
            continue
        wishes = proposal.setpoints[field][0]
        standing_of = _Standings(field, situation=situation, book=book, mode=judged_mode)
        chosen = np.flatnonzero(_presented(wishes, field, situation, book, AUTHORITY[judged_mode]))
        canary_passed = field in book.canary_passed
        for index in chosen if canary_passed else _canary(chosen, situation.state.tick):
            wish = Wish(
                entity=situation.catalogue.entities(field)[index],
                field=field,
                value=float(wishes[index]),
                currency=situation.catalogue.currency,
            )
            verdict = judge(wish, standing=standing_of(int(index), writes), limits=situation.sight.reach.limits)
            if verdict.outcome is Outcome.NEUTRAL:
                continue
            if verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED):
                writes += 1
                standing_of.admit(int(index), verdict.value)
            last = standing_of.in_force[index]
            judged.append(
                Judged(
                    wish=wish,
                    verdict=verdict,
                    last=-1 if math.isnan(last) else int(last),
                    evidence=_evidence(int(index), field, situation, proposal),
                )
            )
    return tuple(judged)


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


class _Standings:
    """What the gate must know about each entity of one field; the store-wide part is worked out once."""

    def __init__(self, field: Field, *, situation: Situation, book: ledger.Ledger, mode: Mode) -> None:
        self._field, self._s, self._book, self._mode = field, situation, book, mode
        self._track, self._pending = book.tracks[field], ledger.pending(book, field)
        self._signal_age_s = max(situation.state.age_s.get(signal, math.inf) for signal in _RESTS_ON[field])
        self._today = situation.exposure.today.copy()
        self._budgets = book.tracks[Field.DAILY_BUDGET].in_force.copy()
        self.in_force = self._track.in_force

    def admit(self, index: int, value: int) -> None:
        """Count an admitted budget in the exposure that the next wish is judged by."""
        if self._field is Field.DAILY_BUDGET:
            self._budgets[index] = value
            self._today[index] = max(self._today[index], self._s.sight.reach.limits.overdelivery_day_ratio * value)

    def __call__(self, index: int, writes_last_hour: int) -> Standing:
        """The standing of entity ``index``, after ``writes_last_hour`` writes of the store in this hour."""
        s, field, track = self._s, self._field, self._track
        is_price, is_budget = field is Field.PRICE, field is Field.DAILY_BUDGET
        others_today = float(np.sum(np.delete(self._today, index))) if is_budget else float(np.sum(self._today))
        return Standing(
            mode=self._mode,
            last=_whole(track.in_force[index]),
            acknowledged=_whole(track.acknowledged[index]),
            changed_age_s=float(s.changed_age_s[field][index]),
            low_24h=_whole(s.lowest_24h[field][index]),
            day_anchor=_whole(s.anchor_24h[field][index]),
            overridden=bool(track.overridden_until_s[index] > s.state.at.timestamp()),
            unresolved=bool(self._pending[index]),
            suspect=not is_budget and bool(s.state.suspect[index]),
            signal_age_s=self._signal_age_s,
            readback_age_s=s.state.readback_age_s,
            unit_cost_cents=float(s.catalogue.cost_cents[index]) if is_price else math.nan,
            map_cents=int(s.catalogue.map_cents[index]) if is_price else 0,
            price_low_cents=int(s.sight.course.price_low_cents[0, index]) if is_price else 0,
            price_high_cents=int(s.sight.course.price_high_cents[0, index]) if is_price else 0,
            committed_cents=math.ceil(float(np.sum(s.exposure.window)) + others_today),
            granted_cents=s.plan.ad_budget_cents,
            store_daily_others_cents=math.ceil(float(np.nansum(np.delete(self._budgets, index)))) if is_budget else 0,
            month_committed_cents=math.ceil(float(np.sum(s.exposure.month)) + others_today),
            loss_24h_cents=math.floor(s.state.baseline_loss_24h_cents),
            loss_7d_cents=math.floor(s.state.baseline_loss_7d_cents),
            writes_last_hour=writes_last_hour,
            canary_passed=field in self._book.canary_passed,
            is_canary=field not in self._book.canary_passed,
        )


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)


def _evidence(index: int, field: Field, s: Situation, proposal: Proposal) -> dict[str, float]:
    """The figures a wish came from, by name."""
    if field is Field.DAILY_BUDGET:
        return {"window_spend_cents": float(s.sight.reported.spent_cents[0]), "remaining_cents": float(s.sight.remaining_cents[0])}
    state = s.state
    shared = {"on_hand": state.on_hand[index], "unit_margin_cents": state.unit_margin_cents[index]}
    estimates = (
        {"ctr": state.ctr, "cvr": state.cvr, "units_per_order": state.units_per_order, "value_per_click_cents": state.value_per_click_cents}
        if field is Field.BID
        else {"elasticity": state.elasticity, "organic_units_per_day": state.organic_units_per_day}
    )
    beliefs = {name: belief.mean[index] for name, belief in estimates.items()} | {
        f"{name}_sd": belief.sd[index] for name, belief in estimates.items()
    }
    terms = {name: values[0, index] for name, values in proposal.sku_terms.items() if not math.isnan(values[0, index])}
    return {name: float(value) for name, value in (shared | beliefs | terms).items()}
