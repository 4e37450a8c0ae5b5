"""The set-point ledger: overrides, unresolved writes, rolling windows and canaries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control import ledger
from control.batches import Commands
from control.command import Command
from control.ports import Acknowledgement, Effect
from perception.catalogue import Catalogue
from perception.fields import Field
from perception.units import SECONDS_PER_HOUR, Floats

HOUR = SECONDS_PER_HOUR
CATALOGUE = Catalogue(
    currency="GBP",
    skus=("A", "B"),
    campaigns=("main",),
    campaign_of=np.array([0, 0]),
    cost_cents=np.array([100.0, 200.0]),
    map_cents=np.zeros(2),
    anchor_price_cents=np.array([300.0, 500.0]),
    is_new=np.array([False, True]),
)
UNLOCKED = np.zeros(2, dtype=np.bool_)


def values(price: tuple[float, float] = (300.0, 500.0), budget: float = 1000.0) -> dict[Field, Floats]:
    return {Field.PRICE: np.array(price), Field.BID: np.array([0.0, 0.0]), Field.DAILY_BUDGET: np.array([budget])}


def seen(book: ledger.Ledger, at_h: float, read: dict[Field, Floats], *, locked: np.ndarray = UNLOCKED) -> ledger.Ledger:
    after, _ = ledger.see(book, read, now_s=at_h * HOUR, day=1, override_s=24 * HOUR, locked=locked)
    return after


def command(value: int, previous: int = 300, intent_id: str = "i1") -> Command:
    return Command(intent_id=intent_id, entity="A", index=0, field=Field.PRICE, value=value, previous=previous, currency="GBP")


def answer(effect: Effect, intent_id: str = "i1") -> tuple[Acknowledgement, ...]:
    return (Acknowledgement(intent_id=intent_id, effect=effect, detail=""),)


def written(book: ledger.Ledger, value: int, at_h: float) -> ledger.Ledger:
    sent = ledger.intend(book, Commands((command(value, int(book.tracks[Field.PRICE].in_force[0])),)), now_s=at_h * HOUR)
    return ledger.settle(sent, answer(Effect.APPLIED), now_s=at_h * HOUR, day=1)


def test_first_read_back_is_no_edit() -> None:
    book = seen(ledger.start(CATALOGUE), 1000, values())

    assert np.all(book.tracks[Field.PRICE].overridden_until_s == -np.inf)


def test_outside_edit_is_respected_for_its_time_and_becomes_the_value_in_force() -> None:
    book = seen(ledger.start(CATALOGUE), 1000, values())

    book = seen(book, 1001, values(price=(350.0, 500.0)))

    track = book.tracks[Field.PRICE]
    assert track.overridden_until_s[0] == 1025 * HOUR
    assert track.overridden_until_s[1] == -np.inf
    assert track.in_force[0] == 350.0
    assert np.isnan(track.acknowledged[0])


def test_own_write_is_no_edit() -> None:
    book = written(seen(ledger.start(CATALOGUE), 1000, values()), 310, 1000)

    book = seen(book, 1001, values(price=(310.0, 500.0)))

    assert book.tracks[Field.PRICE].overridden_until_s[0] == -np.inf
    assert book.tracks[Field.PRICE].acknowledged[0] == 310.0


@pytest.mark.parametrize(
    ("found", "effect", "in_force"),
    [(310.0, Effect.APPLIED, 310.0), (300.0, Effect.REJECTED, 300.0), (333.0, Effect.REJECTED, 333.0)],
)
def test_read_back_settles_an_unknown_outcome(found: float, effect: Effect, in_force: float) -> None:
    book = seen(ledger.start(CATALOGUE), 1000, values())
    book = ledger.intend(book, Commands((command(310),)), now_s=1000 * HOUR)
    book = ledger.settle(book, answer(Effect.UNKNOWN), now_s=1000 * HOUR, day=1)
    read = values(price=(found, 500.0))

    answers = ledger.reconcile(book, read)
    book = seen(ledger.settle(book, answers, now_s=1001 * HOUR, day=1), 1001, read)

    assert [a.effect for a in answers] == [effect]
    assert book.unresolved == ()
    assert book.tracks[Field.PRICE].in_force[0] == in_force
    edited = book.tracks[Field.PRICE].overridden_until_s[0] > 0
    assert edited == (found == 333.0)


def test_unresolved_write_is_not_taken_for_an_edit() -> None:
    book = ledger.intend(seen(ledger.start(CATALOGUE), 1000, values()), Commands((command(310),)), now_s=1000 * HOUR)

    book = seen(book, 1001, values(price=(310.0, 500.0)))

    assert book.tracks[Field.PRICE].overridden_until_s[0] == -np.inf
    assert len(book.unresolved) == 1


def test_rejected_write_leaves_the_value_in_force() -> None:
    book = ledger.intend(seen(ledger.start(CATALOGUE), 1000, values()), Commands((command(310),)), now_s=1000 * HOUR)

    book = ledger.settle(book, answer(Effect.REJECTED), now_s=1000 * HOUR, day=1)

    assert book.unresolved == ()
    assert book.tracks[Field.PRICE].in_force[0] == 300.0


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(200, 400)), min_size=1, max_size=30))
def test_window_remembers_the_lowest_and_the_first_value_of_24_hours(moves: list[tuple[int, int]]) -> None:
    book, hour = seen(ledger.start(CATALOGUE), 1000, values()), 1000
    history = [(1000, 300)]
    for gap, value in moves:
        hour += gap
        book = written(book, value, hour)
        history.append((hour, value))

    track = book.tracks[Field.PRICE]
    low, first = ledger.lowest_in_window(track), ledger.first_in_window(track)

    within = [value for at, value in history if at >= hour - 24]
    before = [value for at, value in history if at < hour - 24]
    # a window may reach back a little further, never less: that only makes limits stricter
    assert low[0] <= min(within + before[-1:])
    assert low[0] >= min(value for _, value in history)
    assert first[0] in {value for _, value in history}


def test_window_anchor_is_the_value_of_a_day_ago() -> None:
    book = seen(ledger.start(CATALOGUE), 1000, values())
    for hour, value in ((1002, 310), (1010, 320)):
        book = written(book, value, hour)

    soon = ledger.first_in_window(book.tracks[Field.PRICE])
    later = seen(book, 1030, values(price=(320.0, 500.0)))
    next_day = ledger.first_in_window(later.tracks[Field.PRICE])

    assert soon[0] == 300.0
    assert next_day[0] == 310.0


def test_budget_peak_of_a_day_only_rises() -> None:
    book = seen(ledger.start(CATALOGUE), 1000, values(budget=1000.0))
    book = seen(book, 1001, values(budget=1500.0))
    book = seen(book, 1002, values(budget=700.0))

    assert book.budget_peaks_cents[1][0] == 1500.0


def test_canary_passes_only_when_its_write_was_read_back() -> None:
    book = ledger.asked_for_canaries(seen(ledger.start(CATALOGUE), 1000, values()), now_s=1000 * HOUR)
    book = written(book, 310, 1000)

    unread = book.canary_passed
    book = seen(book, 1001, values(price=(310.0, 500.0)))

    assert unread == ()
    assert book.canary_passed == (Field.PRICE,)
    assert ledger.asked_for_canaries(book, now_s=1002 * HOUR).canary_passed == ()


def test_locked_products_are_overridden_for_good() -> None:
    book = seen(ledger.start(CATALOGUE), 1000, values(), locked=np.array([False, True]))

    assert book.tracks[Field.PRICE].overridden_until_s[1] == np.inf
    assert book.tracks[Field.BID].overridden_until_s[1] == np.inf
    assert book.tracks[Field.DAILY_BUDGET].overridden_until_s[0] == -np.inf


def test_writes_older_than_an_hour_no_longer_count() -> None:
    book = ledger.intend(seen(ledger.start(CATALOGUE), 1000, values()), Commands((command(310),)), now_s=1000 * HOUR)

    assert sum(count for _, count in seen(book, 1000.9, values()).writes) == 1
    assert seen(book, 1001.1, values()).writes == ()
