"""What control may rely on, whatever platform is behind the ports: absolute set-points, one honest answer per command, no surprise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from control.ports import Effect
from perception.fields import Field
from perception.ports import PlatformError

FIELDS = tuple(Field)


def in_force(adapter: Any, *, later: timedelta = timedelta(0)) -> dict[Field, list[float]]:
    return {field: values.tolist() for field, values in adapter.platform.readback(now=adapter.now + later).values.items()}


@pytest.mark.parametrize("field", FIELDS)
def test_a_written_setpoint_is_read_back_and_nothing_else_moves(adapter: Any, field: Field) -> None:
    expected = in_force(adapter)
    last = len(adapter.catalogue.entities(field)) - 1
    expected[field][last] = 123.0

    (answer,) = adapter.platform.write((adapter.command(field, last, 123, intent_id="a1"),), now=adapter.now)

    assert (answer.intent_id, answer.effect) == ("a1", Effect.APPLIED)
    assert in_force(adapter) == expected


def test_a_setpoint_stands_until_it_is_written_again(adapter: Any) -> None:
    commands = tuple(adapter.command(field, 0, 111 + place) for place, field in enumerate(FIELDS))
    adapter.platform.write(commands, now=adapter.now)
    written = in_force(adapter)

    assert in_force(adapter, later=timedelta(days=1, minutes=7)) == written


def test_a_batch_gets_one_answer_per_command_in_order(adapter: Any) -> None:
    commands = tuple(adapter.command(Field.PRICE, index, 200 + index) for index in range(len(adapter.catalogue.skus)))

    answers = adapter.platform.write(commands, now=adapter.now)

    assert [answer.intent_id for answer in answers] == [command.intent_id for command in commands]
    assert all(answer.effect is Effect.APPLIED for answer in answers)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"entity": "no such thing"}, "entity"), ({"currency": "XXX"}, "currency"), ({"value": -1}, "value")],
    ids=["unknown entity", "foreign currency", "negative value"],
)
def test_a_wrong_item_is_rejected_by_itself_and_changes_nothing(adapter: Any, field: Field, wrong: dict[str, Any], word: str) -> None:
    expected = in_force(adapter)
    expected[field][0] = 77.0
    bad = adapter.command(field, 1, **{"value": 88, "intent_id": "bad", **wrong})

    answers = adapter.platform.write((bad, adapter.command(field, 0, 77)), now=adapter.now)

    assert [answer.effect for answer in answers] == [Effect.REJECTED, Effect.APPLIED]
    assert answers[0].intent_id == "bad"
    assert word in answers[0].detail
    assert in_force(adapter) == expected


def test_a_price_of_nothing_is_rejected_and_a_bid_of_nothing_is_not(adapter: Any) -> None:
    commands = (adapter.command(Field.PRICE, 0, 0), adapter.command(Field.BID, 0, 0), adapter.command(Field.DAILY_BUDGET, 0, 0))

    answers = adapter.platform.write(commands, now=adapter.now)

    assert [answer.effect for answer in answers] == [Effect.REJECTED, Effect.APPLIED, Effect.APPLIED]


def test_writing_the_same_twice_does_no_harm(adapter: Any) -> None:
    command = adapter.command(Field.BID, 0, 42)
    adapter.platform.write((command,), now=adapter.now)
    once = in_force(adapter)

    (again,) = adapter.platform.write((command,), now=adapter.now)

    assert again.effect is Effect.APPLIED
    assert in_force(adapter) == once


def test_an_empty_batch_is_fine(adapter: Any) -> None:
    before = in_force(adapter)

    assert adapter.platform.write((), now=adapter.now) == ()
    assert in_force(adapter) == before


def test_a_refused_batch_changes_nothing(adapter: Any) -> None:
    before = in_force(adapter)

    with pytest.raises(PlatformError):
        adapter.out_of_reach.write((adapter.command(Field.BID, 0, 42),), now=adapter.now)

    assert in_force(adapter) == before


def test_writing_does_not_rewrite_figures_already_shown(adapter: Any) -> None:
    def figures() -> list[bytes]:
        return [rows.values.tobytes() for rows in adapter.platform.read(since=None, now=adapter.now)]

    before = figures()

    adapter.platform.write(tuple(adapter.command(Field.PRICE, index, 1_000_000) for index in range(3)), now=adapter.now)

    assert figures() == before
    assert np.all(adapter.platform.readback(now=adapter.now).values[Field.PRICE][:3] == 1_000_000)
