"""The verdicts on the wishes of one field: one by one by the scalar gate, or many at once as columns, a sample of them by both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from control.batches import ADMITTED, LIMITED, NEUTRAL, OUTCOMES, Judged, JudgedColumns
from control.circumstances import Standings, figures_of
from control.command import Outcome, Verdict, Wish
from control.controller import Proposal
from control.envelope import judge
from control.envelope_columns import VerdictColumns, judge_columns
from control.ledger import Ledger
from control.mode import Mode
from control.situation import Situation
from perception.fields import Field
from perception.units import Floats, Ints

MANY = 64
"""Wishes from which columns cost less than objects."""

SAMPLE = 8
"""Wishes of a field that both gates judge: all of them have been within some hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The wishes of one field that are presented.

    Attributes:
        field: Which.
        chosen: (k,) places of the entities in the field's arrays.
        proposal: Whose wishes.
        situation: What they rest on.
        book: What stands.
        mode: That they are judged by.
    """

    field: Field
    chosen: Ints
    proposal: Proposal
    situation: Situation
    book: Ledger
    mode: Mode

    @property
    def values(self) -> Floats:
        """(n,) what is wished of every entity of the field."""
        wished: Floats = self.proposal.setpoints[self.field][0]
        return wished

    def standings(self) -> Standings:
        """The circumstances before the first of them is judged."""
        return Standings(self.field, situation=self.situation, book=self.book, mode=self.mode)

    def one(self, index: int) -> Wish:
        """The wish for one entity."""
        catalogue = self.situation.catalogue
        return Wish(
            entity=catalogue.entities(self.field)[index], field=self.field, value=float(self.values[index]), currency=catalogue.currency
        )


def judged_singly(wishes: Wishes, writes: int) -> tuple[Judged, ...]:
    """Judge one after the other, after ``writes`` writes of the store in this hour; who asks for what stands is left out."""
    judged: list[Judged] = []
    standings, limits = wishes.standings(), wishes.situation.sight.reach.limits
    figures = {} if wishes.field is Field.DAILY_BUDGET else figures_of(wishes.field, wishes.situation)
    of_budgets = _budget_evidence(wishes.situation)
    for index in wishes.chosen.tolist():
        wish = wishes.one(index)
        verdict = judge(wish, standing=standings.one(index, writes), limits=limits)
        if verdict.outcome is Outcome.NEUTRAL:
            continue
        if verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED):
            writes += 1
            standings.admit(index, verdict.value)
        last = standings.in_force[index]
        evidence = _evidence(index, figures, wishes) if figures else of_budgets
        judged.append(Judged(wish=wish, verdict=verdict, last=-1 if math.isnan(last) else int(last), evidence=evidence))
    return tuple(judged)


def judged_columns(wishes: Wishes, writes: int) -> JudgedColumns | None:
    """Judge all at once, as ``judged_singly`` would one by one; None where the scalar gate says otherwise of a sample."""
    standings, s, chosen = wishes.standings(), wishes.situation, wishes.chosen
    if np.isinf(standings.in_force[chosen]).any():
        return None
    verdicts = judge_columns(
        wishes.field,
        wishes.values[chosen],
        currency=s.catalogue.currency,
        standing=standings.many(chosen, writes),
        limits=s.sight.reach.limits,
    )
    if not _agrees(verdicts, wishes, standings):
        return None
    moved = np.flatnonzero(verdicts.outcomes != NEUTRAL)
    places = chosen[moved]
    entities = s.catalogue.entities(wishes.field)
    terms = {name: values[0, places] for name, values in wishes.proposal.sku_terms.items()}
    return JudgedColumns(
        field=wishes.field,
        currency=s.catalogue.currency,
        entities=tuple(map(entities.__getitem__, places.tolist())),
        index=places,
        wishes=wishes.values[places],
        outcomes=verdicts.outcomes[moved],
        values=verdicts.values[moved],
        last=np.nan_to_num(standings.in_force[places], nan=-1.0).astype(np.int64),
        reasons=verdicts.reasons[moved],
        reason_sets=verdicts.reason_sets,
        figures={name: values[places] for name, values in figures_of(wishes.field, s).items()},
        terms={name: values for name, values in terms.items() if not np.isnan(values).all()},
    )


def passed(part: tuple[Judged, ...] | JudgedColumns) -> int:
    """How many of the wishes are written."""
    if isinstance(part, tuple):
        return sum(item.verdict.outcome in (Outcome.ADMITTED, Outcome.LIMITED) for item in part)
    return int(np.count_nonzero((part.outcomes == ADMITTED) | (part.outcomes == LIMITED)))


def _agrees(verdicts: VerdictColumns, wishes: Wishes, standings: Standings) -> bool:
    """Whether the scalar gate gives the same verdicts on a sample, another one in every tick."""
    stride = max(wishes.chosen.size // SAMPLE, 1)
    limits = wishes.situation.sight.reach.limits
    for row in range(wishes.situation.state.tick % stride, wishes.chosen.size, stride):
        index = int(wishes.chosen[row])
        ours = Verdict(
            outcome=OUTCOMES[verdicts.outcomes[row]],
            value=int(verdicts.values[row]),
            reasons=verdicts.reason_sets[verdicts.reasons[row]],
        )
        if judge(wishes.one(index), standing=standings.one(index, int(verdicts.writes_before[row])), limits=limits) != ours:
            return False
    return True


def _evidence(index: int, figures: dict[str, Floats], wishes: Wishes) -> dict[str, float]:
    """The figures a bid or price came from, by name; terms of the controller that do not apply are left out."""
    terms = {name: float(values[0, index]) for name, values in wishes.proposal.sku_terms.items()}
    return {name: float(values[index]) for name, values in figures.items()} | {
        n: value for n, value in terms.items() if not math.isnan(value)
    }


def _budget_evidence(s: Situation) -> dict[str, float]:
    return {"window_spend_cents": float(s.sight.reported.spent_cents[0]), "remaining_cents": float(s.sight.remaining_cents[0])}
