"""Batches of judged wishes and commands are sequences like any other, whether they hold objects or columns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autopilot import codec
from control.batches import ADMITTED, DENIED, LIMITED, CommandColumns, Commands, Judged, JudgedColumns, Judgements
from control.command import Command, Outcome, Verdict, Wish, intent_id
from perception.fields import Field

COLUMNS = JudgedColumns(
    field=Field.BID,
    currency="GBP",
    entities=("A", "C", "D"),
    index=np.array([0, 2, 3]),
    wishes=np.array([12.5, 30.0, 7.0]),
    outcomes=np.array([ADMITTED, LIMITED, DENIED]),
    values=np.array([12, 20, -1]),
    last=np.array([10, 15, -1]),
    reasons=np.array([0, 1, 2]),
    reason_sets=((), ("bid_step", "bid_cap"), ("last_unknown",)),
    figures={"on_hand": np.array([1.0, math.nan, 3.0])},
    terms={"budget_used": np.array([0.5, math.nan, 0.25])},
)
BUDGET = Judged(
    wish=Wish(entity="c1", field=Field.DAILY_BUDGET, value=100.0, currency="GBP"),
    verdict=Verdict(outcome=Outcome.LIMITED, value=90, reasons=("budget_step",)),
    last=80,
    evidence={"remaining_cents": 5.0},
)
MIXED = Judgements((BUDGET,), COLUMNS)
SENT = Commands(
    (Command(intent_id="b1", entity="c1", index=0, field=Field.DAILY_BUDGET, value=90, previous=80, currency="GBP"),),
    COLUMNS.commands(store="shop", tick=7, epoch=2),
)


def test_columns_give_the_objects_they_stand_for() -> None:
    budget, first, second, third = MIXED

    assert budget is BUDGET
    assert first == Judged(
        wish=Wish(entity="A", field=Field.BID, value=12.5, currency="GBP"),
        verdict=Verdict(outcome=Outcome.ADMITTED, value=12, reasons=()),
        last=10,
        evidence={"on_hand": 1.0, "budget_used": 0.5},
    )
    assert (second.verdict, second.last) == (Verdict(outcome=Outcome.LIMITED, value=20, reasons=("bid_step", "bid_cap")), 15)
    assert math.isnan(second.evidence["on_hand"])
    assert "budget_used" not in second.evidence
    assert (third.verdict, third.last) == (Verdict(outcome=Outcome.DENIED, value=-1, reasons=("last_unknown",)), -1)


def test_a_batch_is_a_sequence() -> None:
    assert len(MIXED) == 4
    assert MIXED[0] is BUDGET
    assert [item.wish.entity for item in MIXED[1:3]] == ["A", "C"]
    assert tuple(MIXED) == MIXED
    assert tuple(MIXED) == MIXED
    assert Judgements((BUDGET,)) != MIXED
    assert hash(SENT) == hash(Commands(SENT.items()))
    assert repr(Commands()) == "Commands(())"
    assert not Commands()
    assert Commands() == ()


def test_interventions_are_what_was_limited_or_denied() -> None:
    assert MIXED.interventions == sum(bool(item.verdict.reasons) for item in MIXED) == 3


def test_what_passed_is_commanded_under_the_name_of_its_intent() -> None:
    assert [(c.entity, c.index, c.value, c.previous) for c in SENT[1:]] == [("A", 0, 12, 10), ("C", 2, 20, 15)]
    assert SENT[1].intent_id == intent_id("shop", 7, "A", Field.BID, 2)
    assert SENT.listed == SENT[:1]


def test_places_are_those_of_one_field() -> None:
    assert SENT.places(Field.BID).tolist() == [0, 2]
    assert SENT.places(Field.DAILY_BUDGET).tolist() == [0]
    assert SENT.places(Field.PRICE).tolist() == []
    assert SENT.followed_by(SENT).places(Field.BID).tolist() == [0, 2, 0, 2]


@pytest.mark.parametrize("batch", [MIXED, SENT, Judgements((BUDGET,)), Commands()])
def test_batches_come_back_from_json_as_they_went(batch: Judgements | Commands) -> None:
    written = codec.to_bytes(batch)

    again = codec.from_jsonable(codec.from_bytes(written), type(batch))

    assert codec.to_bytes(again) == written
    assert codec.to_bytes(again.items()) == codec.to_bytes(batch.items())
    assert [isinstance(part, JudgedColumns | CommandColumns) for part in again.parts] == [
        isinstance(part, JudgedColumns | CommandColumns) for part in batch.parts
    ]


def test_objects_alone_are_written_as_a_list_of_them() -> None:
    assert codec.to_jsonable(Judgements((BUDGET,))) == codec.to_jsonable((BUDGET,))
