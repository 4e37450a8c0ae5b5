"""What control may rely on, whatever platform is behind the ports: absolute set-points, one honest answer per command, no surprise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from autopilot.conformance.adapter import AdapterUnderTest
from control.command import Command
from control.ports import Effect
from perception.fields import Field
from perception.ports import PlatformError

FIELDS = tuple(Field)


def in_force(adapter: AdapterUnderTest, *, later: timedelta = timedelta(0)) -> dict[Field, dict[int, float]]:
    """The amounts that stand, by field and place; what cannot be read is left out, because it is equal to nothing."""
    values = adapter.platform.readback(now=adapter.now + later).values
    return {field: {place: float(amount) for place, amount in enumerate(of) if np.isfinite(amount)} for field, of in values.items()}


def one_of_each(adapter: AdapterUnderTest, value: int) -> tuple[Command, ...]:
    """A sound command for the first entity of every field that is written."""
    fields = sorted(adapter.platform.fields)
    return tuple(adapter.command(field, int(adapter.writable(field)[0]), value + place) for place, field in enumerate(fields))


@pytest.mark.parametrize("field", FIELDS)
def test_a_written_setpoint_is_read_back_and_nothing_else_moves(adapter: AdapterUnderTest, field: Field) -> None:
    expected = in_force(adapter)
    written = field in adapter.platform.fields
    place = int(adapter.writable(field)[-1]) if written else 0
    if written:
        expected[field][place] = 123.0

    (answer,) = adapter.platform.write((adapter.command(field, place, 123, intent_id="a1"),), now=adapter.now)

    assert (answer.intent_id, answer.effect) == ("a1", Effect.APPLIED if written else Effect.REJECTED)
    assert in_force(adapter) == expected


def test_a_setpoint_stands_until_it_is_written_again(adapter: AdapterUnderTest) -> None:
    adapter.platform.write(one_of_each(adapter, 111), now=adapter.now)
    written = in_force(adapter)

    assert in_force(adapter, later=timedelta(days=1, minutes=7)) == written


def test_a_batch_gets_one_answer_per_command_in_order(adapter: AdapterUnderTest) -> None:
    commands = tuple(
        adapter.command(field, int(place), 200 + int(place))
        for field in sorted(adapter.platform.fields)
        for place in adapter.writable(field)
    )

    answers = adapter.platform.write(commands, now=adapter.now)

    assert [answer.intent_id for answer in answers] == [command.intent_id for command in commands]
    assert all(answer.effect is Effect.APPLIED for answer in answers)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"entity": "no such thing"}, "entity"), ({"currency": "XXX"}, "currency"), ({"value": -1}, "value")],
    ids=["unknown entity", "foreign currency", "negative value"],
)
def test_a_wrong_item_is_rejected_by_itself_and_changes_nothing(
    adapter: AdapterUnderTest, field: Field, wrong: dict[str, Any], word: str
) -> None:
    expected = in_force(adapter)
    written = field in adapter.platform.fields
    first, second, *_ = (int(place) for place in adapter.writable(field)) if written else (0, 0)
    if written:
        expected[field][first] = 77.0
    bad = adapter.command(field, second, **{"value": 88, "intent_id": "bad", **wrong})

    answers = adapter.platform.write((bad, adapter.command(field, first, 77)), now=adapter.now)

    assert [answer.effect for answer in answers] == [Effect.REJECTED, Effect.APPLIED if written else Effect.REJECTED]
    assert answers[0].intent_id == "bad"
    assert (word if written else str(field)) in answers[0].detail
    assert in_force(adapter) == expected


@pytest.mark.parametrize("field", FIELDS)
def test_a_price_of_nothing_is_rejected_and_a_bid_or_budget_of_nothing_is_not(adapter: AdapterUnderTest, field: Field) -> None:
    written = field in adapter.platform.fields
    place = int(adapter.writable(field)[0]) if written else 0

    (answer,) = adapter.platform.write((adapter.command(field, place, 0),), now=adapter.now)

    assert answer.effect is (Effect.APPLIED if written and field is not Field.PRICE else Effect.REJECTED)


def test_writing_the_same_twice_does_no_harm(adapter: AdapterUnderTest) -> None:
    commands = one_of_each(adapter, 42)
    adapter.platform.write(commands, now=adapter.now)
    once = in_force(adapter)

    again = adapter.platform.write(commands, now=adapter.now)

    assert all(answer.effect is Effect.APPLIED for answer in again)
    assert in_force(adapter) == once


def test_an_empty_batch_is_fine(adapter: AdapterUnderTest) -> None:
    before = in_force(adapter)

    assert adapter.platform.write((), now=adapter.now) == ()
    assert in_force(adapter) == before


def test_a_refused_batch_changes_nothing(adapter: AdapterUnderTest) -> None:
    before, commands = in_force(adapter), one_of_each(adapter, 42)

    for command in commands:
        with pytest.raises(PlatformError):
            adapter.out_of_reach.write((command,), now=adapter.now)

    assert in_force(adapter) == before


def test_writing_does_not_rewrite_figures_already_shown(adapter: AdapterUnderTest) -> None:
    def figures() -> list[bytes]:
        return [rows.values.tobytes() for rows in adapter.platform.read(since=None, now=adapter.now)]

    before, commands = figures(), one_of_each(adapter, 1_000_000)

    adapter.platform.write(commands, now=adapter.now)

    assert figures() == before
    after = adapter.platform.readback(now=adapter.now).values
    assert all(after[command.field][command.index] == command.value for command in commands)
