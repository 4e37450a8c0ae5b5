"""The mode machine, walked over every state and event."""

from __future__ import annotations

from itertools import product

import pytest

from control.engagement import TABLE, Engagement, EngagementTuning, Event, advance, after_tick
from control.mode import AUTHORITY, LEVEL, Mode

TUNING = EngagementTuning()


def standing(
    mode: Mode, *, since_s: float = 0.0, clean_ticks: int = 0, holds_s: tuple[float, ...] = (), latched: bool = False
) -> Engagement:
    return Engagement(mode=mode, since_s=since_s, reason="test", by="test", clean_ticks=clean_ticks, holds_s=holds_s, latched=latched)


def moved(engagement: Engagement, event: Event, now_s: float = 10.0) -> Engagement:
    return advance(engagement, event, now_s=now_s, by="Ann", reason="because", tuning=TUNING)


@pytest.mark.parametrize(("mode", "event"), list(product(Mode, Event)))
def test_only_a_person_or_clean_ticks_raise_authority(mode: Mode, event: Event) -> None:
    after = moved(standing(mode), event)

    raised = LEVEL[AUTHORITY[after.mode]] > LEVEL[AUTHORITY[mode]]
    assert not raised or event in (Event.ARM, Event.CLEAN_ENOUGH)


@pytest.mark.parametrize(("mode", "event"), list(product(Mode, Event)))
def test_pairs_outside_the_table_change_nothing(mode: Mode, event: Event) -> None:
    before = standing(mode)

    after = moved(before, event)

    assert after.mode is TABLE.get((mode, event), mode)
    if after.mode is mode:
        assert after == before


@pytest.mark.parametrize("event", [event for event in Event if event is not Event.ARM])
def test_stopped_is_left_only_by_arming(event: Event) -> None:
    assert moved(standing(Mode.STOPPED), event).mode is Mode.STOPPED


@pytest.mark.parametrize("mode", list(Mode))
def test_stop_works_from_every_mode(mode: Mode) -> None:
    assert moved(standing(mode), Event.STOP).mode is Mode.STOPPED


@pytest.mark.parametrize("mode", [Mode.TRANSITION, Mode.AUTO, Mode.HOLD])
def test_restart_comes_back_at_most_in_hold(mode: Mode) -> None:
    assert moved(standing(mode), Event.STARTED).mode is Mode.HOLD


def ticked(engagement: Engagement, *, faults: tuple[str, ...] = (), severe: str = "", now_s: float = 100.0) -> Engagement:
    return after_tick(engagement, faults=faults, severe=severe, now_s=now_s, tuning=TUNING)


def test_transition_becomes_auto_after_four_clean_ticks_in_a_row() -> None:
    engagement = standing(Mode.TRANSITION)

    modes = []
    for _ in range(4):
        engagement = ticked(engagement)
        modes.append(engagement.mode)

    assert modes == [Mode.TRANSITION] * 3 + [Mode.AUTO]


def test_fault_in_auto_holds_and_names_its_reason() -> None:
    after = ticked(standing(Mode.AUTO), faults=("ads is 50000 s old",))

    assert after.mode is Mode.HOLD
    assert "ads is 50000 s old" in after.reason


def test_fault_while_holding_starts_the_count_of_clean_ticks_again() -> None:
    engagement = ticked(standing(Mode.HOLD, clean_ticks=2), faults=("still",))

    assert engagement.clean_ticks == 0
    assert engagement.mode is Mode.HOLD


def test_hold_gives_back_transition_after_clean_ticks() -> None:
    engagement = standing(Mode.HOLD)
    for _ in range(TUNING.recovery_ticks):
        engagement = ticked(engagement)

    assert engagement.mode is Mode.TRANSITION


def test_flapping_latches_hold_until_a_person_arms() -> None:
    engagement, now_s = standing(Mode.AUTO), 0.0
    for _ in range(TUNING.flaps_to_latch):
        now_s += 60.0
        engagement = ticked(standing(Mode.AUTO, holds_s=engagement.holds_s), faults=("flap",), now_s=now_s)
    held = engagement
    for _ in range(10):
        held = ticked(held, now_s=now_s + 1.0)

    assert engagement.latched
    assert held.mode is Mode.HOLD
    assert moved(held, Event.ARM).mode is Mode.TRANSITION
    assert not moved(held, Event.ARM).latched


def test_hold_that_lasts_too_long_becomes_safe() -> None:
    assert ticked(standing(Mode.HOLD), now_s=TUNING.hold_timeout_s + 1.0).mode is Mode.SAFE


@pytest.mark.parametrize("mode", [Mode.TRANSITION, Mode.AUTO, Mode.HOLD])
def test_severe_loss_goes_to_safe(mode: Mode) -> None:
    assert ticked(standing(mode), severe="loss").mode is Mode.SAFE


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE, Mode.SHADOW, Mode.ADVISE, Mode.STOPPED, Mode.SAFE])
def test_ticks_do_not_move_modes_that_only_people_leave(mode: Mode) -> None:
    before = standing(mode)

    assert ticked(before, faults=("x",), severe="y") == before
    assert ticked(before) == before
