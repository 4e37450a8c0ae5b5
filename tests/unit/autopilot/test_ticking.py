"""Which tick is due: never one twice, never backwards, and a backlog is one tick."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopilot.ticking import Due, due, slot_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICKS_S = st.sampled_from([60.0, 300.0, 900.0, 3600.0, 86_400.0])
JUMPS_S = st.lists(st.floats(-2e5, 2e5), max_size=60)


def driven(instants: list[datetime], tick_s: float) -> list[Due]:
    """What a daemon that wakes at these instants drives."""
    last, done = -1, []
    for now in instants:
        found = due(now, last=last, tick_s=tick_s)
        if found is not None:
            done.append(found)
            last = found.tick
    return done


def instants_of(jumps_s: list[float]) -> list[datetime]:
    instants = [NOON]
    for jump in jumps_s:
        instants.append(instants[-1] + timedelta(seconds=jump))
    return instants


@given(jumps_s=JUMPS_S, tick_s=TICKS_S)
def test_whatever_the_clock_does_no_slot_is_driven_twice_or_after_a_later_one(jumps_s: list[float], tick_s: float) -> None:
    slots = [one.tick for one in driven(instants_of(jumps_s), tick_s)]

    assert slots == sorted(set(slots))


@given(jumps_s=JUMPS_S, tick_s=TICKS_S)
def test_every_slot_up_to_the_newest_is_either_driven_or_counted_as_missed(jumps_s: list[float], tick_s: float) -> None:
    done = driven(instants_of(jumps_s), tick_s)

    assert sum(1 + one.missed for one in done) == done[-1].tick - done[0].tick + 1


@given(jumps_s=JUMPS_S, tick_s=TICKS_S)
def test_a_tick_is_due_in_its_own_slot_only(jumps_s: list[float], tick_s: float) -> None:
    for now in instants_of(jumps_s):
        found = due(now, last=-1, tick_s=tick_s)

        assert found is not None
        assert found.tick * tick_s <= now.timestamp() < (found.tick + 1) * tick_s


@given(stall_s=st.floats(0, 1e7), tick_s=TICKS_S)
def test_a_backlog_collapses_into_the_newest_slot_and_is_counted(stall_s: float, tick_s: float) -> None:
    first = slot_of(NOON, tick_s)
    now = NOON + timedelta(seconds=stall_s)

    found = due(now, last=first, tick_s=tick_s)

    behind = slot_of(now, tick_s) - first
    assert found == (Due(tick=first + behind, missed=behind - 1) if behind else None)


def test_many_wake_ups_in_one_slot_are_one_tick() -> None:
    done = driven([NOON + timedelta(seconds=second) for second in range(3600)], 3600.0)

    assert done == [Due(tick=slot_of(NOON, 3600.0), missed=0)]


def test_the_first_tick_of_all_has_missed_none() -> None:
    assert due(NOON, last=-1, tick_s=60.0) == Due(tick=slot_of(NOON, 60.0), missed=0)


@pytest.mark.parametrize(("offset_us", "same"), [(-1, False), (0, True), (3_599_999_999, True), (3_600_000_000, False)])
def test_a_slot_begins_with_its_first_instant_and_ends_before_the_next(offset_us: int, *, same: bool) -> None:
    assert (slot_of(NOON + timedelta(microseconds=offset_us), 3600.0) == slot_of(NOON, 3600.0)) is same


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1), timedelta(days=400)])
def test_a_clock_set_back_drives_nothing_until_it_is_past_the_last_slot(back: timedelta) -> None:
    last = slot_of(NOON, 3600.0)

    assert due(NOON - back, last=last, tick_s=3600.0) is None
    assert due(NOON + timedelta(minutes=59), last=last, tick_s=3600.0) is None
    assert due(NOON + timedelta(minutes=60), last=last, tick_s=3600.0) == Due(tick=last + 1, missed=0)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_summer_time_begins_and_ends_without_a_tick_more_or_less(day: str) -> None:
    london = ZoneInfo("Europe/London")
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=london).astimezone(UTC)
    instants = [(midnight + timedelta(minutes=10 * step)).astimezone(london) for step in range(6 * 6)]

    done = driven(instants, 3600.0)

    assert [one.missed for one in done] == [0] * 6
    assert [one.tick - done[0].tick for one in done] == list(range(6))
