"""The simulated platform is a function of its seed and its log of effects: opened again from the same file, nothing is different."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autopilot import codec, wiring
from autopilot.platforms.effects import Effect, EffectLog, FileEffects, MemoryEffects
from autopilot.platforms.simulated import SimulatedPlatform, opening_of
from autopilot.settings_sources import load_store
from perception.fields import Field

MARKET = wiring.market_of(load_store("gift-shop", environ={}))
OPENS = opening_of(MARKET)
END = OPENS + timedelta(hours=30)


def opened(effects: EffectLog) -> SimulatedPlatform:
    return SimulatedPlatform(MARKET, seed=1, opens=OPENS, effects=effects)


def seen(platform: SimulatedPlatform, *, now: datetime = END) -> list[bytes]:
    """Everything there is to see of a platform at ``now``, the truth included."""
    asked = (platform.readback(now=now), platform.read(since=None, now=now), platform.truth(now=now), platform.effects())
    return [codec.to_bytes(answer) for answer in asked]


steps = st.lists(
    st.tuples(
        st.integers(0, 30 * 60 - 1),  # minute
        st.sampled_from(["edit", "readback", "read"]),
        st.sampled_from(list(Field)),
        st.integers(0, 2),
        st.integers(1, 900),
    ),
    max_size=25,
).map(lambda drawn: sorted(drawn, key=lambda step: step[0]))


def played(platform: SimulatedPlatform, course: list[Any]) -> None:
    for minute, what, field, index, value in course:
        now = OPENS + timedelta(minutes=minute)
        if what == "edit":
            platform.edit(field, platform.catalogue().entities(field)[index], value, by="somebody", now=now)
        elif what == "readback":
            platform.readback(now=now)
        else:
            platform.read(since=None, now=now)


@settings(max_examples=25, deadline=None)
@given(course=steps)
def test_a_reopened_platform_is_bit_identical(course: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "platform.jsonl"
        first = opened(FileEffects(path))
        played(first, course)

        again = opened(FileEffects(path))

        assert seen(again) == seen(first)


@settings(max_examples=25, deadline=None)
@given(course=steps)
def test_looking_never_changes_what_happens(course: list[Any]) -> None:
    watched, left_alone = opened(MemoryEffects()), opened(MemoryEffects())

    played(watched, course)
    played(left_alone, [step for step in course if step[1] == "edit"])

    assert seen(watched) == seen(left_alone)


@settings(max_examples=15, deadline=None)
@given(course=steps, until=st.integers(0, 30 * 60))
def test_reopening_in_between_makes_no_difference(course: list[Any], until: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "platform.jsonl"
        played(opened(FileEffects(path)), [step for step in course if step[0] < until])
        interrupted = opened(FileEffects(path))
        played(interrupted, [step for step in course if step[0] >= until])
        straight = opened(MemoryEffects())
        played(straight, course)

        assert seen(interrupted) == seen(straight)


def test_figures_of_an_earlier_hour_are_told_as_they_were_told_then() -> None:
    earlier = OPENS + timedelta(hours=18)
    platform = opened(MemoryEffects())
    then = platform.read(since=None, now=earlier)
    platform.read(since=None, now=END)

    now = platform.read(since=None, now=earlier)

    assert codec.to_bytes(now) == codec.to_bytes(then)


@pytest.mark.parametrize(("late", "counts"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_what_is_set_on_the_hour_counts_from_that_hour_and_what_is_set_within_it_from_the_next(late: timedelta, *, counts: bool) -> None:
    noon, one = OPENS + timedelta(hours=12), OPENS + timedelta(hours=13)
    left_alone, changed = opened(MemoryEffects()), opened(MemoryEffects())

    for sku in changed.catalogue().skus:
        changed.edit(Field.PRICE, sku, 1, by="somebody", now=noon + late)

    def truth(platform: SimulatedPlatform, now: datetime) -> bytes:
        return codec.to_bytes(platform.truth(now=now))

    assert (truth(changed, one) != truth(left_alone, one)) is counts
    assert truth(changed, one + timedelta(hours=1)) != truth(left_alone, one + timedelta(hours=1))


def test_a_forked_platform_has_the_same_luck_and_goes_its_own_way() -> None:
    trunk = opened(MemoryEffects())
    noon = OPENS + timedelta(hours=12)
    before = seen(trunk, now=noon)

    branch = trunk.fork(MemoryEffects())
    branch.edit(Field.PRICE, branch.catalogue().skus[0], 1, by="somebody", now=noon)

    assert seen(trunk, now=noon) == before
    assert seen(branch, now=END) != seen(trunk, now=END)
    assert seen(trunk.fork(MemoryEffects())) == seen(trunk)


def effect(value: int) -> Effect:
    return Effect(at=OPENS, field=Field.BID, entity="G01", index=0, value=value, by="somebody")


def test_a_line_cut_short_by_a_crash_is_dropped_and_the_log_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "platform.jsonl"
    FileEffects(path).append([effect(1), effect(2)])
    with path.open("ab") as file:
        file.write(codec.to_bytes(effect(3))[:-7])

    log = FileEffects(path)
    log.append([effect(4)])

    assert [kept.value for kept in log.all()] == [1, 2, 4]
    assert [kept.value for kept in FileEffects(path).all()] == [1, 2, 4]


@pytest.mark.parametrize("content", [b"", b'{"at":'])
def test_a_log_without_a_whole_line_is_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "platform.jsonl"
    path.write_bytes(content)

    assert FileEffects(path).all() == ()
    assert path.read_bytes() == b""


def test_effects_survive_the_file_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "platform.jsonl"
    kept = [
        Effect(at=OPENS + timedelta(minutes=n), field=field, entity="Ä 1\n", index=n, value=n, by="a person")
        for n, field in enumerate(Field)
    ]

    FileEffects(path).append(kept)

    assert FileEffects(path).all() == tuple(kept)
